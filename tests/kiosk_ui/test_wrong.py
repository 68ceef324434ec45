"""A worker says that a recorded value is wrong, or another person's."""

from __future__ import annotations

from decimal import Decimal

import pytest
from kiosk_desk import Desk

from edge.model.clock import Clock
from edge.model.reading import Code, Kind, Measurement, Reading, Value
from edge.patients import register
from edge.patients.form import PatientForm
from edge.readings import history, intake
from edge.store.store import Store


@pytest.fixture
def amina(store: Store, clock: Clock) -> str:
    return register.register(store, clock.now(), PatientForm("Amina Bibi"), None).id


def weighed(store: Store, clock: Clock, patient: str, kg: str, source: str = "typed") -> int:
    values = (Value(Code.WEIGHT, Decimal(kg), "kg"),)
    measured = Measurement(Kind.WEIGHT, values)
    outcome = intake.accept(store, Reading(measured, clock.now(), source, patient_id=patient))
    assert isinstance(outcome, intake.AcceptedReading)
    return outcome.entry


def test_a_mistyped_value_is_struck_out_and_the_chart_forgets_it(
    desk: Desk, amina: str, store: Store, clock: Clock
) -> None:
    weighed(store, clock, amina, "71.4")
    entry = weighed(store, clock, amina, "17.4")
    assert f"/readings/{entry}/retract" in desk.get(f"/patients/{amina}/history")
    answer = desk.post(f"/readings/{entry}/retract", why="typed-wrongly")
    assert (answer.status_code, answer.location) == (303, f"/patients/{amina}/history")
    page = desk.get(f"/patients/{amina}/history")
    assert 'class="struck"' in page
    assert "Marked as wrong" in page
    assert "One measurement: " in page  # the other one


def test_a_vital_with_nothing_valid_has_a_table_and_no_chart(
    desk: Desk, amina: str, store: Store, clock: Clock
) -> None:
    entry = weighed(store, clock, amina, "17.4")
    desk.post(f"/readings/{entry}/retract", why="trial")
    page = desk.get(f"/patients/{amina}/history")
    assert "<figure>" not in page
    assert "Marked as wrong" in page


def test_somebody_elses_reading_is_claimed_at_once_for_the_right_one(
    desk: Desk, amina: str, store: Store, clock: Clock
) -> None:
    entry = weighed(store, clock, amina, "71.4", source="device")
    answer = desk.post(f"/readings/{entry}/retract", why="somebody-else")
    assert (answer.status_code, answer.location) == (303, f"/tray/{entry}")
    assert "Whose is it?" in desk.get(f"/tray/{entry}")
    assert history.of_patient(store, amina) == []


def test_only_what_was_typed_can_have_been_typed_wrongly(
    desk: Desk, amina: str, store: Store, clock: Clock
) -> None:
    entry = weighed(store, clock, amina, "71.4", source="device")
    assert "typed wrongly" not in desk.get(f"/readings/{entry}/retract")
    assert desk.post(f"/readings/{entry}/retract", why="typed-wrongly").status_code == 400
    assert desk.post(f"/readings/{entry}/retract", why="because").status_code == 400
    assert not history.of_patient(store, amina)[0].struck


def test_what_is_struck_already_is_asked_about_no_more(
    desk: Desk, amina: str, store: Store, clock: Clock
) -> None:
    entry = weighed(store, clock, amina, "71.4")
    desk.post(f"/readings/{entry}/retract", why="trial")
    assert desk.client.get(f"/readings/{entry}/retract").status_code == 404
    assert desk.client.get("/readings/999/retract").status_code == 404
