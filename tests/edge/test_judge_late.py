"""A rule that lacks a fact says so, and judges when the fact comes; children have own limits."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hand_clock import HandClock
from readings import cuff, pressure

from edge.assessments.silence import Silence
from edge.feed import replica
from edge.jobs import late_facts
from edge.model.age import Age, Estimate
from edge.model.errors import ActionRefused
from edge.model.feed_item import Change, Cursor
from edge.model.patient_codes import AgeUnit
from edge.model.reading import Code, Kind, Measurement, Reading, Value
from edge.patients import register
from edge.patients.form import PatientForm
from edge.readings import alerts, history, intake
from edge.readings.intake import AcceptedReading, RejectedReading
from edge.rules import plausibility
from edge.settings.box_settings import Settings
from edge.store import journal
from edge.store.store import Store

DANGEROUS = pressure(80, 50, 140)


@pytest.fixture
def hand() -> HandClock:
    return HandClock()


def measured(store: Store, hand: HandClock, form: PatientForm) -> tuple[str, AcceptedReading]:
    patient = register.register(store, hand.now(), form, "w1")
    outcome = intake.accept(store, cuff(hand.now(), DANGEROUS, patient=patient.id))
    assert isinstance(outcome, AcceptedReading)
    return patient.id, outcome


def run_job(store: Store, hand: HandClock) -> list[str]:
    before = store.journal_position()
    late_facts.run(store, Settings(Path("unused"), box_id="b", clinic="c"), hand.now())
    alerted = [e.body for _, e in journal.since(store, before) if e.kind == "alert"]
    return [str(body["parameter"]) for body in alerted if body["rule"] == "news2"]


def test_an_age_that_is_missing_is_said_and_made_up_for(store: Store, hand: HandClock) -> None:
    patient, outcome = measured(store, hand, PatientForm("Bilal"))
    assert outcome.alerts == ()
    [stored] = history.of_patient(store, patient)
    assert history.silences(store, [stored], hand.now()) == {outcome.entry: Silence.NO_AGE}
    register.correct(store, hand.now(), patient, {"birth": "1960"}, "w1")
    assert run_job(store, hand) == ["systolic"]
    assert history.silences(store, [stored], hand.now()) == {}
    assert run_job(store, hand) == []


def test_an_age_from_the_hospital_is_made_up_for(store: Store, hand: HandClock) -> None:
    patient, _ = measured(store, hand, PatientForm("Bilal"))
    body = {"name": "Bilal", "birth": "1960"}
    replica.apply(store, [Change(1, "patient", patient, 1, body)], Cursor(1, 1))
    assert run_job(store, hand) == ["systolic"]


def test_the_age_of_the_record_that_stands_for_this_one_counts(
    store: Store, hand: HandClock
) -> None:
    patient, _ = measured(store, hand, PatientForm("Bilal"))
    kept = register.register(store, hand.now(), PatientForm("Bilal Shah", age="60"), "w1")
    body = {"name": "Bilal", "replaced_by": kept.id}
    replica.apply(store, [Change(1, "patient", patient, 1, body)], Cursor(1, 1))
    assert run_job(store, hand) == ["systolic"]


@pytest.mark.parametrize(
    ("age", "alarmed", "why"), [("16", True, None), ("15", True, None), ("14", False, None)]
)
def test_who_may_be_sixteen_is_judged_as_sixteen(
    store: Store, hand: HandClock, age: str, alarmed: bool, why: Silence | None
) -> None:
    patient, outcome = measured(store, hand, PatientForm("Bilal", age=age))
    rules = [str(journal.read(store, alert).body["rule"]) for alert in outcome.alerts]  # type: ignore[union-attr]
    assert ("news2" in rules) == alarmed
    [stored] = history.of_patient(store, patient)
    assert history.silences(store, [stored], hand.now()).get(outcome.entry) == why


def test_a_struck_or_old_reading_is_not_judged_late(store: Store, hand: HandClock) -> None:
    patient, outcome = measured(store, hand, PatientForm("Bilal"))
    old = intake.accept(store, cuff(hand.now(), DANGEROUS, patient=patient, record="7"))
    with store.transaction():
        store.execute("UPDATE reading SET tray = 'discarded' WHERE entry = ?", (outcome.entry,))
        store.execute(
            "UPDATE reading SET wall_ms = wall_ms - ? WHERE entry = ?",
            (alerts.RECENT_MS + 1, old.entry),
        )
    register.correct(store, hand.now(), patient, {"birth": "1960"}, "w1")
    assert run_job(store, hand) == []


# --- hardly possible values ---------------------------------------------------------------------


def heavy(hand: HandClock, patient: str | None, kg: str, source: str = "device") -> Reading:
    value = Value(Code.WEIGHT, Decimal(kg), "kg")
    return Reading(
        Measurement(Kind.WEIGHT, (value,)), hand.now(), source, "scale", patient_id=patient
    )


def test_a_weight_over_400_kg_is_kept_as_a_doubt(store: Store, hand: HandClock) -> None:
    patient = register.register(store, hand.now(), PatientForm("Bilal", age="40"), "w1").id
    outcome = intake.accept(store, heavy(hand, patient, "412.5"))
    assert isinstance(outcome, AcceptedReading)
    assert [w.name for w in outcome.warnings] == ["weight"]
    [stored] = history.of_patient(store, patient)
    assert stored.needs_confirmation
    assert history.silences(store, [stored], hand.now()) == {outcome.entry: Silence.IMPROBABLE}
    intake.confirm(store, hand.now(), outcome.entry, actor="w1")
    [stored] = history.of_patient(store, patient)
    assert not stored.needs_confirmation
    assert history.silences(store, [stored], hand.now()) == {}
    typed = intake.accept(store, heavy(hand, patient, "412.5", "typed"))
    assert not history.of_patient(store, patient)[0].needs_confirmation
    with pytest.raises(ActionRefused):
        intake.confirm(store, hand.now(), typed.entry, actor="w1")
    assert isinstance(intake.accept(store, heavy(hand, patient, "701")), RejectedReading)


def test_no_rule_judges_a_hardly_possible_value_before_it_is_confirmed(
    store: Store, hand: HandClock
) -> None:
    patient = register.register(store, hand.now(), PatientForm("Bilal", age="40"), "w1").id
    both = (*DANGEROUS, Value(Code.WEIGHT, Decimal(450), "kg"))
    outcome = intake.accept(store, cuff(hand.now(), both, patient=patient))
    assert isinstance(outcome, AcceptedReading)
    assert outcome.alerts == ()
    before = store.journal_position()
    intake.confirm(store, hand.now(), outcome.entry, actor="w1")
    raised = [e for _, e in journal.since(store, before) if e.kind == "alert"]
    assert "systolic" in [e.body["parameter"] for e in raised if e.body["rule"] == "news2"]


# --- children -----------------------------------------------------------------------------------


def aged(number: int, unit: AgeUnit) -> Age:
    said = Estimate(number, unit, HandClock().now().wall.date())
    return said.at(said.said)


NEWBORN, TWO = aged(10, AgeUnit.DAYS), aged(2, AgeUnit.YEARS)


@pytest.mark.parametrize(
    ("age", "code", "unit", "calm", "asked"),
    [
        (NEWBORN, Code.PULSE, "/min", ("140", "100", "205"), ("85", "99", "206")),
        (NEWBORN, Code.RESPIRATORY_RATE, "/min", ("45", "59"), ("29", "60")),
        (NEWBORN, Code.SPO2, "%", ("94",), ("80", "82", "93")),
        (NEWBORN, Code.TEMPERATURE, "Cel", ("37.0", "35.5"), ("38.0", "38.5", "35.4")),
        (NEWBORN, Code.WEIGHT, "kg", ("3.1",), ("70", "0.4")),
        (TWO, Code.PULSE, "/min", ("140", "98"), ("85", "141", "190")),
        (TWO, Code.RESPIRATORY_RATE, "/min", ("39", "22"), ("40", "45")),
        (TWO, Code.SPO2, "%", ("97",), ("80",)),
        (TWO, Code.TEMPERATURE, "Cel", ("37.4",), ("38.5",)),
        (aged(5, AgeUnit.MONTHS), Code.RESPIRATORY_RATE, "/min", ("49",), ("50",)),
        (aged(7, AgeUnit.WEEKS), Code.RESPIRATORY_RATE, "/min", ("59",), ("60",)),
        (aged(8, AgeUnit.YEARS), Code.PULSE, "/min", ("75", "118"), ("74", "119")),
        (aged(15, AgeUnit.YEARS), Code.PULSE, "/min", ("100",), ("101",)),
        (aged(16, AgeUnit.YEARS), Code.PULSE, "/min", ("120",), ("121",)),
        (None, Code.PULSE, "/min", ("120",), ("140",)),
    ],
)
def test_what_is_unusual_depends_on_the_age(
    age: Age | None, code: str, unit: str, calm: tuple[str, ...], asked: tuple[str, ...]
) -> None:
    for number in calm:
        assert plausibility.doubtful([Value(code, Decimal(number), unit)], age) == (), number
    for number in asked:
        assert plausibility.doubtful([Value(code, Decimal(number), unit)], age), number


def test_a_newborns_pressure_is_a_newborns() -> None:
    assert plausibility.doubtful(pressure(80, 50, 140), NEWBORN) == ()
    assert plausibility.doubtful(pressure(80, 50, 110), TWO) == ()
    assert plausibility.doubtful(pressure(120, 80, 72), NEWBORN)
