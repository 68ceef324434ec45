"""Real pyserial on ptys: what a serial device measures becomes a row."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import serial
from eventually import eventually_async
from station_kit import QUICK_TERMS, Start, body, device, raws, readings, rejected, wrong

from devices.catalogue import model_named
from devices.driver import LineSettings
from devices.recording.recorder import Recorder
from devices.serial.supervisor import PortHabits, PortSupervisor
from devices.simulators.clockwork import NEVER_SET
from devices.simulators.faults import Fault
from devices.simulators.wired.ad_tm2657 import Tm2657
from devices.simulators.wired.cms50dplus import Cms50dPlus, StreamTimes
from edge.equipment import registry
from edge.model.reading import Code
from edge.store.store import Store

pytestmark = pytest.mark.long

HABITS = PortHabits(
    rescan_s=0.1, first_retry_s=0.05, longest_retry_s=0.2, silent_s=1.0, stability=QUICK_TERMS
)


@pytest.fixture
async def kiosk(tmp_path: Path) -> AsyncIterator[Tm2657]:
    machine = Tm2657(tmp_path / "ttyKIOSK", measure_s=0.1)
    machine.line.plug()
    yield machine
    await machine.stop()


@pytest.fixture
async def oximeter(tmp_path: Path) -> AsyncIterator[Cms50dPlus]:
    times = StreamTimes(search_s=0.2, stream_s=2.5, out_s=0.4)
    machine = Cms50dPlus(tmp_path / "ttyOXI", times)
    machine.line.plug()
    yield machine
    await machine.stop()


def supervise(recorder: Recorder, path: Path | str, model: str) -> PortSupervisor:
    row = model_named(model)
    assert row is not None
    return PortSupervisor(recorder, str(path), row, HABITS)


def states(store: Store) -> list[str]:
    return [device.state for device in registry.devices(store)]


async def listening(store: Store) -> None:
    await eventually_async(lambda: states(store) == ["listening"])


async def test_a_kiosk_result_becomes_a_row_with_its_own_digits_and_bytes(
    recorder: Recorder, store: Store, kiosk: Tm2657, start: Start
) -> None:
    start(supervise(recorder, kiosk.line.path, "TM-2657").run())
    await listening(store)
    kiosk.measure(body())
    (row,) = await eventually_async(lambda: readings(store))
    (raw,) = raws(store)
    shown = dict((f[0], f[1:]) for f in raw.decode("latin-1").split("\x1e")[5:9])
    assert {
        code: str(value.value)
        for code in (Code.SYSTOLIC, Code.DIASTOLIC, Code.PULSE)
        if (value := row.value(code))
    } == {
        Code.SYSTOLIC: shown["S"].strip(),
        Code.DIASTOLIC: shown["D"].strip(),
        Code.PULSE: shown["P"].strip(),
    }
    assert raw.startswith(b"\x16\x16\x01")
    assert raw == kiosk._last
    assert row.model == "A&D TM-2657"
    assert wrong(store) == set()


async def test_a_finger_shows_live_and_leaves_one_reading(
    recorder: Recorder, store: Store, oximeter: Cms50dPlus, start: Start
) -> None:
    start(supervise(recorder, oximeter.line.path, "CMS50D+").run())
    await listening(store)
    oximeter.measure(body())
    await eventually_async(lambda: registry.live(store, recorder.now()))
    await eventually_async(lambda: states(store) == ["measuring"])
    await eventually_async(lambda: readings(store))
    await eventually_async(lambda: states(store) == ["listening"])
    oximeter.measure(body(2))
    await eventually_async(lambda: len(readings(store)) == 2)
    assert rejected(store) == []
    assert wrong(store) == set()


async def test_a_lost_cable_with_the_finger_in_still_leaves_one_reading(
    recorder: Recorder, store: Store, oximeter: Cms50dPlus, start: Start
) -> None:
    start(supervise(recorder, oximeter.line.path, "CMS50D+").run())
    await listening(store)
    oximeter.measure(body(), Fault.DROP)
    await eventually_async(lambda: wrong(store) == {"port-missing"})
    await eventually_async(lambda: wrong(store) == set())
    await eventually_async(lambda: states(store) == ["measuring"])
    await eventually_async(lambda: states(store) == ["connected"])
    assert len(readings(store)) == 1


async def test_a_stream_that_stops_with_the_finger_in_is_said_to_be_silent(
    recorder: Recorder, store: Store, oximeter: Cms50dPlus, start: Start
) -> None:
    start(supervise(recorder, oximeter.line.path, "CMS50D+").run())
    await listening(store)
    oximeter.measure(body(), Fault.LOW_BATTERY)
    await eventually_async(lambda: wrong(store) == {"device-silent"})
    oximeter.measure(body())
    await eventually_async(lambda: wrong(store) == set())


async def test_half_a_frame_is_kept_as_bytes(
    recorder: Recorder, store: Store, kiosk: Tm2657, start: Start
) -> None:
    start(supervise(recorder, kiosk.line.path, "TM-2657").run())
    await listening(store)
    kiosk.measure(body(), Fault.TRUNCATED)
    (row,) = await eventually_async(lambda: rejected(store))
    assert kiosk._last is not None
    assert row.raw == kiosk._last[: len(kiosk._last) // 2]
    kiosk.measure(body())
    await eventually_async(lambda: readings(store))
    assert wrong(store) == set()


async def test_a_flipped_bit_never_becomes_a_number(
    recorder: Recorder, store: Store, kiosk: Tm2657, start: Start
) -> None:
    start(supervise(recorder, kiosk.line.path, "TM-2657").run())
    await listening(store)
    kiosk.measure(body(), Fault.FLIPPED_BIT)
    await eventually_async(lambda: kiosk._last is not None)
    kiosk.measure(body(2))
    await eventually_async(lambda: readings(store))
    assert raws(store) == [kiosk._last]


async def test_a_failed_measurement_asks_to_measure_again(
    recorder: Recorder, store: Store, kiosk: Tm2657, start: Start
) -> None:
    start(supervise(recorder, kiosk.line.path, "TM-2657").run())
    await listening(store)
    kiosk.measure(body(), Fault.NAN)
    (row,) = await eventually_async(lambda: rejected(store))
    assert "try again" in row.why
    assert row.raw == kiosk._last


async def test_noise_before_a_frame_is_no_matter(
    recorder: Recorder, store: Store, kiosk: Tm2657, start: Start
) -> None:
    start(supervise(recorder, kiosk.line.path, "TM-2657").run())
    await listening(store)
    kiosk.measure(body(), Fault.GARBAGE_PREFIX)
    await eventually_async(lambda: readings(store))
    (raw,) = raws(store)
    assert kiosk._last is not None
    assert raw.endswith(kiosk._last)


async def test_a_lost_clock_is_noted_and_the_reading_kept(
    recorder: Recorder, store: Store, kiosk: Tm2657, start: Start
) -> None:
    start(supervise(recorder, kiosk.line.path, "TM-2657").run())
    await listening(store)
    kiosk.measure(body(), Fault.WRONG_CLOCK)
    (row,) = await eventually_async(lambda: readings(store))
    assert row.device_time == NEVER_SET
    offset_s = await eventually_async(lambda: device(store).clock_offset_s)
    assert offset_s < -20 * 365 * 24 * 3600


async def test_a_pulled_cable_is_said_and_a_replugged_one_works(
    recorder: Recorder, store: Store, kiosk: Tm2657, start: Start
) -> None:
    start(supervise(recorder, kiosk.line.path, "TM-2657").run())
    await listening(store)
    for seed in range(3):
        kiosk.line.unplug()
        await eventually_async(lambda: wrong(store) == {"port-missing"})
        assert states(store) == ["absent"]
        kiosk.line.plug()
        await eventually_async(lambda: wrong(store) == set())
        await listening(store)
        kiosk.measure(body(seed))
        await eventually_async(lambda count=seed: len(readings(store)) == count + 1)


async def test_a_busy_port_is_said_and_taken_when_free(
    recorder: Recorder, store: Store, kiosk: Tm2657, start: Start
) -> None:
    other = serial.Serial(str(kiosk.line.path), exclusive=True)
    start(supervise(recorder, kiosk.line.path, "TM-2657").run())
    await eventually_async(lambda: wrong(store) == {"port-busy"})
    other.close()
    await eventually_async(lambda: wrong(store) == set())
    kiosk.measure(body())
    await eventually_async(lambda: readings(store))


async def test_other_line_settings_are_found(
    recorder: Recorder, store: Store, kiosk: Tm2657, start: Start
) -> None:
    kiosk.line.settings = LineSettings(9600)
    start(supervise(recorder, kiosk.line.path, "TM-2657").run())
    await listening(store)
    for count in (1, 2):
        kiosk.measure(body())
        await eventually_async(lambda count=count: len(rejected(store)) == count)
        assert wrong(store) == {"line-settings"}
    kiosk.measure(body())
    await eventually_async(lambda: readings(store))
    await eventually_async(lambda: wrong(store) == set())


async def test_a_supervisor_that_failed_can_be_started_anew(
    recorder: Recorder, store: Store, kiosk: Tm2657, start: Start
) -> None:
    same = supervise(recorder, kiosk.line.path, "TM-2657")
    first = start(same.run())
    await listening(store)
    first.cancel()
    await asyncio.gather(first, return_exceptions=True)
    start(same.run())
    kiosk.measure(body())
    assert await eventually_async(lambda: readings(store))


async def test_a_glob_finds_the_port(
    recorder: Recorder, store: Store, kiosk: Tm2657, start: Start
) -> None:
    start(supervise(recorder, kiosk.line.path.with_name("ttyK*"), "TM-2657").run())
    await listening(store)
    kiosk.measure(body())
    await eventually_async(lambda: readings(store))
