"""Blood pressure over Bluetooth LE: 2A35, intermediate cuff pressure 2A36, enhanced 2B34.

Sources: Blood Pressure Service 1.1.1 (BLS), GSS Blood Pressure Measurement. A failed measurement
comes from real cuffs as an ordinary value of NaN without any status bit: it is no reading. Some
cuffs send the pressure of the cuff itself on 2A35 until they are done, with a diastolic of 0.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import cast

from devices.driver import BleCharacteristic, Fields
from devices.protocols.gatt_types import Cursor, flag_names, number, positive
from edge.model.reading import CUFF_PRESSURE, Code, Kind, Measurement, Value

_KPA, _TIME, _PULSE, _USER, _STATUS, _USER_TIME, _EPOCH_2000 = (1 << bit for bit in range(7))

_STATUS_BITS = ("body_movement", "cuff_too_loose", "irregular_pulse", "", "", "improper_position")
_PULSE_RANGE = {1: "pulse_above_range", 2: "pulse_below_range"}

_MMHG_PER_KPA = Decimal("7.50062")


def decode(data: bytes) -> Fields:
    """Decode 2A35 or 2A36: pressures in mmHg or kPa as sent, see `unit`."""
    cursor = Cursor(data)
    flags = cursor.unsigned(1)
    fields = _pressures(cursor, flags)
    if flags & _TIME:
        fields["time"] = cursor.date_time()
    _optional(cursor, flags, fields)
    return fields


def decode_enhanced(data: bytes) -> Fields:
    """Decode 2B34: as 2A35, with times in seconds since 1900 or 2000 (BLS 1.1.1)."""
    cursor = Cursor(data)
    flags = cursor.unsigned(1)
    epoch = 2000 if flags & _EPOCH_2000 else 1900
    fields = _pressures(cursor, flags)
    if flags & _TIME:
        fields["time"] = _since(epoch, cursor.unsigned(4))
    _optional(cursor, flags, fields)
    if flags & _USER_TIME:
        fields["user_facing_time"] = _since(epoch, cursor.unsigned(4))
    return fields


def measured(fields: Fields) -> Measurement | None:
    """Return the act of measuring in mm[Hg] and /min; None when the cuff failed (NaN)."""
    values = _values(fields)
    if values is None:
        return None
    return Measurement(
        kind=Kind.BLOOD_PRESSURE,
        values=values,
        device_time=cast("datetime | None", fields.get("user_facing_time") or fields.get("time")),
        quality=cast("tuple[str, ...]", fields.get("status", ())),
        user=cast("int | None", fields.get("user")),
    )


def is_running(fields: Fields) -> bool:
    """Whether this is the cuff's own pressure: a number, without any diastolic pressure."""
    systolic, diastolic = number(fields["systolic"]), number(fields["diastolic"])
    return systolic is not None and not diastolic


def no_reading(fields: Fields) -> None:
    """Return None: the pressure of a cuff still inflating is no blood pressure."""


def cuff_pressure(fields: Fields) -> Measurement | None:
    """Return the pressure in the cuff now, in mm[Hg], to be shown while it is inflated (BLS 3.2).

    It stands where 2A35 has the systolic value; the other two are NaN or 0.
    """
    pressure = number(fields["systolic"])
    if pressure is None:
        return None
    return Measurement(
        Kind.BLOOD_PRESSURE, (Value(CUFF_PRESSURE, _mmhg(pressure, fields), "mm[Hg]"),)
    )


CHARACTERISTICS: tuple[BleCharacteristic, ...] = (
    BleCharacteristic(
        "2A35",
        "Blood Pressure Measurement",
        decode,
        measured,
        running=is_running,
        live=cuff_pressure,
    ),
    BleCharacteristic(
        "2A36",
        "Intermediate Cuff Pressure",
        decode,
        no_reading,
        running=lambda _: True,
        live=cuff_pressure,
    ),
    BleCharacteristic(
        "2B34",
        "Enhanced Blood Pressure Measurement",
        decode_enhanced,
        measured,
        running=is_running,
        live=cuff_pressure,
    ),
)


def _pressures(cursor: Cursor, flags: int) -> dict[str, object]:
    fields: dict[str, object] = {"unit": "kPa" if flags & _KPA else "mmHg"}
    for name in ("systolic", "diastolic", "map"):
        fields[name] = cursor.sfloat()
    return fields


def _optional(cursor: Cursor, flags: int, fields: dict[str, object]) -> None:
    if flags & _PULSE:
        fields["pulse"] = cursor.sfloat()
    if flags & _USER:
        fields["user"] = cursor.user()
    if flags & _STATUS:
        fields["status"] = _status(cursor.unsigned(2))


def _status(bits: int) -> tuple[str, ...]:
    names = list(flag_names(bits, _STATUS_BITS))
    pulse_range = _PULSE_RANGE.get(bits >> 3 & 3)
    if pulse_range:
        names.insert(len(flag_names(bits & 7, _STATUS_BITS)), pulse_range)
    return tuple(names)


def _since(year: int, seconds: int) -> datetime | None:
    """Return the device's wall clock; None for 0, which says "unknown"."""
    if seconds == 0:
        return None
    return datetime(year, 1, 1) + timedelta(seconds=seconds)  # noqa: DTZ001 device clock


def _values(fields: Mapping[str, object]) -> tuple[Value, ...] | None:
    systolic, diastolic = number(fields["systolic"]), number(fields["diastolic"])
    if systolic is None or not diastolic:
        return None
    pressures = [
        Value(Code.SYSTOLIC, _mmhg(systolic, fields), "mm[Hg]"),
        Value(Code.DIASTOLIC, _mmhg(diastolic, fields), "mm[Hg]"),
    ]
    mean = number(fields["map"])
    if mean:  # 0 is "not measured", as it is of the pulse
        pressures.append(Value(Code.MEAN_PRESSURE, _mmhg(mean, fields), "mm[Hg]"))
    return (*pressures, *positive(Code.PULSE, fields.get("pulse"), "/min"))


def _mmhg(pressure: Decimal, fields: Mapping[str, object]) -> Decimal:
    if fields["unit"] == "mmHg":
        return pressure
    return (pressure * _MMHG_PER_KPA).quantize(Decimal("0.1"))
