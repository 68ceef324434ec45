"""The ward as a process: announced in one line, commanded by lines, gone without a trace."""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
import random
import signal
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from pathlib import Path

import pytest
import serial
from bleak import BleakScanner

from devices.catalogue import MODELS, recognised
from devices.simulators.bluez import Bluez
from devices.simulators.bodies import patients
from devices.simulators.bus import PrivateBus
from devices.simulators.faults import Fault, FaultSchedule
from devices.simulators.gatt import uuid_name
from devices.simulators.models import BLE_MODELS, MORE_BLE_MODELS
from devices.simulators.peripherals import BleModel
from devices.simulators.roster import simulated
from devices.simulators.ward import UnknownDeviceError, Ward

pytestmark = pytest.mark.long

Answer = dict[str, object]
Start = Callable[..., Awaitable["Process"]]


class Process:
    """A running `python -m devices.simulators`."""

    def __init__(self, child: asyncio.subprocess.Process) -> None:
        self.child = child

    async def read(self) -> Answer:
        assert self.child.stdout is not None
        line = await asyncio.wait_for(self.child.stdout.readline(), 60)
        answer: Answer = json.loads(line)
        return answer

    async def tell(self, **command: object) -> Answer:
        assert self.child.stdin is not None
        self.child.stdin.write(json.dumps(command).encode() + b"\n")
        return await self.read()

    async def end(self, number: int | None = None) -> int:
        """End by a signal, else by closing stdin; return the exit code."""
        assert self.child.stdin is not None
        if self.child.returncode is None and number is not None:
            self.child.send_signal(number)
        self.child.stdin.close()
        await asyncio.wait_for(self.child.communicate(), 60)
        assert self.child.returncode is not None
        return self.child.returncode


def there(path: str) -> bool:
    return os.path.exists(path)


@pytest.fixture
async def start() -> AsyncIterator[Start]:
    running: list[Process] = []

    async def start_one(*arguments: str) -> Process:
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "devices.simulators",
            *arguments,
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        running.append(Process(child))
        return running[-1]

    yield start_one
    for process in running:
        with contextlib.suppress(ProcessLookupError):
            await process.end()


def test_the_table_tells_who_is_in_the_demo(tmp_path: Path) -> None:
    cards, told = Ward(tmp_path).cards(), simulated()
    wanted = {(m.name, m.link) for m in MODELS if told.get(m.name) == "in the demo"}
    assert {(card.model, card.link) for card in cards} == wanted


def test_every_serial_protocol_has_a_simulator() -> None:
    told = simulated()
    spoken = {model.protocol for model in MODELS if model.name in told and model.protocol}
    assert spoken == {m.protocol for m in MODELS if m.link == "serial"}


KNOWN = [model for model in (*BLE_MODELS, *MORE_BLE_MODELS) if model.slug != "cgm"]


@pytest.mark.parametrize("virtual", KNOWN, ids=lambda model: model.slug)
def test_the_catalogue_recognises_what_a_device_advertises(virtual: BleModel) -> None:
    row = recognised(virtual.identity.name, [uuid_name(virtual.service)])
    assert row is not None
    if not row.name_prefixes or row.broadcast:  # any device of a profile; a broadcast
        assert uuid_name(virtual.service) in row.services
        return
    assert virtual.identity.model.startswith(row.name)
    assert uuid_name(virtual.measurement) in row.characteristics
    assert (row.quirks.pairs != "never") == virtual.pair_first
    assert row.quirks.passkey == bool(virtual.passkey)
    assert row.clock == (None if virtual.clock is None else f"{virtual.clock:04X}")


async def test_a_ward_runs_in_the_same_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with Ward(tmp_path) as ward:
        monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", ward.bus_address)
        ward.measure("ut-201ble", next(patients(1)), Fault.WRONG_CLOCK)
        found = await BleakScanner.find_device_by_name("A&D_UT201BLE_AABBCC", timeout=30)
        assert found is not None
        with pytest.raises(UnknownDeviceError, match="ut-201ble"):
            ward.measure("stethoscope")
        ttys = list(ward.serial.values())
        assert all(tty.exists() for tty in ttys)
    assert not any(tty.is_symlink() for tty in ttys)


@pytest.mark.system
async def test_a_process_announces_itself_and_obeys(start: Start, tmp_path: Path) -> None:
    ward = await start("--dir", str(tmp_path), "--every", "0")
    place = await ward.read()
    assert str(place["bus"]).startswith("unix:path=")
    assert place["serial"] == {
        "tm-2657": str(tmp_path / "ttyTM2657"),
        "cms50d-plus": str(tmp_path / "ttyCMS50D"),
    }
    kiosk = tmp_path / "ttyTM2657"
    with serial.Serial(str(kiosk), 2400, timeout=10) as port:
        assert await ward.tell(measure="tm-2657", fault="wrong-clock") == {
            "ok": True,
            "measure": "tm-2657",
        }
        assert b"TM2657\x1e000101" in await asyncio.to_thread(port.read, 60)
    assert (await ward.tell(unplug="tm-2657"))["ok"]
    assert not kiosk.exists()
    assert (await ward.tell(plug="tm-2657"))["ok"]
    assert kiosk.exists()
    assert (await ward.tell(unplug="ua-651ble"))["ok"]
    assert (await ward.tell(power=False))["ok"]


@pytest.mark.system
@pytest.mark.parametrize(
    "command",
    [{"measure": "x"}, {"measure": "ua-651ble", "fault": "x"}, {"dance": "x"}, {"unplug": [1]}],
)
async def test_a_bad_command_is_answered_not_obeyed(start: Start, command: Answer) -> None:
    ward = await start("--every", "0")
    await ward.read()
    answer = await ward.tell(**command)
    assert answer["ok"] is False
    assert answer["error"]
    assert (await ward.tell(measure="ua-651ble"))["ok"]


@pytest.mark.system
async def test_two_wards_live_side_by_side(start: Start, tmp_path: Path) -> None:
    wards = [await start("--dir", str(tmp_path / name)) for name in ("one", "two")]
    places = [await ward.read() for ward in wards]
    assert places[0]["bus"] != places[1]["bus"]
    assert await wards[0].end() == 0
    assert (await wards[1].tell(measure="tm-2657"))["ok"]


@pytest.mark.system
@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, None])
async def test_a_ward_leaves_nothing_behind(
    start: Start, tmp_path: Path, number: int | None
) -> None:
    ward = await start("--dir", str(tmp_path), "--every", "0.1", "--faults", "1", "--seed", "3")
    socket = str((await ward.read())["bus"]).removeprefix("unix:path=")
    assert there(socket)
    assert await ward.end(number) == 0
    assert not there(os.path.dirname(socket))
    assert os.listdir(tmp_path) == []


async def test_a_ward_whose_bus_has_gone_still_ends() -> None:
    bus, bluez = PrivateBus(), Bluez()
    await bluez.start(await bus.start())
    await bus.stop()
    await bluez.stop()
    assert not there(bus.address.removeprefix("unix:path="))


def test_a_schedule_tells_the_same_story_again() -> None:
    every = frozenset(Fault)
    first, second = (FaultSchedule(0.5, random.Random(4)) for _ in range(2))
    story = [first.draw(every) for _ in range(50)]
    assert story == [second.draw(every) for _ in range(50)]
    assert 10 < story.count(None) < 40
    assert FaultSchedule(1, random.Random(0)).draw(frozenset()) is None
    assert FaultSchedule(0, random.Random(0)).draw(every) is None
    with pytest.raises(ValueError, match="between 0 and 1"):
        FaultSchedule(1.5, random.Random(0))
