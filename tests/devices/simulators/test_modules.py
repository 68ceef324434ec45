"""Cuffs that a host starts and stops, and the oximeters that come with them: real pyserial."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from decimal import Decimal
from pathlib import Path

import pytest

from devices.driver import Event
from devices.protocols import berry_pm6750, cms50_v7, medlab_nibp2020, suntech_nibp
from devices.simulators.bodies import Pressure, Saturation
from devices.simulators.faults import Fault
from devices.simulators.wired import berry_pm6750 as berry
from devices.simulators.wired import cms50_v7 as contec
from devices.simulators.wired import medlab_nibp2020 as medlab
from devices.simulators.wired import suntech_nibp as suntech
from edge.model.reading import Code
from tests.support.eventually import eventually_async
from tests.support.wires import QUICK, VECTORS, Ear, numbers, open_port, person

pytestmark = pytest.mark.long

SLOW = replace(QUICK, measure_s=0.5, silence_s=5)


def pressure(*values: int) -> Pressure:
    systolic, diastolic, mean, pulse = (Decimal(value) for value in values)
    return Pressure(systolic, diastolic, mean, pulse)


def wanted(pulse: bool = True) -> dict[str, Decimal]:
    seen = person().measure_pressure()
    values = {
        Code.SYSTOLIC: seen.systolic,
        Code.DIASTOLIC: seen.diastolic,
        Code.MEAN_PRESSURE: seen.mean,
    }
    return {**values, Code.PULSE: seen.pulse} if pulse else {**values}


@pytest.mark.parametrize(
    ("frame", "vector"),
    [
        (suntech.packet((258).to_bytes(2, "little")), "suntech_nibp-07"),
        (
            suntech.packet(b"O") + suntech.packet(b"K")
            + suntech.result_packet(pressure(115, 74, 88, 85)),
            "suntech_nibp-08",
        ),
        (suntech.packet(b"\x20", lead=0x3A), "suntech_nibp-01"),
        (b"\x02" + medlab.status_text(pressure(125, 80, 90, 75)).encode() + b"\x03\r",
         "medlab_nibp2020-05"),
        (medlab.spo2_packet(None, 0x6C), "medlab_nibp2020-09"),
        (berry.spo2_packet(Saturation(Decimal(98), Decimal(72), Decimal(1))), "berry_pm6750-02"),
        (berry.cuff_packet(150) + berry.cuff_packet(0, 4), "berry_pm6750-05"),
        (contec.live_packet(
            Saturation(Decimal(99), Decimal(61), Decimal(1)), (5, 85, 10)), "cms50_v7-01"),
        (contec.live_packet(
            Saturation(Decimal(98), Decimal(72), Decimal(3)), (7, 64, 5), index=300),
         "cms50_v7-03"),
        (contec.live_packet(None, (0, 0, 0), 0x80), "cms50_v7-04"),
    ],
)  # fmt: skip
def test_a_frame_is_the_published_one(frame: bytes, vector: str) -> None:
    assert frame == VECTORS[vector]


# --- SunTech -----------------------------------------------------------------------------------


async def code(ear: Ear, question: bytes) -> str:
    (event,) = await ear.ask(question)
    return str(event.fields.get("code", event.name))


async def test_a_module_measures_when_it_is_told(tmp_path: Path) -> None:
    device = suntech.SuntechNibp(tmp_path / "tty", SLOW)
    device.plug()
    device.measure(person())
    with open_port(device) as port:
        ear = Ear(port, device.protocol)
        assert not device.cuff.inflated
        assert await code(ear, suntech_nibp.start("adult")) == "O"
        assert await code(ear, suntech_nibp.start("adult")) == "B"
        asked = 0
        while "K" not in [event.fields.get("code") for event in ear.events]:
            await ear.ask(suntech_nibp.ask_cuff())
            asked += 1
        # The "K" comes by itself, before or after the answer to the last question.
        await ear.until(lambda: ear.names().count("cuff") == asked)
        seen = [event.fields["pressure"] for event in ear.events if event.name == "cuff"]
        assert max(int(str(p)) for p in seen) > wanted()[Code.SYSTOLIC]
        assert await code(ear, suntech_nibp.ask_result()) == "reading"
        await ear.ask(suntech_nibp.ask_result())
    assert [numbers(measured) for measured in ear.measured] == [wanted()] * 2
    assert not device.cuff.inflated
    await device.stop()


async def inflate(device: suntech.SuntechNibp, ear: Ear) -> None:
    assert await code(ear, suntech_nibp.start("adult")) == "O"
    await eventually_async(lambda: device.cuff.inflated, every_s=0.01)


async def test_an_aborted_cuff_deflates_at_once(tmp_path: Path) -> None:
    device = suntech.SuntechNibp(tmp_path / "tty", SLOW)
    device.plug()
    device.measure(person())
    with open_port(device) as port:
        ear = Ear(port, device.protocol)
        await inflate(device, ear)
        await ear.ask(suntech_nibp.abort(), 2)
        assert not device.cuff.inflated
        assert await code(ear, suntech_nibp.ask_result()) == str(0x56)
    await device.stop()


@pytest.mark.parametrize("how", ["silence", "cable", "power"])
async def test_a_cuff_that_nobody_watches_deflates(tmp_path: Path, how: str) -> None:
    device = suntech.SuntechNibp(tmp_path / "tty", replace(SLOW, measure_s=20, silence_s=0.5))
    device.plug()
    device.measure(person())
    with open_port(device) as port:
        await inflate(device, Ear(port, device.protocol))
        if how == "cable":
            device.unplug()
        elif how == "power":
            await device.stop()
        await eventually_async(lambda: not device.cuff.inflated, within_s=15)
    assert not device.cuff.inflated
    await device.stop()


@pytest.mark.parametrize(("fault", "error"), [(Fault.MOTION, 2), (Fault.NAN, 0x57)])
async def test_an_error_beside_old_numbers_is_no_reading(
    tmp_path: Path, fault: Fault, error: int
) -> None:
    device = suntech.SuntechNibp(tmp_path / "tty", QUICK)
    device.plug()
    with open_port(device) as port:
        ear = Ear(port, device.protocol)
        for each in (None, fault):
            device.measure(person(), each)
            await ear.ask(suntech_nibp.start("adult"), 2)
            await ear.ask(suntech_nibp.ask_result())
    assert len(ear.measured) == 1
    assert ear.events[-1] == Event("error", {"kind": "device_error", "code": error})
    systolic = int(wanted()[Code.SYSTOLIC]).to_bytes(2, "little")
    assert ear.raw.count(b"\x3e\x18" + systolic) == 2
    await device.stop()


async def test_a_busy_module_says_so_once(tmp_path: Path) -> None:
    device = suntech.SuntechNibp(tmp_path / "tty", QUICK)
    device.plug()
    device.measure(person(), Fault.BUSY)
    with open_port(device) as port:
        ear = Ear(port, device.protocol)
        assert await code(ear, b"\x3a\x3a" + suntech_nibp.start("adult")) == "B"
        assert await code(ear, suntech_nibp.start("adult")) == "O"
    await device.stop()


# --- Medlab ------------------------------------------------------------------------------------


@pytest.mark.parametrize("kind", [medlab.MedlabNibp, medlab.MedlabWithOximeter])
async def test_a_medlab_module_shows_the_cuff_then_the_result(
    tmp_path: Path, kind: type[medlab.MedlabNibp]
) -> None:
    device = kind(tmp_path / "tty", SLOW)
    device.plug()
    with open_port(device) as port:
        ear = Ear(port, device.protocol)
        await ear.until(lambda: True)
        port.write(medlab_nibp2020.command(medlab_nibp2020.STATUS))
        await ear.until(lambda: "status" in ear.names())
        device.measure(person())
        port.write(medlab_nibp2020.command(medlab_nibp2020.START))
        await ear.until(lambda: "measurement_end" in ear.names())
        assert "cuff" in ear.names()
        port.write(medlab_nibp2020.command(medlab_nibp2020.STATUS))
        await ear.until(lambda: any(Code.SYSTOLIC in numbers(m) for m in ear.measured))
    found = [numbers(measured) for measured in ear.measured]
    results = [values for values in found if Code.SYSTOLIC in values]
    samples = [values for values in found if Code.SPO2 in values]
    assert len(results) == 1
    assert bool(samples) == (kind is medlab.MedlabWithOximeter)
    if not samples:
        assert results == [wanted()]
    await device.stop()


async def test_a_medlab_error_shows_the_arm_before(tmp_path: Path) -> None:
    device = medlab.MedlabNibp(tmp_path / "tty", QUICK)
    device.plug()
    with open_port(device) as port:
        ear = Ear(port, device.protocol)
        for fault in (None, Fault.MOTION):
            device.measure(person(), fault)
            ends = ear.names().count("measurement_end")
            port.write(medlab_nibp2020.command(medlab_nibp2020.START))
            await ear.until(lambda n=ends: ear.names().count("measurement_end") > n)  # type: ignore[misc]
            port.write(medlab_nibp2020.command(medlab_nibp2020.STATUS))
            await ear.until(lambda: ear.names()[-1] in ("reading", "device_error"))
    assert len(ear.measured) == 1
    assert ear.events[-1].fields["code"] == "11"
    assert ear.raw.count(f"P{int(wanted()[Code.SYSTOLIC])}".encode()) == 2
    await device.stop()


async def test_a_reset_lets_a_medlab_cuff_go(tmp_path: Path) -> None:
    device = medlab.MedlabNibp(tmp_path / "tty", replace(QUICK, measure_s=20))
    device.plug()
    device.measure(person())
    with open_port(device) as port:
        ear = Ear(port, device.protocol)
        port.write(medlab_nibp2020.command(medlab_nibp2020.START))
        await eventually_async(lambda: device.cuff.inflated)
        port.write(medlab_nibp2020.command(medlab_nibp2020.RESET))
        await ear.until(lambda: "measurement_end" in ear.names())
    assert not device.cuff.inflated
    await device.stop()


# --- Berry -------------------------------------------------------------------------------------


async def test_a_board_samples_by_itself_and_measures_on_command(tmp_path: Path) -> None:
    device = berry.Pm6750(tmp_path / "tty", replace(SLOW, stream_s=5))
    device.plug()
    with open_port(device) as port:
        ear = Ear(port, device.protocol)
        await ear.until(lambda: "reading" in ear.names())
        assert ear.measured == []
        device.measure(person())
        await ear.until(lambda: bool(ear.measured))
        assert Code.SPO2 in numbers(ear.measured[0])
        port.write(berry_pm6750.start_pressure())
        await ear.until(lambda: "sys" in ear.events[-1].fields or _result(ear) is not None)
    result = _result(ear)
    assert result is not None
    assert "cuff" in ear.names()
    assert device.cuff.result is not None
    assert result[Code.SYSTOLIC] == device.cuff.result.systolic
    assert result[Code.DIASTOLIC] == device.cuff.result.diastolic
    assert result[Code.MEAN_PRESSURE] == device.cuff.result.mean
    await device.stop()


def _result(ear: Ear) -> dict[str, Decimal] | None:
    found = [numbers(measured) for measured in ear.measured]
    return next((values for values in found if Code.SYSTOLIC in values), None)


async def test_a_board_stops_and_switches_its_samples(tmp_path: Path) -> None:
    device = berry.Pm6750(tmp_path / "tty", replace(QUICK, measure_s=20))
    device.plug()
    device.measure(person())
    with open_port(device) as port:
        ear = Ear(port, device.protocol)
        port.write(berry_pm6750.start_pressure())
        await eventually_async(lambda: device.cuff.inflated)
        port.write(berry_pm6750.stop_pressure())
        await ear.until(lambda: "device_error" in ear.names())
        assert not device.cuff.inflated
        port.write(berry.packet(0x03, b"\x00") + b"\x55\xaa\x04\x04\x00\xff")
        port.write(berry.packet(0x04, b"\x00") + berry.packet(0x01, b"\x00"))
        await eventually_async(lambda: not device.sampling)
        port.write(berry_pm6750.enable_oximeter())
        await eventually_async(lambda: device.sampling)
    await device.stop()


# --- Contec 7D ---------------------------------------------------------------------------------


async def test_a_7d_oximeter_streams_only_while_it_is_kept_alive(tmp_path: Path) -> None:
    device = contec.Cms50E(tmp_path / "tty", replace(QUICK, stream_s=5, silence_s=0.6))
    device.plug()
    device.measure(person())
    with open_port(device) as port:
        ear = Ear(port, device.protocol)
        await ear.ask(cms50_v7.command(cms50_v7.LIVE_STOP) + cms50_v7.command(cms50_v7.MODEL))
        assert ear.events == [Event("model", {"text": "CMS50E"})]
        port.write(cms50_v7.command(cms50_v7.LIVE_START))
        await ear.until(lambda: len(ear.measured) > 3)
        for _ in range(4):
            await asyncio.sleep(0.25)
            port.write(cms50_v7.command(cms50_v7.KEEP_ALIVE))
            ear.listen()
        before = len(ear.measured)
        await ear.until(lambda: len(ear.measured) > before)
        await _silence(ear)
        port.write(cms50_v7.command(cms50_v7.LIVE_START))
        before = len(ear.measured)
        await ear.until(lambda: len(ear.measured) > before)
    first = person().measure_saturation()
    seen = numbers(ear.measured[0])
    assert (seen[Code.SPO2], seen[Code.PULSE]) == (first.spo2, first.pulse)
    assert "error" not in {event.name for event in ear.events}
    await device.stop()


async def _silence(ear: Ear) -> None:
    before = -1
    while len(ear.raw) != before:
        before = len(ear.raw)
        await asyncio.sleep(0.25)
        ear.listen()


async def test_a_7d_memory_is_told_and_never_erased(tmp_path: Path) -> None:
    device = contec.Cms50E(tmp_path / "tty", replace(QUICK, search_s=0, stream_s=0.1))
    device.plug()
    device.measure(person())
    await eventually_async(lambda: bool(device.memory))
    with open_port(device) as port:
        ear = Ear(port, device.protocol)
        port.write(b"\x7d\x00" + cms50_v7.command(cms50_v7.STORED_START, 1, 1))
        await ear.until(lambda: "stored" in ear.names())
        (seen,) = device.memory
        pair = (int(seen.spo2), int(seen.pulse))
        assert ear.events[-1].fields["samples"] == (pair, (None, None), (None, None))
        for asked in (cms50_v7.STORED_COUNT, cms50_v7.STORED_DURATION, cms50_v7.MODEL):
            port.write(cms50_v7.command(asked))
        await ear.until(lambda: "model" in ear.names())
        assert ear.names()[1:] == ["packet", "packet", "model"]
        port.write(contec.packet(0x7D, bytes([0xAE, 0, 0, 0, 0, 0, 0])))
        await eventually_async(lambda: device.erased)
    assert len(device.memory) == 1
    await device.stop()


async def test_a_flat_battery_says_goodbye(tmp_path: Path) -> None:
    device = contec.Cms50E(tmp_path / "tty", QUICK)
    device.plug()
    with open_port(device) as port:
        ear = Ear(port, device.protocol)
        port.write(cms50_v7.command(cms50_v7.LIVE_START))
        device.measure(person(), Fault.LOW_BATTERY)
        await ear.until(lambda: "disconnect" in ear.names())
        await _silence(ear)
    await device.stop()


@pytest.mark.parametrize("fault", [Fault.FINGER_OUT, Fault.NAN])
async def test_a_7d_oximeter_without_a_pulse_has_no_value(tmp_path: Path, fault: Fault) -> None:
    device = contec.Cms50E(tmp_path / "tty", QUICK)
    device.plug()
    with open_port(device) as port:
        ear = Ear(port, device.protocol)
        port.write(cms50_v7.command(cms50_v7.LIVE_START))
        device.measure(person(), fault)
        await ear.until(lambda: len(ear.events) > 10)
    assert ear.measured == []
    assert ear.events[0].fields["probe_error"] == (fault is Fault.FINGER_OUT)
    await device.stop()
