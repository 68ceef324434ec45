"""Every entry is judged in its own transaction; results are kept, alerts raised, doubts said."""

from __future__ import annotations

import json
from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
import site_rule
from hand_clock import HandClock
from readings import pressure

from edge.assessments import (
    ages,
    record,
    rule_log,
    second_judgement,
    silence,
    unknown_person,
    verdict,
)
from edge.assessments.verdict import Verdict, VerdictKind
from edge.jobs import rules as rules_job
from edge.model.entry import Body, EntryKind, Lane
from edge.model.patient import Patient
from edge.model.patient_codes import Sex
from edge.model.reading import Code, Kind, Measurement, Reading, Value
from edge.patients import register
from edge.patients.form import PatientForm
from edge.readings import alerts, history, intake, retract
from edge.rules import formulas, library
from edge.rules.assessment import Level
from edge.settings.box_settings import Settings
from edge.store import issues, journal, outbox
from edge.store.store import Store
from edge.visits import notes, visits
from edge.visits.visits import Visit


@pytest.fixture
def hand() -> HandClock:
    return HandClock()


def seen(store: Store, hand: HandClock, **form: str) -> Visit:
    """Open the visit of somebody new."""
    patient = register.register(store, hand.now(), PatientForm("Sita", **form), "w1")
    return visits.open_visit(store, hand.now(), patient.id, actor="w1")


def measure(store: Store, hand: HandClock, kind: Kind, *values: Value) -> intake.AcceptedReading:
    outcome = intake.accept(store, Reading(Measurement(kind, values), hand.advance(20), "typed"))
    assert isinstance(outcome, intake.AcceptedReading)
    return outcome


def oxygen(store: Store, hand: HandClock, percent: int) -> intake.AcceptedReading:
    return measure(store, hand, Kind.OXIMETRY, Value(Code.SPO2, Decimal(percent), "%"))


def glucose(store: Store, hand: HandClock, number: str, more: str = "") -> intake.AcceptedReading:
    value = Value(Code.GLUCOSE_MMOL_L, Decimal(number), "mmol/L", more)
    return measure(store, hand, Kind.GLUCOSE, value)


def bodies(store: Store, kind: EntryKind, **known: object) -> list[Body]:
    """The entries of a kind whose bodies hold these values."""
    found = [e.body for _, e in journal.since(store, 0, 5000) if e.kind == kind]
    return [body for body in found if all(body.get(k) == v for k, v in known.items())]


def said(store: Store, hand: HandClock, visit: Visit) -> Verdict:
    return verdict.of_visit(store, visits.get(store, visit.id), hand.now())


# --- what is kept -------------------------------------------------------------------------------


def test_a_result_names_its_rule_its_facts_and_the_readings_it_came_from(
    store: Store, hand: HandClock
) -> None:
    visit = seen(store, hand, birth="1960-02-03", sex="male")
    outcome = oxygen(store, hand, 90)
    [body] = bodies(store, EntryKind.ASSESSMENT, rule="news2")
    rule = library.rules(store.home)["news2"]
    assert (body["visit"], body["version"], body["sha256"]) == (
        visit.id,
        rule.version,
        rule.sha256,
    )
    assert (body["level"], body["draft"]) == ("urgent", True)
    assert body["readings"] == [journal.identity(store, outcome.entry)]
    assert body["cause"] == journal.identity(store, outcome.entry)
    facts = json.loads(str(body["facts"]))
    assert (facts["spo2"], facts["age_years"]) == (90, 66)
    assert "rr" in set(map(str, body["missing"]))  # type: ignore[call-overload]


def test_what_says_the_same_is_kept_once(store: Store, hand: HandClock) -> None:
    visit = seen(store, hand, birth="1960-02-03", sex="male")
    oxygen(store, hand, 97)
    before = len(bodies(store, EntryKind.ASSESSMENT))
    oxygen(store, hand, 98)
    kept = bodies(store, EntryKind.ASSESSMENT)
    scored = [b for b in kept if b["rule"] == "news2"]
    assert len(kept) - before <= len(scored) - 1  # only where the value itself is in the result
    assert said(store, hand, visit).kind is VerdictKind.GOOD


