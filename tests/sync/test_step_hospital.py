"""The hospital's end, case by case: what an event changes of one box, and all that it leaves alone.

Each test begins from a box in the middle of its life, with nothing at its default.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from edge.model.entry import GENESIS, chain
from sync.core import Fence, Header, Hello, Nack, Position, Receipt, Welcome
from sync.core.header import ALONE, TOMBSTONE
from sync.core.hospital import (
    Admit,
    BackedUp,
    Effect,
    FrameArrived,
    HelloArrived,
    HospitalBox,
    KeepRaw,
    Note,
    Refuse,
    Reply,
    Store,
    WaitingFrame,
    step,
)

BOX_ID, NONCE, OTHER = "box-one", b"nonce-00", b"nonce-01"
RECORDS = [b"record-%d" % n for n in range(1, 21)]
LINKS = [GENESIS]
for _record in RECORDS:
    LINKS.append(chain(LINKS[-1], _record))
ALERT = Position(2, b"a" * 16, 1, b"b" * 16)
AT = Position(4, LINKS[4], 2, LINKS[2])


def header(first: int, n: int, **more: object) -> Header:
    made = Header(BOX_ID, 3, "c", first, n, LINKS[first - 1], NONCE)
    return replace(made, **more)  # type: ignore[arg-type]


def waiting(first: int, n: int, **more: object) -> WaitingFrame:
    return WaitingFrame(header(first, n, **more), tuple(RECORDS[first - 1 : first - 1 + n]))


HELD = waiting(9, 2)
BOX = HospitalBox(BOX_ID, 3, NONCE, "active", 5, {"a": ALERT, "c": AT}, (HELD,))


def hello(
    epoch: int = 3, nonce: bytes = OTHER, *, seen: bool = False, **more: object
) -> HelloArrived:
    made = replace(Hello(epoch, nonce, {}), **more)  # type: ignore[arg-type]
    return HelloArrived(made, seen, 77)


def said(effects: Sequence[Effect]) -> list[object]:
    return [e.message for e in effects if isinstance(e, Reply)]


# --- HELLO ------------------------------------------------------------------------------------


def test_the_next_session_keeps_the_streams_and_drops_what_waits() -> None:
    after, effects = step(BOX, hello())
    assert after == replace(BOX, nonce=OTHER, waiting=())
    lanes = {"a": ALERT, "c": AT}
    assert effects == (Admit(3, OTHER), Reply(Welcome(OTHER, 3, lanes, 77, 5)))


def test_a_higher_epoch_of_the_box_begins_with_empty_streams() -> None:
    after, effects = step(BOX, hello(8))
    assert after == replace(BOX, epoch=8, nonce=OTHER, streams={}, waiting=())
    assert effects == (Admit(8, OTHER), Reply(Welcome(OTHER, 8, {}, 77, 5)))


def test_a_lane_that_is_not_known_is_not_in_a_welcome() -> None:
    odd = replace(BOX, streams={"z": AT, "c": AT})
    (welcome,) = said(step(odd, hello())[1])
    assert isinstance(welcome, Welcome)
    assert set(welcome.lanes) == {"c"}


@pytest.mark.parametrize("seen", [False, True])
def test_a_hello_of_the_living_session_is_answered_as_the_first_time(seen: bool) -> None:
    after, effects = step(BOX, hello(nonce=NONCE, seen=seen))
    assert after == BOX
    assert effects == (Reply(Welcome(NONCE, 3, {"a": ALERT, "c": AT}, 77, 5)),)
    for again in (hello(2, NONCE, seen=seen), hello(3, NONCE, seen=seen, fork=True)):
        after, effects = step(BOX, again)
        assert (after, effects) == (BOX, (Reply(Fence(NONCE, 3, "stale epoch")),))


def test_a_hello_that_was_seen_before_is_a_replay() -> None:
    for again in (hello(seen=True), hello(1, seen=True), hello(9, seen=True, fork=True)):
        assert step(BOX, again) == (BOX, (Refuse("replayed hello"),))


@pytest.mark.parametrize(
    ("epoch", "fork", "new", "why"),
    [
        (2, False, 4, "stale epoch"),
        (3, True, 4, "fork"),
        (1, True, 4, "fork"),
        (9, True, 10, "fork"),
    ],
)
def test_a_fork_or_a_past_epoch_begins_one_above_both(
    epoch: int, fork: bool, new: int, why: str
) -> None:
    after, effects = step(BOX, hello(epoch, fork=fork))
    assert after == replace(BOX, epoch=new, nonce=OTHER, streams={}, waiting=())
    note = Note("new epoch", f"box-one: {new} after {epoch}, {why}")
    assert effects == (Admit(new, OTHER), note, Reply(Fence(OTHER, new, why)))


@pytest.mark.parametrize(
    ("more", "standing", "why"),
    [
        ({}, "revoked", "revoked"),
        ({"nonce": NONCE}, "quarantined", "quarantined"),
        ({"protocols": (2, 3)}, "active", "unsupported protocol"),
        ({"protocols": (0, 0)}, "active", "unsupported protocol"),
        ({"epoch": 0}, "active", "not admitted"),
    ],
)
def test_who_is_not_welcome_is_told_why(more: dict[str, object], standing: str, why: str) -> None:
    box = replace(BOX, standing=standing)
    event = hello()
    event = replace(event, hello=replace(event.hello, **more))  # type: ignore[arg-type]
    fence = Fence(event.hello.nonce, 0, why)
    assert step(box, event) == (box, (Refuse(why), Reply(fence)))


@pytest.mark.parametrize("protocols", [(1, 1), (0, 1), (1, 9), (0, 9)])
def test_a_range_that_holds_the_protocol_is_welcome(protocols: tuple[int, int]) -> None:
    _, effects = step(BOX, hello(protocols=protocols))
    assert effects[0] == Admit(3, OTHER)


# --- frames -----------------------------------------------------------------------------------


def arrive(
    box: HospitalBox, first: int, n: int, records: Sequence[bytes] | None = (), **more: object
) -> tuple[HospitalBox, tuple[Effect, ...]]:
    rows = RECORDS[first - 1 : first - 1 + n] if records == () else records
    return step(box, FrameArrived(header(first, n, **more), rows))


def at(cum: int) -> Position:
    return replace(AT, cum=cum, chain=LINKS[cum])


def receipt(cum: int, *, gap: bool = False) -> Reply:
    return Reply(Receipt(NONCE, 3, "c", at(cum), gap))


@pytest.mark.parametrize(
    ("more", "standing", "why"),
    [
        ({"box_id": "box-two"}, "active", "foreign box"),
        ({}, "revoked", "revoked"),
        ({"lane": "z"}, "active", "unknown lane"),
        ({"lane": "h"}, "active", "unknown lane"),
    ],
)
def test_a_frame_of_somebody_else_is_refused_without_a_word(
    more: dict[str, object], standing: str, why: str
) -> None:
    box = replace(BOX, standing=standing)
    assert arrive(box, 5, 2, **more) == (box, (Refuse(why),))


@pytest.mark.parametrize("more", [{"epoch": 2}, {"epoch": 4}, {"nonce": OTHER}])
def test_a_frame_of_another_session_is_refused_with_a_word(more: dict[str, object]) -> None:
    nonce = more.get("nonce", NONCE)
    nack = Nack(nonce, "c", 5, 2, "stale session")  # type: ignore[arg-type]
    assert arrive(BOX, 5, 2, **more) == (BOX, (Refuse("stale session"), Reply(nack)))


def test_what_is_here_already_is_receipted_and_nothing_else() -> None:
    for first, n in ((1, 4), (3, 2), (4, 1), (1, 1)):
        assert arrive(BOX, first, n) == (BOX, (receipt(4),))
        assert arrive(BOX, first, n, records=None) == (BOX, (receipt(4),))


def test_what_continues_is_stored_and_what_was_known_of_it_is_not() -> None:
    for first in (5, 4, 1):
        after, effects = arrive(BOX, first, 7 - first)
        stored = Store("c", 3, 5, tuple(RECORDS[4:6]), 6, LINKS[6])
        assert effects == (stored, receipt(6))
        assert after == replace(BOX, streams={"a": ALERT, "c": at(6)})


def test_the_gap_that_closes_lets_in_what_waited() -> None:
    last, stale, alert = waiting(11, 3), waiting(6, 2), waiting(7, 1, lane="a")
    box = replace(BOX, waiting=(alert, last, stale, HELD))
    after, effects = arrive(box, 5, 4)
    assert effects == (
        Store("c", 3, 5, tuple(RECORDS[4:8]), 8, LINKS[8]),
        Store("c", 3, 9, tuple(RECORDS[8:10]), 10, LINKS[10]),
        Store("c", 3, 11, tuple(RECORDS[10:13]), 13, LINKS[13]),
        receipt(13),
    )
    assert after == replace(box, streams={"a": ALERT, "c": at(13)}, waiting=(alert,))


def test_a_frame_that_waited_and_overlaps_brings_only_what_is_new() -> None:
    box = replace(BOX, waiting=(waiting(6, 4),))
    after, effects = arrive(box, 5, 3)
    assert effects[1] == Store("c", 3, 8, tuple(RECORDS[7:9]), 9, LINKS[9])
    assert (after.streams["c"], after.waiting) == (at(9), ())


def test_a_frame_that_waited_on_another_chain_is_dropped() -> None:
    wrong = waiting(7, 2, prev_chain=b"!" * 16)
    box = replace(BOX, waiting=(wrong,))
    after, effects = arrive(box, 5, 2)
    assert effects == (Store("c", 3, 5, tuple(RECORDS[4:6]), 6, LINKS[6]), receipt(6))
    assert after.waiting == ()


def test_a_frame_after_a_gap_waits_once() -> None:
    after, effects = arrive(BOX, 12, 2)
    assert (after, effects) == (
        replace(BOX, waiting=(HELD, waiting(12, 2))),
        (receipt(4, gap=True),),
    )
    assert arrive(after, 12, 2) == (after, effects)
    assert arrive(BOX, 9, 1) == (BOX, (receipt(4, gap=True),))
    other, _ = arrive(BOX, 9, 2, lane="a")
    assert len(other.waiting) == 2


def test_so_many_frames_wait_and_no_more() -> None:
    box = replace(BOX, waiting=tuple(waiting(6 + n, 1) for n in range(7)))
    eight, _ = arrive(box, 15, 1)
    assert len(eight.waiting) == 8
    assert arrive(eight, 16, 1) == (eight, (receipt(4, gap=True),))


def test_a_frame_on_another_chain_is_refused_with_the_truth() -> None:
    for first in (5, 3):
        assert arrive(BOX, first, 3, prev_chain=b"!" * 16) == (BOX, (Refuse("fork"), receipt(4)))
    rows = [b"another", *RECORDS[3:6]]
    assert arrive(BOX, 3, 4, records=rows) == (BOX, (Refuse("fork"), receipt(4)))


@pytest.mark.parametrize("records", [None, [b"one of two"], [b"1", b"2", b"3"]])
def test_what_cannot_be_read_is_asked_for_row_by_row(records: list[bytes] | None) -> None:
    nack = Nack(NONCE, "c", 5, 2, "unreadable")
    assert arrive(BOX, 5, 2, records) == (BOX, (Refuse("unreadable"), Reply(nack)))
    gap = (Refuse("unreadable"), receipt(4, gap=True))
    assert arrive(BOX, 6, 2, records) == (BOX, gap)
    assert arrive(BOX, 4, 2, records) == (BOX, gap)


def test_a_row_alone_that_cannot_be_read_is_kept_raw_and_passed() -> None:
    alone = {"flags": ALONE, "end_chain": LINKS[5]}
    after, effects = arrive(BOX, 5, 1, None, **alone)
    assert effects == (KeepRaw("c", 3, 5, LINKS[5]), receipt(5))
    assert after == replace(BOX, streams={"a": ALERT, "c": at(5)})
    wrong = arrive(BOX, 5, 1, None, **alone, prev_chain=b"!" * 16)
    assert wrong == (BOX, (Refuse("fork"), receipt(4)))
    held = replace(BOX, waiting=(waiting(6, 2),))
    assert arrive(held, 5, 1, None, **alone)[0].streams["c"] == at(7)


def test_a_tombstone_takes_the_chain_of_what_it_stands_for() -> None:
    grave = {"flags": TOMBSTONE, "end_chain": b"#" * 16}
    after, effects = arrive(BOX, 5, 1, [b"it was too large"], **grave)
    assert effects[0] == Store("c", 3, 5, (b"it was too large",), 5, b"#" * 16)
    assert after.streams["c"] == replace(AT, cum=5, chain=b"#" * 16)
    plain = {"flags": ALONE, "end_chain": b"#" * 16}
    assert arrive(BOX, 5, 1, **plain)[0].streams["c"] == at(5)


# --- backups ----------------------------------------------------------------------------------


@pytest.mark.parametrize("safe", range(6))
def test_safe_moves_forward_and_never_beyond_what_is_held(safe: int) -> None:
    after, effects = step(BOX, BackedUp("c", safe, b"s" * 16))
    if 2 < safe <= 4:
        place = replace(AT, safe=safe, safe_chain=b"s" * 16)
        assert after == replace(BOX, streams={"a": ALERT, "c": place})
        assert effects == (Reply(Receipt(NONCE, 3, "c", place, False)),)
    else:
        assert (after, effects) == (BOX, ())


def test_a_copy_of_a_lane_that_is_not_here_moves_nothing() -> None:
    assert step(BOX, BackedUp("f", 1, b"s" * 16)) == (BOX, ())
