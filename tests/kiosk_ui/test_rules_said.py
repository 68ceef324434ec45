"""A visit shows what the rules said at the next poll, asks with one tap, and leads to each rule."""

from __future__ import annotations

from decimal import Decimal

from kiosk_desk import Desk, cuff, measured

from edge.model.clock import Clock
from edge.model.reading import Code, Kind, Value
from edge.patients import register
from edge.patients.form import PatientForm
from edge.rules import rules
from edge.rules.texts import NOT_JUDGED
from edge.store.store import Store
from edge.visits import notes, visits


def visit_of(desk: Desk, store: Store, clock: Clock, form: PatientForm) -> str:
    """Open a visit for somebody new; return its path."""
    patient = register.register(store, clock.now(), form, None)
    return str(desk.post(f"/patients/{patient.id}/visit").location)


def low_oxygen(store: Store, clock: Clock) -> None:
    measured(store, clock, Kind.OXIMETRY, Value(Code.SPO2, Decimal(91), "%"))


def alerts(store: Store, rule: str) -> int:
    return store.scalar("SELECT count(*) FROM alert WHERE rule = ?", (rule,))


def test_the_colour_is_there_at_the_next_poll(desk: Desk, store: Store, clock: Clock) -> None:
    visit = visit_of(desk, store, clock, PatientForm("Sita", sex="female", birth="1960"))
    assert "v-red" not in desk.get(f"{visit}/live")
    cuff(store, clock, "186", "112")
    assert "v-red" in desk.get(f"{visit}/live")
    said = desk.get(f"{visit}/rules")
    assert "Very high blood pressure" in said
    assert "Draft: no clinician has signed it yet" in said
    assert "Missing:" in said


def test_an_age_is_said_with_one_tap_and_the_alert_comes(
    desk: Desk, store: Store, clock: Clock
) -> None:
    visit = visit_of(desk, store, clock, PatientForm("Bilal"))
    low_oxygen(store, clock)
    assert f"{visit}/say/age" in desk.get(f"{visit}/live")
    assert "How old is the patient?" in desk.get(f"{visit}/say/age")
    refused = desk.post(f"{visit}/say/age", age="forty", age_unit="years")
    assert refused.status_code == 422
    assert "whole number" in refused.text
    assert alerts(store, "news2") == 0
    assert desk.post(f"{visit}/say/age", age="40", age_unit="years").location == visit
    assert alerts(store, "news2") == 1
    assert "v-red" in desk.get(f"{visit}/live")
    assert desk.client.get(f"{visit}/say/nonsense").status_code == 404


def test_sex_and_pregnancy_are_said_with_one_tap(desk: Desk, store: Store, clock: Clock) -> None:
    visit = visit_of(desk, store, clock, PatientForm("Sita", birth="1998"))
    cuff(store, clock, "165", "105")
    assert desk.post(f"{visit}/say/sex", answer="female").location == visit
    assert f"{visit}/say/pregnant" in desk.get(f"{visit}/live")
    desk.post(f"{visit}/say/pregnant", answer="yes")
    assert notes.of_visit(store, visit.rpartition("/")[2]).truth("pregnant") is True
    desk.post(f"{visit}/notes/pregnancy", name="gestation_weeks", value="30")
    assert alerts(store, "bp_pregnancy") == 1


def test_a_fever_asks_where_it_was_measured(desk: Desk, store: Store, clock: Clock) -> None:
    visit = visit_of(desk, store, clock, PatientForm("Baby", sex="male", birth="2026-10-25"))
    measured(store, clock, Kind.TEMPERATURE, Value(Code.TEMPERATURE, Decimal("38.2"), "Cel"))
    assert f"{visit}/say/temp_site" in desk.get(f"{visit}/rules")
    desk.post(f"{visit}/say/temp_site", answer="axillary")
    assert f"{visit}/say/temp_site" not in desk.get(f"{visit}/rules")
    assert alerts(store, "imci_temperature") == 1


def test_each_rule_has_a_page_with_table_source_and_version(desk: Desk) -> None:
    listed = desk.get("/rules")
    for name, rule in rules().items():
        assert f"/rules/{name}" in listed
        page = desk.get(f"/rules/{name}")
        assert rule.sha256[:16] in page
        assert "What is to be done" in page
        assert "<bdi" not in page.partition("<title>")[2].partition("</title>")[0]
        assert "&lt;bdi" not in page
    assert desk.client.get("/rules/none").status_code == 404
    assert 'href="/rules"' in desk.get("/clinic")


def test_the_stop_page_says_what_is_certain_and_no_fit_that_nobody_saw(
    desk: Desk, store: Store, clock: Clock
) -> None:
    visit = visit_of(desk, store, clock, PatientForm("Sita", sex="female", birth="1998"))
    desk.post(f"{visit}/say/pregnant", answer="yes")
    desk.post(f"{visit}/notes/pregnancy", name="gestation_weeks", value="30")
    cuff(store, clock, "165", "112")
    desk.post(
        f"{visit}/notes/danger", name="danger_signs", value="severe_headache", known="present"
    )
    patient = visits.get(store, visit.rpartition("/")[2]).patient_id
    signs = rules()["preeclampsia_signs"].responses
    assert alerts(store, "preeclampsia_signs") > 0
    for page in (desk.get(f"/dangers/{patient}"), desk.get(f"{visit}/rules")):
        assert "A convulsion in pregnancy" not in page
    assert signs["severe_signs"].staff in desk.get(f"{visit}/rules")


def test_a_rule_that_needs_a_fact_never_says_that_nothing_was_found(
    desk: Desk, store: Store, clock: Clock
) -> None:
    visit = visit_of(desk, store, clock, PatientForm("Sita", birth="1998"))
    cuff(store, clock, "186", "114")
    [section] = [
        part
        for part in desk.get(f"{visit}/rules").split("<section")
        if rules()["bp_pregnancy"].title in part
    ]
    assert NOT_JUDGED in section
    assert "Nothing was found" not in section
