"""Polled devices on real pyserial and ptys: asked, understood, and never made to do harm."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from eventually import eventually_async
from session_kit import HABITS, model_of, plugged, supervise
from station_kit import Start, body, raws, readings, rejected, visiting_patient

from devices.recording.recorder import Recorder
from devices.serial.supervisor import PortSupervisor
from devices.simulators.faults import Fault
from devices.simulators.wired.cms50_v7 import Cms50E
from devices.simulators.wired.freestyle_optium import FreestyleOptium
from devices.simulators.wired.suntech_nibp import SuntechNibp
from devices.simulators.wired.taidoc_51 import Td1241, Td3128, Td4279, Td8255, frame
from devices.station import carry_requests
from edge.equipment import device_requests, registry
from edge.model.clock import Clock
from edge.model.reading import Code, Kind
from edge.readings import history
from edge.store.store import Store

pytestmark = pytest.mark.long


@pytest.fixture
async def module(tmp_path: Path) -> AsyncIterator[SuntechNibp]:
    async with plugged(SuntechNibp, tmp_path) as machine:
        assert isinstance(machine, SuntechNibp)
        yield machine


def known(store: Store, prefix: str) -> registry.Device:
    """The one device whose id begins like this."""
    (found,) = (one for one in registry.devices(store) if one.id.startswith(prefix))
    return found


async def connected(store: Store, prefix: str) -> registry.Device:
    def there() -> list[registry.Device]:
        held = registry.devices(store)
        return [one for one in held if one.id.startswith(prefix) and one.state == "connected"]

    (found,) = await eventually_async(there)
    return found


async def test_a_glucose_meters_memory_lands_in_the_tray_once(
    recorder: Recorder, store: Store, tmp_path: Path, start: Start
) -> None:
    async with plugged(Td4279, tmp_path) as meter:
        assert isinstance(meter, Td4279)
        visiting_patient(store, store.clock())
        meter.measure(body(1))
        meter.measure(body(2), Fault.CONTROL)
        supervise(recorder, meter, Kind.GLUCOSE, start)
        (row,) = await eventually_async(lambda: readings(store))
        value = row.value(Code.GLUCOSE_MG_DL)
        assert value is not None
        assert value.value == int.from_bytes(meter.memory[0][1][:2], "little")
        assert row.device_time == meter.memory[0][0].replace(second=0)
        device = known(store, "taidoc_51-4279")
        assert row.device_id == device.id
        assert device.clock_offset_s == 0
        (raw,) = raws(store)
        assert raw.endswith(frame(0x26, meter.memory[0][1]))
        meter.unplug()
        await eventually_async(lambda: known(store, "taidoc_51-4279").state == "absent")
        meter.measure(body(3))
        meter.plug()
        await eventually_async(lambda: len(readings(store)) == 2)
        await connected(store, "taidoc_51-4279")
        assert not meter.erased
        assert rejected(store) == []


@pytest.mark.parametrize(("kind", "shown"), [(Td4279, "0.4"), (FreestyleOptium, "0.4")])
async def test_a_ketone_is_read_by_its_meters_own_factor(
    recorder: Recorder, store: Store, tmp_path: Path, start: Start, kind: Any, shown: str
) -> None:
    async with plugged(kind, tmp_path) as meter:
        meter.measure(body(1), Fault.KETONE)
        supervise(recorder, meter, Kind.GLUCOSE, start)
        (row,) = await eventually_async(lambda: readings(store))
        value = row.value(Code.KETONE)
        assert value is not None
        assert (str(value.value), value.unit) == (shown, "mmol/L")
        assert row.value(Code.GLUCOSE_MG_DL) is None


@pytest.mark.parametrize(
    ("kind", "measures", "code"),
    [
        (Td3128, Kind.BLOOD_PRESSURE, Code.SYSTOLIC),
        (Td1241, Kind.TEMPERATURE, Code.TEMPERATURE),
    ],
)
async def test_the_model_says_what_a_record_means(
    recorder: Recorder,
    store: Store,
    tmp_path: Path,
    start: Start,
    kind: Any,
    measures: Kind,
    code: str,
) -> None:
    async with plugged(kind, tmp_path) as meter:
        meter.measure(body())
        supervise(recorder, meter, measures, start)
        (row,) = await eventually_async(lambda: readings(store))
        assert row.kind == measures.value
        assert row.value(code) is not None
        assert not meter.erased  # type: ignore[attr-defined]


async def test_a_wrong_clock_is_told_and_corrected_by_nobody(
    recorder: Recorder, store: Store, tmp_path: Path, start: Start
) -> None:
    async with plugged(Td4279, tmp_path) as meter:
        meter.measure(body(), Fault.WRONG_CLOCK)
        supervise(recorder, meter, Kind.GLUCOSE, start)
        await eventually_async(lambda: readings(store))
        offset = known(store, "taidoc_51-4279").clock_offset_s
        assert offset is not None
        assert offset < -20 * 365 * 86_400
        assert meter.clock.now().year == 2000


async def test_a_taidoc_oximeter_gives_a_live_reading(
    recorder: Recorder, store: Store, tmp_path: Path, start: Start
) -> None:
    async with plugged(Td8255, tmp_path) as meter:
        supervise(recorder, meter, Kind.OXIMETRY, start)
        device = await connected(store, "taidoc_51-8255")
        await eventually_async(lambda: registry.device(store, device.id) is not None)
        patient = visiting_patient(store, store.clock())
        meter.measure(body())
        await eventually_async(lambda: history.of_patient(store, patient))


async def test_a_streaming_oximeter_is_started_kept_alive_and_stopped(
    recorder: Recorder, store: Store, tmp_path: Path, start: Start
) -> None:
    async with plugged(Cms50E, tmp_path) as oximeter:
        assert isinstance(oximeter, Cms50E)
        supervise(recorder, oximeter, Kind.OXIMETRY, start)
        await eventually_async(lambda: oximeter._watching is not None)
        patient = visiting_patient(store, store.clock())
        oximeter.measure(body())
        (row,) = await eventually_async(lambda: history.of_patient(store, patient))
        assert row.value(Code.SPO2) is not None
        assert not oximeter.erased


async def test_nobody_asked_nothing_inflates(
    recorder: Recorder, store: Store, module: SuntechNibp, start: Start
) -> None:
    supervise(recorder, module, Kind.BLOOD_PRESSURE, start)
    module.measure(body())
    await connected(store, "port-")
    await asyncio.sleep(1.0)
    assert not module.cuff.busy
    assert readings(store) == []


async def test_a_person_starts_a_cuff_and_the_patient_has_the_result(
    recorder: Recorder, store: Store, clock: Clock, module: SuntechNibp, start: Start
) -> None:
    supervisor = supervise(recorder, module, Kind.BLOOD_PRESSURE, start)
    start(carry_requests(recorder, [supervisor]))
    patient = visiting_patient(store, clock)
    module.measure(body())
    device = await connected(store, "port-")
    device_requests.ask(store, clock.now(), device.id, "start-adult", None)
    await eventually_async(lambda: module.cuff.inflated)
    (row,) = await eventually_async(lambda: history.of_patient(store, patient))
    assert module.cuff.result is not None
    systolic = row.value(Code.SYSTOLIC)
    assert systolic is not None
    assert systolic.value == int(module.cuff.result.systolic)
    await eventually_async(lambda: asked(store, device.id) == "done")
    assert not module.cuff.inflated


def asked(store: Store, device: str) -> str:
    latest = device_requests.latest(store, device)
    return latest.state if latest else ""


async def test_a_person_stops_a_cuff(
    recorder: Recorder, store: Store, clock: Clock, module: SuntechNibp, start: Start
) -> None:
    supervisor = supervise(recorder, module, Kind.BLOOD_PRESSURE, start)
    start(carry_requests(recorder, [supervisor]))
    module.measure(body())
    device = await connected(store, "port-")
    device_requests.ask(store, clock.now(), device.id, "start-adult", None)
    await eventually_async(lambda: module.cuff.inflated)
    device_requests.ask(store, clock.now(), device.id, "stop", None)
    await eventually_async(lambda: not module.cuff.busy)
    await eventually_async(lambda: rejected(store))
    assert readings(store) == []


async def test_a_cuff_deflates_when_the_station_ends(
    recorder: Recorder, store: Store, clock: Clock, module: SuntechNibp, start: Start
) -> None:

    row = model_of(module, Kind.BLOOD_PRESSURE)
    supervisor = PortSupervisor(recorder, str(module.line.path), row, HABITS)
    running = start(supervisor.run())
    module.measure(body())
    device = await connected(store, "port-")
    assert supervisor.request(device.id, "start-adult")
    await eventually_async(lambda: module.cuff.inflated)
    running.cancel()
    await eventually_async(lambda: not module.cuff.busy)
    assert readings(store) == []


@pytest.mark.parametrize("fault", [Fault.NAN, Fault.MOTION, Fault.BUSY])
async def test_a_failed_cuff_is_no_reading_even_with_old_numbers(
    recorder: Recorder, store: Store, clock: Clock, module: SuntechNibp, start: Start, fault: Fault
) -> None:
    supervisor = supervise(recorder, module, Kind.BLOOD_PRESSURE, start)
    module.measure(body(1))
    device = await connected(store, "port-")
    supervisor.request(device.id, "start-adult")
    await eventually_async(lambda: len(readings(store)) == 1)
    module.measure(body(2), fault)
    supervisor.request(device.id, "start-adult")
    await eventually_async(lambda: rejected(store))
    assert len(readings(store)) == 1
    assert not module.cuff.inflated
