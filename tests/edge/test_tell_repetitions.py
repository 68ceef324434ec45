"""A new measurement, an earlier one sent again, or perhaps the same: only a proof tells."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum
from itertools import count

import pytest
from hand_clock import HandClock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from readings import cuff, pressure

from edge.equipment import device_clock, device_memory, registry
from edge.model.clock import Stamp
from edge.model.reading import PERHAPS_SAME, Reading, Repeats, Sending
from edge.patients import register
from edge.patients.form import PatientForm
from edge.readings import earlier, history, intake, retract
from edge.readings.intake import AcceptedReading, Duplicate
from edge.store.store import Store
from edge.visits import visits

FALLEN = datetime.fromisoformat("2021-01-01T00:00:08")
NOON = datetime.fromisoformat("2026-11-22T06:00:00")
DEVICE = "ble-cuff"


@pytest.fixture
def hand() -> HandClock:
    return HandClock()


def came(
    hand: HandClock,
    repeats: Repeats,
    connected: Stamp,
    time: datetime | None = FALLEN,
    **more: object,
) -> Reading:
    reading = cuff(hand.now(), time=time)
    measured = replace(reading.measured, **more)
    return replace(reading, measured=measured, sent=Sending(repeats, connected))


def marked(store: Store, entry: int) -> bool:
    held = history.one(store, entry)
    assert held is not None
    return PERHAPS_SAME in held.quality


def accepted(store: Store, reading: Reading) -> int:
    outcome = intake.accept(store, reading)
    assert isinstance(outcome, AcceptedReading)
    return outcome.entry


@pytest.mark.parametrize("repeats", [Repeats.HELD, Repeats.NEVER])
def test_an_equal_value_of_another_connection_is_kept_and_marked(
    store: Store, hand: HandClock, repeats: Repeats
) -> None:
    first = accepted(store, came(hand, repeats, hand.now()))
    second = accepted(store, came(hand, repeats, hand.advance(60)))
    assert (marked(store, first), marked(store, second)) == (False, True)


def test_a_clock_that_was_read_and_ran_proves_a_repetition(store: Store, hand: HandClock) -> None:
    device_clock.note_shown(store, hand.now(), DEVICE, NOON)
    reading = came(hand, Repeats.HELD, hand.now(), NOON + timedelta(seconds=1))
    first = accepted(store, reading)
    connected = hand.advance(600)
    device_clock.note_shown(store, hand.now(), DEVICE, NOON + timedelta(seconds=600))
    again = replace(reading, stamp=hand.advance(1), sent=Sending(Repeats.HELD, connected))
    assert intake.accept(store, again) == Duplicate(first)


@pytest.mark.parametrize("shows", [NOON, FALLEN, NOON + timedelta(hours=2)])
def test_a_clock_that_stood_or_jumped_proves_nothing(
    store: Store, hand: HandClock, shows: datetime
) -> None:
    device_clock.note_shown(store, hand.now(), DEVICE, NOON)
    reading = came(hand, Repeats.HELD, hand.now(), NOON + timedelta(seconds=1))
    accepted(store, reading)
    connected = hand.advance(600)
    device_clock.note_shown(store, hand.now(), DEVICE, shows)
    again = replace(reading, stamp=hand.advance(1), sent=Sending(Repeats.HELD, connected))
    assert marked(store, accepted(store, again))


def test_a_clock_that_was_not_read_this_time_proves_nothing(store: Store, hand: HandClock) -> None:
    device_clock.note_shown(store, hand.now(), DEVICE, NOON)
    reading = came(hand, Repeats.HELD, hand.now(), NOON + timedelta(seconds=1))
    accepted(store, reading)
    device_clock.note_shown(store, hand.advance(30), DEVICE, NOON + timedelta(seconds=30))
    connected = hand.advance(600)
    device_clock.note_set(store, hand.now(), DEVICE, NOON + timedelta(seconds=630))
    again = replace(reading, stamp=hand.advance(1), sent=Sending(Repeats.HELD, connected))
    assert marked(store, accepted(store, again))


def test_many_short_looks_do_not_hide_a_clock_that_stands(store: Store, hand: HandClock) -> None:
    for _ in range(6):
        device_clock.note_shown(store, hand.now(), DEVICE, NOON)
        hand.advance(1)
    run = device_clock.of(store, DEVICE)
    assert run is not None
    assert run.number > 1


def test_the_same_message_again_within_minutes_is_the_same(store: Store, hand: HandClock) -> None:
    port = hand.now()
    sent = came(hand, Repeats.MESSAGE, port, None, record="S-1", message="abc", stored=True)
    first = accepted(store, sent)
    hand.restart()  # killed between store and acknowledgement; the analyser sends again
    assert intake.accept(store, replace(sent, stamp=hand.advance(20))) == Duplicate(first)
    other = replace(sent.measured, message="def")
    assert marked(store, accepted(store, replace(sent, stamp=hand.now(), measured=other)))
    late = replace(sent, stamp=hand.advance(3600))
    assert marked(store, accepted(store, late))


def test_another_sample_with_an_equal_value_is_new(store: Store, hand: HandClock) -> None:
    for sample in ("S-101", "S-202"):
        sent = came(hand, Repeats.MESSAGE, hand.now(), None, record=sample, message="1")
        assert not marked(store, accepted(store, sent))


def test_a_record_of_a_memory_is_held_once_until_the_memory_began_anew(
    store: Store, hand: HandClock
) -> None:
    record = came(hand, Repeats.NUMBERED, hand.now(), record="7", stored=True)
    first = accepted(store, record)
    again = replace(record, stamp=hand.advance(60), sent=Sending(Repeats.NUMBERED, hand.now()))
    assert intake.accept(store, again) == Duplicate(first)
    device_memory.begin_numbering(store, DEVICE)
    assert marked(store, accepted(store, again))
    assert isinstance(intake.accept(store, again), Duplicate)


def test_a_memory_with_fewer_records_than_before_was_cleared(store: Store) -> None:
    for held, numbering in ((5, 0), (6, 0), (2, 1), (9, 1)):
        device_memory.note_held(store, DEVICE, held)
        assert device_memory.of(store, DEVICE).numbering == numbering


def test_a_kiosk_that_prints_twice_at_once_measured_once(store: Store, hand: HandClock) -> None:
    printed = came(hand, Repeats.NEVER, hand.now())
    first = accepted(store, printed)
    assert intake.accept(store, replace(printed, stamp=hand.advance(2))) == Duplicate(first)
    assert marked(store, accepted(store, replace(printed, stamp=hand.advance(90))))


def test_two_equal_values_of_one_connection_are_two_when_the_clock_fell_back(
    store: Store, hand: HandClock
) -> None:
    connected = hand.now()
    device_clock.note_shown(store, hand.advance(1), DEVICE, FALLEN + timedelta(seconds=5))
    first, second = (accepted(store, came(hand, Repeats.HELD, connected)) for _ in range(2))
    assert (marked(store, first), marked(store, second)) == (False, True)


def test_acts_that_the_box_tells_apart_are_never_doubted(store: Store, hand: HandClock) -> None:
    for _ in range(2):
        assert not marked(store, accepted(store, came(hand, Repeats.ACT, hand.now())))


def test_a_person_says_one_value_or_two(store: Store, hand: HandClock) -> None:
    form = PatientForm("Sita", "female", birth="1950")
    sita = register.register(store, hand.now(), form, "w1").id
    accepted(store, came(hand, Repeats.HELD, hand.now()))
    visits.open_visit(store, hand.now(), sita, actor="w1")
    theirs = accepted(store, came(hand, Repeats.HELD, hand.advance(60)))
    waiting = accepted(store, replace(came(hand, Repeats.HELD, hand.now()), patient_id=None))
    intake.tell_apart(store, hand.now(), theirs, actor="w1")
    kept = history.one(store, theirs)
    assert kept is not None
    assert (kept.perhaps, kept.struck, kept.patient_id) == (None, False, sita)
    retract.as_duplicate(store, hand.now(), waiting, actor="w1")
    struck = history.one(store, waiting)
    assert struck is not None
    assert struck.struck


def test_what_was_sent_again_is_told_until_something_new_comes(
    store: Store, hand: HandClock
) -> None:
    opened = hand.now()
    reading = came(hand, Repeats.NUMBERED, opened, record="7")
    known = registry.Device(DEVICE, "Cuff", "ble", "", "listening")
    registry.met(store, opened, known)
    first = accepted(store, reading)
    again = replace(reading, stamp=hand.advance(5), sent=Sending(Repeats.NUMBERED, hand.now()))
    intake.accept(store, again)
    [told] = earlier.repetitions(store, opened)
    assert (told.entry, told.model) == (first, "Cuff")
    accepted(store, came(hand, Repeats.NUMBERED, hand.now(), record="8"))
    assert earlier.repetitions(store, opened) == []


# --- any device, any habit ------------------------------------------------------------------------


Content = tuple[datetime, int]
_IDS = count()


class ClockHabit(StrEnum):
    RUNS = "runs"
    STANDS = "stands"
    FALLS_BACK = "falls back at switch-on"
    JUMPS = "jumps at switch-on"


@dataclass
class Device:
    """A device with habits. Each act is known by its number, which no frame carries."""

    clock: ClockHabit
    repeats: Repeats
    forgets: bool
    readable: bool
    id: str = ""
    memory: list[tuple[int, datetime, int]] = field(default_factory=list)
    offset: timedelta = timedelta()
    delivered: set[int] = field(default_factory=set)
    acts: Counter[Content] = field(default_factory=Counter)
    kept: Counter[Content] = field(default_factory=Counter)
    marked: Counter[Content] = field(default_factory=Counter)

    def time(self, at: Stamp) -> datetime:
        if self.clock is ClockHabit.STANDS:
            return FALLEN
        return (NOON + timedelta(milliseconds=at.t_ms) + self.offset).replace(microsecond=0)

    def switch_on(self, at: Stamp, jump_s: int) -> None:
        if self.clock is ClockHabit.FALLS_BACK:
            self.offset = FALLEN - NOON - timedelta(milliseconds=at.t_ms)
        elif self.clock is ClockHabit.JUMPS:
            self.offset += timedelta(seconds=jump_s)


@dataclass(frozen=True)
class Step:
    """One patient: the value, the pauses, whether the memory was cleared, how often it is read."""

    value: int
    pause_s: int
    warm_s: int
    jump_s: int
    cleared: bool
    connections: int
    rest_s: int


steps = st.builds(
    Step,
    st.sampled_from([120, 121]),
    st.sampled_from([20, 60, 3600]),
    st.sampled_from([8, 9]),
    st.sampled_from([0, -3600, -60, 60]),
    st.booleans(),
    st.integers(1, 2),
    st.sampled_from([10, 40]),
)
devices = st.builds(
    Device,
    st.sampled_from(ClockHabit),
    st.sampled_from([Repeats.HELD, Repeats.NUMBERED, Repeats.NEVER]),
    st.booleans(),
    st.booleans(),
)


@settings(
    max_examples=150,
    deadline=None,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(devices, st.lists(steps, min_size=1, max_size=7))
def test_no_act_is_lost_and_no_proven_repetition_is_doubled(
    store: Store, device: Device, day: list[Step]
) -> None:
    device, hand = replace(device, id=f"ble-{next(_IDS)}", memory=[]), HandClock()
    for act, step in enumerate(day):
        measure(device, hand, act, step)
        for _ in range(step.connections):
            connect(store, device, hand)
            hand.advance(step.rest_s)
        assert all(device.kept[content] >= count for content, count in device.acts.items())
    unmarked = device.kept - device.marked
    assert all(unmarked[content] <= device.acts[content] for content in unmarked)
    if device.repeats is Repeats.NUMBERED and not any(step.cleared for step in day):
        assert device.kept == device.acts


def measure(device: Device, hand: HandClock, act: int, step: Step) -> None:
    device.switch_on(hand.advance(step.pause_s), step.jump_s)
    several = len(device.memory) > 1  # one record, cleared and made again, is the same bytes
    if step.cleared and several and device.repeats is Repeats.NUMBERED:
        device.memory.clear()
    at = hand.advance(step.warm_s)
    device.memory.append((act, device.time(at), step.value))
    hand.advance(2)


def connect(store: Store, device: Device, hand: HandClock) -> None:
    """Read the clock, then take all that the device sends; it may forget what it has sent."""
    connected = hand.now()
    if device.readable:
        device_clock.note_shown(store, hand.advance(1), device.id, device.time(hand.now()))
    if device.repeats is Repeats.NUMBERED:
        device_memory.note_held(store, device.id, len(device.memory))
    for number, (act, time, value) in enumerate(device.memory):
        numbered = str(number) if device.repeats is Repeats.NUMBERED else None
        reading = replace(
            cuff(hand.advance(0.02), pressure(value), time=time, record=numbered, device=device.id),
            sent=Sending(device.repeats, connected),
            raw=f"{time} {value}".encode(),
        )
        outcome = intake.accept(store, reading)
        content = (time, value)
        device.acts[content] += act not in device.delivered
        device.delivered.add(act)
        if isinstance(outcome, AcceptedReading):
            device.kept[content] += 1
            device.marked[content] += marked(store, outcome.entry)
    if device.repeats is Repeats.NEVER or (device.forgets and device.repeats is Repeats.HELD):
        device.memory.clear()
