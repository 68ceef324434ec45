"""A recorder on a real box file, a ward's parts on real wires, and supervisors between them."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from pathlib import Path
from typing import Any

import pytest
from station_kit import WAITING_LIMIT, Start

from devices.recording.recorder import Recorder
from devices.simulators.bluez import Bluez
from devices.simulators.bus import PrivateBus
from edge.store.store import Store


@pytest.fixture
async def recorder(store: Store, tmp_path: Path) -> AsyncIterator[Recorder]:
    """A recorder at work on the file that `store` reads."""
    opened = Recorder(tmp_path / "box.db", retry_s=0.1, limit=WAITING_LIMIT)
    await opened.open()
    working = asyncio.create_task(opened.work())
    yield opened
    await opened.close()
    working.cancel()
    await asyncio.gather(working, return_exceptions=True)


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    """Run coroutines beside the test and end them with it."""
    tasks: list[asyncio.Task[None]] = []

    def begin(work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        tasks.append(asyncio.create_task(work))
        return tasks[-1]

    yield begin
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)


@pytest.fixture
async def bluez(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Bluez]:
    """An emulated bluetoothd on a private bus, where the production backend finds it."""
    bus = PrivateBus()
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", await bus.start())
    service = Bluez()
    await service.start(bus.address)
    yield service
    await service.stop()
    await bus.stop()
