"""A danger waits until somebody says what was done, and comes again only when it is worse."""

from __future__ import annotations

from dataclasses import replace
from decimal import Decimal

import pytest
from hand_clock import HandClock
from readings import cuff, pressure

from edge.dangers import checklists, dangers
from edge.dangers.dangers import Danger, Ending
from edge.model.errors import ActionRefused
from edge.model.patient import Patient
from edge.model.reading import Code, Kind, Measurement, Value
from edge.patients import register
from edge.patients.form import PatientForm
from edge.readings import alerts, intake, retract
from edge.store.store import Store
from edge.visits import notes, visits


@pytest.fixture
def hand() -> HandClock:
    return HandClock()


@pytest.fixture
def sita(store: Store, hand: HandClock) -> Patient:
    patient = register.register(store, hand.now(), PatientForm("Sita", "female", "1960"), None)
    visits.open_visit(store, hand.now(), patient.id, actor="amina")
    return patient


def measure(store: Store, hand: HandClock, high: int) -> int:
    return intake.accept(store, cuff(hand.advance(61), pressure(high, 80))).entry


def of(store: Store, patient: Patient) -> Danger:
    danger = dangers.of_patient(store, patient.id)
    assert danger is not None
    return danger


@pytest.mark.parametrize("ending", [Ending.TREATED, Ending.REFERRED])
def test_an_answered_danger_does_not_come_again_for_the_same(
    store: Store, hand: HandClock, sita: Patient, ending: Ending
) -> None:
    measure(store, hand, 120)
    assert dangers.of_patient(store, sita.id) is None
    measure(store, hand, 228)
    dangers.end(store, hand.now(), of(store, sita), ending, actor="amina")
    assert dangers.waiting(store) == []
    measure(store, hand, 232)
    assert dangers.of_patient(store, sita.id) is None
    worse = (Value(Code.SPO2, Decimal(80), "%"), Value(Code.PULSE, Decimal(140), "/min"))
    finger = Measurement(Kind.OXIMETRY, worse)
    intake.accept(store, replace(cuff(hand.advance(61)), measured=finger))
    assert of(store, sita).worst.level == "emergency", "the level has risen"


def test_after_measured_wrong_the_next_dangerous_value_stops_again(
    store: Store, hand: HandClock, sita: Patient
) -> None:
    measure(store, hand, 228)
    dangers.end(store, hand.now(), of(store, sita), Ending.FALSE, actor="amina")
    measure(store, hand, 232)
    again = of(store, sita).worst
    assert again.value is not None
    assert again.value.value == 232, "the value that was wrong is struck out"


def test_the_same_at_the_next_visit_stops_again(
    store: Store, hand: HandClock, sita: Patient
) -> None:
    measure(store, hand, 228)
    dangers.end(store, hand.now(), of(store, sita), Ending.TREATED, actor="amina")
    visits.close_visit(store, hand.now(), why="finished")
    visits.open_visit(store, hand.now(), sita.id, actor="amina")
    measure(store, hand, 228)
    assert dangers.of_patient(store, sita.id) is not None


def test_steps_are_kept_and_taken_back(store: Store, hand: HandClock, sita: Patient) -> None:
    measure(store, hand, 228)
    danger = of(store, sita)
    dangers.set_step(store, hand.now(), danger, "stay", done=True, actor="amina")
    dangers.set_step(store, hand.now(), of(store, sita), "stay", done=True, actor="bilal")
    assert [(step.word, step.actor) for step in of(store, sita).done] == [("stay", "amina")]
    dangers.set_step(store, hand.now(), of(store, sita), "stay", done=False, actor="bilal")
    assert of(store, sita).done == ()


def test_two_who_answer_at_once_are_told(store: Store, hand: HandClock, sita: Patient) -> None:
    measure(store, hand, 228)
    danger = of(store, sita)
    dangers.end(store, hand.now(), danger, Ending.TREATED, actor="amina")
    with pytest.raises(ActionRefused):
        dangers.end(store, hand.now(), danger, Ending.REFERRED, actor="bilal")


def test_a_reading_taken_back_is_no_danger(store: Store, hand: HandClock, sita: Patient) -> None:
    entry = measure(store, hand, 228)
    retract.strike(store, hand.now(), entry, "trial", actor="amina")
    assert dangers.of_patient(store, sita.id) is None


def test_every_danger_has_a_checklist_of_five_steps() -> None:
    for listed in checklists.checklists():
        assert len({step.word for step in listed.steps}) == checklists.STEPS_EACH, listed.name
    assert checklists.checklist_for("anything", "anything").name == "general"
    assert checklists.checklist_for("bp_pregnancy", "systolic").name == "pregnancy"
    assert checklists.checklist_for("news2", "spo2").name == "oxygen"
    assert checklists.is_draft()


def test_the_page_is_about_the_rule_that_says_what_to_do_not_about_a_score(
    store: Store, hand: HandClock
) -> None:
    patient = register.register(store, hand.now(), PatientForm("Zahra", "female", "1998"), None)
    visit = visits.open_visit(store, hand.now(), patient.id, actor="amina")
    intake.accept(store, cuff(hand.advance(61), pressure(165, 112)))
    with store.transaction():
        notes.say(store, hand.now(), visit.id, "pregnant", "yes", actor="amina")
        alerts.judge_note(store, hand.now(), visit.id)
    danger = of(store, patient)
    assert {"bp_pregnancy", "iitt"} <= {alert.rule for alert in danger.alerts}
    assert danger.worst.rule in {"bp_pregnancy", "preeclampsia_signs"}
    assert checklists.checklist_for(danger.worst.rule, "systolic").name == "pregnancy"
