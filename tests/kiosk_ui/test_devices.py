"""Workers and devices: unchecked values are compared, and only a worker starts a cuff."""

from __future__ import annotations

from decimal import Decimal

import pytest
from kiosk_desk import Desk

from edge.equipment import device_requests, registry
from edge.equipment.registry import Device
from edge.model.clock import Clock
from edge.model.patient import Patient
from edge.model.reading import UNCHECKED, Code, Kind, Measurement, Reading, Value
from edge.patients import register
from edge.patients.form import PatientForm
from edge.readings import history, intake
from edge.store.store import Store
from edge.visits import visits

SAME = "The display shows the same"


@pytest.fixture
def imran(store: Store, clock: Clock) -> Patient:
    return register.register(store, clock.now(), PatientForm("Imran", sex="male", age="54"), None)


@pytest.fixture
def visit(desk: Desk, imran: Patient) -> str:
    return desk.post(f"/patients/{imran.id}/visit").headers["Location"]


def unchecked(store: Store, clock: Clock) -> int:
    values = (
        Value(Code.SYSTOLIC, Decimal(128), "mm[Hg]"),
        Value(Code.DIASTOLIC, Decimal(82), "mm[Hg]"),
    )
    measured = Measurement(Kind.BLOOD_PRESSURE, values, quality=(UNCHECKED,))
    outcome = intake.accept(store, Reading(measured, clock.now(), "device", device_id="port-x"))
    assert isinstance(outcome, intake.AcceptedReading)
    return outcome.entry


def test_an_unchecked_value_is_compared_once(
    desk: Desk, visit: str, store: Store, clock: Clock
) -> None:
    entry = unchecked(store, clock)
    shown = desk.get(visit + "/live")
    assert "compare with the display of the device" in shown
    assert SAME in shown
    assert desk.post(f"{visit}/readings/{entry}/confirm").status_code == 303
    held = history.one(store, entry)
    assert held is not None
    assert not held.needs_confirmation
    shown = desk.get(visit + "/live")
    assert SAME not in shown
    assert "compare with the display" not in shown


def test_a_reading_of_another_visit_is_not_confirmed_here(
    desk: Desk, visit: str, store: Store, clock: Clock
) -> None:
    entry = unchecked(store, clock)
    assert desk.post(f"/visits/another/readings/{entry}/confirm").status_code == 404


def module(store: Store, clock: Clock, state: str = "connected") -> None:
    offers = "start-adult start-child stop"
    device = Device("port-s", "SunTech Advantage", "serial", "/dev/x", state, requests=offers)
    registry.met(store, clock.now(), device)


def test_a_worker_starts_and_stops_a_cuff(
    desk: Desk, visit: str, store: Store, clock: Clock
) -> None:
    module(store, clock)
    shown = desk.get(visit + "/live")
    assert "Start the cuff: adult" in shown
    assert "Stop and let the air out" not in shown
    desk.post(f"{visit}/devices/port-s/ask", kind="start-adult")
    taken = device_requests.take(store, clock.now())
    assert taken is not None
    assert (taken.kind, taken.actor is not None) == ("start-adult", True)
    registry.set_state(store, clock.now(), "port-s", "measuring")
    assert "Stop and let the air out" in desk.get(visit + "/live")
    desk.post(f"{visit}/devices/port-s/ask", kind="stop")
    taken = device_requests.take(store, clock.now())
    assert taken is not None
    assert taken.kind == "stop"


def test_without_an_open_visit_nothing_inflates(
    desk: Desk, visit: str, store: Store, clock: Clock
) -> None:
    module(store, clock)
    visits.close_visit(store, clock.now(), why="finished", actor=None)
    desk.post(f"{visit}/devices/port-s/ask", kind="start-adult")
    assert device_requests.take(store, clock.now()) is None
    assert desk.post(f"{visit}/devices/port-s/ask", kind="erase").status_code == 400


def test_a_stranger_starts_nothing(client: object, store: Store, clock: Clock, visit: str) -> None:
    module(store, clock)
    answer = client.post(  # type: ignore[attr-defined]
        f"{visit}/devices/port-s/ask",
        data={"kind": "start-adult"},
        headers={"Origin": "http://localhost"},
    )
    assert answer.status_code == 303
    assert "/sign-in" in answer.headers["Location"]
    assert device_requests.take(store, clock.now()) is None
