"""Pairings that a person asked for, what a device remembers, what was done to the adapter."""

from __future__ import annotations

import pytest
from hand_clock import HandClock

from edge.equipment import bluetooth_recovery, device_memory, pairings, registry
from edge.equipment.device_memory import Memory
from edge.equipment.pairings import State
from edge.model.errors import NotFound
from edge.store import journal
from edge.store.store import Store

METER = "C2:00:00:00:00:01"


@pytest.fixture
def hand() -> HandClock:
    return HandClock()


def test_a_pairing_is_asked_for_by_somebody_and_ends(store: Store, hand: HandClock) -> None:
    pairings.ask(store, hand.now(), METER, passkey=12, actor="s1")
    pairings.set_state(store, hand.advance(1), METER, State.PASSKEY_WANTED, shown="000012")
    asked = pairings.get(store, METER)
    assert asked is not None
    assert (asked.state, asked.passkey, asked.shown) == (State.PASSKEY_WANTED, 12, "000012")
    pairings.set_state(store, hand.advance(1), METER, State.PAIRED)
    (done,) = pairings.everything(store)
    assert (done.state, done.passkey, done.shown) == (State.PAIRED, None, "")
    first, last = (entry for _, entry in journal.since(store, 0))
    assert (first.actor, first.body) == ("s1", {"address": METER, "state": "asked"})
    assert last.body == {"address": METER, "state": "paired"}


def test_a_failure_says_why_and_asking_again_starts_anew(store: Store, hand: HandClock) -> None:
    pairings.ask(store, hand.now(), METER)
    pairings.set_state(store, hand.now(), METER, State.FAILED, detail="not heard")
    pairings.ask(store, hand.advance(5), METER, renew=True)
    (again,) = pairings.everything(store)
    assert (again.state, again.renew, again.detail) == (State.ASKED, True, "")


def test_a_passkey_belongs_to_somebody_who_asked(store: Store, hand: HandClock) -> None:
    with pytest.raises(NotFound):
        pairings.give_passkey(store, METER, 1)
    pairings.ask(store, hand.now(), METER)
    pairings.give_passkey(store, METER, 123456)
    asked = pairings.get(store, METER)
    assert asked is not None
    assert asked.passkey == 123456
    pairings.forget(store, METER)
    assert pairings.everything(store) == []


def test_a_memory_is_the_devices_own_and_costs_no_journal(store: Store) -> None:
    assert device_memory.of(store, "ble-1") == Memory()
    device_memory.set_last_record(store, "ble-1", 41)
    device_memory.set_user(store, "ble-1", 2, 4711)
    device_memory.set_last_record(store, "ble-2", 7)
    assert device_memory.of(store, "ble-1") == Memory(41, 2, 4711)
    device_memory.forget_user(store, "ble-1")
    assert device_memory.of(store, "ble-1") == Memory(41)
    assert store.journal_position() == 0


def test_what_a_device_says_of_itself_is_kept(store: Store, hand: HandClock) -> None:
    registry.met(store, hand.now(), registry.Device("d", "X", "ble", "a", "connected"))
    registry.set_information(store, "d", manufacturer="A&D", serial="515")
    registry.set_information(store, "d", firmware="1.2")
    registry.set_information(store, "d")
    registry.set_model(store, "d", "UA-651BLE", "blood-pressure")
    (held,) = registry.devices(store)
    assert (held.manufacturer, held.serial, held.firmware) == ("A&D", "515", "1.2")
    assert (held.model, held.measures) == ("UA-651BLE", "blood-pressure")


def test_steps_to_bring_the_adapter_back_are_counted(store: Store, hand: HandClock) -> None:
    bluetooth_recovery.took(store, hand.now(), "rescan", "silent")
    bluetooth_recovery.took(store, hand.advance(60), "rescan", "silent")
    (counted,) = bluetooth_recovery.taken(store)
    assert (counted.step, counted.times, counted.last_ms) == ("rescan", 2, hand.now().wall_ms)
    assert len(journal.since(store, 0)) == 2
