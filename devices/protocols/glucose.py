"""Blood glucose over Bluetooth LE: measurement 2A18 and its context 2A34.

Sources: Glucose Service 1.0.1 (GLS), GSS Glucose Measurement and Measurement Context. The wire
unit is kg/L or mol/L; decoded values are mg/dL or mmol/L. Records come from the meter's memory
through the Record Access Control Point, see `record_access`.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime, timedelta
from decimal import Decimal
from typing import cast

from devices.driver import BleCharacteristic, Fields
from devices.protocols.gatt_types import Cursor, Number, flag_names, number, shifted
from edge.model.reading import Code, Kind, Measurement, Value

_OFFSET, _GLUCOSE, _MOLAR, _STATUS, _CONTEXT = (1 << bit for bit in range(5))
_CARB, _MEAL, _TESTER, _EXERCISE, _MEDICATION, _LITRES, _HBA1C, _EXTENDED = (
    1 << bit for bit in range(8)
)
_OVERRUN = 0xFFFF

_TYPES = {
    1: "capillary_whole",
    2: "capillary_plasma",
    3: "venous_whole",
    4: "venous_plasma",
    5: "arterial_whole",
    6: "arterial_plasma",
    7: "undetermined_whole",
    8: "undetermined_plasma",
    9: "isf",
    10: "control_solution",
}
MEALS = {1: "before_meal", 2: "after_meal", 3: "fasting", 4: "snack", 5: "bedtime"}
"""When the blood was taken, by the context's meal (GLS 1.0.1, 3.2.1.4)."""

_LOCATIONS = {
    1: "finger",
    2: "alternate_site",
    3: "earlobe",
    4: "control_solution",
    15: "not_available",
}
_STATUS_BITS = (
    "device_battery_low",
    "sensor_malfunction",
    "sample_size_insufficient",
    "strip_insertion_error",
    "strip_type_incorrect",
    "result_too_high",
    "result_too_low",
    "temperature_too_high",
    "temperature_too_low",
    "read_interrupted",
    "general_device_fault",
    "time_fault",
)
_NO_FAULT = frozenset({"device_battery_low", "result_too_high", "result_too_low", "time_fault"})

BEYOND: Mapping[str, tuple[Decimal, Decimal]] = {
    "mg/dL": (Decimal(50), Decimal(400)),
    "mmol/L": (Decimal("2.8"), Decimal("22.2")),
}
"""What LO and HI say at least, whatever the meter: every meter has to measure this range (FDA,
Self-Monitoring Blood Glucose Test Systems, 2020). The meter's own limit is not in the record."""

_SPECIALS = {"+INF": ">", "-INF": "<"}

CODES = {"mg/dL": Code.GLUCOSE_MG_DL, "mmol/L": Code.GLUCOSE_MMOL_L}


def decode(data: bytes) -> Fields:
    """Decode 2A18; `time` is base time plus offset."""
    cursor = Cursor(data)
    flags = cursor.unsigned(1)
    fields: dict[str, object] = {"seq": cursor.unsigned(2)}
    base = cursor.date_time()
    offset = cursor.signed(2) if flags & _OFFSET else 0
    fields |= {"base_time": base, "time": _later(base, offset)}
    if flags & _OFFSET:
        fields["offset_min"] = offset
    if flags & _GLUCOSE:
        fields["unit"] = "mmol/L" if flags & _MOLAR else "mg/dL"
        fields["glucose"] = shifted(cursor.sfloat(), 3 if flags & _MOLAR else 5)
        sample = cursor.unsigned(1)
        fields["type"] = _TYPES.get(sample & 0x0F)
        fields["location"] = _LOCATIONS.get(sample >> 4)
    if flags & _STATUS:
        fields["status"] = flag_names(cursor.unsigned(2), _STATUS_BITS)
    if flags & _CONTEXT:
        fields["context_follows"] = True
    return fields