def test_a_value_of_half_an_hour_ago_counts_as_missing(store: Store, hand: HandClock) -> None:
    visit = seen(store, hand, birth="1960-02-03", sex="male")
    measure(store, hand, Kind.BLOOD_PRESSURE, *pressure(118, 76, 70))
    low = Measurement(Kind.OXIMETRY, (Value(Code.SPO2, Decimal(90), "%"),))
    at, patient = hand.advance(31 * 60), visit.patient_id
    intake.accept(store, Reading(low, at, "typed", patient_id=patient, visit_id=visit.id))
    newest = bodies(store, EntryKind.ASSESSMENT, rule="news2")[-1]
    assert "sbp" not in json.loads(str(newest["facts"]))
    assert {"sbp", "hr"} <= set(map(str, newest["missing"]))  # type: ignore[call-overload]


def test_beyond_a_meters_range_is_at_least_that(store: Store, hand: HandClock) -> None:
    visit = seen(store, hand, birth="1960-02-03", sex="male")
    glucose(store, hand, "33.3", ">")
    facts = [json.loads(str(b["facts"])) for b in bodies(store, EntryKind.ASSESSMENT)]
    assert {"least": 33.3} in [f.get("glucose") for f in facts]
    assert said(store, hand, visit).level.rank >= Level.SOON.rank
    glucose(store, hand, "1.1", "<")
    assert bodies(store, EntryKind.ALERT, rule="hypoglycaemia_adult")


# --- alerts -------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("form", "values", "rule"),
    [
        ({"birth": "2024-06-01"}, (Value(Code.SPO2, Decimal(88), "%"),), "imci_hypoxaemia"),
        ({"birth": "1960-06-01"}, pressure(184, 112, 80), "bp_urgent_adult"),
        ({"birth": "1960-06-01"}, (Value(Code.GLUCOSE_MMOL_L, Decimal("2.7"), "mmol/L"),),
         "hypoglycaemia_adult"),
        ({"birth": "1960-06-01", "sex": "male"}, (Value(Code.SPO2, Decimal(91), "%"),), "news2"),
    ],
)  # fmt: skip
def test_dangers_of_all_ages_alert(
    store: Store, hand: HandClock, form: dict[str, str], values: tuple[Value, ...], rule: str
) -> None:
    visit = seen(store, hand, **form)
    measure(store, hand, Kind.BLOOD_PRESSURE, *values)
    [alert] = bodies(store, EntryKind.ALERT, rule=rule)
    assert alert["visit"] == visit.id
    assert said(store, hand, visit).kind is VerdictKind.DANGER
    assert any(b"alert" in q.record for q in outbox.records(store, Lane.ALERT, 1, 99))


def test_a_rule_alerts_once_in_a_visit_until_its_level_rises(store: Store, hand: HandClock) -> None:
    seen(store, hand, birth="1960-02-03", sex="male")
    first = oxygen(store, hand, 90)
    again = oxygen(store, hand, 89)
    assert [a["level"] for a in bodies(store, EntryKind.ALERT, rule="news2")] == ["urgent"]
    assert history.urgent(store, [first.entry, again.entry]) == {first.entry, again.entry}
    measure(store, hand, Kind.BLOOD_PRESSURE, *pressure(85, 50, 135))
    levels = [a["level"] for a in bodies(store, EntryKind.ALERT, rule="news2")]
    assert levels == ["urgent", "emergency"]


def test_a_pregnancy_that_is_said_late_makes_up_for_the_alert(
    store: Store, hand: HandClock
) -> None:
    visit = seen(store, hand, birth="1998-02-03", sex="female")
    measure(store, hand, Kind.BLOOD_PRESSURE, *pressure(165, 105, 80))
    assert bodies(store, EntryKind.ALERT, rule="bp_pregnancy") == []
    found = said(store, hand, visit)
    assert (found.kind, found.asks) == (VerdictKind.NOT_JUDGED, ("pregnant",))
    hand.advance(45 * 60)  # the pressure is old by now; it was new when it was measured
    with store.transaction():
        notes.write(
            store, hand.now(), visit.id, {"pregnant": "yes", "gestation_weeks": "30"}, actor="w1"
        )
        alerts.judge_note(store, hand.now(), visit.id)
    [alert] = bodies(store, EntryKind.ALERT, rule="bp_pregnancy")
    assert (alert["parameter"], alert["visit"]) == ("systolic", visit.id)
    assert said(store, hand, visit).kind is VerdictKind.DANGER


