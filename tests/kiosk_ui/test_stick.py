"""The technician's stick: shown, written and read by one tap, and never taken for sent."""

from __future__ import annotations

import os
from dataclasses import replace

import pytest
from flask import Flask
from kiosk_desk import PIN, Desk

from edge.bundles import requests, sent
from edge.bundles.requests import BundleOnStick, State, Stick, What
from edge.bundles.sent import SentBundle
from edge.model.clock import Clock
from edge.model.entry import Lane
from edge.model.feed_item import Cursor
from edge.settings.box_settings import Settings
from edge.staff import pins, staff
from edge.store import issues, journal, outbox
from edge.store.store import Store

FOLDER = "/media/usb0"


@pytest.fixture
def tariq(app: Flask, settings: Settings, store: Store, clock: Clock) -> Desk:
    """A browser at which a technician is signed in."""
    pepper = pins.create_pepper(settings.keys)
    person = staff.add(store, clock.now(), "Tariq", "technician", PIN, pepper)
    desk = Desk(app.test_client())
    desk.sign_in(person)
    return desk


def a_stick(*held: BundleOnStick) -> Stick:
    return Stick(FOLDER, "KINGSTON", 7_000_000_000, held)


def ended(store: Store, told: dict[str, object]) -> None:
    asked = requests.wanted(store)
    assert asked is not None
    requests.begin(store, asked)
    requests.end(store, asked, told)


def test_without_a_stick_the_page_says_so(tariq: Desk) -> None:
    shown = tariq.get("/usb")
    assert "Plug a stick in" in shown
    assert "No stick was written yet" in shown
    assert "Stick" in tariq.get("/status")


def test_one_tap_asks_the_courier_and_a_second_waits(
    tariq: Desk, store: Store, clock: Clock
) -> None:
    requests.show(store, [a_stick()])
    assert "KINGSTON" in tariq.get("/usb")
    tariq.post("/usb/write", folder=FOLDER)
    asked = requests.wanted(store)
    assert asked is not None
    assert (asked.what, asked.folder, asked.state) == (What.WRITE, FOLDER, State.ASKED)
    tariq.post("/usb/write", folder=FOLDER)
    shown = tariq.get("/usb/live")
    assert "Leave the stick in" in shown
    assert "<button" not in shown
    ended(store, {"records": 1_234, "files": 2, "left": 7})
    assert requests.wanted(store) is None
    shown = tariq.get("/usb")
    assert "1,234" in shown
    assert "count as waiting until" in shown
    assert "found no room" in shown


def test_what_is_on_a_stick_is_told_and_only_a_receipt_confirms_it(
    tariq: Desk, store: Store, clock: Clock
) -> None:
    with store.transaction():
        journal.append(store, "view", clock.now(), {})
    last = outbox.state(store, Lane.CLINICAL).last
    entry = outbox.entry_at(store, Lane.CLINICAL, last)
    one = SentBundle(os.urandom(8), 1, clock.now().wall_ms, 9, {}, {"c": entry}, [], Cursor())
    sent.remember(store, one)
    ours = BundleOnStick(
        "up", "box-test", one.nonce.hex(), one.written_ms, 52_000, True, True, True
    )
    ours = replace(ours, lanes={"a": [1, 3], "c": [1, last]}, files=2)
    other = replace(ours, box="box-else", ours=False)
    cut = replace(other, whole=False, hospital_ours=True)
    foreign = replace(ours, hospital_ours=False)
    requests.show(store, [a_stick(ours, other, cut, foreign)])
    shown = tariq.get("/usb")
    for words in ("1…3", f"1…{last}", "52", "Not confirmed yet", "box-else"):
        assert words in shown
    for words in ("cut off", "another hospital", "Files:"):
        assert words in shown
    assert "Confirmed by the hospital." not in shown
    assert "Read the answer" not in shown
    outbox.mark_custody(store, Lane.CLINICAL, last, 0, clock.now())
    assert "Confirmed by the hospital." in tariq.get("/usb")


def test_an_answer_is_read_and_what_came_is_told(tariq: Desk, store: Store) -> None:
    down = BundleOnStick("down", "box-test", "00" * 8, 1, 900, True, True, True)
    requests.show(store, [a_stick(down)])
    assert "Read the answer" in tariq.get("/usb")
    tariq.post("/usb/read", folder=FOLDER)
    ended(store, {"confirmed": 702, "news": True, "whole": False, "anew": False})
    shown = tariq.get("/usb")
    for words in ("702", "news for this clinic", "damaged"):
        assert words in shown
    tariq.post("/usb/read", folder=FOLDER)
    ended(store, {"confirmed": 0, "anew": True})
    assert "asks for everything again" in tariq.get("/usb")


@pytest.mark.parametrize(
    ("why", "words"),
    [("full", "stick is full"), ("foreign-box", "another box"), ("surprise", "It failed")],
)
def test_what_failed_is_said_in_plain_words(
    tariq: Desk, store: Store, why: str, words: str
) -> None:
    requests.show(store, [a_stick()])
    tariq.post("/usb/write", folder=FOLDER)
    ended(store, {"why": why})
    assert words in tariq.get("/usb")


def test_a_box_that_is_not_enrolled_offers_nothing(tariq: Desk, store: Store, clock: Clock) -> None:
    requests.show(store, [a_stick()])
    issues.note(store, clock.now(), "not-enrolled")
    shown = tariq.get("/usb/live")
    assert "not enrolled" in shown
    assert "<button" not in shown


def test_only_a_stick_that_is_there_and_only_what_can_be_done(tariq: Desk, store: Store) -> None:
    tariq.post("/usb/write", folder="/etc")
    requests.show(store, [a_stick()])
    assert tariq.post("/usb/eat", folder=FOLDER).status_code == 404
    assert requests.latest(store) is None


def test_workers_and_strangers_touch_no_stick(desk: Desk, app: Flask, store: Store) -> None:
    requests.show(store, [a_stick()])
    assert desk.post("/usb/write", folder=FOLDER).status_code == 403
    assert desk.client.get("/usb").status_code == 403
    assert app.test_client().get("/usb").status_code == 303
    assert requests.latest(store) is None
