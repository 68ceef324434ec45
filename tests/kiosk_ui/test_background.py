"""Allergies, conditions and medicines on the kiosk."""

from __future__ import annotations

import pytest
from kiosk_desk import Desk

from edge.model.clock import Clock
from edge.patients import register, summary
from edge.patients.form import PatientForm
from edge.store.store import Store


@pytest.fixture
def amina(store: Store, clock: Clock) -> str:
    return register.register(store, clock.now(), PatientForm("Amina Bibi"), None).id


def test_an_allergy_is_seen_wherever_the_patient_is_treated(
    desk: Desk, amina: str, store: Store
) -> None:
    assert desk.post(f"/patients/{amina}/summary", allergies="Penicillin").status_code == 303
    [known] = summary.of(store, amina).allergies
    assert known.text == "Penicillin"
    visit = desk.post(f"/patients/{amina}/visit").location
    for path in (visit, f"/patients/{amina}/history", f"/patients/{amina}/summary"):
        assert "Penicillin" in desk.get(path), path


def test_a_patient_without_allergies_has_no_red_line(desk: Desk, amina: str) -> None:
    assert "notice urgent allergies" not in desk.get(f"/patients/{amina}/history")
    assert "Not asked yet." in desk.get(f"/patients/{amina}/summary")


def test_striking_out_says_that_the_doctor_decides(desk: Desk, amina: str, store: Store) -> None:
    desk.post(f"/patients/{amina}/summary", conditions="Asthma")
    answer = desk.post(f"/patients/{amina}/summary/conditions/strike", text="Asthma")
    assert answer.status_code == 303
    page = desk.get(f"/patients/{amina}/summary")
    assert "the doctor decides" in page
    assert "Asthma" in page
    assert desk.post(f"/patients/{amina}/summary/sex/strike", text="female").status_code == 404


def test_medicines_are_told_and_shown_as_undecided(desk: Desk, amina: str, store: Store) -> None:
    desk.post(f"/patients/{amina}/summary", medicines="Metformin 500 mg")
    assert summary.of(store, amina).proposed == "Metformin 500 mg"
    assert "Told to the hospital; the doctor decides" in desk.get(f"/patients/{amina}/summary")


def test_what_is_wrong_stays_in_its_box_and_no_other_field_is_taken(
    desk: Desk, amina: str, store: Store
) -> None:
    answer = desk.post(f"/patients/{amina}/summary", allergies="x" * 201)
    assert answer.status_code == 422
    assert "This is too long." in answer.text
    assert "x" * 201 in answer.text
    assert desk.post(f"/patients/{amina}/summary", allergies=" ").status_code == 422
    assert desk.post(f"/patients/{amina}/summary", name="Gita").status_code == 400
    assert summary.of(store, amina) == summary.PatientSummary()


def test_what_somebody_typed_is_text_and_never_markup(desk: Desk, amina: str) -> None:
    desk.post(f"/patients/{amina}/summary", allergies="<b>latex</b>")
    for path in (f"/patients/{amina}/history", f"/patients/{amina}/summary"):
        page = desk.get(path)
        assert "<b>latex</b>" not in page
        assert "&lt;b&gt;latex&lt;/b&gt;" in page


def test_none_known_is_said_and_differs_from_never_asked(desk: Desk, amina: str) -> None:
    assert "Allergies: not asked yet" in desk.get(f"/patients/{amina}/history")
    answer = desk.post(f"/patients/{amina}/summary/allergies/none")
    assert answer.status_code == 303
    assert "No known allergies" in desk.get(f"/patients/{amina}/history")
    page = desk.get(f"/patients/{amina}/summary")
    assert "No known allergies" in page
    assert page.count("Not asked yet.") == 1
    assert desk.post(f"/patients/{amina}/summary/sex/none").status_code == 404
