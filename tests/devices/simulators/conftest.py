"""A private bus with an emulated bluetoothd, where the production BlueZ backend finds it."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest

from devices.simulators.bluez import Bluez
from devices.simulators.bluez_radio import RadioTiming
from devices.simulators.bus import PrivateBus


@pytest.fixture
async def bluez(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bluez]:
    bus = PrivateBus()
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", await bus.start())
    service = Bluez(RadioTiming(forget_s=0.5), max_connections=2)
    await service.start(bus.address)
    yield service
    await service.stop()
    await bus.stop()
