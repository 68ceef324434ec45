"""Every module with a cuff, and every device that is spoken to: only what a person asked for."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest
from eventually import eventually_async
from session_kit import HABITS, TIMES, plugged, supervise
from station_kit import Start, body, readings, rejected, visiting_patient

from devices.catalogue.serial_protocols import SERIAL_ROWS
from devices.model import Model
from devices.recording.recorder import Recorder
from devices.serial.supervisor import PortSupervisor
from devices.simulators.faults import Fault
from devices.simulators.roster import WIRED, WiredRow
from devices.simulators.wired.berry_pm6750 import Pm6750
from devices.simulators.wired.machine import Machine
from devices.simulators.wired.medlab_nibp2020 import MedlabNibp, MedlabWithOximeter
from devices.simulators.wired.polled import Polled
from devices.simulators.wired.suntech_nibp import SuntechNibp
from edge.equipment import registry
from edge.model.reading import Code, Kind
from edge.readings import history
from edge.store.store import Store

pytestmark = pytest.mark.long

MODULES = [SuntechNibp, MedlabNibp, MedlabWithOximeter, Pm6750]
LISTEN_S = 1.5


def here(store: Store) -> str:
    """The id of the one device, once it speaks."""
    there = (one for one in registry.devices(store) if one.state in ("connected", "measuring"))
    return next((one.id for one in there), "")


@pytest.mark.parametrize("kind", MODULES)
async def test_a_person_starts_every_module(
    recorder: Recorder, store: Store, tmp_path: Path, start: Start, kind: type[Machine]
) -> None:
    async with plugged(kind, tmp_path) as module:
        assert isinstance(module, SuntechNibp | MedlabNibp | Pm6750)
        supervisor = supervise(recorder, module, Kind.BLOOD_PRESSURE, start)
        patient = visiting_patient(store, store.clock())
        module.measure(body(), Fault.FINGER_OUT if Fault.FINGER_OUT in module.faults else None)
        device = await eventually_async(lambda: here(store))
        assert supervisor.request(device, "start-adult")
        (row,) = await eventually_async(lambda: history.of_patient(store, patient))
        assert module.cuff.result is not None
        systolic = row.value(Code.SYSTOLIC)
        assert systolic is not None
        assert systolic.value == int(module.cuff.result.systolic)
        assert not module.cuff.busy


@pytest.mark.parametrize("kind", MODULES)
async def test_every_module_deflates_when_its_port_is_left(
    recorder: Recorder, store: Store, tmp_path: Path, start: Start, kind: type[Machine]
) -> None:
    async with plugged(kind, tmp_path) as module:
        assert isinstance(module, SuntechNibp | MedlabNibp | Pm6750)
        row = Model(kind.model, "Test", kind.model, (Kind.BLOOD_PRESSURE,), "serial", kind.protocol)
        supervisor = PortSupervisor(recorder, str(module.line.path), row, HABITS)
        running = start(supervisor.run())
        module.measure(body())
        device = await eventually_async(lambda: here(store))
        supervisor.request(device, "start-adult")
        await eventually_async(lambda: module.cuff.inflated)
        running.cancel()
        await eventually_async(lambda: not module.cuff.busy)


@pytest.mark.parametrize("kind", MODULES)
@pytest.mark.parametrize("fault", [Fault.NAN, Fault.MOTION])
async def test_old_numbers_beside_an_error_are_no_reading(
    recorder: Recorder,
    store: Store,
    tmp_path: Path,
    start: Start,
    kind: type[Machine],
    fault: Fault,
) -> None:
    async with plugged(kind, tmp_path) as module:
        assert isinstance(module, SuntechNibp | MedlabNibp | Pm6750)
        supervisor = supervise(recorder, module, Kind.BLOOD_PRESSURE, start)
        device = await eventually_async(lambda: here(store))
        module.cuff.wrap(body(1), None)
        supervisor.request(device, "start-adult")
        await eventually_async(lambda: len(readings(store)) == 1)
        module.cuff.wrap(body(2), fault)
        supervisor.request(device, "start-adult")
        await eventually_async(lambda: rejected(store))
        assert len(readings(store)) == 1


async def test_a_new_station_deflates_what_a_dead_one_left(
    recorder: Recorder, store: Store, tmp_path: Path, start: Start
) -> None:
    async with plugged(SuntechNibp, tmp_path) as module:
        assert isinstance(module, SuntechNibp)
        module.cuff.wrap(body(), None)
        module.cuff.start()
        await eventually_async(lambda: module.cuff.inflated)
        supervise(recorder, module, Kind.BLOOD_PRESSURE, start)
        await eventually_async(lambda: not module.cuff.busy)
        await eventually_async(lambda: here(store))
        assert readings(store) == []


def conversing() -> dict[str, WiredRow]:
    """The rows of devices that are spoken to."""
    spoken = {row.name for row in SERIAL_ROWS if row.session or row.analyser}
    made = {row.slug: row.make(Path("tty"), 1, "") for row in WIRED}
    return {
        row.slug: row
        for row in WIRED
        if isinstance(machine := made[row.slug], Machine) and machine.protocol in spoken
    }


@pytest.mark.parametrize("slug", conversing())
async def test_no_device_is_ever_asked_to_erase_or_to_inflate(
    recorder: Recorder, store: Store, tmp_path: Path, start: Start, slug: str
) -> None:
    machine = conversing()[slug].make(tmp_path / "tty", 1, "")
    assert isinstance(machine, Machine)
    machine.times = TIMES
    machine.plug()
    try:
        machine.measure(body())
        supervise(recorder, machine, Kind.BLOOD_PRESSURE, start)
        await eventually_async(lambda: registry.devices(store))
        await asyncio.sleep(LISTEN_S)
        assert not (isinstance(machine, Polled) and machine.erased)
        cuff = getattr(machine, "cuff", None)
        assert cuff is None or not (cuff.busy or cuff.result)
    finally:
        await machine.stop()
