"""A month's report: the same bytes for the same entries, in whatever order and however often."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from month_facts import Clinic, identity, pressure

from edge.model.clock import ClockQuality, Stamp
from edge.reports.core import indicators, stock_levels
from edge.reports.core.facts import READERS, Fact, Origin, facts_of
from edge.reports.core.people import Person, death_day
from edge.reports.core.settled import settle
from edge.stock.items import packaged
from edge.visits.eye_tests import EYE_TESTS

MONTH = "2026-11"


@pytest.fixture
def clinic() -> Clinic:
    return Clinic()


def numbers(clinic: Clinic, month: str = MONTH) -> dict[str, int]:
    return indicators.flat(indicators.report(clinic.facts, clinic.people, month))


def busy() -> Clinic:
    """Return a clinic of two boxes with something of every kind, corrections among it."""
    clinic = Clinic()
    for number in range(12):
        who = clinic.person(f"patient {number}", sex="female", birth=f"{1950 + number * 6}-03-02")
        clinic.write("patient", "2026-10-03", {"patient": who, "rev": 1, "name": "x"})
        clinic.enrolled(who, "2026-02-03", ("hypertension", "antenatal-care")[number % 2])
        reading = clinic.measured(who, f"2026-11-{number + 1:02d}", 130 + number * 2, 85)
        clinic.booked(who, "2026-09-01", "2026-10-05")
        clinic.called(who, "2026-11-03", ("agreed", "refused", "remind")[number % 3])
        if number % 4 == 0:
            claim = {"reading": reading, "patient": who, "why": "trial"}
            clinic.write("claim", "2026-11-20", claim)
        if number % 5 == 0:
            visit = clinic.visit(who, "2026-11-21", mode="alone")
            moved = {"visit": visit, "patient": who, "to": identity("patient 3")}
            clinic.write("visit-moved", "2026-11-22", {**moved, "becomes": visit})
            note = {"visit": visit, "patient": who, "set": {"outcome": "referred"}}
            clinic.write("visit-note", "2026-11-21", note)
            case = {"id": identity(f"case {number}"), "patient": who, "disease": "cholera"}
            clinic.write("notification", "2026-11-21", case | {"state": "suspected"}, "box-2")
        dose = clinic.write("immunization", "2026-11-05", {"vaccine": "bcg", "dose": 1}, "box-2")
        if number % 6 == 0:
            clinic.write(
                "taken-back", "2026-11-06", {"entry": dose, "kind": "immunization"}, "box-2"
            )
    stock = {"item": "bcg", "what": "received", "number": "5", "day": "2026-11-01"}
    clinic.write("stock", "2026-11-01", stock, "box-2")
    twice = identity("patient 7")
    clinic.people[twice] = Person(twice, stands_for=identity("patient 8"))
    clinic.person("patient 9", deceased="2026-11-09")
    return clinic


BUSY = busy()
EXPECTED = indicators.canonical(indicators.report(BUSY.facts, BUSY.people, MONTH))


@given(st.randoms(use_true_random=False), st.integers(1, 9))
@settings(max_examples=60, deadline=None)
def test_the_order_of_arrival_the_batches_and_repetitions_change_no_byte(
    chance: random.Random, batches: int
) -> None:
    facts = [*BUSY.facts, *chance.sample(BUSY.facts, len(BUSY.facts) // 3)]
    chance.shuffle(facts)
    parts = [facts[start::batches] for start in range(batches)]
    people = dict(chance.sample(sorted(BUSY.people.items()), len(BUSY.people)))
    arrived = [fact for part in parts for fact in part]
    assert indicators.canonical(indicators.report(arrived, people, MONTH)) == EXPECTED


def test_the_busy_month_counts_something_of_every_section() -> None:
    found = indicators.flat(indicators.report(BUSY.facts, BUSY.people, MONTH))
    sections = {name.partition(".")[0] for name, number in found.items() if number}
    assert sections >= {"visits", "hearts360", "programmes", "antenatal", "immunisation"}
    assert sections >= {"self_measurement", "equipment", "notifications", "stock"}


json_values = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=20),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=9), inner),
    max_leaves=12,
)
KEYS = (
    *("patient", "visit", "day", "set", "to", "becomes", "values", "coded", "quality", "result"),
    *("facts", "entry", "reading", "state", "episode", "programme", "due", "outcome", "value"),
    *("key", "dose", "number", "readings", "lmp", "why"),
)


@given(
    st.lists(
        st.tuples(
            st.sampled_from(sorted(READERS)), st.dictionaries(st.sampled_from(KEYS), json_values)
        ),
        max_size=12,
    )
)
@settings(max_examples=150, deadline=None)
def test_no_record_of_any_form_stops_a_report(rows: list[tuple[str, dict[str, object]]]) -> None:
    stamp = Stamp(1, 1, 1_790_000_000_000, ClockQuality.NTP)
    facts = [
        fact
        for place, (kind, body) in enumerate(rows)
        if (fact := facts_of(kind, body, stamp, Origin(f"e{place}", "b", (1, place)))) is not None
    ]
    indicators.canonical(indicators.report(facts, {}, "2026-09"))


def test_a_reading_that_went_to_somebody_else_counts_for_them(clinic: Clinic) -> None:
    wrong, right = clinic.person("Sita"), clinic.person("Gita")
    for who in (wrong, right):
        clinic.enrolled(who, "2025-01-01")
    reading = clinic.measured(wrong, "2026-11-05")
    assert numbers(clinic)["hearts360.controlled"] == 1
    to_tray = {"reading": reading, "patient": None, "why": "somebody-else"}
    clinic.write("claim", "2026-11-06", to_tray)
    assert numbers(clinic)["hearts360.controlled"] == 0
    clinic.write("claim", "2026-11-06", {"reading": reading, "patient": right})
    settled = settle(clinic.facts, clinic.people)
    assert [row.patient for row in settled.kind("reading")] == [right]
    assert numbers(clinic)["hearts360.controlled"] == 1


def test_a_visit_that_was_moved_takes_all_with_it(clinic: Clinic) -> None:
    wrong, right = clinic.person("Sita"), clinic.person("Gita")
    clinic.enrolled(right, "2025-01-01")
    clinic.measured(wrong, "2026-11-05", 180, 100)
    visit = clinic.facts[-1].visit
    body = {"visit": visit, "patient": wrong, "to": right, "becomes": visit, "day": "2026-11-06"}
    clinic.write("visit-moved", "2026-11-06", body)
    assert numbers(clinic)["hearts360.uncontrolled"] == 1
    assert numbers(clinic)["visits.people"] == 1


def test_a_visit_that_became_another_one_is_one_visit(clinic: Clinic) -> None:
    wrong, right = clinic.person("Sita"), clinic.person("Gita")
    clinic.measured(wrong, "2026-11-05", 180, 100)
    visit = clinic.facts[-1].visit
    other = clinic.visit(right, "2026-11-05")
    body = {"visit": visit, "patient": wrong, "to": right, "becomes": other, "day": "2026-11-06"}
    clinic.write("visit-moved", "2026-11-06", body)
    found = numbers(clinic)
    assert (found["visits.all"], found["visits.people"]) == (1, 1)


def test_a_doubted_reading_counts_once_somebody_has_settled_the_doubt(clinic: Clinic) -> None:
    who = clinic.person("Sita")
    clinic.enrolled(who, "2025-01-01")
    visit = clinic.visit(who, "2026-11-05")
    body = {"kind": "blood-pressure", "source": "device", "device": "d", "quality": ["unchecked"]}
    told = {"values": pressure(120, 70), "patient": who, "visit": visit}
    reading = clinic.write("reading", "2026-11-05", body | told)
    assert numbers(clinic)["hearts360.controlled"] == 0
    assert numbers(clinic)["equipment.working"] == 1
    clinic.write("confirm", "2026-11-05", {"reading": reading, "doubt": "perhaps_same"})
    assert numbers(clinic)["hearts360.controlled"] == 0
    clinic.write("confirm", "2026-11-05", {"reading": reading})
    assert numbers(clinic)["hearts360.controlled"] == 1


def test_the_value_that_counts_is_the_derived_one_while_its_readings_hold(clinic: Clinic) -> None:
    who = clinic.person("Sita")
    clinic.enrolled(who, "2025-01-01")
    reading = clinic.measured(who, "2026-11-05", 170, 100)
    visit = clinic.facts[-1].visit
    derived = {"visit": visit, "patient": who, "day": "2026-11-05", "readings": [reading]}
    clinic.write("measured", "2026-11-05", derived | {"values": pressure(130, 80)})
    assert numbers(clinic)["hearts360.controlled"] == 1
    derived["readings"] = [identity("one that nobody has")]
    clinic.write("measured", "2026-11-05", derived | {"values": pressure(110, 80)})
    assert numbers(clinic)["hearts360.controlled"] == 1


def test_two_records_of_one_person_are_one_person(clinic: Clinic) -> None:
    kept, twice = clinic.person("Sita"), clinic.person("Sita again")
    clinic.enrolled(kept, "2025-01-01")
    clinic.enrolled(twice, "2025-03-01")
    clinic.measured(twice, "2026-11-05")
    assert numbers(clinic)["hearts360.registered"] == 2
    clinic.people[twice] = Person(twice, stands_for=kept)
    assert numbers(clinic)["hearts360.registered"] == 1
    assert numbers(clinic)["hearts360.controlled"] == 1


def test_the_day_is_the_visits_else_that_of_the_clinics_clock(clinic: Clinic) -> None:
    who = clinic.person("Sita")
    paper = clinic.visit(who, "2026-11-03", paper=True, day="2026-10-30")
    reading = {"kind": "temperature", "source": "typed", "values": [], "patient": who}
    clinic.write("reading", "2026-11-03", reading | {"visit": paper})
    late = Stamp(1, 900, 1_793_559_600_000, ClockQuality.NTP)  # 2026-11-01T19:00Z
    alone = facts_of("reading", reading, late, Origin("r", "box-1", (1, 900)))
    assert alone is not None

    def days() -> set[str]:
        settled = settle([*clinic.facts, alone], clinic.people)
        return {row.day for row in settled.kind("reading")}

    assert days() == {"2026-10-30", "2026-11-01"}
    stated = {"key": "box.utc_offset_min", "rev": 0, "outcome": "applied", "value": "300"}
    clinic.write("setting", "2026-11-20", stated)
    assert days() == {"2026-10-30", "2026-11-02"}


def test_antenatal_contacts_are_counted_by_their_number(clinic: Clinic) -> None:
    who = clinic.person("Sita")
    clinic.enrolled(who, "2026-08-01", "antenatal-care", facts={"lmp": "2026-06-01"})
    days = ["2026-08-01", "2026-09-01", "2026-10-01", "2026-11-02", "2026-11-02", "2026-11-20"]
    for day in days:
        clinic.visit(who, day)
    august, november = numbers(clinic, "2026-08"), numbers(clinic)
    assert august["antenatal.first_before_12_weeks"] == august["antenatal.first_contacts"] == 1
    assert november["antenatal.fourth_contacts"] == 1
    assert november["antenatal.contacts"] == 2
    assert november["antenatal.eighth_contacts"] == 0


def test_people_are_counted_by_the_worst_result_of_their_last_day(clinic: Clinic) -> None:
    for name, day, rule, category in (
        ("Sita", "2026-11-02", "muac", "sam"),
        ("Sita", "2026-11-09", "malnutrition", "mam"),
        ("Sita", "2026-11-09", "muac", "none"),
        ("Gita", "2026-11-03", "muac", "none"),
        ("Gita", "2026-10-03", "muac", "sam"),
    ):
        body = {"patient": clinic.person(name), "rule": rule, "status": "ok", "day": day}
        result = {"result": f'{{"category":"{category}"}}', "readings": []}
        clinic.write("assessment", day, {**body, **result, "cause": f"{name} {day}"})
    again = {"patient": identity("Gita"), "rule": "muac", "day": "2026-11-03", "readings": ["gone"]}
    again["result"] = '{"category":"sam"}'
    clinic.write("assessment", "2026-11-03", {**again, "cause": "a reading that holds no more"})
    found = indicators.report(clinic.facts, clinic.people, MONTH)["malnutrition"]
    assert found == {"people": 2, "none": 1, "mam": 1, "sam": 0}


def test_a_day_without_stock_is_counted(clinic: Clinic) -> None:
    for day, what, number in (("2026-11-02", "received", "10"), ("2026-11-10", "counted", "2")):
        clinic.write(
            "stock", day, {"item": "amlodipine", "what": what, "number": number, "day": day}
        )
    given_ = {"medicine": "amlodipine", "state": "given", "quantity": "2", "day": "2026-11-20"}
    clinic.write("medicine", "2026-11-20", given_)
    clinic.write(
        "stock",
        "2026-11-25",
        {"item": "amlodipine", "what": "received", "number": "5", "day": "2026-11-25"},
    )
    assert numbers(clinic)["stock.days_out.amlodipine"] == 5


def test_a_test_uses_the_item_that_the_stock_has_for_it(clinic: Clinic) -> None:
    assert {
        part.code: item.item
        for item in packaged().values()
        if item.of_test
        for part in EYE_TESTS[item.of_test].results
    } == stock_levels.TEST_ITEMS
    counted = {"item": "hiv-test", "what": "counted", "number": "1", "day": "2026-11-02"}
    clinic.write("stock", "2026-11-02", counted)
    who = clinic.person("Sita")
    visit = clinic.visit(who, "2026-11-29")
    test = {"kind": "test", "source": "typed", "values": [], "patient": who, "visit": visit}
    clinic.write("reading", "2026-11-29", {**test, "coded": [["75622-1", "negative"]]})
    assert numbers(clinic)["stock.days_out.hiv-test"] == 2


def test_differences_are_named(clinic: Clinic) -> None:
    who = clinic.person("Sita")
    was = indicators.report(clinic.facts, clinic.people, MONTH)
    clinic.visit(who, "2026-11-02")
    now = indicators.report(clinic.facts, clinic.people, MONTH)
    assert ("visits.all", 0, 1) in indicators.differences(was, now)
    assert indicators.differences(now, now) == []
    assert indicators.sha256(was) != indicators.sha256(now)


@pytest.mark.parametrize(
    ("said", "day"),
    [
        (None, ""),
        ("2026-11-03", "2026-11-03"),
        ("2026-11", "2026-11-01"),
        ("2026", "2026-01-01"),
        ("yes 2026-11-03", "2026-11-03"),
        ("yes", "?"),
    ],
)
def test_the_day_of_a_death_is_known_or_not(said: str | None, day: str) -> None:
    assert death_day(said) == day


def test_a_fact_holds_no_name_and_no_free_text() -> None:
    stamp = Stamp(1, 1, 1, ClockQuality.NTP)
    body = {"patient": "p", "rev": 1, "name": "Sita Devi", "phone": "0301"}
    assert "Sita" not in str(facts_of("patient", body, stamp, Origin("e", "b", (1, 1))))
    note = {"visit": "v", "patient": "p", "set": {"found": "weak", "outcome": "home"}}
    fact = facts_of("visit-note", note, stamp, Origin("e", "b", (1, 2)))
    assert isinstance(fact, Fact)
    assert fact.data == {"set": {"outcome": "home"}}
