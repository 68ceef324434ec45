"""The technician binds what was recognised at a port; nobody else may."""

from __future__ import annotations

import pytest
from flask import Flask
from kiosk_desk import PIN, Desk

from edge.equipment import serial_bindings
from edge.equipment.serial_bindings import UnboundPort
from edge.model.clock import Clock
from edge.settings.box_settings import Settings
from edge.staff import pins, staff
from edge.store.store import Store

SEEN = UnboundPort("serial:FT123", "/dev/ttyUSB1", ("Masimo Rad-87",), "4 complete results", "4d61")


@pytest.fixture
def tariq(app: Flask, settings: Settings, store: Store, clock: Clock) -> Desk:
    """A browser at which a technician is signed in."""
    pepper = pins.create_pepper(settings.keys)
    person = staff.add(store, clock.now(), "Tariq", "technician", PIN, pepper)
    desk = Desk(app.test_client())
    desk.sign_in(person)
    return desk


def test_what_was_recognised_is_shown_and_bound(tariq: Desk, store: Store, clock: Clock) -> None:
    serial_bindings.sighted(store, clock.now(), SEEN)
    shown = tariq.get("/serial-ports")
    assert "4 complete results" in shown
    assert "4D 61" in shown
    assert "Masimo Rad-87" in shown
    assert "Cables" in tariq.get("/status")
    tariq.post("/serial-ports/bind", port=SEEN.port, model="Masimo Rad-87")
    assert serial_bindings.bindings(store) == {SEEN.port: "Masimo Rad-87"}
    assert "/dev/ttyUSB1" not in tariq.get("/serial-ports/live")
    tariq.post("/serial-ports/unbind", port=SEEN.port)
    assert serial_bindings.bindings(store) == {}


def test_only_what_was_recognised_there_can_be_bound(
    tariq: Desk, store: Store, clock: Clock
) -> None:
    serial_bindings.sighted(store, clock.now(), SEEN)
    for port, model in ((SEEN.port, "SunTech Advantage"), ("/dev/other", "Masimo Rad-87")):
        assert tariq.post("/serial-ports/bind", port=port, model=model).status_code == 400
    assert serial_bindings.bindings(store) == {}


def test_workers_and_strangers_bind_nothing(
    desk: Desk, app: Flask, store: Store, clock: Clock
) -> None:
    serial_bindings.sighted(store, clock.now(), SEEN)
    answer = desk.post("/serial-ports/bind", port=SEEN.port, model="Masimo Rad-87")
    assert answer.status_code == 403
    assert "This page is for the technician." in answer.text
    assert desk.client.get("/serial-ports").status_code == 403
    assert app.test_client().get("/serial-ports").status_code == 303
    assert "Cables" not in desk.get("/status")
    assert serial_bindings.bindings(store) == {}
