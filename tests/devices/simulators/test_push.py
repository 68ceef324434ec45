"""Kiosks and scales that send one result: real pyserial, and the product agrees with the body."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.catalogue import SERIAL_PROTOCOLS
from devices.simulators.bodies import Body, Pressure, patients
from devices.simulators.clockwork import NEVER_SET
from devices.simulators.faults import Fault, UnsupportedFaultError
from devices.simulators.wired import (
    ad_scale,
    ad_ua767pc,
    gtech_gl310,
    healthometer,
    omron_hbp,
    tanita_csv,
    terumo_bp500,
)
from devices.simulators.wired.machine import Pusher
from edge.model.reading import Code, Measurement
from tests.support.wires import QUICK, VECTORS, WHEN, Ear, numbers, open_port, person

pytestmark = pytest.mark.long

Wanted = dict[str, Decimal]
TENTH = Decimal("0.1")


def pressures(*codes: Code) -> Callable[[Body], Wanted]:
    def expect(body: Body) -> Wanted:
        seen = body.measure_pressure()
        every = {
            Code.SYSTOLIC: seen.systolic,
            Code.DIASTOLIC: seen.diastolic,
            Code.MEAN_PRESSURE: seen.mean,
            Code.PULSE: seen.pulse,
        }
        return {str(code): every[code] for code in codes}

    return expect


def weighed(body: Body) -> Wanted:
    return {str(Code.WEIGHT): body.measure_weight()}


def weighed_to_tenths(body: Body) -> Wanted:
    return {str(Code.WEIGHT): body.measure_weight().quantize(TENTH)}


def composition(body: Body) -> Wanted:
    seen = body.measure_composition()
    return {str(Code.WEIGHT): seen.weight.quantize(TENTH), str(Code.BODY_FAT): seen.fat}


def stature(body: Body) -> Wanted:
    return {**weighed(body), str(Code.HEIGHT): body.measure_height()}


def stature_to_tenths(body: Body) -> Wanted:
    return {**weighed_to_tenths(body), str(Code.HEIGHT): body.measure_height()}


THREE = (Code.SYSTOLIC, Code.DIASTOLIC, Code.PULSE)
FOUR = (*THREE, Code.MEAN_PRESSURE)
PUSHERS: list[tuple[type[Pusher], Callable[[Body], Wanted]]] = [
    (omron_hbp.Hbp9030, pressures(*THREE)),
    (omron_hbp.Hbp9020, pressures(*FOUR)),
    (terumo_bp500.EsP2020, pressures(*FOUR)),
    (ad_ua767pc.Ua767Pc, pressures(*THREE)),
    (tanita_csv.Sc240, composition),
    (tanita_csv.Wb3000, weighed_to_tenths),
    (tanita_csv.Bd815u, weighed_to_tenths),
    (ad_scale.AdScale, weighed),
    (gtech_gl310.Gl310, stature),
    (healthometer.Healthometer500Kl, stature_to_tenths),
]
by_slug = {kind.slug: kind for kind, _ in PUSHERS}


@pytest.mark.parametrize(("kind", "expect"), PUSHERS, ids=[kind.slug for kind, _ in PUSHERS])
async def test_the_product_reads_on_a_real_port_what_the_device_measured(
    tmp_path: Path, kind: type[Pusher], expect: Callable[[Body], Wanted]
) -> None:
    device = kind(tmp_path / "tty", QUICK)
    device.plug()
    with open_port(device) as port:
        ear = Ear(port, kind.protocol)
        device.measure(person())
        await ear.until(lambda: bool(ear.measured))
    assert [numbers(measured) for measured in ear.measured] == [expect(person())]
    await device.stop()


@pytest.mark.parametrize(("kind", "expect"), PUSHERS, ids=[kind.slug for kind, _ in PUSHERS])
@settings(deadline=None, max_examples=40)
@given(seed=st.integers(0, 2**32))
def test_the_product_reads_every_body(
    tmp_path_factory: pytest.TempPathFactory,
    kind: type[Pusher],
    expect: Callable[[Body], Wanted],
    seed: int,
) -> None:
    frame = _frame(kind, tmp_path_factory.getbasetemp(), next(patients(seed)))
    protocol = SERIAL_PROTOCOLS[kind.protocol]
    found = [protocol.measured(event) for event in protocol.decoder().feed(frame)]
    wanted = expect(next(patients(seed)))
    readings = [numbers(measured) for measured in found if measured]
    if kind.protocol == "omron_hbp" and not 40 <= wanted[Code.PULSE] <= 180:
        assert readings == []
    else:
        assert readings == [wanted]


def _frame(kind: type[Pusher], folder: Path, body: Body) -> bytes:
    """The frame alone; a scale climbs to the weight before it prints it."""
    if kind is ad_scale.AdScale:
        return ad_scale.line("ST", body.measure_weight())
    return kind(folder / "tty").encode(body, WHEN, moved=False)


@pytest.mark.parametrize(
    ("frame", "vector"),
    [
        (
            omron_hbp.format_5(
                Pressure(Decimal(120), Decimal(80), Decimal(93), Decimal(72)),
                datetime(2026, 7, 11, 9, 5),  # noqa: DTZ001
                subject="12345678901234567890",
            ),
            "omron_hbp-01",
        ),
        (
            omron_hbp.prefixed(
                Pressure(Decimal(140), Decimal(77), Decimal(98), Decimal(68)),
                datetime(2023, 4, 27, 15, 6),  # noqa: DTZ001
                subject="9" * 20,
            ),
            "omron_hbp-11",
        ),
        (
            terumo_bp500.result_frame(
                Pressure(Decimal(128), Decimal(82), Decimal(97), Decimal(84)),
                datetime(2021, 4, 27, 15, 30),  # noqa: DTZ001
            ),
            "terumo_bp500-01",
        ),
        (
            tanita_csv.line("WB-3000", (("Hm", "165.5"), ("Wk", "58.4"), ("MI", "21.3"))) + b"\0",
            "tanita_csv-03",
        ),
        (ad_scale.line("ST", Decimal("1234.5"), "g"), "ad_scale-01"),
        (ad_scale.line("OL", Decimal("999999.9"), "g"), "ad_scale-04"),
        (gtech_gl310.ticket(Decimal("90.05"), Decimal("188.6")), "gtech_gl310-01"),
        (healthometer.message(Decimal("65.4"), Decimal("170.2")), "healthometer-01"),
    ],
)
def test_a_frame_is_the_published_one(frame: bytes, vector: str) -> None:
    assert frame == VECTORS[vector]


def test_a_monitor_frame_is_the_published_one() -> None:
    pressure = Pressure(Decimal(152), Decimal(76), Decimal(96), Decimal(73))
    assert ad_ua767pc.result_frame(pressure) == b"804C4C4960"


def test_a_scale_line_has_the_printed_sum() -> None:
    printed = VECTORS["tanita_csv-01"].decode()
    body = printed[printed.index('SC-240",') + 8 : printed.index(",CS,")].split(",")
    pairs = tuple(zip(body[::2], body[1::2], strict=True))
    assert tanita_csv.line("SC-240", pairs) == VECTORS["tanita_csv-01"]


async def heard(device: Pusher, *faults: Fault | None) -> Ear:
    """Measure once with each fault and listen until the device has said it all."""
    device.plug()
    with open_port(device) as port:
        ear = Ear(port, device.protocol)
        for fault in faults:
            said = len(ear.raw)
            device.measure(person(), fault)
            await ear.until(lambda said=said: len(ear.raw) > said)  # type: ignore[misc]
            await _silence(ear)
    await device.stop()
    return ear


async def _silence(ear: Ear) -> None:
    before = -1
    while len(ear.raw) != before:
        before = len(ear.raw)
        await asyncio.sleep(0.1)
        ear.listen()


async def test_an_error_frame_may_carry_the_numbers_of_the_person_before(tmp_path: Path) -> None:
    ear = await heard(omron_hbp.Hbp9030(tmp_path / "tty", QUICK), Fault.NAN, None, Fault.NAN)
    assert ear.names() == ["device_error", "reading", "device_error"]
    first, second, third = bytes(ear.raw).splitlines()
    assert b",7,   ,   ,   ,0" in first
    assert third.split(b",")[6:] == [b"7", *second.split(b",")[7:10], b"0"]


@pytest.mark.parametrize(
    ("fault", "quality"), [(None, ("unchecked",)), (Fault.MOTION, ("body_movement", "unchecked"))]
)
async def test_movement_travels_as_a_doubt(
    tmp_path: Path, fault: Fault | None, quality: tuple[str, ...]
) -> None:
    ear = await heard(omron_hbp.Hbp9030(tmp_path / "tty", QUICK), fault)
    assert [measured.quality for measured in ear.measured] == [quality]


async def test_a_kiosk_clock_that_was_never_set_shows(tmp_path: Path) -> None:
    ear = await heard(terumo_bp500.EsP2020(tmp_path / "tty", QUICK), Fault.WRONG_CLOCK)
    (measured,) = ear.measured
    assert measured.device_time is not None
    assert measured.device_time.date() == NEVER_SET.date()


@pytest.mark.parametrize(
    ("slug", "fault", "events"),
    [
        ("ua-767pc", Fault.NAN, ["device_error"]),
        ("sc-240", Fault.FLIPPED_BIT, None),
        ("sc-240", Fault.GARBAGE_PREFIX, ["reading"]),
        ("wb-3000", Fault.LOST_BYTE, None),
        ("sc-240", Fault.REPEATED, ["reading"] * 2),
        ("ad-scale", Fault.NAN, ["reading"] * 4 + ["overload"]),
        ("ad-scale", Fault.MOTION, ["reading"] * 5),
        ("hbp-9020", Fault.TRUNCATED, []),
    ],
)
async def test_a_device_misbehaves_as_asked(
    tmp_path: Path, slug: str, fault: Fault, events: list[str] | None
) -> None:
    ear = await heard(by_slug[slug](tmp_path / "tty", QUICK), fault)
    if events is not None:
        assert ear.names() == events
    readings: list[Measurement] = ear.measured
    assert bool(readings) == (fault in (Fault.GARBAGE_PREFIX, Fault.REPEATED))


async def test_a_scale_answers_with_what_it_shows(tmp_path: Path) -> None:
    device = ad_scale.AdScale(tmp_path / "tty", QUICK)
    device.plug()
    with open_port(device) as port:
        ear = Ear(port, device.protocol)
        await ear.ask(b"noiseQ\r\n")
        assert ear.raw.startswith(b"ST,+00000.00 kg")
        assert ear.measured == []
        device.measure(person())
        await ear.until(lambda: bool(ear.measured))
        await ear.ask(b"Q\r\n")
    assert [numbers(measured) for measured in ear.measured] == [weighed(person())] * 2
    await device.stop()


async def test_noise_follows_a_column_scale(tmp_path: Path) -> None:
    device = tanita_csv.Wb3000(tmp_path / "tty", QUICK)
    device.plug()
    with open_port(device) as port:
        ear = Ear(port, device.protocol)
        device.measure(person())
        await ear.until(lambda: ear.raw.endswith(b"\r\n\x00"))
    await device.stop()
    assert ear.names() == ["reading"]


async def test_a_device_has_only_its_own_faults(tmp_path: Path) -> None:
    with pytest.raises(UnsupportedFaultError, match="nan"):
        tanita_csv.Sc240(tmp_path / "tty").measure(person(), Fault.NAN)
