"""Bluetooth devices for tests of the station: quick habits, and devices on the air."""

from __future__ import annotations

from dataclasses import replace

from station_kit import QUICK_TERMS

from devices.ble.adapter_watch import StepTimes
from devices.ble.pairing import PairingTimes
from devices.ble.reconnect import ReconnectTimes
from devices.ble.session import SessionTimes
from devices.ble.supervisor import RadioHabits
from devices.simulators.bluez import Bluez
from devices.simulators.gatt import Bond
from devices.simulators.peripherals import BleDevice, BleModel, DeviceTimes, switch_on
from edge.equipment import pairings
from edge.store.store import Store

QUICK = DeviceTimes(
    advertise_s=5,
    settle_s=0.02,
    hang_up_s=0.2,
    idle_s=5,
    sample_s=0.05,
    stream_s=2,
    out_s=0.3,
)

HABITS = RadioHabits(
    watch_s=0.1,
    retry_s=0.1,
    longest_retry_s=0.3,
    times=SessionTimes(settle_s=1, first_s=2, idle_s=0.5, deadline_s=10, record_s=1, records_s=5),
    reconnect=ReconnectTimes(gap_s=0.5, cool_s=1, short_s=0.05),
    pairing=PairingTimes(heard_s=30, passkey_s=5, look_s=0.05),
    steps=StepTimes(failing=(0.2, 0.4, 0.6), silent=(0.3, 0.3, 0.3, 0.3)),
    stability=QUICK_TERMS,
)


def calm(habits: RadioHabits = HABITS) -> RadioHabits:
    """Habits whose adapter watch stays out of the way."""
    return replace(habits, steps=StepTimes())


def on_air(
    bluez: Bluez, model: BleModel, *, enrolled: bool = True, habits: DeviceTimes = QUICK
) -> BleDevice:
    """Switch a device on near the box."""
    device = switch_on(model, habits, enrolled)
    bluez.add(device.peripheral)
    return device


def added(store: Store, *models: BleModel) -> None:
    """Let a person add devices that need no bond to this box."""
    for model in models:
        pairings.add(store, store.clock().now(), model.identity.address)


def bond_of(device: BleDevice) -> Bond:
    """Return the bond that device and adapter share."""
    return device.peripheral.bond


def calls(bluez: Bluez, member: str) -> int:
    """Count the calls of a member since the start."""
    return sum(called == member for _, called in bluez.calls)
