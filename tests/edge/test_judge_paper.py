"""What is typed in later from paper belongs to its day: neither day is judged by the other."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hand_clock import HandClock
from readings import pressure

from edge.model.reading import Kind, Measurement, Reading, Value
from edge.patients import register
from edge.patients.form import PatientForm
from edge.readings import alerts, intake
from edge.store.store import Store
from edge.visits import notes, visits
from edge.visits.visits import Visit

HIGH, FAIR = pressure(182, 111), pressure(128, 80)


@pytest.fixture
def hand() -> HandClock:
    return HandClock()


def typed(store: Store, hand: HandClock, visit: Visit, values: tuple[Value, ...]) -> None:
    measured = Measurement(Kind.BLOOD_PRESSURE, values)
    day = visits.paper_day(visit, hand.now())
    reading = Reading(
        measured, hand.now(), "typed", patient_id=visit.patient_id, visit_id=visit.id, day=day
    )
    intake.accept(store, reading)
    hand.advance(60)


def worst(store: Store, hand: HandClock, visit: Visit) -> dict[str, str]:
    """Say something in a visit and return the level of each rule about pressure."""
    before = store.journal_position()
    with store.transaction():
        notes.say(store, hand.now(), visit.id, "complaints", "cough", actor="w1")
        alerts.judge_note(store, hand.now(), visit.id)
    rows = store.rows(
        "SELECT rule, level FROM assessment WHERE visit_id = ? AND rule LIKE 'bp_%' ORDER BY entry",
        (visit.id,),
    )
    assert store.journal_position() > before
    return {row["rule"]: row["level"] for row in rows}


@pytest.mark.parametrize(("now", "then"), [(FAIR, HIGH), (HIGH, FAIR)])
def test_a_pressure_from_paper_is_no_pressure_of_today(
    store: Store, hand: HandClock, now: tuple[Value, ...], then: tuple[Value, ...]
) -> None:
    patient = register.register(store, hand.now(), PatientForm("Zahra", "male", "1970"), "w1")
    visit = visits.open_visit(store, hand.now(), patient.id, actor="w1")
    typed(store, hand, visit, now)
    day = visits.day_of(hand.now()) - timedelta(days=7)
    paper = visits.open_paper(store, hand.now(), patient.id, day, None, actor="w1")
    typed(store, hand, paper, then)
    assert (worst(store, hand, visit)["bp_urgent_adult"] != "none") == (now is HIGH)
    assert (worst(store, hand, paper)["bp_urgent_adult"] != "none") == (then is HIGH)


def test_a_paper_without_pressure_does_not_borrow_that_of_today(
    store: Store, hand: HandClock
) -> None:
    patient = register.register(store, hand.now(), PatientForm("Zahra", "male", "1970"), "w1")
    visit = visits.open_visit(store, hand.now(), patient.id, actor="w1")
    typed(store, hand, visit, HIGH)
    day = visits.day_of(hand.now()) - timedelta(days=7)
    paper = visits.open_paper(store, hand.now(), patient.id, day, None, actor="w1")
    assert worst(store, hand, paper) == {}
