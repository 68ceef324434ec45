"""The tray: a reading without a visit is claimed by a person, or discarded with a reason."""

from __future__ import annotations

import pytest
from kiosk_desk import Desk, cuff

from edge.model.clock import Clock
from edge.patients import register
from edge.patients.form import PatientForm
from edge.readings import history, intake
from edge.store import journal
from edge.store.store import Store


@pytest.fixture
def entry(store: Store, clock: Clock) -> int:
    outcome = cuff(store, clock, "150", "90")
    assert isinstance(outcome, intake.AcceptedReading)
    return outcome.entry


def test_a_worker_gives_it_to_its_patient(
    desk: Desk, entry: int, store: Store, clock: Clock
) -> None:
    amina = register.register(store, clock.now(), PatientForm("Amina Bibi"), None)
    assert "150/90" in desk.get("/tray")
    assert f"/tray/{entry}/claim/{amina.id}" in desk.get(f"/tray/{entry}/found", q="amina")
    assert desk.post(f"/tray/{entry}/claim/{amina.id}").status_code == 303
    assert history.of_patient(store, amina.id)[0].entry == entry
    assert "The tray is empty" in desk.get("/tray")


def test_it_is_discarded_only_with_a_reason(desk: Desk, entry: int, store: Store) -> None:
    assert desk.post(f"/tray/{entry}/discard", why="because").status_code == 400
    assert history.tray_count(store) == 1
    assert desk.post(f"/tray/{entry}/discard", why="trial").status_code == 303
    assert history.tray_count(store) == 0
    [(_, last)] = journal.since(store, store.journal_position() - 1)
    assert last.body["why"] == "trial"


def test_a_second_claim_says_that_somebody_was_faster(
    desk: Desk, entry: int, store: Store, clock: Clock
) -> None:
    amina = register.register(store, clock.now(), PatientForm("Amina Bibi"), None)
    desk.post(f"/tray/{entry}/discard", why="trial")
    answer = desk.post(f"/tray/{entry}/claim/{amina.id}")
    assert answer.status_code == 409
    assert "already dealt with" in answer.text


def test_the_badge_counts(desk: Desk, entry: int) -> None:
    assert 'id="tray-badge"><bdi dir="ltr" class="number">1</bdi>' in desk.get("/patients")