def decode_context(data: bytes) -> Fields:
    """Decode 2A34; ids are the profile's numbers, tester in the low nibble, health in the high."""
    cursor = Cursor(data)
    flags = cursor.unsigned(1)
    fields: dict[str, object] = {"seq": cursor.unsigned(2)}
    if flags & _EXTENDED:
        cursor.unsigned(1)
    if flags & _CARB:
        fields["carb_id"] = cursor.unsigned(1)
        fields["carb_g"] = shifted(cursor.sfloat(), 3)
    if flags & _MEAL:
        fields["meal"] = cursor.unsigned(1)
    if flags & _TESTER:
        both = cursor.unsigned(1)
        fields |= {"tester": both & 0x0F, "health": both >> 4}
    if flags & _EXERCISE:
        seconds = cursor.unsigned(2)
        fields["exercise_s"] = "overrun" if seconds == _OVERRUN else seconds
        fields["exercise_pct"] = cursor.unsigned(1)
    return fields | _medication(cursor, flags)


def measured(fields: Fields) -> Measurement | None:
    """Return the glucose in the unit the meter sent; None for control solution and faults.

    HI and LO, as a special or as a status, stay: a value with the comparator ">" or "<", also when
    the number is missing. `meal`, when the record's context told it, becomes a word beside the
    value; a sample type that the profile reserves is a doubt.
    """
    return None if _is_control(fields) else _reading(fields)


def control(fields: Fields) -> Measurement | None:
    """Return the glucose of control solution, which is no patient's; None for blood."""
    return _reading(fields) if _is_control(fields) else None


def _is_control(fields: Fields) -> bool:
    return "control_solution" in (fields.get("type"), fields.get("location"))


def _reading(fields: Fields) -> Measurement | None:
    flags = cast("tuple[str, ...]", fields.get("status", ()))
    meal = MEALS.get(cast("int", fields.get("meal", 0)))
    value = _value(fields, flags)
    if value is None or not _NO_FAULT.issuperset(flags):
        return None
    reserved = ("sample_type_unknown",) if "type" in fields and fields["type"] is None else ()
    return Measurement(
        kind=Kind.GLUCOSE,
        values=(value,),
        device_time=None if "time_fault" in flags else cast("datetime | None", fields["time"]),
        quality=(*flags, *reserved, *((meal,) if meal else ())),
        record=str(fields["seq"]),
        stored=True,
    )


def no_reading(fields: Fields) -> None:
    """Return None: a context says how a value came about, it is none."""


CHARACTERISTICS: tuple[BleCharacteristic, ...] = (
    BleCharacteristic("2A18", "Glucose Measurement", decode, measured, control=control),
    BleCharacteristic("2A34", "Glucose Measurement Context", decode_context, no_reading),
)


def _later(base: datetime | None, minutes: int) -> datetime | None:
    try:
        return base + timedelta(minutes=minutes) if base else None
    except OverflowError:
        return None


def _medication(cursor: Cursor, flags: int) -> dict[str, object]:
    fields: dict[str, object] = {}
    if flags & _MEDICATION:
        fields["med_id"] = cursor.unsigned(1)
        litres = bool(flags & _LITRES)
        fields["med_ml" if litres else "med_mg"] = shifted(cursor.sfloat(), 3 if litres else 6)
    if flags & _HBA1C:
        fields["hba1c_pct"] = cursor.sfloat()
    return fields


def _value(fields: Fields, flags: tuple[str, ...]) -> Value | None:
    """Without a number, the status alone tells HI or LO; without a unit, in mg/dL."""
    glucose = cast("Number | None", fields.get("glucose"))
    unit = str(fields.get("unit", "mg/dL"))
    comparator = _SPECIALS.get(str(glucose)) or _comparator(flags)
    sent = number(glucose)
    if sent is not None and sent > 0:
        return Value(CODES[unit], sent, unit, comparator)
    if not comparator:
        return None
    low, high = BEYOND[unit]
    return Value(CODES[unit], high if comparator == ">" else low, unit, comparator)


def _comparator(flags: tuple[str, ...]) -> str:
    """A status that says both says neither."""
    high, low = "result_too_high" in flags, "result_too_low" in flags
    return "" if high == low else ">" if high else "<"
