"""Meters with a memory: real pyserial asks, and the product reads what the body had."""

from __future__ import annotations

import asyncio
from datetime import datetime
from decimal import Decimal
from itertools import dropwhile
from pathlib import Path

import pytest

from devices.driver import Event
from devices.protocols import (
    freestyle_optium,
    onetouch_ultra2,
    onetouch_ultraeasy,
    sd_codefree,
    taidoc_51,
)
from devices.simulators.clockwork import NEVER_SET
from devices.simulators.faults import Fault
from devices.simulators.wired import freestyle_optium as optium
from devices.simulators.wired import onetouch_ultra2 as ultra2
from devices.simulators.wired import onetouch_ultraeasy as ultraeasy
from devices.simulators.wired import sd_codefree as codefree
from devices.simulators.wired import taidoc_51 as taidoc
from devices.simulators.wired.polled import Record
from edge.model.reading import Code, Kind, Measurement
from tests.support.wires import QUICK, VECTORS, WHEN, Ear, numbers, open_port, person

pytestmark = pytest.mark.long

GLUCOSE = Code.GLUCOSE_MG_DL


def strips(count: int = 2) -> list[Decimal]:
    """What twins measure one after the other, newest first."""
    return [person(seed).measure_glucose() for seed in reversed(range(count))]


def fill(meter: taidoc.TaiDoc | ultra2.GlucoseMeter, count: int = 2) -> None:
    for seed in range(count):
        meter.measure(person(seed))


@pytest.mark.parametrize(
    ("frame", "vector"),
    [
        (taidoc.frame(0x22, direction=0xA3), "taidoc_51-01"),
        (taidoc.frame(0x26, bytes.fromhex("68001a40")), "taidoc_51-04"),
        (taidoc.frame(0x26, bytes.fromhex("78005048")), "taidoc_51-07"),
        (taidoc.frame(0x54), "taidoc_51-10"),
        (ultra2.line(ultra2.record_text(Record(WHEN.replace(day=23, minute=20), 118, True))),
         "onetouch_ultra2-03"),
        (ultraeasy.packet(b"", 8), "onetouch_ultraeasy-01"),
        (ultraeasy.packet(b"", 6), "onetouch_ultraeasy-03"),
        (b"\0" + codefree.packet(bytes.fromhex("1030")), "sd_codefree-01"),
        (codefree.packet(codefree.count_message(5)), "sd_codefree-02"),
    ],
)  # fmt: skip
def test_a_frame_is_the_published_one(frame: bytes, vector: str) -> None:
    assert frame == VECTORS[vector]


def test_other_frames_are_the_published_ones() -> None:
    clock = ultra2.clock_text(datetime(2013, 8, 3, 22, 12))  # noqa: DTZ001
    assert ultra2.line(f"T {clock}").strip() == VECTORS["onetouch_ultra2-01"].strip()
    reading = ultraeasy.packet(ultraeasy.record_message(Record(WHEN, 112)), 2)
    assert VECTORS["onetouch_ultraeasy-05"].endswith(reading)
    assert ultraeasy.packet(bytes.fromhex("050d02"), 3).hex() == "020903050d0203089f"


# --- TaiDoc ------------------------------------------------------------------------------------


async def ask_taidoc(ear: Ear, code: int, record: int = 0) -> bytes:
    """Ask, and ask again when the meter only says that it has woken up."""
    (event,) = await ear.ask(taidoc_51.command(code, record))
    if event.fields["cmd"] == taidoc_51.ENTERED:
        (event,) = await ear.ask(taidoc_51.command(code, record))
    assert event.fields["cmd"] == code
    return bytes.fromhex(str(event.fields["payload"]))


async def download(ear: Ear) -> list[Measurement]:
    """Read a whole memory as a host does."""
    model = taidoc_51.model(await ask_taidoc(ear, taidoc_51.MODEL))
    kind = taidoc_51.kind_of(model)
    assert kind is not None
    count = int.from_bytes((await ask_taidoc(ear, taidoc_51.COUNT))[:2], "little")
    found = []
    for record in range(count):
        time = taidoc_51.record_time(await ask_taidoc(ear, taidoc_51.RECORD_TIME, record))
        value = await ask_taidoc(ear, taidoc_51.RECORD_VALUE, record)
        measured = taidoc_51.record(kind, time, value)
        assert measured is not None
        found.append(measured)
    return found


def pressures(seed: int) -> dict[str, Decimal]:
    seen = person(seed).measure_pressure()
    return {
        Code.SYSTOLIC: seen.systolic,
        Code.DIASTOLIC: seen.diastolic,
        Code.PULSE: seen.pulse,
    }


