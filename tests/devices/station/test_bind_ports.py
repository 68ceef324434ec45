"""Ports that nobody configured: recognised, shown with their bytes, and bound by a person."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest
from eventually import eventually_async
from session_kit import HABITS, TIMES, plugged
from station_kit import Start, body, readings

from devices.recording.recorder import Recorder
from devices.serial.configured_ports import Cables
from devices.serial.port_watch import PortWatch, WatchHabits
from devices.simulators.wired.ad_tm2657 import Tm2657
from devices.simulators.wired.cms50dplus import Cms50dPlus, StreamTimes
from devices.simulators.wired.machine import Machine
from devices.simulators.wired.masimo_ascii1 import Rad87
from devices.simulators.wired.medlab_nibp2020 import MedlabNibp
from devices.simulators.wired.onetouch_ultra2 import Ultra2
from devices.simulators.wired.polled import PolledDevice
from devices.simulators.wired.suntech_nibp import SuntechNibp
from devices.simulators.wired.taidoc_51 import Td4279
from edge.equipment import serial_bindings
from edge.model.entry import EntryKind
from edge.store import journal
from edge.store.store import Store

pytestmark = pytest.mark.system  # each goes through all line settings


def watch(recorder: Recorder, path: Path, start: Start, *, probe: bool = False) -> Cables:
    """Watch one path, and be ready to give it a supervisor."""
    cables = Cables(recorder, (), HABITS)
    probed = (str(path),) if probe else ()
    habits = WatchHabits((str(path),), probed, look_s=0.1, listen_s=1.5, answer_s=0.8)
    start(PortWatch(recorder, cables.owned, cables.follow, habits).run())
    start(cables.run())
    return cables


def seen(store: Store) -> serial_bindings.UnboundPort | None:
    return next(iter(serial_bindings.sightings(store)), None)


def models(store: Store) -> tuple[str, ...]:
    found = seen(store)
    return found.models if found else ()


async def test_a_stream_is_recognised_by_listening_alone(
    recorder: Recorder, store: Store, tmp_path: Path, start: Start
) -> None:
    oximeter = Cms50dPlus(tmp_path / "ttyS", StreamTimes(search_s=0.2, stream_s=60, out_s=1))
    oximeter.line.plug()
    oximeter.measure(body())
    watch(recorder, oximeter.line.path, start)
    await eventually_async(lambda: "Contec CMS50D+" in models(store), within_s=90)
    found = seen(store)
    assert found is not None
    assert found.evidence.endswith("sound frames at 19200 8O1")
    assert 0 < len(found.tail) <= 2 * serial_bindings.TAIL_BYTES
    await oximeter.stop()


async def test_what_was_recognised_is_bound_by_a_person_and_read(
    recorder: Recorder, store: Store, tmp_path: Path, start: Start
) -> None:
    async with plugged(Rad87, tmp_path) as monitor:
        watch(recorder, monitor.line.path, start)
        await eventually_async(lambda: "Masimo Rad-87" in models(store), within_s=90)
        await asyncio.sleep(0.5)
        assert readings(store) == []  # nobody has bound it yet
        found = seen(store)
        assert found is not None
        serial_bindings.bind(store, store.clock().now(), found.port, "Masimo Rad-87", actor="tariq")
        await eventually_async(lambda: seen(store) is None)
        monitor.times = replace(TIMES, stream_s=20.0)
        monitor.measure(body())
        (row,) = await eventually_async(lambda: readings(store))
        assert row.model == "Masimo Rad-87"
        said = [entry for _, entry in journal.since(store, 0) if entry.kind == EntryKind.BINDING]
        assert [entry.actor for entry in said] == ["tariq"]
        serial_bindings.unbind(store, store.clock().now(), found.port, actor="tariq")
        await eventually_async(lambda: "Masimo Rad-87" in models(store), within_s=90)


async def test_a_kiosk_is_recognised_by_one_result(
    recorder: Recorder, store: Store, tmp_path: Path, start: Start
) -> None:
    kiosk = Tm2657(tmp_path / "ttyS", measure_s=0.05)
    kiosk.line.plug()
    watch(recorder, kiosk.line.path, start)

    def again() -> bool:
        kiosk.measure(body())
        return "A&D TM-2657" in models(store)

    await eventually_async(again, within_s=90, every_s=0.9)
    await kiosk.stop()


@pytest.mark.parametrize(
    ("kind", "label"),
    [
        (SuntechNibp, "SunTech Advantage"),
        (Td4279, "TaiDoc TD-4279"),
        (MedlabNibp, "Medlab NIBP2020"),
        (Ultra2, "LifeScan OneTouch Ultra2"),
    ],
)
async def test_a_silent_device_is_asked_only_where_that_is_allowed(
    recorder: Recorder, store: Store, tmp_path: Path, start: Start, kind: type[Machine], label: str
) -> None:
    async with plugged(kind, tmp_path) as machine:
        assert isinstance(machine, PolledDevice)
        machine.measure(body())
        watch(recorder, machine.line.path, start, probe=True)
        await eventually_async(lambda: label in models(store), within_s=60)
        found = seen(store)
        assert found is not None
        assert found.evidence.startswith("it answered")
        assert not machine.erased
        cuff = getattr(machine, "cuff", None)
        assert cuff is None or not cuff.busy


async def test_a_port_that_must_not_be_asked_hears_nothing(
    recorder: Recorder, store: Store, tmp_path: Path, start: Start
) -> None:
    async with plugged(Td4279, tmp_path) as meter:
        assert isinstance(meter, Td4279)
        watch(recorder, meter.line.path, start)
        await eventually_async(lambda: seen(store))
        await asyncio.sleep(4)
        assert models(store) == ()
        assert not meter._awake
        meter.unplug()
        await eventually_async(lambda: seen(store) is None)
