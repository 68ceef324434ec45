"""What BlueZ and the cached table of a device do to a connection in the field: it comes back."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ble_scene import QUICK, added, calls, calm, on_air
from eventually import eventually_async
from station_kit import Start, body, readings, rejected

from devices.ble.supervisor import BleSupervisor
from devices.recording.recorder import Recorder
from devices.simulators import models
from devices.simulators.bluez import Bluez
from edge.store.store import Store

pytestmark = pytest.mark.long

UNKNOWN_OBJECT = "org.freedesktop.DBus.Error.UnknownObject"
UNKNOWN_METHOD = "org.freedesktop.DBus.Error.UnknownMethod"
LONG = replace(QUICK, advertise_s=60)


@pytest.fixture
async def listen(recorder: Recorder, bluez: Bluez, start: Start) -> None:
    start(BleSupervisor(recorder, calm()).run())


@pytest.mark.parametrize(
    ("member", "error", "text", "times"),
    [
        ("Connect", UNKNOWN_OBJECT, "", 2),
        ("Connect", "Failed", "Software caused connection abort", 3),
        ("StartNotify", UNKNOWN_METHOD, "Method doesn't exist", 2),
    ],
)
@pytest.mark.usefixtures("listen")
async def test_a_refusal_of_bluez_passes_and_the_value_comes_once(
    store: Store, bluez: Bluez, member: str, error: str, text: str, times: int
) -> None:
    bluez.refuse(member, error, text, times=times)
    on_air(bluez, models.UA_651BLE, habits=LONG).measure(body())
    assert await eventually_async(lambda: readings(store))
    assert len(readings(store)) == 1
    assert rejected(store) == []


@pytest.mark.parametrize("times", [3, 6])
@pytest.mark.usefixtures("listen")
async def test_a_link_that_bluez_aborts_at_once_is_made_again(
    store: Store, bluez: Bluez, times: int
) -> None:
    bluez.abort_connections(times)
    on_air(bluez, models.UA_651BLE, habits=LONG).measure(body())
    assert await eventually_async(lambda: readings(store))
    assert len(readings(store)) == 1


@pytest.mark.parametrize("connections", [1, 2])
@pytest.mark.usefixtures("listen")
async def test_a_measurement_service_that_is_missing_at_first_is_found_later(
    store: Store, bluez: Bluez, connections: int
) -> None:
    added(store, models.CUFF_ENHANCED)
    cuff = on_air(bluez, models.CUFF_ENHANCED, habits=LONG)
    whole = cuff.peripheral.services
    cuff.peripheral.services = [s for s in whole if "1810" not in s.uuid]
    cuff.measure(body())
    await eventually_async(lambda: calls(bluez, "Connect") >= connections)
    cuff.peripheral.services = whole
    assert await eventually_async(lambda: readings(store))
    assert len(readings(store)) == 1
