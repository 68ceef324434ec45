"""Real bleak on the emulated bluetoothd: what a cuff sends is recorded and replays."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator

import pytest

from devices.capture import link
from devices.capture.capture import Capture, masked
from devices.capture.link import NotHeardError, record_ble
from devices.capture.replay import SOUND, replay
from devices.simulators.bluez import Bluez
from devices.simulators.bodies import Body, Traits
from devices.simulators.bus import PrivateBus
from devices.simulators.gatt import Bond, Pairing
from devices.simulators.models import UA_651BLE
from devices.simulators.peripherals import DeviceTimes, SpotDevice

pytestmark = pytest.mark.long

QUICK = DeviceTimes(advertise_s=10, settle_s=0.3, hang_up_s=0.5, idle_s=5)


@pytest.fixture
async def bluez(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bluez]:
    bus = PrivateBus()
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", await bus.start())
    service = Bluez()
    await service.start(bus.address)
    yield service
    await service.stop()
    await bus.stop()


async def test_a_cuff_is_recorded_until_it_hangs_up(bluez: Bluez) -> None:
    cuff = SpotDevice(UA_651BLE, QUICK, Bond(Pairing.JUST_WORKS, bonded=True))
    bluez.add(cuff.peripheral)
    cuff.measure(Body(Traits(120, 80, 72, 97, 36.6, 60, 165), random.Random(1)))
    chunks = await record_ble(UA_651BLE.identity.address.lower(), 60, lambda: False)
    capture = masked(Capture("ble", "", "", masked=False, chunks=tuple(chunks))).capture
    found = replay(capture)
    assert found.verdict == SOUND
    assert [reading.char for reading in found.readings] == ["2A35"]


async def test_a_device_that_is_not_there_is_waited_for_so_long(
    bluez: Bluez, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(link, "FIND_S", 0.3)
    with pytest.raises(NotHeardError):
        await record_ble("00:11:22:33:44:55", 60, lambda: False)
