"""What needs no bond is read only after a person added it: a neighbour's device is nobody's."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import cast

import pytest
from ble_scene import QUICK, added, bond_of, calls, calm, on_air
from bleak.backends.device import BLEDevice
from eventually import eventually_async
from station_kit import Start, body, device, readings, rejected, wrong

from devices.ble.link import Advertisement
from devices.ble.pairing import UNPAIRED_LIMIT, UnpairedDevices
from devices.ble.supervisor import BleSupervisor
from devices.catalogue import recognised
from devices.recording.recorder import Recorder
from devices.simulators import models
from devices.simulators.bluez import Bluez
from devices.simulators.body_scale import BodyScale
from devices.simulators.gatt import Identity
from devices.simulators.peripherals import BleModel
from edge.equipment import pairings
from edge.equipment.pairings import State
from edge.model.clock import Clock
from edge.store import issues
from edge.store.store import Store

pytestmark = pytest.mark.long

NAMELESS = replace(models.MI_SCALE, identity=Identity("", "C8:0F:10:00:00:02", "Xiaomi", "", "2"))
MI_SCALE_2 = replace(
    models.MI_SCALE, identity=Identity("MI SCALE2", "C8:0F:10:00:00:03", "Xiaomi", "", "3")
)
BF788 = replace(
    models.BF720,
    slug="bf788",
    identity=Identity("BF788", "C2:BF:78:00:00:08", "Beurer GmbH", "BF788", "788001"),
)


@pytest.fixture
async def listen(recorder: Recorder, bluez: Bluez, start: Start) -> None:
    start(BleSupervisor(recorder, calm()).run())


@pytest.mark.parametrize(
    "model",
    [models.CUFF_THAT_SHOWS, models.PLX_CONTINUOUS, models.POLAR_H10, models.MI_SCALE, NAMELESS],
    ids=lambda model: model.identity.name or "nameless",
)
@pytest.mark.usefixtures("listen")
async def test_a_neighbours_device_is_told_of_and_never_read(
    store: Store, bluez: Bluez, model: BleModel
) -> None:
    await eventually_async(lambda: calls(bluez, "StartDiscovery"))
    sender = on_air(bluez, model, habits=replace(QUICK, sample_s=0.3))
    sender.measure(body())
    (issue,) = await eventually_async(lambda: issues.current(store))
    assert (issue.kind, issue.detail) == ("not-added", model.identity.address)
    await eventually_async(lambda: not sender.peripheral.awake.is_set())
    assert (readings(store), rejected(store)) == ([], [])
    assert calls(bluez, "Connect") == 0


@pytest.mark.usefixtures("listen")
async def test_a_device_that_was_added_is_read_until_it_is_taken_back(
    store: Store, clock: Clock, bluez: Bluez
) -> None:
    model = models.CUFF_ENHANCED
    cuff = on_air(bluez, model)
    cuff.measure(body(1))
    await eventually_async(lambda: wrong(store) == {"not-added"})
    pairings.ask(store, clock.now(), model.identity.address)
    await eventually_async(lambda: len(readings(store)) == 1)
    await eventually_async(lambda: wrong(store) == set())
    assert calls(bluez, "Pair") == 0
    await eventually_async(lambda: not cuff.peripheral.awake.is_set())
    cuff.measure(body(2))
    await eventually_async(lambda: len(readings(store)) == 2)
    await eventually_async(lambda: not cuff.peripheral.awake.is_set())
    pairings.forget(store, model.identity.address)
    cuff.measure(body(3))
    await eventually_async(lambda: wrong(store) == {"not-added"})
    assert len(readings(store)) == 2


@pytest.mark.parametrize("model", [MI_SCALE_2, NAMELESS], ids=["MI SCALE2", "nameless"])
@pytest.mark.usefixtures("listen")
async def test_a_mi_scale_is_known_by_what_it_broadcasts(
    store: Store, clock: Clock, bluez: Bluez, model: BleModel
) -> None:
    pairings.ask(store, clock.now(), model.identity.address)
    await eventually_async(lambda: calls(bluez, "StartDiscovery"))
    scale = on_air(bluez, model, habits=replace(QUICK, sample_s=0.3))
    for number in range(1, 5):
        scale.measure(body(number))
        await eventually_async(lambda number=number: len(readings(store)) == number)
        await eventually_async(lambda: not scale.peripheral.awake.is_set())
    assert device(store).model.startswith("Xiaomi Mi Smart Scale")
    assert calls(bluez, "Connect") == 0
    done = pairings.get(store, model.identity.address)
    assert done is not None
    assert done.state is State.PAIRED


@pytest.mark.parametrize("enrolled", [True, False])
@pytest.mark.usefixtures("listen")
async def test_a_scale_of_no_row_is_given_a_code_because_it_has_user_slots(
    store: Store, clock: Clock, bluez: Bluez, enrolled: bool
) -> None:
    if not enrolled:
        pairings.ask(store, clock.now(), BF788.identity.address)
    scale = cast("BodyScale", on_air(bluez, BF788, enrolled=enrolled))
    for number in range(1, 4):
        scale.measure(body(number))
        await eventually_async(lambda number=number: len(readings(store)) == 2 * number)
        await eventually_async(lambda: not scale.peripheral.awake.is_set())
    assert {row.kind for row in readings(store)} == {"weight", "body-composition"}
    assert all("shared_user" in r.quality for r in readings(store) if r.kind != "weight")
    assert bond_of(scale).bonded
    await eventually_async(lambda: wrong(store) == set())


@pytest.mark.usefixtures("listen")
async def test_a_device_that_connects_and_tells_nothing_is_told_to_the_technician(
    store: Store, bluez: Bluez
) -> None:
    model = models.CUFF_ENHANCED
    silent = replace(model, measurement=0x2B36)  # a characteristic that no box reads
    added(store, silent)
    cuff = on_air(bluez, silent)
    cuff.measure(body())
    await eventually_async(lambda: "tells-nothing" in wrong(store), within_s=60)
    (issue,) = issues.current(store)
    assert "gives no readings" in issue.sentence()
    assert readings(store) == []


async def test_many_neighbours_hide_no_device_that_comes_later(
    recorder: Recorder, store: Store
) -> None:
    unpaired = UnpairedDevices(recorder)
    watch = recognised("", ["180D"])
    cuff = recognised("A&D_UA-651BLE_1", ["1810"])
    assert watch is not None
    assert cuff is not None
    for number in range(UNPAIRED_LIMIT + 5):
        unpaired.heard(heard(f"AA:00:00:00:00:{number:02X}", at_s=number / 10), watch)
    unpaired.heard(heard("AA:00:00:00:01:00", at_s=3), cuff)
    await recorder.fetch(lambda store, _: None)
    kinds = Counter(issue.kind for issue in issues.current(store))
    assert kinds == {"not-added": UNPAIRED_LIMIT, "not-paired": 1}
    unpaired.heard(heard("AA:00:00:00:02:00", at_s=200), watch)
    await recorder.fetch(lambda store, _: None)
    addresses = {issue.detail for issue in issues.current(store)}
    assert "AA:00:00:00:02:00" in addresses
    assert "AA:00:00:00:00:00" not in addresses
    unpaired.forget(10_000)
    await recorder.fetch(lambda store, _: None)
    assert issues.current(store) == []


def heard(address: str, at_s: float) -> Advertisement:
    return Advertisement(address, "", (), 0, at_s, BLEDevice(address, None, {}))