@pytest.mark.parametrize(
    ("meter", "wanted"),
    [
        (taidoc.Td3128, [pressures(1), pressures(0)]),
        (taidoc.Td4279, [{GLUCOSE: value} for value in strips()]),
        (
            taidoc.Td1241,
            [{Code.TEMPERATURE: person(seed).measure_temperature()} for seed in (1, 0)],
        ),
    ],
)
async def test_a_taidoc_memory_is_read_by_its_model(
    tmp_path: Path, meter: type[taidoc.TaiDoc], wanted: list[dict[str, Decimal]]
) -> None:
    device = meter(tmp_path / "tty", QUICK)
    device.plug()
    fill(device)
    with open_port(device) as port:
        ear = Ear(port, device.protocol)
        found = await download(ear)
    assert [numbers(measured) for measured in found] == wanted
    assert all(measured.stored for measured in found)
    now = device.clock.now()
    times = [measured.device_time for measured in found]
    assert all(time is not None and (now - time).total_seconds() < 120 for time in times)
    assert ear.events[0].fields["cmd"] == taidoc_51.ENTERED
    assert not device.erased
    await device.stop()


async def test_a_taidoc_finger_is_seen_while_it_is_in(tmp_path: Path) -> None:
    device = taidoc.Td8255(tmp_path / "tty", QUICK)
    device.plug()
    with open_port(device) as port:
        ear = Ear(port, device.protocol)
        assert await ask_taidoc(ear, taidoc_51.SPO2_LIVE) == bytes(4)
        device.measure(person())
        await ask_taidoc(ear, taidoc_51.SPO2_LIVE)
        (measured,) = ear.measured
        assert 90 <= numbers(measured)[Code.SPO2] <= 100
        await asyncio.sleep(QUICK.stream_s)
        assert await ask_taidoc(ear, taidoc_51.SPO2_LIVE) == bytes(4)
    assert measured.kind is Kind.OXIMETRY
    await device.stop()


async def test_a_taidoc_takes_a_clock_and_keeps_what_it_is_told_to_erase(tmp_path: Path) -> None:
    device = taidoc.Td3128(tmp_path / "tty", QUICK)
    device.plug()
    device.measure(person(), Fault.WRONG_CLOCK)
    with open_port(device) as port:
        ear = Ear(port, device.protocol)
        (first,) = await download(ear)
        assert first.device_time == NEVER_SET
        await ear.ask(taidoc.frame(0x33, taidoc.time_payload(WHEN), 0xA3))
        assert device.clock.now() >= WHEN
        await ear.ask(taidoc.frame(0x52, direction=0xA3))
        assert device.erased
        assert len(device.memory) == 1
        assert await ask_taidoc(ear, taidoc_51.RECORD_VALUE, 7) == bytes(4)
    await device.stop()


async def test_noise_and_a_broken_command_are_passed_over(tmp_path: Path) -> None:
    device = taidoc.Td3128(tmp_path / "tty", QUICK)
    device.plug()
    with open_port(device) as port:
        ear = Ear(port, device.protocol)
        broken = taidoc_51.command(taidoc_51.MODEL)[:-1] + b"\x00"
        (event,) = await ear.ask(b"\x00\x51" + broken + taidoc_51.command(taidoc_51.MODEL))
        assert event.fields["cmd"] == taidoc_51.ENTERED
        port.write(taidoc_51.command(taidoc_51.MODEL)[:3])
        (event,) = await ear.ask(taidoc_51.command(taidoc_51.MODEL)[3:])
        assert event.fields["cmd"] == taidoc_51.MODEL
    await device.stop()


# --- strips ------------------------------------------------------------------------------------


async def test_an_ultra2_dumps_its_memory(tmp_path: Path) -> None:
    device = ultra2.Ultra2(tmp_path / "tty", QUICK)
    device.plug()
    fill(device)
    device.measure(person(), Fault.CONTROL)
    with open_port(device) as port:
        ear = Ear(port, device.protocol)
        for code in ("DM?", "DM@", "DMSU?", "DMF"):
            await ear.ask(onetouch_ultra2.command(code))
        await ear.ask(onetouch_ultra2.command("DMP"), 4)
        assert ear.names() == ["text"] * 3 + ["clock", "header"] + ["reading"] * 3
        assert [numbers(m)[GLUCOSE] for m in ear.measured] == strips()
        assert ear.events[4].fields["count"] == 3
        await ear.ask(b"\x11\rDMZ\r")
    assert device.erased
    assert len(device.memory) == 3
    await device.stop()


async def test_an_optium_dumps_its_memory(tmp_path: Path) -> None:
    device = optium.FreestyleOptium(tmp_path / "tty", QUICK)
    device.plug()
    fill(device)
    device.measure(person(), Fault.WRONG_CLOCK)
    device.clock.set(datetime(2026, 6, 21, 7, 0))  # noqa: DTZ001
    device.measure(person())
    with open_port(device) as port:
        ear = Ear(port, device.protocol)
        await ear.ask(freestyle_optium.DUMP, 5)
    own = person().measure_glucose()
    assert [numbers(m)[GLUCOSE] for m in ear.measured] == [own, own, *strips()]
    times = [measured.device_time for measured in ear.measured]
    assert times[:2] == [datetime(2026, 6, 21, 7, 0), NEVER_SET]  # noqa: DTZ001
    await device.stop()