def test_a_danger_sign_alone_alerts(store: Store, hand: HandClock) -> None:
    visit = seen(store, hand, birth="2025-06-01")
    with store.transaction():
        notes.say_sign(store, hand.now(), visit.id, "convulsion", "present", actor="w1")
        alerts.judge_note(store, hand.now(), visit.id)
    found = bodies(store, EntryKind.ALERT, rule="imci_danger_signs")
    assert [a["parameter"] for a in found] == ["danger-signs"]
    assert said(store, hand, visit).kind is VerdictKind.DANGER


def test_a_reading_taken_back_takes_its_results_back_and_a_new_danger_alerts_anew(
    store: Store, hand: HandClock
) -> None:
    visit = seen(store, hand, birth="1960-02-03", sex="male")
    wrong = oxygen(store, hand, 80)
    assert said(store, hand, visit).kind is VerdictKind.DANGER
    retract.strike(store, hand.now(), wrong.entry, "trial", actor="w1")
    assert said(store, hand, visit).kind is VerdictKind.NOT_JUDGED
    oxygen(store, hand, 80)
    assert len(bodies(store, EntryKind.ALERT, rule="news2")) == 2


def test_a_moved_reading_is_judged_for_whom_it_is_of(store: Store, hand: HandClock) -> None:
    visit = seen(store, hand, birth="2015-02-03")
    outcome = measure(store, hand, Kind.BLOOD_PRESSURE, *pressure(188, 122, 80))
    other = register.register(store, hand.now(), PatientForm("Gita", birth="1960-02-03"), "w1")
    opened = visits.open_visit(store, hand.now(), other.id, actor="w1")
    to = retract.Holder(other.id, opened.id)
    retract.move(store, hand.now(), [outcome.entry], to, actor="w1")
    [alert] = bodies(store, EntryKind.ALERT, rule="bp_urgent_adult")
    assert (alert["patient"], alert["visit"]) == (other.id, opened.id)
    assert not record.of_visit(store, visit.patient_id, visit.id)


# --- what is not known --------------------------------------------------------------------------


def test_without_an_age_it_is_said_and_with_it_the_alert_comes(
    store: Store, hand: HandClock
) -> None:
    visit = seen(store, hand)
    oxygen(store, hand, 91)
    found = said(store, hand, visit)
    assert (found.kind, found.sentence) == (VerdictKind.NOT_JUDGED, verdict.UNKNOWN["age"])
    assert found.asks[0] == "age"
    assert bodies(store, EntryKind.ALERT) == []
    register.correct(store, hand.now(), visit.patient_id, {"age": "40"}, "w1")
    assert alerts.judge_late(store, hand.now())
    assert alerts.judge_late(store, hand.now()) == ()
    assert said(store, hand, visit).kind is VerdictKind.DANGER


@pytest.mark.parametrize(("percent", "is_danger"), [(89, True), (90, False)])
def test_what_is_dangerous_at_every_age_alerts_without_one(
    store: Store, hand: HandClock, percent: int, is_danger: bool
) -> None:
    visit = seen(store, hand)
    oxygen(store, hand, percent)
    assert (said(store, hand, visit).kind is VerdictKind.DANGER) == is_danger
    assert len(bodies(store, EntryKind.ALERT, rule="any_age")) == is_danger
    grown = seen(store, hand, birth="1960")
    oxygen(store, hand, percent)
    assert not bodies(store, EntryKind.ALERT, rule="any_age", visit=grown.id)


def test_judging_again_writes_nothing_when_nothing_is_new(store: Store, hand: HandClock) -> None:
    visit = seen(store, hand, birth="1960-02-03", sex="male")
    for percent in (80, 98, 90):
        oxygen(store, hand, percent)
    before = store.journal_position()
    assert alerts.judge_again(store, hand.now(), visit.patient_id) == ()
    assert store.journal_position() == before


def test_an_estimate_near_a_bound_is_never_certain(store: Store, hand: HandClock) -> None:
    seen(store, hand, age="16", sex="male")
    oxygen(store, hand, 98)
    [body] = bodies(store, EntryKind.ASSESSMENT, rule="news2")
    assert "age_years" in set(map(str, body["missing"]))  # type: ignore[call-overload]
    assert json.loads(str(body["facts"]))["age_years"] == {"least": 15, "most": 17}
    seen(store, hand, age="40", sex="male")
    oxygen(store, hand, 98)
    certain = bodies(store, EntryKind.ASSESSMENT, rule="news2")[-1]
    assert "age_years" not in set(map(str, certain["missing"]))  # type: ignore[call-overload]


