"""Devices as the box knows them, live numbers, and what is wrong right now."""

from __future__ import annotations

from decimal import Decimal

import pytest
from hand_clock import HandClock
from readings import cuff

from edge.equipment import registry
from edge.equipment.registry import Device, Live
from edge.model.reading import Code, Kind, Measurement, Value
from edge.readings import intake
from edge.store import issues, journal
from edge.store.store import Store

OXIMETER = Device("usb-1", "CMS50D+", "serial", "/dev/ttyUSB0", "listening", measures="oximetry")


@pytest.fixture
def hand() -> HandClock:
    return HandClock()


def test_meeting_is_journalled_once_and_addresses_follow(store: Store, hand: HandClock) -> None:
    registry.met(store, hand.now(), OXIMETER)
    moved = Device("usb-1", "CMS50D+", "serial", "/dev/ttyUSB3", "listening")
    registry.met(store, hand.advance(5), moved)
    held = registry.device(store, "usb-1")
    assert held is not None
    assert (held.address, held.seen_ms) == ("/dev/ttyUSB3", hand.now().wall_ms)
    [(_, entry)] = journal.since(store, 0)
    assert entry.body == {"device": "usb-1", "model": "CMS50D+", "link": "serial"}
    assert registry.devices(store) == [held]
    assert registry.device(store, "usb-2") is None


def test_what_a_device_does_and_has_is_kept(store: Store, hand: HandClock) -> None:
    registry.met(store, hand.now(), OXIMETER)
    registry.set_state(store, hand.advance(5), "usb-1", "measuring", "finger in")
    registry.set_state(store, hand.advance(5), "usb-1", "measuring", "finger in")
    registry.set_battery(store, "usb-1", 41)
    registry.set_clock_offset(store, "usb-1", -3600)
    held = registry.device(store, "usb-1")
    assert held is not None
    assert (held.state, held.detail, held.battery) == ("measuring", "finger in", 41)
    assert (held.clock_offset_s, held.seen_ms) == (-3600, hand.now().wall_ms - 5000)
    registry.set_reading_time(store, hand.now(), "usb-1")
    again = registry.device(store, "usb-1")
    assert again is not None
    assert again.reading_ms == hand.now().wall_ms
    registry.set_state(store, hand.now(), "unknown", "measuring")


def test_the_screens_learn_what_can_be_measured(store: Store, hand: HandClock) -> None:
    assert registry.kinds(store) == set()
    registry.met(store, hand.now(), OXIMETER)
    intake.accept(store, cuff(hand.now()))
    intake.accept(store, cuff(hand.now(), device=None))
    assert registry.kinds(store) == {"oximetry", "blood-pressure"}


def test_live_numbers_fade(store: Store, hand: HandClock) -> None:
    shown = Measurement(Kind.OXIMETRY, (Value(Code.SPO2, Decimal("97"), "%"),))
    registry.show_live(store, hand.now(), "usb-1", shown)
    assert registry.live(store, hand.advance(5)) == [
        Live("usb-1", "oximetry", (("59408-5", "97", "%"),))
    ]
    assert registry.live(store, hand.advance(1)) == []
    registry.show_live(store, hand.now(), "usb-1", shown)
    shown_at = hand.now()
    assert len(registry.live(store, shown_at)) == 1
    assert registry.live(store, hand.restart(t_ms=shown_at.t_ms)) == []
    assert store.journal_position() == 0


def test_what_is_wrong_is_said_since_it_began(store: Store, hand: HandClock) -> None:
    issues.note(store, hand.now(), "port-busy", "CMS50D+")
    began = hand.now().wall_ms
    issues.note(store, hand.advance(60), "port-busy", "CMS50D+", "used by another program")
    issues.note(store, hand.now(), "disk-low", detail="120 MB")
    first, second = issues.current(store)
    assert (first.kind, first.since_ms) == ("port-busy", began)
    assert first.detail == "used by another program"
    assert first.sentence().startswith("Another program is using the cable of CMS50D+")
    assert second.sentence() == "The disk is nearly full (120 MB left). Call the technician."
    issues.clear(store, "port-busy", "CMS50D+")
    issues.clear(store, "port-busy", "CMS50D+")
    assert [c.kind for c in issues.current(store)] == ["disk-low"]


def test_every_condition_has_a_whole_sentence() -> None:
    for kind in issues.BY_NAME:
        sentence = issues.Issue(kind, "The device", "a reason", 0).sentence()
        assert sentence[0].isupper()
        assert sentence.endswith(".")


def test_a_condition_without_a_sentence_is_a_mistake(store: Store, hand: HandClock) -> None:
    with pytest.raises(LookupError, match="no sentence"):
        issues.note(store, hand.now(), "gremlins")
