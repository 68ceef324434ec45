"""The line about a patient: allergies in one of three states, and a verdict that is never empty."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

import pytest
from kiosk_desk import Desk, cuff, measured

from edge.model.clock import Clock
from edge.model.patient import Patient
from edge.model.reading import Code, Kind, Value
from edge.patients import register
from edge.patients.form import PatientForm
from edge.store.store import Store


@pytest.fixture
def person(store: Store, clock: Clock) -> Callable[[str], Patient]:
    def make(age: str) -> Patient:
        form = PatientForm("Muhammad Imran", sex="male", age=age)
        return register.register(store, clock.now(), form, None)

    return make


def seat(page: str) -> tuple[str, str, str]:
    """Return tone, title and second line of the verdict."""
    found = re.search(r'class="verdict v-(\w+)".*?<b>(.*?)</b><small>(.*?)</small>', page, re.S)
    assert found is not None
    return found[1], found[2], re.sub(r"<.*?>", "", found[3])


def test_never_asked_none_known_and_listed_look_apart(
    desk: Desk, person: Callable[[str], Patient]
) -> None:
    path = f"/patients/{person('34').id}"
    assert 'class="flag unasked"' in desk.get(f"{path}/history")
    desk.post(f"{path}/summary/allergies/none")
    asked = desk.get(f"{path}/history")
    assert 'class="flag asked"' in asked
    assert "asked on" in asked
    desk.post(f"{path}/summary", allergies="Penicillin")
    assert 'class="flag listed"' in desk.get(f"{path}/history")


def test_the_seat_says_why_nothing_is_judged(
    desk: Desk, person: Callable[[str], Patient], store: Store, clock: Clock
) -> None:
    patient = person("")
    assert seat(desk.get(f"/patients/{patient.id}/history"))[0] == "grey"
    visit = desk.post(f"/patients/{patient.id}/visit").headers["Location"]
    assert seat(desk.get(visit)) == ("grey", "Not judged", "nothing is measured yet")
    measured(store, clock, Kind.OXIMETRY, Value(Code.SPO2, Decimal(91), "%"))
    assert seat(desk.get(visit)) == ("grey", "Not judged", "the age is not known")


def test_the_seat_says_good_and_danger(
    desk: Desk, person: Callable[[str], Patient], store: Store, clock: Clock
) -> None:
    visit = desk.post(f"/patients/{person('34').id}/visit").headers["Location"]
    cuff(store, clock, "118", "76")
    assert seat(desk.get(visit))[:2] == ("good", "No danger found")
    assert re.fullmatch(r"\d+ of \d+ judged", seat(desk.get(visit))[2])
    cuff(store, clock, "230", "120")
    assert seat(desk.get(visit))[:2] == ("red", "DANGER")


def test_more_contrast_is_a_setting_and_a_wish_of_the_browser(desk: Desk) -> None:
    assert 'contrast.css" media="(prefers-contrast: more)"' in desk.get("/patients")
