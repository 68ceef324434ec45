"""A scale that repeats its weight to everybody: one act of weighing, one reading."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from devices.ble.broadcasts import OBJECT as REFUSED
from devices.ble.broadcasts import SCALES_LIMIT, Broadcasts
from devices.catalogue import BLE_CHARACTERISTICS
from devices.recording.recorder import Refusal
from edge.model.reading import Measurement

SCALE = BLE_CHARACTERISTICS["mi_181D"]
CLIMBS, SETTLED, REMOVED = 0x02, 0x22, 0xA2


def frame(control: int, kg: int, second: int = 0) -> bytes:
    when = (2026).to_bytes(2, "little") + bytes((11, 22, 8, 30, second))
    return bytes((control,)) + (kg * 200).to_bytes(2, "little") + when


def weighed(frames: list[tuple[int, bytes]]) -> list[str]:
    listening = Broadcasts()
    out = [listening.feed("scale", SCALE, raw, now) for now, raw in frames]
    return [str(told.values[0].value) for told in out if isinstance(told, Measurement)]


def test_a_weight_counts_once_however_often_it_is_repeated() -> None:
    act = [frame(CLIMBS, 20), frame(SETTLED, 60), frame(SETTLED, 60), frame(REMOVED, 60)]
    assert weighed(list(enumerate(act))) == ["60.0"]
    assert weighed([(now, raw) for now, raw in enumerate([*act, *act])]) == ["60.0", "60.0"]


def test_what_is_repeated_later_is_no_new_act_and_another_weight_is() -> None:
    still = [(0, frame(SETTLED, 60)), (40, frame(SETTLED, 60))]
    assert weighed(still) == ["60.0"]
    assert weighed([*still, (80, frame(SETTLED, 61, 9))]) == ["60.0", "61.0"]


@given(st.lists(st.tuples(st.integers(20, 150), st.integers(1, 6), st.integers(1, 6)), max_size=12))
def test_so_many_people_so_many_readings(people: list[tuple[int, int, int]]) -> None:
    frames, now = [], 0
    for number, (kg, repeats, after) in enumerate(people):
        act = [frame(CLIMBS, kg // 2)] + [frame(SETTLED, kg, number)] * repeats
        act += [frame(REMOVED, kg, number)] * after
        for raw in act:
            frames.append((now, raw))
            now += 1
    assert weighed(frames) == [f"{kg}.0" for kg, _, _ in people]


def test_it_remembers_a_bounded_number_of_scales() -> None:
    listening = Broadcasts()
    for number in range(SCALES_LIMIT + 5):
        listening.feed(str(number), SCALE, frame(SETTLED, 60), 0)
    assert len(listening) == SCALES_LIMIT


OBJECT = 0x40


@given(st.integers(1, 6), st.integers(1, 6))
def test_a_thing_is_refused_once_an_act_and_the_next_person_counts(
    repeats: int, after: int
) -> None:
    listening = Broadcasts()
    thing = [frame(CLIMBS | OBJECT, 5)] + [frame(SETTLED | OBJECT, 9)] * repeats
    person = [frame(REMOVED | OBJECT, 9)] * after + [frame(CLIMBS, 20), frame(SETTLED, 60, 1)]
    told = [listening.feed("scale", SCALE, raw, now) for now, raw in enumerate(thing + person)]
    refused = [one for one in told if isinstance(one, Refusal)]
    weighed_now = [one for one in told if isinstance(one, Measurement)]
    assert refused == [REFUSED]
    assert [str(one.values[0].value) for one in weighed_now] == ["60.0"]


def test_the_last_weight_that_a_scale_repeats_as_it_wakes_is_not_weighed_now() -> None:
    old = frame(REMOVED, 87)
    act = [frame(CLIMBS, 87), frame(CLIMBS, 88), frame(SETTLED, 88, 5), frame(SETTLED, 88, 5)]
    assert weighed(list(enumerate([old, old, *act, frame(REMOVED, 88, 5)]))) == ["88.0"]
