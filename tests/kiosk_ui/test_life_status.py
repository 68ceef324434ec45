"""Marking at the kiosk that somebody has died or moved away, and taking it back."""

from __future__ import annotations

from kiosk_desk import Desk

from edge.model.clock import Clock
from edge.patients import register
from edge.patients.form import PatientForm
from edge.store.store import Store
from edge.visits import visits


def test_a_mark_stands_beside_the_name_and_a_visit_is_asked_about(
    desk: Desk, store: Store, clock: Clock
) -> None:
    zahra = register.register(store, clock.now(), PatientForm("Zahra", card="1042"), "w1")
    path = f"/patients/{zahra.id}/life-status"
    assert desk.post(path, status="deceased", day="2026-11-02").status_code == 303
    assert "Died:" in desk.get(path)
    assert "Died:" in desk.get("/patients/found", q="Zahra")
    asked = desk.post(f"/patients/{zahra.id}/visit")
    assert asked.status_code == 409
    assert "This was a mistake" in asked.text
    assert visits.current(store, clock.now()) is None
    assert desk.post("/measure", card="1042").status_code == 422
    assert desk.post(f"{path}/mistake").status_code == 303
    assert desk.post(f"/patients/{zahra.id}/visit").status_code == 303


def test_a_day_that_cannot_be_read_comes_back_with_the_reason(
    desk: Desk, store: Store, clock: Clock
) -> None:
    zahra = register.register(store, clock.now(), PatientForm("Zahra"), "w1")
    answer = desk.post(f"/patients/{zahra.id}/life-status", status="moved_away", day="soon")
    assert answer.status_code == 422
    assert 'value="soon"' in answer.text
    assert "This day cannot be read" in answer.text
    assert register.get(store, zahra.id).moved_away is None


def test_a_session_may_be_opened_all_the_same(desk: Desk, store: Store, clock: Clock) -> None:
    zahra = register.register(store, clock.now(), PatientForm("Zahra"), "w1")
    desk.post(f"/patients/{zahra.id}/life-status", status="moved_away", today="yes")
    assert desk.post(f"/patients/{zahra.id}/visit", marked="yes").status_code == 303
