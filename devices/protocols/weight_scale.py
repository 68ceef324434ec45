"""Weight over Bluetooth LE: 2A9D.

Sources: Weight Scale Service 1.0 (WSS), GSS Weight Measurement.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import cast

from devices.driver import BleCharacteristic, Fields
from devices.protocols.gatt_types import Cursor, number, scaled
from edge.model.reading import Code, Kind, Measurement, Value

UNSUCCESSFUL = 0xFFFF

_IMPERIAL, _TIME, _USER, _BMI_HEIGHT = 1, 2, 4, 8

_KG_PER_LB = Decimal("0.45359237")


def mass(raw: int, imperial: bool) -> Decimal | None:
    """Return a raw mass, steps of 0.005 kg or 0.01 lb; None for "measurement unsuccessful"."""
    if raw == UNSUCCESSFUL:
        return None
    return scaled(raw, -2) if imperial else tidy(scaled(raw * 5, -3))


def kilograms(weight: Decimal, unit: str) -> Decimal:
    """Return a weight given in kg or lb in kilograms, to 10 g when converted."""
    return weight if unit == "kg" else (weight * _KG_PER_LB).quantize(Decimal("0.01"))


def tidy(value: Decimal) -> Decimal:
    """Drop the zeros that the profile's 5 g step adds: 75.000 -> 75.0, 75.005 stays."""
    for places in ("0.1", "0.01"):
        if value == value.quantize(Decimal(places)):
            return value.quantize(Decimal(places))
    return value


def decode(data: bytes) -> Fields:
    """Decode 2A9D: weight in kg or lb, height in m or in; `weight` None when unsuccessful."""
    cursor = Cursor(data)
    flags = cursor.unsigned(1)
    imperial = bool(flags & _IMPERIAL)
    fields: dict[str, object] = {
        "unit": "lb" if imperial else "kg",
        "weight": mass(cursor.unsigned(2), imperial),
    }
    if flags & _TIME:
        fields["time"] = cursor.date_time()
    if flags & _USER:
        fields["user"] = cursor.user()
    if flags & _BMI_HEIGHT:
        fields["bmi"] = scaled(cursor.unsigned(2), -1)
        fields["height"] = scaled(cursor.unsigned(2), -1 if imperial else -3)
    return fields


def measured(fields: Fields) -> Measurement | None:
    """Return the weight in kg. Height and BMI stay out: they belong to the scale's user slot."""
    weight = number(fields["weight"])
    if weight is None:
        return None
    return Measurement(
        kind=Kind.WEIGHT,
        values=(Value(Code.WEIGHT, kilograms(weight, str(fields["unit"])), "kg"),),
        device_time=cast("datetime | None", fields.get("time")),
        user=cast("int | None", fields.get("user")),
    )


CHARACTERISTICS: tuple[BleCharacteristic, ...] = (
    BleCharacteristic("2A9D", "Weight Measurement", decode, measured),
)
