"""Oximeters that sample without pause: real pyserial, and the product agrees with the finger."""

from __future__ import annotations

from dataclasses import replace
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.catalogue import SERIAL_PROTOCOLS
from devices.protocols.nonin import select
from devices.simulators.bodies import Saturation, patients
from devices.simulators.faults import Fault
from devices.simulators.wired import masimo_ascii1, nellcor_n595, nonin
from devices.simulators.wired.machine import Phase, Streamer
from edge.model.reading import Code
from tests.support.eventually import eventually_async
from tests.support.wires import QUICK, VECTORS, WHEN, Ear, numbers, open_port, person

pytestmark = pytest.mark.long

STREAMERS: list[type[Streamer]] = [
    masimo_ascii1.Rad87,
    masimo_ascii1.Rad8,
    nellcor_n595.N595,
    nonin.Xpod,
    nonin.NoninDf8,
]
CAPTURED = datetime(2016, 2, 22, 22, 47, 45)  # noqa: DTZ001


def quick(kind: type[Streamer]) -> type[Streamer]:
    """The same device, with less patience between its samples."""
    if kind is nonin.Xpod:
        return kind
    return type(kind.__name__, (kind,), {"period_s": 0.15})


def seen(spo2: int, pulse: int, perfusion: str = "3.6") -> Saturation:
    return Saturation(Decimal(spo2), Decimal(pulse), Decimal(perfusion))


@pytest.mark.parametrize("kind", STREAMERS, ids=lambda kind: kind.slug)
async def test_the_product_reads_on_a_real_port_what_the_finger_had(
    tmp_path: Path, kind: type[Streamer]
) -> None:
    device = quick(kind)(tmp_path / "tty", replace(QUICK, stream_s=0.6))
    device.plug()
    with open_port(device) as port:
        ear = Ear(port, kind.protocol)
        device.measure(person())
        await ear.until(lambda: bool(ear.measured) and _out_again(ear))
    wanted = person().measure_saturation()
    first = numbers(ear.measured[0])
    assert {first[Code.SPO2], first[Code.PULSE]} == {wanted.spo2, wanted.pulse}
    await device.stop()


def _out_again(ear: Ear) -> bool:
    found = [ear.protocol.measured(e) is not None for e in ear.events if e.name == "reading"]
    return [valid for valid, _ in groupby(found)][-2:] == [True, False]


@pytest.mark.parametrize("kind", STREAMERS, ids=lambda kind: kind.slug)
@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**32))
def test_the_product_reads_every_finger(
    tmp_path_factory: pytest.TempPathFactory, kind: type[Streamer], seed: int
) -> None:
    device = kind(tmp_path_factory.getbasetemp() / "tty")
    finger = next(patients(seed)).measure_saturation()
    lumps = nonin.FRAMES if kind is nonin.Xpod else 1
    wire = b"".join(device.sample(finger, Phase.PULSE) for _ in range(lumps))
    protocol = SERIAL_PROTOCOLS[kind.protocol]
    found = [protocol.measured(event) for event in protocol.decoder().feed(wire)]
    readings = [numbers(measured) for measured in found if measured]
    assert readings
    assert all((r[Code.SPO2], r[Code.PULSE]) == (finger.spo2, finger.pulse) for r in readings)


@pytest.mark.parametrize("kind", STREAMERS, ids=lambda kind: kind.slug)
@pytest.mark.parametrize("phase", [Phase.OUT, Phase.SEARCHING])
def test_a_device_without_a_pulse_gives_no_sample(
    tmp_path: Path, kind: type[Streamer], phase: Phase
) -> None:
    device = kind(tmp_path / "tty")
    wire = b"".join(device.sample(None, phase) for _ in range(nonin.FRAMES))
    protocol = SERIAL_PROTOCOLS[kind.protocol]
    events = protocol.decoder().feed(wire)
    assert any(event.name == "reading" for event in events)
    assert not any(event.name == "error" for event in events)
    assert [m for m in map(protocol.measured, events) if m] == []


