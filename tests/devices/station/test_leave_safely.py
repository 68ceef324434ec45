"""The station as a process with a cuff inflated: ended or killed, the cuff deflates."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path

import pytest
from eventually import eventually_async
from session_kit import TIMES, plugged
from station_kit import body, readings

from devices.simulators.wired.suntech_nibp import SuntechNibp
from edge.equipment import device_requests, registry
from edge.model.clock import Clock
from edge.store.store import Store

pytestmark = pytest.mark.system

SLOW = replace(TIMES, measure_s=30.0, silence_s=300.0)
"""Neither the measurement's end nor the module's own watchdog may save the arm in these tests."""


@pytest.fixture
async def module(tmp_path: Path) -> AsyncIterator[SuntechNibp]:
    async with plugged(SuntechNibp, tmp_path / "ttys", SLOW) as machine:
        assert isinstance(machine, SuntechNibp)
        machine.measure(body())
        yield machine


async def station(home: Path, module: SuntechNibp) -> asyncio.subprocess.Process:
    (home / "healthpost.toml").write_text(
        '[box]\nid = "box-test"\nclinic = "Test"\n[devices]\nbluetooth = false\nwatch = []\n'
        f'[[devices.port]]\npath = "{module.line.path}"\nmodel = "SunTech Advantage"\n',
        encoding="utf-8",
    )
    return await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "devices.station",
        env={**os.environ, "HEALTHPOST_HOME": str(home)},
        stderr=asyncio.subprocess.DEVNULL,
    )


async def start_cuff(store: Store, clock: Clock, module: SuntechNibp) -> None:
    def ready() -> list[str]:
        return [one.id for one in registry.devices(store) if one.state == "connected"]

    (device,) = await eventually_async(ready)
    device_requests.ask(store, clock.now(), device, "start-adult", None)
    await eventually_async(lambda: module.cuff.inflated)


async def test_a_station_that_is_ended_lets_the_air_out(
    store: Store, clock: Clock, tmp_path: Path, module: SuntechNibp
) -> None:
    process = await station(tmp_path, module)
    await start_cuff(store, clock, module)
    process.send_signal(signal.SIGTERM)
    await eventually_async(lambda: not module.cuff.busy)
    assert await process.wait() == 0
    assert readings(store) == []


async def test_after_a_station_was_killed_the_next_one_lets_the_air_out(
    store: Store, clock: Clock, tmp_path: Path, module: SuntechNibp
) -> None:
    process = await station(tmp_path, module)
    await start_cuff(store, clock, module)
    process.kill()
    await process.wait()
    assert module.cuff.busy
    again = await station(tmp_path, module)
    await eventually_async(lambda: not module.cuff.busy)
    again.terminate()
    assert await again.wait() == 0
    assert readings(store) == []
