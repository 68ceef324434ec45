"""A value that may be an earlier one sent again: the page says so, and one tap settles it."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest
from kiosk_desk import Desk

from edge.equipment import registry
from edge.model.clock import Clock
from edge.model.reading import Code, Kind, Measurement, Reading, Repeats, Sending, Value
from edge.patients import register
from edge.patients.form import PatientForm
from edge.readings import history, intake
from edge.store.store import Store
from edge.visits import visits

FALLEN = datetime.fromisoformat("2021-01-01T00:00:08")
MARK = "perhaps the same value sent again"


def thermometer(store: Store, clock: Clock, repeats: Repeats = Repeats.HELD) -> int:
    """Let a thermometer whose clock fell back give 36.5 once more; return the entry."""
    values = (Value(Code.TEMPERATURE, Decimal("36.5"), "Cel"),)
    measured = Measurement(Kind.TEMPERATURE, values, device_time=FALLEN)
    now = clock.now()
    known = registry.Device("ble-TEST", "UT-201BLE", "ble", "", "listening")
    registry.met(store, now, known)
    reading = Reading(measured, now, "device", "ble-TEST", raw=b"\x02")
    return intake.accept(store, replace(reading, sent=Sending(repeats, now))).entry


@pytest.fixture
def child(desk: Desk, store: Store, clock: Clock) -> str:
    one = register.register(store, clock.now(), PatientForm("Ali", age="6"), None)
    desk.post(f"/patients/{one.id}/visit")
    return one.id


def test_two_children_with_one_temperature_both_have_it(
    desk: Desk, store: Store, clock: Clock, child: str
) -> None:
    thermometer(store, clock)
    visits.close_visit(store, clock.now(), why="finished")
    other = register.register(store, clock.now(), PatientForm("Bibi", age="7"), None)
    visit = desk.post(f"/patients/{other.id}/visit").headers["Location"]
    entry = thermometer(store, clock)
    assert MARK in desk.get(visit + "/live")
    assert MARK in desk.get(f"/patients/{other.id}/history")
    back = desk.post(f"/readings/{entry}/different")
    assert back.headers["Location"] == visit
    assert MARK not in desk.get(visit + "/live")
    assert [len(history.of_patient(store, one)) for one in (child, other.id)] == [1, 1]


def test_the_same_value_is_struck_out_by_one_tap(
    desk: Desk, store: Store, clock: Clock, child: str
) -> None:
    first, again = thermometer(store, clock), thermometer(store, clock)
    desk.post(f"/readings/{again}/same")
    desk.post(f"/readings/{again}/same")
    struck = {row.entry: row.struck for row in history.of_patient(store, child)}
    assert struck == {first: False, again: True}


def test_the_tray_asks_too(desk: Desk, store: Store, clock: Clock) -> None:
    thermometer(store, clock)
    again = thermometer(store, clock)
    shown = desk.get("/tray")
    assert MARK in shown
    assert "The device sent such a value before" in shown
    desk.post(f"/readings/{again}/same")
    assert history.tray_count(store) == 1


def test_a_repetition_during_a_visit_is_told(
    desk: Desk, store: Store, clock: Clock, child: str
) -> None:
    visit = desk.post(f"/patients/{child}/visit").headers["Location"]
    thermometer(store, clock, Repeats.WHOLE)
    assert "already recorded" not in desk.get(visit + "/live")
    thermometer(store, clock, Repeats.WHOLE)
    assert "this value was already recorded" in desk.get(visit + "/live")
