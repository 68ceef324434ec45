"""The simulators' frames against worked examples of the profiles and of a captured kiosk."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.catalogue import BLE_CHARACTERISTICS, SERIAL_PROTOCOLS
from devices.simulators import encodings
from devices.simulators.bodies import Body, Pressure, Saturation, patients
from devices.simulators.gatt import uuid_name
from devices.simulators.models import BLE_MODELS
from devices.simulators.peripherals import BleModel
from devices.simulators.wired.ad_tm2657 import command, data_frame, result_frame
from devices.simulators.wired.cms50dplus import Wave, live_frame

WHEN = datetime(2026, 11, 22, 8, 30)  # noqa: DTZ001
PRESSURE = Pressure(Decimal(124), Decimal(80), Decimal(93), Decimal(72))
SATURATION = Saturation(Decimal(98), Decimal(72), Decimal("1.2"))

CAPTURE_FIELDS = [
    "TM2657",
    "2411121014",
    "RA",
    "M",
    "E00",
    "S127",
    "M 97",
    "D 76",
    "P 78",
    "I00",
    "L232",
    "p173",
    "i 0",
    "m0",
    "r0",
    "t 35",
    "cN",
    "l  ",
    "d",
    "h     ",
    "s     ",
    "w      ",
    "f      ",
    "e      ",
    "b     ",
]
CAPTURE = bytes.fromhex(
    "161601303002544d323635371e323431313132313031341e52411e4d1e4530301e533132371e4d2039371e44203736"
    "1e502037381e4930301e4c3233321e703137331e6920301e6d301e72301e742033351e634e1e6c20201e641e682020"
    "2020201e7320202020201e772020202020201e662020202020201e652020202020201e6220202020201e034a"
)


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("120", "7800"),
        ("128.5", "05f5"),
        ("204.7", "fff7"),
        ("2045", "fd07"),
        ("16.0", "a0f0"),
        (None, "ff07"),
    ],
)
def test_a_short_float_has_the_documented_bytes(value: str | None, expected: str) -> None:
    assert encodings.sfloat(None if value is None else Decimal(value)).hex() == expected


@pytest.mark.parametrize(
    ("value", "expected"),
    [("36.4", "6c0100ff"), ("36.62", "4e0e00fe"), ("-0.5", "fbffffff"), (None, "ffff7f00")],
)
def test_a_long_float_has_the_documented_bytes(value: str | None, expected: str) -> None:
    assert encodings.float32(None if value is None else Decimal(value)).hex() == expected


def test_a_value_with_too_many_digits_is_rounded() -> None:
    assert encodings.sfloat(Decimal("123.456")) == encodings.sfloat(Decimal("123.5"))
    assert encodings.sfloat(Decimal("98.77")) == encodings.sfloat(Decimal("98.8"))


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (
            encodings.blood_pressure(PRESSURE, WHEN, user=1),
            "1e7c0050005d00ea070b16081e004800010000",
        ),
        (
            encodings.blood_pressure(None, datetime(2024, 6, 23, 14, 35, 10)),  # noqa: DTZ001
            "16ff07ff07ff07e80706170e230aff070000",
        ),
        (encodings.temperature(Decimal("36.4"), None, site=None), "006c0100ff"),
        (encodings.temperature(Decimal("36.4"), WHEN), "066c0100ffea070b16081e0001"),
        (encodings.temperature(None, None, site=None), "00ffff7f00"),
        (encodings.weight(Decimal(75), None), "00983a"),
        (encodings.weight(None, None), "00ffff"),
        (encodings.current_time(WHEN), "ea070b16081e00070000"),
        (live_frame(SATURATION, Wave(7, 53, 5)), "8735054862"),
        (
            live_frame(Saturation(Decimal(97), Decimal(140), Decimal(1)), Wave(7, 64, 6, True)),
            "c740460c61",
        ),
        (command("ST"), "16160130300253540307"),
        (command("SP"), "16160130300253500303"),
        (command("RB"), "16160130300252420310"),
    ],
)
def test_a_frame_is_the_worked_example(frame: bytes, expected: str) -> None:
    assert frame.hex() == expected


def test_a_kiosk_frame_is_the_captured_one() -> None:
    assert data_frame(CAPTURE_FIELDS) == CAPTURE


def test_a_kiosk_result_has_the_shape_of_the_captured_one() -> None:
    ours = result_frame(PRESSURE, WHEN).split(b"\x1e")
    assert [len(field) for field in ours] == [len(field) for field in CAPTURE.split(b"\x1e")]


@pytest.mark.parametrize("model", BLE_MODELS, ids=lambda model: model.slug)
@given(seed=st.integers(0, 2**32))
def test_the_product_reads_what_a_device_measured(model: BleModel, seed: int) -> None:
    characteristic = BLE_CHARACTERISTICS[uuid_name(model.measurement)]
    frame = model.encode(next(patients(seed)), WHEN)
    measured = characteristic.measured(characteristic.decode(frame))
    assert measured is not None
    assert measured.values
    assert measured.device_time == (None if model.streaming else WHEN)
    failed = characteristic.measured(characteristic.decode(model.encode(None, WHEN)))
    assert failed is None or not failed.values


@given(seed=st.integers(0, 2**32))
def test_the_product_reads_what_the_kiosk_measured(seed: int) -> None:
    protocol = SERIAL_PROTOCOLS["ad_tm2655"]
    pressure = next(patients(seed)).measure_pressure()
    (event,) = protocol.decoder().feed(result_frame(pressure, WHEN))
    measured = protocol.measured(event)
    assert measured is not None
    wanted = [pressure.systolic, pressure.diastolic, pressure.mean, pressure.pulse]
    assert sorted(v.value for v in measured.values) == sorted(wanted)
    events = protocol.decoder().feed(result_frame(None, WHEN))
    assert [protocol.measured(event) for event in events] == [None]


@given(st.binary(max_size=12))
def test_only_a_whole_date_sets_a_clock(data: bytes) -> None:
    try:
        when = encodings.parse_date_time(data)
    except ValueError:
        return
    assert encodings.date_time(when) == data


def test_bodies_of_one_seed_live_the_same_day() -> None:
    first, second = patients(7), patients(7)
    for _ in range(20):
        one, other = next(first), next(second)
        assert one.traits == other.traits
        assert one.measure_pressure() == other.measure_pressure()


@given(st.integers(0, 2**32))
def test_a_body_stays_plausible_and_drifts_slowly(seed: int) -> None:
    body: Body = next(patients(seed))
    pressures = [body.measure_pressure() for _ in range(30)]
    for pressure in pressures:
        assert 60 < pressure.diastolic + 30 < pressure.systolic + 30 < 300
        assert pressure.diastolic < pressure.mean < pressure.systolic
        assert 35 <= pressure.pulse <= 220
    steps = [abs(b.systolic - a.systolic) for a, b in zip(pressures, pressures[1:], strict=False)]
    assert max(steps) <= 20
    assert 60 <= body.measure_saturation().spo2 <= 100
    assert Decimal(30) < body.measure_temperature() < Decimal(43)
    assert Decimal(20) < body.measure_weight() < Decimal(200)


def test_a_fever_raises_the_pulse() -> None:
    day = [body for body, _ in zip(patients(3), range(400), strict=False)]
    hot = [b.measure_pressure().pulse for b in day if b.traits.temperature > 38.5]
    cool = [b.measure_pressure().pulse for b in day if b.traits.temperature < 37]
    assert sum(hot) / len(hot) > sum(cool) / len(cool) + 8