async def test_a_codefree_calls_until_it_is_answered(tmp_path: Path) -> None:
    device = codefree.Codefree(tmp_path / "tty", QUICK)
    device.plug()
    fill(device)
    with open_port(device) as port:
        ear = Ear(port, device.protocol)
        await ear.until(lambda: len(ear.events) >= 2)
        assert {event.fields["message"] for event in ear.events} == {"1030"}
        (count,) = await ear.ask(sd_codefree.answer_challenge())
        assert count == Event("count", {"n": 2})
        for _ in range(2):
            await ear.ask(sd_codefree.fetch())
        (goodbye,) = await ear.ask(sd_codefree.fetch())
        assert goodbye.name == "packet"
    assert [numbers(m)[GLUCOSE] for m in ear.measured] == strips()
    await device.stop()


class EasyHost:
    """The host's end of the UltraEasy link."""

    def __init__(self, ear: Ear) -> None:
        self.ear = ear
        self.own = self.expected = 0

    async def connect(self) -> None:
        (answer,) = await self.ear.ask(onetouch_ultraeasy.reset_link())
        assert answer.fields["disconnect"]
        self.own = self.expected = 0

    async def request(self, message: bytes) -> Event:
        before = len(self.ear.events)
        self.ear.port.write(self.data(message))

        def answered() -> list[Event]:
            """What came from the acknowledgement on; a busy host may see the last answer again."""
            fresh = self.ear.events[before:]
            return list(dropwhile(lambda event: "ack" not in event.fields, fresh))

        await self.ear.until(lambda: len(answered()) >= 2)
        ack, answer = answered()[:2]
        assert ack.fields["ack"]
        assert ack.fields["expect"] == bool(self.own ^ 1)
        self.own ^= 1
        return answer

    def data(self, message: bytes) -> bytes:
        return onetouch_ultraeasy.packet(message, self.own | self.expected << 1)

    def acknowledge(self) -> None:
        self.expected ^= 1
        self.ear.port.write(onetouch_ultraeasy.acknowledge(self.own, self.expected))


async def test_an_ultraeasy_numbers_its_packets(tmp_path: Path) -> None:
    device = ultraeasy.UltraEasy(tmp_path / "tty", QUICK)
    device.plug()
    fill(device, 3)
    with open_port(device) as port:
        ear = Ear(port, device.protocol)
        host = EasyHost(ear)
        await host.connect()
        assert (await host.request(onetouch_ultraeasy.VERSION)).fields["message"] != ""
        host.acknowledge()
        ask_count = onetouch_ultraeasy.record_message(onetouch_ultraeasy.COUNT_INDEX)
        count = await host.request(ask_count)
        host.acknowledge()
        assert count == Event("count", {"n": 3})
        for index in range(3):
            await host.request(onetouch_ultraeasy.record_message(index))
            host.acknowledge()
    assert [numbers(m)[GLUCOSE] for m in ear.measured] == strips(3)
    await device.stop()


async def test_an_ultraeasy_repeats_what_was_not_acknowledged(tmp_path: Path) -> None:
    device = ultraeasy.UltraEasy(tmp_path / "tty", QUICK)
    device.plug()
    device.measure(person(), Fault.FLIPPED_BIT)
    with open_port(device) as port:
        ear = Ear(port, device.protocol)
        host = EasyHost(ear)
        record = host.data(onetouch_ultraeasy.record_message(0))
        port.write(record)
        await ear.until(lambda: len(ear.measured) == 1)  # the second time it came whole
        host.own ^= 1
        host.acknowledge()
        (again,) = await ear.ask(record)
        assert again.fields["ack"]
        await asyncio.sleep(2 * QUICK.answer_s)
        ear.listen()
    assert len(ear.measured) == 1
    await device.stop()


async def test_an_ultraeasy_gives_up_and_starts_anew(tmp_path: Path) -> None:
    device = ultraeasy.UltraEasy(tmp_path / "tty", QUICK)
    device.plug()
    device.measure(person())
    with open_port(device) as port:
        ear = Ear(port, device.protocol)
        host = EasyHost(ear)
        await host.request(onetouch_ultraeasy.record_message(0))
        await ear.until(lambda: len(ear.measured) == 3)
        await host.connect()
        await host.request(b"\x05\x1a")
    assert device.erased
    assert len(device.memory) == 1
    await device.stop()


@pytest.mark.parametrize("fault", [Fault.TRUNCATED, Fault.FLIPPED_BIT, Fault.MUTE])
async def test_a_fault_strikes_one_answer(tmp_path: Path, fault: Fault) -> None:
    device = optium.FreestyleOptium(tmp_path / "tty", QUICK)
    device.plug()
    device.measure(person(), fault)
    with open_port(device) as port:
        ear = Ear(port, device.protocol)
        port.write(freestyle_optium.DUMP)
        await asyncio.sleep(0.2)
        ear.listen()
        assert ear.measured == []
        while not ear.measured:  # half a dump spoils the one after it, not the third
            port.write(freestyle_optium.DUMP)
            await asyncio.sleep(0.2)
            ear.listen()
        assert ear.raw.count(b"XCMT123") <= 3
    await device.stop()
