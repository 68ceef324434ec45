"""Real pyserial on ptys: what a serial device measures becomes a row."""

from __future__ import annotations

from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from eventually import eventually_async
from station_kit import QUICK_TERMS, Start, body, raws, readings, wrong

from devices.catalogue import model_named
from devices.port_supervisor import PortHabits, PortSupervisor
from devices.recorder import Recorder
from devices.simulators.ad_tm2657 import Tm2657
from devices.simulators.cms50dplus import Cms50dPlus, StreamTimes
from edge import registry
from edge.reading import Code
from edge.store import Store

HABITS = PortHabits(
    rescan_s=0.1, first_retry_s=0.05, longest_retry_s=0.2, silent_s=1.0, terms=QUICK_TERMS
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
    assert row.model == "TM-2657"
    assert wrong(store) == set()
