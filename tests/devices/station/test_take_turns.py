"""Few links for many devices: everybody gets a turn, and streams give way."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ble_scene import QUICK, added, calm, on_air
from eventually import eventually_async
from station_kit import Start, body, raws

from devices.ble.slots import Bounds
from devices.ble.supervisor import BleSupervisor
from devices.recording.recorder import Recorder
from devices.simulators import models
from devices.simulators.bluez import Bluez
from devices.simulators.bluez_tree import DEVICE
from devices.simulators.roster import Post
from edge.store.store import Store

pytestmark = pytest.mark.long


def connected(bluez: Bluez) -> int:
    return sum(bluez._tree.flag(path, DEVICE, "Connected") for path in bluez.objects)


async def test_ten_devices_and_two_links(
    recorder: Recorder, store: Store, bluez: Bluez, start: Start
) -> None:
    habits = replace(calm(), bounds=Bounds(total=2, streaming=1))
    patient = replace(QUICK, advertise_s=30, hang_up_s=0.05)
    for number in range(1, 11):
        post = Post(models.UA_651BLE, number)
        on_air(bluez, post.model(), habits=patient).measure(body(number))
    start(BleSupervisor(recorder, habits).run())
    links: list[int] = []

    def all_are_here() -> bool:
        links.append(connected(bluez))
        return len(raws(store)) == 10

    await eventually_async(all_are_here, every_s=0.02)
    assert max(links) == 2
    assert len(set(raws(store))) == 10


async def test_a_strap_that_never_ends_gives_way_to_a_cuff(
    recorder: Recorder, store: Store, bluez: Bluez, start: Start
) -> None:
    habits = replace(calm(), bounds=Bounds(total=1, streaming=1, patience_s=0.3))
    for_ever = replace(QUICK, advertise_s=60, stream_s=1, out_s=60)
    added(store, models.POLAR_H10)
    strap = on_air(bluez, models.POLAR_H10, habits=for_ever)
    strap.measure(body(1))
    start(BleSupervisor(recorder, habits).run())
    await eventually_async(lambda: connected(bluez) == 1)
    on_air(bluez, models.UA_651BLE, habits=replace(QUICK, advertise_s=60)).measure(body(2))
    kinds = "SELECT 1 FROM reading WHERE kind = 'blood-pressure'"
    assert await eventually_async(lambda: store.row(kinds))
