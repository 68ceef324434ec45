"""What the serial protocols' events mean, in LOINC codes and UCUM units.

Every function takes decoded fields by the names that all protocols share (`sys`, `dia`, `map`,
`pulse`, `spo2`, ...) and returns None where the device gave no value: an invalid number, a zero
that stands for "nothing", a percentage above 100.
"""

from __future__ import annotations

from datetime import datetime
from decimal import ROUND_HALF_UP, Decimal

from devices.driver import Fields
from devices.protocols.glucose import BEYOND
from edge.model.reading import UNCHECKED as UNCHECKED
from edge.model.reading import Code, Kind, Measurement, Value

FULL_PERCENT = 100


def number(value: object) -> Decimal | None:
    """Return an int or Decimal above zero as Decimal, None for everything else."""
    if isinstance(value, bool) or not isinstance(value, int | Decimal):
        return None
    return Decimal(value) if value > 0 else None


def device_time(fields: Fields) -> datetime | None:
    """Return the device's wall clock when it sent a possible one."""
    time = fields.get("device_time")
    return time if isinstance(time, datetime) else None


def pressure(
    fields: Fields, quality: tuple[str, ...] = (), stored: bool = False
) -> Measurement | None:
    """Return a blood pressure from `sys`, `dia` and, when there, `map` and `pulse`."""
    systolic, diastolic = number(fields.get("sys")), number(fields.get("dia"))
    if systolic is None or diastolic is None:
        return None
    values = [
        Value(Code.SYSTOLIC, systolic, "mm[Hg]"),
        Value(Code.DIASTOLIC, diastolic, "mm[Hg]"),
    ]
    rest = ((Code.MEAN_PRESSURE, "map", "mm[Hg]"), (Code.PULSE, "pulse", "/min"))
    for code, name, unit in rest:
        value = number(fields.get(name))
        if value is not None:
            values.append(Value(code, value, unit))
    return Measurement(
        kind=Kind.BLOOD_PRESSURE,
        values=tuple(values),
        device_time=device_time(fields),
        quality=quality,
        stored=stored,
    )


def oximetry(
    fields: Fields, quality: tuple[str, ...] = (), stored: bool = False
) -> Measurement | None:
    """Return one oximeter sample from `spo2`, `pulse` and, when there, `pi`."""
    spo2, pulse = number(fields.get("spo2")), number(fields.get("pulse"))
    if spo2 is None or pulse is None or spo2 > FULL_PERCENT:
        return None
    values = [Value(Code.SPO2, spo2, "%"), Value(Code.PULSE, pulse, "/min")]
    index = number(fields.get("pi"))
    if index is not None:
        values.append(Value(Code.PERFUSION_INDEX, index, "%"))
    return Measurement(
        kind=Kind.OXIMETRY,
        values=tuple(values),
        device_time=device_time(fields),
        quality=quality,
        stored=stored,
    )


def body(fields: Fields, quality: tuple[str, ...] = ()) -> Measurement | None:
    """Return weight and what came with it, from `weight_kg`, `height_cm` and `fat_pct`."""
    named = (
        (Code.WEIGHT, "weight_kg", "kg"),
        (Code.HEIGHT, "height_cm", "cm"),
        (Code.BODY_FAT, "fat_pct", "%"),
    )
    found = [(code, number(fields.get(name)), unit) for code, name, unit in named]
    values = tuple(Value(code, value, unit) for code, value, unit in found if value is not None)
    if not values:
        return None
    codes = {value.code for value in values}
    fallback = Kind.WEIGHT if Code.WEIGHT in codes else Kind.HEIGHT
    return Measurement(
        kind=Kind.BODY_COMPOSITION if Code.BODY_FAT in codes else fallback,
        values=values,
        device_time=device_time(fields),
        quality=quality,
    )


def ketone(
    mmol_l: Decimal,
    time: datetime | None,
    quality: tuple[str, ...] = (),
    comparator: str = "",
) -> Measurement:
    """Return a stored blood ketone in mmol/L, to one place as meters show it; 0.0 is a result."""
    shown = mmol_l.quantize(Decimal("0.1"), ROUND_HALF_UP)
    return Measurement(
        kind=Kind.LABORATORY,
        values=(Value(Code.KETONE, shown, "mmol/L", comparator),),
        device_time=time,
        quality=quality,
        stored=True,
    )


def glucose(fields: Fields, quality: tuple[str, ...] = ()) -> Measurement | None:
    """Return a stored blood glucose from `glucose_mgdl`: a number, "HI" or "LO".

    HI and LO say at least that the value lies beyond what every meter has to measure, see
    `devices.protocols.glucose.BEYOND`.
    """
    sent = fields.get("glucose_mgdl")
    low, high = BEYOND["mg/dL"]
    beyond = {"HI": (high, ">"), "LO": (low, "<")}
    found = number(sent)
    value, comparator = beyond[sent] if isinstance(sent, str) and sent in beyond else (found, "")
    if value is None:
        return None
    return Measurement(
        kind=Kind.GLUCOSE,
        values=(Value(Code.GLUCOSE_MG_DL, value, "mg/dL", comparator),),
        device_time=device_time(fields),
        quality=quality,
        stored=True,
    )
