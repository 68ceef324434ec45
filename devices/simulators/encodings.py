"""What simulated Bluetooth devices put on the air, built from the profiles' own layouts.

Written apart from the decoders on purpose: a shared mistake would hide in shared code. Field
order and flags: GATT Specification Supplement (BLS 1.1.1, HTS 1.0, WSS 1.0) and PLXS 1.0.1;
little-endian throughout. None stands for "no value".
"""

from __future__ import annotations

import struct
from datetime import datetime
from decimal import ROUND_HALF_EVEN, Decimal

from devices.simulators.bodies import Pressure, Saturation

_SFLOAT_NAN = 0x07FF
_FLOAT_NAN = 0x007FFFFF
_WEIGHT_UNSUCCESSFUL = 0xFFFF
_KG_PER_STEP = Decimal("0.005")

BODY_MOVED = 1 << 0
PULSE_IRREGULAR = 1 << 2

VALIDATED = 1 << 7
SENSOR_UNCONNECTED = 1 << 11

TEMPERATURE_TYPE_ARMPIT = 1


def sfloat(value: Decimal | None) -> bytes:
    """Encode an IEEE 11073-20601 16-bit float."""
    if value is None:
        return struct.pack("<H", _SFLOAT_NAN)
    mantissa, exponent = _split(value, largest=0x7FF, lowest=-8)
    return struct.pack("<H", (exponent & 0xF) << 12 | mantissa & 0xFFF)


def float32(value: Decimal | None) -> bytes:
    """Encode an IEEE 11073-20601 32-bit float."""
    if value is None:
        return struct.pack("<I", _FLOAT_NAN)
    mantissa, exponent = _split(value, largest=0x7FFFFF, lowest=-128)
    return struct.pack("<I", (exponent & 0xFF) << 24 | mantissa & 0xFFFFFF)


def date_time(when: datetime) -> bytes:
    """Encode Date Time (2A08): the device's own wall clock, no zone."""
    return struct.pack("<H5B", when.year, when.month, when.day, when.hour, when.minute, when.second)


def parse_date_time(data: bytes) -> datetime:
    """Read what a host wrote to Date Time (2A08); raises ValueError for no date."""
    if len(data) != 7:
        raise ValueError(f"Date Time has 7 bytes, not {len(data)}")
    return datetime(*struct.unpack("<H5B", data))  # noqa: DTZ001 - a device's clock has no zone


def current_time(when: datetime) -> bytes:
    """Encode Current Time (2A2B): Date Time, weekday from Monday = 1, 1/256 s, no reason."""
    return date_time(when) + bytes([when.isoweekday(), when.microsecond * 256 // 1_000_000, 0])


def parse_current_time(data: bytes) -> datetime:
    """Read what a host wrote to Current Time (2A2B): Date Time, weekday, 1/256 s, reason."""
    if len(data) != 10:
        raise ValueError(f"Current Time has 10 bytes, not {len(data)}")
    return parse_date_time(data[:7])


def blood_pressure(
    pressure: Pressure | None, when: datetime | None, user: int | None = None
) -> bytes:
    """Encode Blood Pressure Measurement (2A35) in mmHg with pulse and status."""
    flags = 0x14 | (0x02 if when else 0) | (0x08 if user is not None else 0)
    frame = bytes([flags])
    for value in (None,) * 3 if pressure is None else _pressures(pressure):
        frame += sfloat(value)
    frame += date_time(when) if when else b""
    frame += sfloat(None if pressure is None else pressure.pulse)
    frame += b"" if user is None else bytes([user])
    return frame + struct.pack("<H", _pressure_status(pressure))


def plx_spot(saturation: Saturation | None, when: datetime | None) -> bytes:
    """Encode PLX Spot-Check Measurement (2A5E) with status and perfusion."""
    flags = 0x0E | (0x01 if when else 0)
    frame = bytes([flags]) + _oximetry(saturation) + (date_time(when) if when else b"")
    return frame + _oximeter_status(saturation) + sfloat(_perfusion(saturation))


def plx_ongoing(saturation: Saturation) -> bytes:
    """Encode a PLX Spot-Check Measurement (2A5E) that is still under way: status bit 5 alone."""
    return b"\x02" + _oximetry(saturation) + (1 << 5).to_bytes(2, "little")


def nonin_frame(saturation: Saturation | None, counter: int) -> bytes:
    """Encode a frame of Nonin's own service, big-endian; without a finger it has no values."""
    if saturation is None:
        return struct.pack(">BBBHHBH", 10, 0, 30, 0, counter, 127, 511)
    amplitude = int(saturation.perfusion * 100)
    spo2, pulse = int(saturation.spo2), int(saturation.pulse)
    return struct.pack(">BBBHHBH", 10, 0x14, 30, amplitude, counter, spo2, pulse)


def plx_continuous(saturation: Saturation | None) -> bytes:
    """Encode PLX Continuous Measurement (2A5F) with status and perfusion."""
    frame = bytes([0x1C]) + _oximetry(saturation)
    return frame + _oximeter_status(saturation) + sfloat(_perfusion(saturation))


def temperature(
    celsius: Decimal | None, when: datetime | None, site: int | None = TEMPERATURE_TYPE_ARMPIT
) -> bytes:
    """Encode Temperature Measurement (2A1C) in degrees Celsius."""
    flags = (0x02 if when else 0) | (0x04 if site is not None else 0)
    frame = bytes([flags]) + float32(celsius) + (date_time(when) if when else b"")
    return frame + (b"" if site is None else bytes([site]))


def weight(kg: Decimal | None, when: datetime | None) -> bytes:
    """Encode Weight Measurement (2A9D) in kg."""
    steps = _WEIGHT_UNSUCCESSFUL if kg is None else int((kg / _KG_PER_STEP).to_integral_value())
    frame = struct.pack("<BH", 0x02 if when else 0, steps)
    return frame + (date_time(when) if when else b"")


def _split(value: Decimal, largest: int, lowest: int) -> tuple[int, int]:
    """Split into mantissa and exponent, giving up digits that do not fit.

    With exponent 0 the two largest mantissas mean NaN and infinity.
    """
    exponent = max(lowest, int(value.as_tuple().exponent))
    while True:
        mantissa = int(value.scaleb(-exponent).to_integral_value(ROUND_HALF_EVEN))
        if abs(mantissa) <= (largest if exponent else largest - 2):
            return mantissa, exponent
        exponent += 1


def _pressures(pressure: Pressure) -> tuple[Decimal, Decimal, Decimal]:
    return pressure.systolic, pressure.diastolic, pressure.mean


def _pressure_status(pressure: Pressure | None) -> int:
    if pressure is None:
        return 0
    moved = BODY_MOVED if pressure.moved else 0
    return moved | (PULSE_IRREGULAR if pressure.irregular else 0)


def _oximetry(saturation: Saturation | None) -> bytes:
    if saturation is None:
        return sfloat(None) * 2
    return sfloat(saturation.spo2) + sfloat(saturation.pulse)


def _oximeter_status(saturation: Saturation | None) -> bytes:
    if saturation is None:
        return struct.pack("<H", 0) + SENSOR_UNCONNECTED.to_bytes(3, "little")
    return struct.pack("<H", VALIDATED) + bytes(3)


def _perfusion(saturation: Saturation | None) -> Decimal | None:
    return None if saturation is None else saturation.perfusion
