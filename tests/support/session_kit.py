"""What the tests of conversations share: simulated devices on ptys, and a supervisor at each."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from pathlib import Path

from station_kit import QUICK_TERMS, Start

from devices.catalogue import SERIAL_PROTOCOLS
from devices.model import Model
from devices.protocols.laboratory import Site, Test
from devices.recording.recorder import Recorder
from devices.serial.supervisor import PortHabits, PortSupervisor
from devices.simulators.wired.machine import Machine, Times
from edge.model.reading import Code, Kind

HABITS = PortHabits(
    rescan_s=0.1, first_retry_s=0.05, longest_retry_s=0.2, silent_s=1.0, stability=QUICK_TERMS
)
TIMES = Times(measure_s=1.5, search_s=0.2, stream_s=4.0, out_s=0.4, silence_s=3.0, answer_s=0.5)


@asynccontextmanager
async def plugged(
    kind: type[Machine], folder: Path, times: Times = TIMES
) -> AsyncIterator[Machine]:
    """A simulated device on its cable."""
    machine = kind(folder / "ttyS", times)
    machine.plug()
    yield machine
    await machine.stop()


def model_of(machine: Machine, kind: Kind) -> Model:
    """A row for a device that need not be in the catalogue."""
    assert machine.protocol in SERIAL_PROTOCOLS
    return Model(machine.model, "Test", machine.model, (kind,), "serial", machine.protocol)


HAEMOGLOBIN = Test(Code.HAEMOGLOBIN, "g/dL")
TESTS = {"^^^HB": HAEMOGLOBIN, "HB^Haemoglobin": HAEMOGLOBIN}


def supervise(
    recorder: Recorder,
    machine: Machine,
    kind: Kind,
    start: Start,
    tests: Mapping[str, Test] | None = None,
) -> PortSupervisor:
    """Let a supervisor run at the device's port."""
    row = model_of(machine, kind)
    supervisor = PortSupervisor(recorder, str(machine.line.path), row, HABITS, Site(tests or {}))
    start(supervisor.run())
    return supervisor
