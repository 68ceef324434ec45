"""The signs of triage at the kiosk: pressed, asked about, and what colour comes of them."""

from __future__ import annotations

import pytest
from kiosk_desk import Desk

from edge.assessments import record
from edge.model.clock import Clock
from edge.model.patient import Patient
from edge.patients import register
from edge.patients.form import PatientForm
from edge.store.store import Store
from edge.visits import notes, visit_words, visits


@pytest.fixture
def amina(store: Store, clock: Clock) -> Patient:
    return register.register(store, clock.now(), PatientForm("Amina", sex="male", age="40"), None)


@pytest.fixture
def visit(desk: Desk, amina: Patient) -> str:
    return desk.post(f"/patients/{amina.id}/visit").headers["Location"].rpartition("/")[2]


def colour(store: Store, visit: str) -> dict[str, object]:
    """What the newest triage of the visit says."""
    held = visits.get(store, visit)
    stored = [s for s in record.of_visit(store, held.patient_id, visit) if s.rule == "iitt"]
    return dict(stored[-1].result)


def test_a_sign_that_is_pressed_is_red_at_once_and_nothing_else_is_asked(
    desk: Desk, store: Store, visit: str
) -> None:
    path = f"/visits/{visit}/notes/triage"
    assert desk.post(path, name="triage_signs", value="snake_bite", to="add").status_code == 200
    assert colour(store, visit)["colour"] == "red"
    assert 'id="c-triage_signs-snake_bite" aria-pressed="true"' in desk.get(path)


def test_what_was_asked_about_and_not_pressed_is_absent(
    desk: Desk, store: Store, visit: str
) -> None:
    path = f"/visits/{visit}/notes/triage"
    desk.post(path, name="triage_signs", value="wheezing", to="add")
    assert notes.of_visit(store, visit).sign("poisoning") is None
    assert "wheezing" in desk.get(f"/visits/{visit}")
    desk.post(path, name="triage_asked", value="yes", to="add")
    note = notes.of_visit(store, visit)
    assert [note.sign(w) for w in ("wheezing", "poisoning")] == [True, False]
    missing = colour(store, visit)["missing"]
    assert isinstance(missing, list)
    assert not set(missing) & set(visit_words.MORE_SIGNS)
    assert colour(store, visit)["colour_at_least"] == "yellow"


def test_signs_of_children_are_not_offered_to_a_grown_man(desk: Desk, visit: str) -> None:
    shown = desk.get(f"/visits/{visit}/notes/triage")
    assert "c-triage_signs-snake_bite" in shown
    assert "c-triage_signs-sunken_eyes" not in shown
    assert "c-triage_signs-yellow_skin" not in shown
