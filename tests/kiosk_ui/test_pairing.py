"""The technician pairs wireless devices: one tap, a number, words about how far it got."""

from __future__ import annotations

import pytest
from flask import Flask
from kiosk_desk import PIN, Desk

from edge.equipment import pairings
from edge.equipment.pairings import Pairing, State
from edge.model.clock import Clock
from edge.settings.box_settings import Settings
from edge.staff import pins, staff
from edge.store import issues
from edge.store.store import Store

CUFF = "C2:09:1F:1A:2B:3C"


@pytest.fixture
def technician(app: Flask, settings: Settings, store: Store, clock: Clock) -> Desk:
    """A browser at which a technician is signed in."""
    pepper = pins.create_pepper(settings.keys)
    person = staff.add(store, clock.now(), "Imran Shah", "technician", PIN, pepper)
    desk = Desk(app.test_client())
    desk.sign_in(person)
    return desk


def asked(store: Store) -> Pairing:
    (only,) = pairings.everything(store)
    return only


@pytest.mark.parametrize(("kind", "renew"), [("bond-stale", True), ("not-paired", False)])
def test_one_tap_makes_a_bond_or_makes_it_anew(
    technician: Desk, store: Store, clock: Clock, kind: str, renew: bool
) -> None:
    issues.note(store, clock.now(), kind, "A&D UA-651BLE 2B:3C", CUFF)
    assert "UA-651BLE" in technician.get("/pairing")
    assert technician.post("/pairing/ask", address=CUFF).status_code == 303
    assert (asked(store).address, asked(store).renew) == (CUFF, renew)
    page = technician.get("/pairing")
    assert "Switch on the pairing mode" in page
    assert "Pair now" not in page


def test_a_device_without_a_bond_is_added_by_one_tap(
    technician: Desk, store: Store, clock: Clock
) -> None:
    issues.note(store, clock.now(), "not-added", "BP-SHOWS 00:01", CUFF)
    page = technician.get("/pairing")
    assert "BP-SHOWS" in page
    assert "Add it" in page
    assert "Pair now" not in page
    assert technician.post("/pairing/ask", address=CUFF).status_code == 303
    assert (asked(store).address, asked(store).renew) == (CUFF, False)


def test_a_number_is_passed_on_in_any_digits(technician: Desk, store: Store, clock: Clock) -> None:
    pairings.ask(store, clock.now(), CUFF)
    pairings.set_state(store, clock.now(), CUFF, State.PASSKEY_WANTED)
    assert "Enter the number" in technician.get("/pairing")
    form = f"/pairing/{CUFF}/number"
    for wrong in ("", "12a", "1234567"):
        assert technician.post(form, number=wrong).status_code == 422
    assert technician.post(form, number="۲۱۴۳۶۵").status_code == 303
    assert asked(store).passkey == 214365
    assert technician.post("/pairing/AA:00:00:00:00:01/number", number="1").status_code == 404


def test_how_far_it_got_is_said(technician: Desk, store: Store, clock: Clock) -> None:
    pairings.ask(store, clock.now(), CUFF)
    pairings.set_state(store, clock.now(), CUFF, State.PAIRING, shown="004711")
    assert "004711" in technician.get("/pairing")
    pairings.set_state(store, clock.now(), CUFF, State.FAILED, detail="it refused")
    assert "Not paired." in technician.get("/pairing")
    assert technician.post("/pairing/ask", address=CUFF).status_code == 303
    pairings.set_state(store, clock.now(), CUFF, State.PAIRED)
    assert "Paired." in technician.get("/pairing/live")


def test_only_what_wants_a_bond_can_be_asked_for(technician: Desk, store: Store) -> None:
    assert technician.post("/pairing/ask", address=CUFF).status_code == 400
    assert pairings.everything(store) == []


def test_it_is_the_technicians_page(desk: Desk, store: Store, clock: Clock) -> None:
    issues.note(store, clock.now(), "bond-stale", "A&D UA-651BLE", CUFF)
    assert desk.client.get("/pairing").status_code == 403
    assert desk.post("/pairing/ask", address=CUFF).status_code == 403
    assert "Wireless devices" not in desk.get("/status")
