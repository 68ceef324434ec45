"""The adapter hangs, goes off, loses its daemon: the station helps it and says what it did."""

from __future__ import annotations

import os
import stat
from dataclasses import replace
from pathlib import Path

import pytest
from ble_scene import HABITS, calls, on_air
from eventually import eventually_async
from station_kit import Start, body, readings, wrong

from devices.ble.supervisor import BleSupervisor
from devices.recording.recorder import Recorder
from devices.simulators import models
from devices.simulators.bluez import Bluez
from edge.equipment import bluetooth_recovery
from edge.model.entry import EntryKind
from edge.store import journal
from edge.store.store import Store

pytestmark = pytest.mark.long


def steps(store: Store) -> dict[str, int]:
    return {taken.step: taken.times for taken in bluetooth_recovery.taken(store)}


async def test_an_adapter_that_is_off_is_switched_on_again(
    recorder: Recorder, store: Store, bluez: Bluez, start: Start
) -> None:
    bluez.set_powered(False)
    start(BleSupervisor(recorder, HABITS).run())
    await eventually_async(lambda: steps(store).get("power-cycle"))
    on_air(bluez, models.UA_651BLE).measure(body())
    assert await eventually_async(lambda: readings(store))
    await eventually_async(lambda: wrong(store) == set())
    told = [entry for _, entry in journal.since(store, 0) if entry.kind == EntryKind.ADAPTER]
    assert [entry.body["step"] for entry in told[:2]] == ["rescan", "power-cycle"]


async def test_a_scan_that_cannot_be_started_is_mended_by_itself(
    recorder: Recorder, store: Store, bluez: Bluez, start: Start
) -> None:
    bluez.refuse("StartDiscovery", "InProgress", times=6)
    start(BleSupervisor(recorder, HABITS).run())
    on_air(bluez, models.UA_651BLE).measure(body())
    assert await eventually_async(lambda: readings(store))
    assert steps(store)["rescan"] >= 1


async def test_silence_is_answered_by_a_new_scan_then_by_power(
    recorder: Recorder, store: Store, bluez: Bluez, start: Start
) -> None:
    start(BleSupervisor(recorder, HABITS).run())
    await eventually_async(lambda: steps(store).get("power-cycle"))
    assert calls(bluez, "StartDiscovery") >= 2
    on_air(bluez, models.UA_651BLE).measure(body())
    assert await eventually_async(lambda: readings(store))


@pytest.mark.parametrize("works", [True, False])
async def test_a_daemon_that_is_gone_is_started_by_the_command_of_the_settings(
    recorder: Recorder, store: Store, bluez: Bluez, start: Start, tmp_path: Path, works: bool
) -> None:
    mark, script = tmp_path / "restarted", tmp_path / "restart"
    script.write_text(f"#!/bin/sh\ntouch {mark}\nexit {0 if works else 3}\n", encoding="utf-8")
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    bus = os.environ["DBUS_SYSTEM_BUS_ADDRESS"]
    await bluez.stop()
    start(BleSupervisor(recorder, replace(HABITS, restart=str(script))).run())
    await eventually_async(lambda: steps(store).get("restart-daemon"))
    assert mark.exists()
    late = Bluez()
    await late.start(bus)
    on_air(late, models.UA_651BLE).measure(body())
    assert await eventually_async(lambda: readings(store))
    await late.stop()


async def test_without_a_command_the_ladder_goes_on(
    recorder: Recorder, store: Store, bluez: Bluez, start: Start
) -> None:
    await bluez.stop()
    start(BleSupervisor(recorder, replace(HABITS, restart="no-such-program")).run())
    await eventually_async(lambda: steps(store).get("restart-daemon"))
    await eventually_async(lambda: steps(store)["power-cycle"] >= 2)
