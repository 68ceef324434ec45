"""What people ask devices to do: one at a time, only for a moment, and never twice."""

from __future__ import annotations

import pytest
from hand_clock import HandClock

from edge.equipment import device_requests, registry
from edge.equipment.registry import Device
from edge.model.entry import EntryKind
from edge.model.errors import ActionRefused, NotFound
from edge.store import journal
from edge.store.store import Store

CUFF = Device(
    "usb-9", "Advantage", "serial", "/dev/ttyUSB0", "connected", requests="start-adult stop"
)


@pytest.fixture
def hand(store: Store) -> HandClock:
    hand = HandClock()
    registry.met(store, hand.now(), CUFF)
    return hand


def test_a_request_is_journalled_taken_once_and_done(store: Store, hand: HandClock) -> None:
    entry = device_requests.ask(store, hand.now(), "usb-9", "start-adult", "amina")
    held = journal.read(store, entry)
    assert held is not None
    assert (held.kind, held.actor) == (EntryKind.REQUEST, "amina")
    assert held.body == {"device": "usb-9", "request": "start-adult"}
    taken = device_requests.take(store, hand.advance(1))
    assert taken is not None
    assert (taken.entry, taken.device_id, taken.kind) == (entry, "usb-9", "start-adult")
    assert device_requests.take(store, hand.advance(1)) is None
    device_requests.done(store, "usb-9", "motion")
    latest = device_requests.latest(store, "usb-9")
    assert latest is not None
    assert (latest.state, latest.detail) == ("done", "motion")


def test_an_old_request_is_never_carried_out(store: Store, hand: HandClock) -> None:
    device_requests.ask(store, hand.now(), "usb-9", "start-adult", None)
    assert device_requests.take(store, hand.advance(device_requests.EXPIRES_S + 1)) is None
    latest = device_requests.latest(store, "usb-9")
    assert latest is not None
    assert latest.state == "expired"


def test_a_device_does_one_thing_at_a_time_but_always_stops(store: Store, hand: HandClock) -> None:
    device_requests.ask(store, hand.now(), "usb-9", "start-adult", None)
    with pytest.raises(ActionRefused, match="already measuring"):
        device_requests.ask(store, hand.advance(1), "usb-9", "start-adult", None)
    device_requests.take(store, hand.advance(1))
    with pytest.raises(ActionRefused, match="already measuring"):
        device_requests.ask(store, hand.advance(1), "usb-9", "start-adult", None)
    stop = device_requests.ask(store, hand.advance(1), "usb-9", "stop", None)
    taken = device_requests.take(store, hand.advance(1))
    assert taken is not None
    assert taken.entry == stop


def test_stopping_takes_back_what_nobody_has_begun(store: Store, hand: HandClock) -> None:
    device_requests.ask(store, hand.now(), "usb-9", "start-adult", None)
    device_requests.ask(store, hand.now(), "usb-9", "stop", None)
    taken = device_requests.take(store, hand.advance(1))
    assert taken is not None
    assert taken.kind == "stop"
    assert device_requests.take(store, hand.advance(1)) is None


def test_a_station_that_died_leaves_nothing_under_way(store: Store, hand: HandClock) -> None:
    device_requests.ask(store, hand.now(), "usb-9", "start-adult", None)
    device_requests.take(store, hand.advance(1))
    device_requests.abandon(store)
    assert device_requests.ask(store, hand.advance(1), "usb-9", "start-adult", None)


def test_only_what_a_device_offers_can_be_asked(store: Store, hand: HandClock) -> None:
    with pytest.raises(NotFound):
        device_requests.ask(store, hand.now(), "usb-0", "stop", None)
    for kind in ("start-newborn", "erase"):
        with pytest.raises(ActionRefused, match="does not offer"):
            device_requests.ask(store, hand.now(), "usb-9", kind, None)
