"""Blood pressure as the guideline says: which readings count, when another one is due."""

from __future__ import annotations

from decimal import Decimal

from hand_clock import HandClock
from hypothesis import given
from hypothesis import strategies as st
from readings import cuff, pressure

from edge.model.entry import EntryKind
from edge.patients import register
from edge.patients.form import PatientForm
from edge.readings import intake, measured, measuring, retract
from edge.readings.measuring import Advice, Arm, Method, NextStep, PressureReading
from edge.store import journal
from edge.store.store import Store
from edge.visits import visits

PRESSURES = st.tuples(st.integers(70, 240), st.integers(40, 69), st.sampled_from(list(Arm)))


def taken(*rows: tuple[int, int, Arm]) -> list[PressureReading]:
    return [
        PressureReading(str(n), Decimal(high), Decimal(low), n * 60_000, arm)
        for n, (high, low, arm) in enumerate(rows)
    ]


def plain(*rows: tuple[int, int]) -> list[PressureReading]:
    return taken(*((high, low, Arm.UNSAID) for high, low in rows))


def next_step(readings: list[PressureReading], after_s: int = 60, first: bool = False) -> Advice:
    now = (readings[-1].at_ms if readings else 0) + after_s * 1000
    return measuring.advice(readings, now, first_visit=first)


@given(st.lists(PRESSURES, max_size=6))
def test_what_counts_lies_between_its_readings_and_uses_at_most_two(
    rows: list[tuple[int, int, Arm]],
) -> None:
    readings = taken(*rows)
    counts = measuring.counting(readings)
    if not readings:
        assert counts is None
        return
    assert counts is not None
    used = counts.readings
    assert set(used) <= set(readings)
    assert len(used) == (1 if counts.method is Method.SINGLE else 2)
    assert min(r.systolic for r in used) <= counts.systolic <= max(r.systolic for r in used)
    assert min(r.diastolic for r in used) <= counts.diastolic <= max(r.diastolic for r in used)
    assert len({r.arm for r in used if r.arm}) <= 1, "never a mean over both arms"


@given(st.lists(PRESSURES, min_size=1, max_size=6), st.booleans())
def test_measuring_ends(rows: list[tuple[int, int, Arm]], first: bool) -> None:
    readings = taken(*rows, *[(120, 60, arm) for arm in (Arm.LEFT, Arm.RIGHT) for _ in range(3)])
    assert next_step(readings, first=first).step is NextStep.DONE


def test_two_equal_low_readings_are_enough_and_a_minute_lies_between() -> None:
    assert next_step([]).step is NextStep.REST
    assert next_step(plain((120, 80)), after_s=20) == Advice(NextStep.WAIT, 2, 40)
    assert next_step(plain((120, 80))).step is NextStep.MEASURE
    assert next_step(plain((120, 80), (124, 82))).step is NextStep.DONE


def test_a_third_is_due_when_they_differ_by_more_than_ten_or_the_first_was_high() -> None:
    assert next_step(plain((120, 80), (130, 80))).step is NextStep.DONE
    assert next_step(plain((120, 80), (131, 80))).step is NextStep.MEASURE
    assert next_step(plain((140, 80), (138, 80))).step is NextStep.MEASURE
    assert next_step(plain((139, 90), (138, 80))).step is NextStep.MEASURE
    far = measuring.counting(plain((118, 76), (230, 120)))
    assert far is not None
    assert (far.systolic, far.method) == (230, Method.HIGHER), "a mean hides no danger"
    three = plain((160, 80), (150, 84), (145, 79))
    assert next_step(three).step is NextStep.DONE
    counts = measuring.counting(three)
    assert counts is not None
    assert (counts.systolic, counts.diastolic) == (148, 82), "the last two, halves up"
    assert counts.method is Method.MEAN_OF_LAST_TWO


def test_at_the_first_visit_both_arms_are_measured_and_the_higher_counts() -> None:
    assert next_step(plain((120, 80)), first=True).step is NextStep.SAY_ARM
    left = taken((120, 80, Arm.LEFT))
    assert next_step(left, first=True).step is NextStep.OTHER_ARM
    both = taken((120, 80, Arm.LEFT), (132, 84, Arm.RIGHT))
    assert next_step(both, first=True).step is NextStep.MEASURE
    third = taken((120, 80, Arm.LEFT), (132, 84, Arm.RIGHT), (128, 82, Arm.RIGHT))
    counts = measuring.counting(third)
    assert counts is not None
    assert (counts.systolic, counts.method) == (130, Method.MEAN_OF_TWO)


def test_what_counts_is_an_entry_that_names_its_readings_and_follows_them(
    store: Store,
) -> None:
    hand = HandClock()
    patient = register.register(store, hand.now(), PatientForm("Sita", "female", "1960"), None)
    visit = visits.open_visit(store, hand.now(), patient.id, actor="amina")

    def measure(high: int) -> int:
        return intake.accept(store, cuff(hand.advance(61), pressure(high, 80))).entry

    first = measure(150)
    assert measured.of_visit(store, visit.id) is None, "one reading counts by itself"
    second, third = measure(142), measure(138)
    counts = measured.of_visit(store, visit.id)
    assert counts is not None
    assert (counts.entries, counts.values[0].value) == ((second, third), 140)
    measured.say_arm(store, hand.now(), third, Arm.LEFT, actor="amina")
    retract.strike(store, hand.now(), third, "measured-wrongly", actor="amina")
    counts = measured.of_visit(store, visit.id)
    assert counts is not None
    assert (counts.entries, counts.method) == ((first, second), Method.MEAN_OF_TWO)
    for entry in (first, second):
        retract.strike(store, hand.now(), entry, "trial", actor="amina")
    counts = measured.of_visit(store, visit.id)
    assert counts is not None
    assert (counts.method, counts.values) == (Method.NONE, ())
    kinds = [store.row("SELECT kind FROM journal WHERE id = ?", (counts.entry,))]
    assert kinds[0] is not None
    assert kinds[0]["kind"] == EntryKind.MEASURED
    assert journal.read(store, counts.entry) is not None
