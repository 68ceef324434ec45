"""What meters and analysers hold for the host: read whole, once, into the tray, never erased."""

from __future__ import annotations

from collections import deque
from dataclasses import replace
from pathlib import Path

import pytest
from eventually import eventually_async
from session_kit import TESTS, plugged, supervise
from station_kit import Start, body, readings, rejected, visiting_patient

from devices.recording.recorder import Recorder
from devices.simulators.faults import Fault
from devices.simulators.wired.astm_e1381 import AstmAnalyser
from devices.simulators.wired.freestyle_optium import FreestyleOptium
from devices.simulators.wired.hl7_mllp import Hl7Analyser
from devices.simulators.wired.machine import Machine
from devices.simulators.wired.onetouch_ultra2 import Ultra2
from devices.simulators.wired.onetouch_ultraeasy import UltraEasy
from devices.simulators.wired.polled import GlucoseMeter, Record
from devices.simulators.wired.sd_codefree import Codefree
from edge.equipment import controls, registry
from edge.model.reading import Code, Kind
from edge.store.store import Store

pytestmark = pytest.mark.long

METERS = [Ultra2, UltraEasy, FreestyleOptium, Codefree]
WITH_NUMBER = [Ultra2, FreestyleOptium]
ANALYSERS = [AstmAnalyser, Hl7Analyser]


def values(store: Store, code: str) -> list[str]:
    return sorted(str(value.value) for row in readings(store) if (value := row.value(code)))


def stored(meter: GlucoseMeter) -> list[str]:
    return sorted(str(record.value) for record in meter.memory if not record.control)


@pytest.mark.parametrize("kind", METERS)
async def test_a_memory_is_read_whole_and_not_twice(
    recorder: Recorder, store: Store, tmp_path: Path, start: Start, kind: type[GlucoseMeter]
) -> None:
    async with plugged(kind, tmp_path) as meter:
        assert isinstance(meter, GlucoseMeter)
        visiting_patient(store, store.clock())
        for seed in range(5):
            meter.measure(body(seed))
        meter.memory = deque(
            (at_minute(record, at) for at, record in enumerate(meter.memory)), maxlen=500
        )
        supervise(recorder, meter, Kind.GLUCOSE, start)
        await eventually_async(lambda: values(store, Code.GLUCOSE_MG_DL) == stored(meter))
        meter.unplug()
        await eventually_async(lambda: all(d.state == "absent" for d in registry.devices(store)))
        meter.measure(body(9))
        meter.plug()
        await eventually_async(lambda: values(store, Code.GLUCOSE_MG_DL) == stored(meter))
        assert all(row.patient_id is None for row in readings(store))
        assert rejected(store) == []
        assert not meter.erased


def at_minute(record: Record, minute: int) -> Record:
    """The same record at a time of its own: meters measure no two in one minute."""
    return replace(record, when=record.when.replace(minute=minute, second=0))


@pytest.mark.parametrize("kind", METERS)
@pytest.mark.parametrize("fault", [Fault.TRUNCATED, Fault.FLIPPED_BIT, Fault.MUTE, Fault.DROP])
async def test_a_bad_cable_costs_time_and_no_record(
    recorder: Recorder,
    store: Store,
    tmp_path: Path,
    start: Start,
    kind: type[GlucoseMeter],
    fault: Fault,
) -> None:
    async with plugged(kind, tmp_path) as meter:
        assert isinstance(meter, GlucoseMeter)
        meter.measure(body(1))
        meter.measure(body(2), fault)
        supervise(recorder, meter, Kind.GLUCOSE, start)
        if kind is Codefree:  # it calls once, when it is put on its cable
            await eventually_async(lambda: readings(store) or not meter._fault)
            await eventually_async(lambda: meter.line.plugged)
            meter.unplug()
            meter.plug()
        await eventually_async(
            lambda: values(store, Code.GLUCOSE_MG_DL) == stored(meter), within_s=30
        )
        assert not meter.erased