def test_a_pregnancy_goes_on_until_it_must_have_ended(store: Store, hand: HandClock) -> None:
    visit = seen(store, hand, birth="1998-02-03", sex="female")
    day = visit.day
    lmp = day.fromordinal(day.toordinal() - 140).isoformat()
    notes.write(store, hand.now(), visit.id, {"pregnant": "yes", "lmp": lmp}, actor="w1")
    for days, weeks in ((70, [30]), (245, [])):
        hand.advance(days * 86_400)
        visits.open_visit(store, hand.now(), visit.patient_id, actor="w1")
        before = len(bodies(store, EntryKind.ASSESSMENT))
        measure(store, hand, Kind.BLOOD_PRESSURE, *pressure(165, 105, 80))
        new = bodies(store, EntryKind.ASSESSMENT)[before:]
        facts = [json.loads(str(body["facts"])) for body in new]
        assert sorted({f["gest_weeks"] for f in facts if "gest_weeks" in f}) == weeks


def test_of_nobody_it_is_judged_as_of_any_grown_person(store: Store) -> None:
    tables = library.rules(store.home)
    assert unknown_person.most_urgent(tables, pressure(85, 50, 140)) >= Level.URGENT
    assert unknown_person.most_urgent(tables, pressure(118, 76, 70)).rank < Level.URGENT.rank
    low = (Value(Code.SPO2, Decimal(88), "%"),)
    assert unknown_person.most_urgent(tables, low).rank >= Level.URGENT.rank


def test_what_is_missing_is_named_by_what_somebody_can_say() -> None:
    assert silence.of_missing(["age_days", "sex"]) is silence.Silence.NO_AGE
    assert silence.of_missing(["temp_site"]) is silence.Silence.NOT_SAID
    assert silence.of_missing(["rr"]) is None


# --- rules that fail, change, or are refused -----------------------------------------------------


def _raise(_: Decimal) -> Decimal:
    raise ZeroDivisionError


