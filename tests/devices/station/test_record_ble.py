"""Real bleak on the emulated bluetoothd: what a Bluetooth device measures becomes a row."""

from __future__ import annotations

from eventually import eventually_async
from station_kit import QUICK_TERMS, Start, body, raws, readings

from devices.ble_session import SessionTimes
from devices.ble_supervisor import BleSupervisor, RadioHabits
from devices.courtesy import Manners
from devices.recorder import Recorder
from devices.simulators.bluez import Bluez
from devices.simulators.gatt import Bond, Pairing
from devices.simulators.models import (
    UA_651BLE,
)
from devices.simulators.peripherals import BleModel, Habits, SpotDevice
from edge.reading import Kind
from edge.store import Store

QUICK = Habits(advertise_s=5, settle_s=0.02, hang_up_s=0.2, idle_s=5, stream_s=2.5)
HABITS = RadioHabits(
    watch_s=0.1,
    retry_s=0.1,
    longest_retry_s=0.3,
    times=SessionTimes(settle_s=1, first_s=3, idle_s=1, deadline_s=10),
    manners=Manners(gap_s=0.5, cool_s=30),
    terms=QUICK_TERMS,
)


def spot(bluez: Bluez, model: BleModel, habits: Habits = QUICK) -> SpotDevice:
    device = SpotDevice(model, habits, Bond(Pairing.JUST_WORKS, bonded=True))
    bluez.add(device.peripheral)
    return device


async def test_a_cuff_result_becomes_a_row_with_its_own_bytes(
    recorder: Recorder, store: Store, bluez: Bluez, start: Start
) -> None:
    cuff = spot(bluez, UA_651BLE)
    start(BleSupervisor(recorder, HABITS).run())
    cuff.measure(body())
    (sent,) = cuff.memory
    (row,) = await eventually_async(lambda: readings(store))
    assert raws(store) == [sent]
    assert (row.model, row.kind) == ("UA-651BLE", Kind.BLOOD_PRESSURE)
    assert row.device_time is not None
    await cuff.stop()