@pytest.mark.parametrize(
    ("frame", "vector"),
    [
        (masimo_ascii1.line(seen(98, 97), CAPTURED, masimo_ascii1.State()), "masimo_ascii1-01"),
        (
            masimo_ascii1.line(seen(86, 97), CAPTURED, masimo_ascii1.State(exceptions=0xC10)),
            "masimo_ascii1-03",
        ),
        (
            masimo_ascii1.line(None, CAPTURED, masimo_ascii1.State(exceptions=0x20)),
            "masimo_ascii1-04",
        ),
        (nellcor_n595.line(seen(98, 72, "3"), WHEN), "nellcor_n595-01"),
        (
            nellcor_n595.HEADING
            + nellcor_n595.line(seen(84, 121, "0.8"), WHEN.replace(second=4), "LB"),
            "nellcor_n595-03",
        ),
        (b"".join(nonin.packet_2(seen(97, 72))), "nonin_df2-01"),
        (b"".join(nonin.packet_2(None, 0x48)), "nonin_df2-05"),
        (b"".join(nonin.packet_2(seen(95, 80), 0x30)), "nonin_df2-06"),
        (nonin.sample_8(seen(97, 72)), "nonin_df8-01"),
        (nonin.spot_check(seen(97, 72), WHEN), "nonin_df13-01"),
    ],
)
def test_a_sample_is_the_published_one(frame: bytes, vector: str) -> None:
    assert frame == VECTORS[vector]


@pytest.mark.parametrize(
    ("kind", "quality"),
    [
        (masimo_ascii1.Rad87, ("sensor_interference", "poor_signal")),
        (nellcor_n595.N595, ("motion",)),
    ],
)
async def test_motion_freezes_the_value_and_is_said(
    tmp_path: Path, kind: type[Streamer], quality: tuple[str, ...]
) -> None:
    device = quick(kind)(tmp_path / "tty", QUICK)
    device.plug()
    with open_port(device) as port:
        ear = Ear(port, kind.protocol)
        device.measure(person(), Fault.MOTION)
        await ear.until(lambda: len(ear.measured) > 2)
    assert {measured.quality for measured in ear.measured} == {quality}
    assert len({tuple(numbers(measured).items()) for measured in ear.measured}) == 1
    await device.stop()


async def test_a_port_opened_in_the_middle_of_a_packet_loses_that_packet_alone(
    tmp_path: Path,
) -> None:
    device = nonin.Xpod(tmp_path / "tty", QUICK)
    device.plug()
    device.measure(person())
    with open_port(device) as port:
        ear = Ear(port, device.protocol)
        await ear.until(lambda: len(ear.raw) > 20)
        assert ear.raw.find(b"\x01") >= 0
        await ear.until(lambda: "reading" in ear.names())
    assert "bad_checksum" not in ear.names()
    await device.stop()


async def test_a_bedside_oximeter_talks_without_a_patient(tmp_path: Path) -> None:
    device = nonin.Xpod(tmp_path / "tty", QUICK)
    device.plug()
    with open_port(device) as port:
        ear = Ear(port, device.protocol)
        await ear.until(lambda: "reading" in ear.names())
    assert ear.measured == []
    assert ear.events[-1].fields["sensor_disconnect"]
    await device.stop()


async def test_a_spot_check_without_a_cable_is_kept_until_the_host_asks(tmp_path: Path) -> None:
    device = nonin.Nonin9560(tmp_path / "tty", QUICK)
    device.measure(person())
    await eventually_async(lambda: device.stored == 1)
    device.plug()
    with open_port(device) as port:
        ear = Ear(port, device.protocol)
        port.write(select(8))
        await ear.until(lambda: ear.raw.endswith(b"\x15"))
        port.write(b"\x02" + select(13))
        await ear.until(lambda: bool(ear.measured))
        device.measure(person())
        await ear.until(lambda: len(ear.measured) > 1)
    wanted = person().measure_saturation()
    assert [measured.stored for measured in ear.measured] == [True, False]
    assert numbers(ear.measured[0]) == {Code.SPO2: wanted.spo2, Code.PULSE: wanted.pulse}
    await device.stop()


async def test_a_failed_spot_check_says_so(tmp_path: Path) -> None:
    device = nonin.Nonin9560(tmp_path / "tty", QUICK)
    device.plug()
    with open_port(device) as port:
        ear = Ear(port, device.protocol)
        device.measure(person(), Fault.NAN)
        await ear.until(lambda: bool(ear.events))
    assert ear.measured == []
    assert ear.events[0].fields["no_measurement"]
    await device.stop()