def test_a_rule_that_raises_stops_nothing_else(
    store: Store, hand: HandClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(formulas.FORMULAS, "fails", _raise)  # type: ignore[arg-type]
    site_rule.write(store.home, "1", 150, formula="fails")
    seen(store, hand, birth="1960-02-03", sex="male")
    outcome = measure(store, hand, Kind.BLOOD_PRESSURE, *pressure(85, 50, 135))
    assert history.one(store, outcome.entry) is not None
    assert bodies(store, EntryKind.ALERT, rule="news2")
    [failed] = bodies(store, EntryKind.ASSESSMENT, rule="site_pressure")
    assert failed["status"] == "failed"
    [issue] = [one for one in issues.current(store) if one.kind == rule_log.FAILED_ISSUE]
    assert issue.subject == "site_pressure"
    assert bodies(store, EntryKind.RULE, rule="site_pressure", what="failed")
    site_rule.write(store.home, "2", 150)
    measure(store, hand, Kind.BLOOD_PRESSURE, *pressure(118, 70, 72))
    assert not issues.is_noted(store, rule_log.FAILED_ISSUE, "site_pressure")


def test_a_refused_table_leaves_the_last_good_one_and_names_the_line(
    store: Store, hand: HandClock
) -> None:
    settings = Settings(store.home, box_id="b", clinic="c")
    file = site_rule.write(store.home, "1", 150)
    rules_job.run(store, settings, hand.now())
    rules_job.run(store, settings, hand.now())
    assert len(bodies(store, EntryKind.RULE, rule="site_pressure", what="loaded")) == 1
    good = file.read_text("utf-8")
    file.write_text(good.replace("least = 150", "least = 152"), "utf-8")
    rules_job.run(store, settings, hand.now())
    [issue] = [one for one in issues.current(store) if one.kind == rule_log.REFUSED_ISSUE]
    assert "line" in issue.detail
    [refused] = bodies(store, EntryKind.RULE, rule="site_pressure", what="refused")
    assert "gap" in str(refused["why"])
    seen(store, hand, birth="1960-02-03", sex="male")
    measure(store, hand, Kind.BLOOD_PRESSURE, *pressure(155, 80, 72))
    assert bodies(store, EntryKind.ALERT, rule="site_pressure")
    file.write_text(good, "utf-8")
    rules_job.run(store, settings, hand.now())
    assert not issues.is_noted(store, rule_log.REFUSED_ISSUE, "site_pressure")


def dump(store: Store) -> list[Any]:
    tables = ("journal", "assessment", "assessment_reading", "alert", "outbox")
    return [[tuple(r) for r in store.rows(f"SELECT * FROM {table}")] for table in tables]


def test_a_year_is_judged_by_a_new_version_and_nothing_stored_changes(
    store: Store, hand: HandClock
) -> None:
    site_rule.write(store.home, "1", 150)
    first = seen(store, hand, birth="1960-02-03", sex="male").day
    high: list[str] = []
    for month in range(12):
        hand.advance(30 * 86_400)
        seen(store, hand, birth="1960-02-03", sex="male")
        measure(store, hand, Kind.BLOOD_PRESSURE, *pressure(144 + month, 80, 72))
        newest = bodies(store, EntryKind.ASSESSMENT, rule="site_pressure")[-1]
        high += [str(newest["day"])] if 146 <= 144 + month < 150 else []
    site_rule.write(store.home, "2", 146)
    before = dump(store)
    stored = record.from_day(store, first.isoformat())
    found = second_judgement.compare(stored, library.rules(store.home))
    assert dump(store) == before
    assert [d.day for d in found.differences] == high
    assert {(d.was["level"], d.becomes["level"]) for d in found.differences} == {
        ("routine", "urgent")
    }
    assert {(d.was["version"], d.becomes["version"]) for d in found.differences} == {("1", "2")}
    assert found.judged == found.of > len(high)
    assert f"{len(high)} would be another" in "\n".join(second_judgement.lines(found))


def test_the_settings_of_the_place_are_facts(store: Store, hand: HandClock) -> None:
    settings = Settings(store.home, box_id="b", clinic="c", altitude_m=2600, asian_bmi="yes")
    rules_job.run(store, settings, hand.now())
    seen(store, hand, birth="2024-06-01")
    oxygen(store, hand, 88)
    [body] = bodies(store, EntryKind.ASSESSMENT, rule="imci_hypoxaemia")
    assert json.loads(str(body["facts"]))["altitude_m"] == 2600


def test_the_pressure_that_counts_is_judged_before_its_parts(store: Store, hand: HandClock) -> None:
    visit = seen(store, hand, birth="1960-02-03", sex="male")
    measure(store, hand, Kind.BLOOD_PRESSURE, *pressure(182, 84, 72))
    assert said(store, hand, visit).level is Level.URGENT
    hand.advance(60)
    first = measure(store, hand, Kind.BLOOD_PRESSURE, *pressure(146, 84, 72))
    hand.advance(60)
    last = measure(store, hand, Kind.BLOOD_PRESSURE, *pressure(144, 82, 72))
    newest = bodies(store, EntryKind.ASSESSMENT, rule="bp_grade_adult")[-1]
    assert json.loads(str(newest["facts"]))["sbp"] == 145
    parts = [journal.identity(store, one.entry) for one in (first, last)]
    assert newest["readings"] == parts
    assert said(store, hand, visit).level.rank < Level.URGENT.rank


def test_growth_of_a_child_born_early_goes_by_its_corrected_age(
    store: Store, hand: HandClock
) -> None:
    """At 10 weeks, born 8 weeks early, 3.3 kg is the weight of a newborn girl (WHO, 2006)."""
    born = (hand.now().wall.date() - timedelta(weeks=10)).isoformat()
    for gestation, underweight in (("32", "none"), ("40", "severe")):
        visit = seen(store, hand, sex="female", birth=born, gestation=gestation)
        notes.write(store, hand.now(), visit.id, {"position": "lying"}, actor="w1")
        measure(store, hand, Kind.WEIGHT, Value(Code.WEIGHT, Decimal("3.3"), "kg"))
        [body] = bodies(store, EntryKind.ASSESSMENT, rule="who_growth", visit=visit.id)
        assert json.loads(str(body["result"]))["underweight"] == underweight


def test_hours_of_age_are_no_months(hand: HandClock) -> None:
    today = hand.now().wall.date()
    found = ages.of(Patient("Noor", Sex.FEMALE, age=f"6 h {today}", id="x"), today)
    assert found is not None
    assert (found.least.days, found.most.days) == (0, 0)
