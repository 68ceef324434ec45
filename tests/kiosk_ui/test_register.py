"""Registering: each field says what is wrong with it, and nothing typed is lost."""

from __future__ import annotations

import pytest
from kiosk_desk import Desk, failing_disk

from edge.model.clock import Clock
from edge.patients import register
from edge.patients.form import PatientForm
from edge.store.store import Store
from edge.visits import visits

GOOD = {"name": "Amina Bibi", "sex": "female", "age": "34", "village": "Chak 14"}


def test_a_new_patient_is_measured_at_once(desk: Desk, store: Store, clock: Clock) -> None:
    answer = desk.post("/patients/new", **GOOD)
    assert answer.status_code == 303
    visit = visits.current(store, clock.now())
    assert visit is not None
    assert answer.headers["Location"] == f"/visits/{visit.id}"
    assert register.get(store, visit.patient_id).name == "Amina Bibi"


@pytest.mark.parametrize(
    ("field", "text", "why"),
    [
        ("name", "  ", "Enter the name."),
        ("birth", "196", "Enter the year of birth"),
        ("birth", "2026-02-30", "There is no such date."),
        ("birth", "2999", "This date has not come yet."),
        ("birth", "1700", "Nobody is that old. Check the year."),
        ("age", "sixty", "Enter the age as a whole number, and its unit beside it."),
        ("age", "300", "Nobody is that old. Check the age."),
        ("phone", "none", "Enter a phone number in digits"),
        ("village", "x" * 200, "This is too long."),
        ("sex", "robot", "Choose one of these."),
    ],
)
def test_a_wrong_field_is_named_and_everything_typed_stays(
    desk: Desk, store: Store, field: str, text: str, why: str
) -> None:
    answer = desk.post("/patients/new", **{**GOOD, field: text})
    assert answer.status_code == 422
    assert why in answer.text
    assert f'id="{field}-problem"' in answer.text
    for name, typed in {**GOOD, field: text}.items():
        if name != "sex":
            assert f'value="{typed}"' in answer.text
    assert register.count(store) == 0


def test_a_card_that_somebody_has_is_named(desk: Desk, store: Store, clock: Clock) -> None:
    register.register(store, clock.now(), PatientForm("Bilal Shah", card="77"), None)
    answer = desk.post("/patients/new", **GOOD, card="77", new="yes")
    assert "Another patient has this card" in answer.text


def test_a_possible_double_is_asked_about_first(desk: Desk, store: Store, clock: Clock) -> None:
    form = PatientForm("Ameena Bibi", "female", age="35", village="Chak 14")
    known = register.register(store, clock.now(), form, None)
    asked = desk.post("/patients/new", **GOOD)
    assert asked.status_code == 409
    assert f"/patients/{known.id}/visit" in asked.text
    assert 'value="Amina Bibi"' in asked.text
    assert desk.post("/patients/new", **GOOD, new="yes").status_code == 303
    assert register.count(store) == 2


def test_the_problem_is_told_in_the_readers_language(desk: Desk) -> None:
    desk.post("/language", code="ur")
    page = desk.post("/patients/new", name="").text
    assert "نام لکھیں۔" in page
    assert 'dir="rtl"' in page


def test_what_was_typed_survives_a_failing_disk(desk: Desk, store: Store) -> None:
    with failing_disk():
        answer = desk.post("/patients/new", **GOOD)
    assert answer.status_code == 503
    assert "memory card of the box answers with errors" in answer.text
    assert '<input type="hidden" name="name" value="Amina Bibi">' in answer.text
    assert desk.post("/patients/new", **GOOD).status_code == 303


def test_markup_in_a_name_is_only_text(desk: Desk) -> None:
    name = '"><script>alert(1)</script>'
    for page in (
        desk.post("/patients/new", name=name, age="x").text,
        desk.get("/patients", q=name),
        desk.get(desk.post("/patients/new", name=name).headers["Location"]),
    ):
        assert "<script>alert" not in page
        assert "&lt;script&gt;alert(1)" in page