@pytest.mark.parametrize("kind", WITH_NUMBER)
async def test_a_meter_is_known_by_its_own_number(
    recorder: Recorder, store: Store, tmp_path: Path, start: Start, kind: type[GlucoseMeter]
) -> None:
    async with plugged(kind, tmp_path) as meter:
        meter.measure(body(), Fault.WRONG_CLOCK)
        supervise(recorder, meter, Kind.GLUCOSE, start)
        (row,) = await eventually_async(lambda: readings(store))
        assert row.device_id is not None
        assert row.device_id.startswith(meter.protocol)
        device_id = row.device_id
        offset = await eventually_async(lambda: clock_offset(store, device_id))
        assert offset < -20 * 365 * 86_400


def clock_offset(store: Store, device_id: str) -> int:
    device = registry.device(store, device_id)
    return (device.clock_offset_s or 0) if device else 0


async def test_control_solution_is_nobodys_glucose(
    recorder: Recorder, store: Store, tmp_path: Path, start: Start
) -> None:
    async with plugged(Ultra2, tmp_path) as meter:
        assert isinstance(meter, Ultra2)
        meter.measure(body(1), Fault.CONTROL)
        meter.measure(body(2))
        supervise(recorder, meter, Kind.GLUCOSE, start)
        await eventually_async(lambda: readings(store))
        assert values(store, Code.GLUCOSE_MG_DL) == stored(meter)
        await eventually_async(lambda: controls.count(store) == 1)
        meter.unplug()
        await eventually_async(lambda: all(d.state == "absent" for d in registry.devices(store)))
        meter.measure(body(3))
        meter.plug()
        await eventually_async(lambda: values(store, Code.GLUCOSE_MG_DL) == stored(meter))
        assert controls.count(store) == 1, "the memory was read again"


@pytest.mark.parametrize("kind", ANALYSERS)
@pytest.mark.parametrize("fault", [None, Fault.TRUNCATED, Fault.MUTE])
async def test_an_analysers_result_waits_in_the_tray(
    recorder: Recorder,
    store: Store,
    tmp_path: Path,
    start: Start,
    kind: type[Machine],
    fault: Fault | None,
) -> None:
    async with plugged(kind, tmp_path) as analyser:
        assert isinstance(analyser, AstmAnalyser | Hl7Analyser)
        supervise(recorder, analyser, Kind.LABORATORY, start, TESTS)
        await eventually_async(lambda: registry.devices(store))
        visiting_patient(store, store.clock())
        analyser.measure(body(), fault)
        (row,) = await eventually_async(lambda: readings(store), within_s=30)
        assert row.value(Code.HAEMOGLOBIN) is not None
        await eventually_async(lambda: not analyser.waiting, within_s=30)
        assert len(readings(store)) == 1


async def test_a_flipped_bit_in_a_checked_result_is_asked_for_again(
    recorder: Recorder, store: Store, tmp_path: Path, start: Start
) -> None:
    async with plugged(AstmAnalyser, tmp_path) as analyser:
        supervise(recorder, analyser, Kind.LABORATORY, start, TESTS)
        await eventually_async(lambda: registry.devices(store))
        analyser.measure(body(), Fault.FLIPPED_BIT)
        (row,) = await eventually_async(lambda: readings(store))
        assert "unchecked" not in row.quality


async def test_an_unchecked_result_says_so(
    recorder: Recorder, store: Store, tmp_path: Path, start: Start
) -> None:
    async with plugged(Hl7Analyser, tmp_path) as analyser:
        supervise(recorder, analyser, Kind.LABORATORY, start, TESTS)
        await eventually_async(lambda: registry.devices(store))
        analyser.measure(body())
        (row,) = await eventually_async(lambda: readings(store))
        assert "unchecked" in row.quality


@pytest.mark.parametrize("kind", ANALYSERS)
async def test_a_test_that_nobody_mapped_is_kept_as_bytes(
    recorder: Recorder, store: Store, tmp_path: Path, start: Start, kind: type[Machine]
) -> None:
    async with plugged(kind, tmp_path) as analyser:
        supervise(recorder, analyser, Kind.LABORATORY, start, {})
        await eventually_async(lambda: registry.devices(store))
        analyser.measure(body())
        (row,) = await eventually_async(lambda: rejected(store))
        assert b"HB" in row.raw
        assert readings(store) == []
