"""Who gets a connection: bounded, in turn, nobody is left out."""

from __future__ import annotations

import random

from hypothesis import given, settings
from hypothesis import strategies as st

from devices.ble.slots import WAITING_LIMIT, Bounds, Slots

BOUNDS = Bounds(total=3, streaming=2, fresh_s=5, patience_s=10)


def test_first_come_first_served_and_whoever_was_served_goes_to_the_end() -> None:
    slots = Slots(Bounds(total=1))
    slots.want("a", False, 0)
    slots.want("b", False, 1)
    assert slots.next(1) == "a"
    slots.take("a", False)
    slots.want("a", False, 2)
    assert slots.next(2) is None
    slots.free("a")
    slots.want("a", False, 3)
    assert slots.next(3) == "b"


def test_who_has_fallen_silent_is_not_waited_for() -> None:
    slots = Slots(BOUNDS)
    slots.want("a", False, 0)
    assert slots.next(6) is None
    slots.want("a", False, 20)
    slots.want("b", False, 20)
    assert slots.next(20) in ("a", "b")


def test_streams_leave_room() -> None:
    slots = Slots(BOUNDS)
    for stream in ("a", "b"):
        slots.take(stream, True)
    slots.want("c", True, 0)
    slots.want("d", False, 0)
    assert slots.next(0) == "d"
    slots.take("d", False)
    slots.want("c", True, 4)
    slots.want("c", True, 8)
    assert not slots.is_starving(9)
    slots.want("c", True, 12)
    assert slots.is_starving(12)
    slots.free("a")
    assert not slots.is_starving(12)
    assert slots.next(12) == "c"


@settings(deadline=None, max_examples=50)
@given(
    st.lists(st.booleans(), min_size=1, max_size=12),
    st.integers(0, 2**32),
    st.integers(20, 40),
)
def test_every_device_that_goes_rostersing_gets_its_turn(
    streams: list[bool], seed: int, longest: int
) -> None:
    rng, slots = random.Random(seed), Slots(BOUNDS)
    ends: dict[str, int] = {}
    served = dict.fromkeys(range(len(streams)), 0)
    waited = dict.fromkeys(range(len(streams)), 0)
    for now in range(longest * len(streams)):
        for address in [a for a, end in ends.items() if end <= now]:
            slots.free(address)
            del ends[address]
        for number, streaming in enumerate(streams):
            if str(number) not in ends:
                slots.want(str(number), streaming, now)
        while (address := slots.next(now)) is not None:
            slots.take(address, streams[int(address)])
            ends[address] = now + rng.randint(1, 5)
            served[int(address)] += 1
            waited[int(address)] = 0
        assert len(slots) == len(ends) <= BOUNDS.total
        assert sum(streams[int(a)] for a in ends) <= BOUNDS.streaming
        for number in waited:
            waited[number] += str(number) not in ends
        assert max(waited.values()) <= 5 * len(streams), "somebody was left out"
    assert min(served.values()) > 0


@given(st.integers(0, 3 * WAITING_LIMIT))
def test_the_queue_is_bounded(callers: int) -> None:
    slots = Slots(BOUNDS)
    for number in range(callers):
        slots.want(str(number), False, 0)
    assert len(slots._waiting) <= WAITING_LIMIT
