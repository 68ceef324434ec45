"""Xiaomi Mi scales: weight in the service data of their advertisements, without a connection.

Service data 181D (10 bytes, Mi Smart Scale) and 181B (13 bytes, Mi Body Composition Scale). No
specification is public; several community decoders agree on these bits. Everybody in range sees
the weight, and the clock is rarely set.
"""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal
from typing import cast

from devices.driver import BleCharacteristic, Fields
from devices.protocols.gatt_types import Cursor, positive, scaled
from devices.protocols.weight_scale import kilograms, tidy
from edge.model.reading import Code, Kind, Measurement

_LB, _IMPEDANCE, _JIN, _STABLE, _JIN_2, _REMOVED = 0x01, 0x02, 0x10, 0x20, 0x40, 0x80
_OBJECT, _OBJECT_2 = 0x40, 0x04
"""The scale weighs a thing, not a person: in the control byte of 181D, in the first of 181B."""

_KG_PER_JIN = Decimal("0.5")


def decode(data: bytes) -> Fields:
    """Decode 181D service data: control, weight, time."""
    cursor = Cursor(data)
    control = cursor.unsigned(1)
    unit = _unit(bool(control & _LB), bool(control & _JIN))
    return {
        "unit": unit,
        "weight": _weight(cursor.unsigned(2), unit),
        "stabilized": bool(control & _STABLE),
        "removed": bool(control & _REMOVED),
        "time": cursor.date_time(),
    } | ({"object": True} if control & _OBJECT else {})


def decode_composition(data: bytes) -> Fields:
    """Decode 181B service data: two control bytes, time, impedance in ohm, weight."""
    cursor = Cursor(data)
    first, control = cursor.unsigned(1), cursor.unsigned(1)
    unit = _unit(bool(first & _LB), bool(control & _JIN_2))
    time, impedance = cursor.date_time(), cursor.unsigned(2)
    fields: dict[str, object] = {
        "unit": unit,
        "weight": _weight(cursor.unsigned(2), unit),
        "stabilized": bool(control & _STABLE),
        "removed": bool(control & _REMOVED),
        "time": time,
    }
    if control & _IMPEDANCE:
        fields["impedance"] = impedance
    if first & _OBJECT_2:
        fields["object"] = True
    return fields


def measured(fields: Fields) -> Measurement | None:
    """Return the weight in kg once it has settled and while the person stands on the scale.

    What the scale weighs as an object is nobody's weight.
    """
    if not fields["stabilized"] or fields["removed"] or fields.get("object"):
        return None
    weight, unit = cast("Decimal", fields["weight"]), str(fields["unit"])
    kg = tidy(weight * _KG_PER_JIN) if unit == "jin" else kilograms(weight, unit)
    values = positive(Code.WEIGHT, kg, "kg")
    if not values:
        return None
    return Measurement(Kind.WEIGHT, values, device_time=cast("datetime | None", fields["time"]))


CHARACTERISTICS: tuple[BleCharacteristic, ...] = (
    BleCharacteristic("mi_181D", "Mi Smart Scale advertisement", decode, measured),
    BleCharacteristic(
        "mi_181B", "Mi Body Composition Scale advertisement", decode_composition, measured
    ),
)


def _unit(lb: bool, jin: bool) -> str:
    return "lb" if lb else "jin" if jin else "kg"


def _weight(raw: int, unit: str) -> Decimal:
    return tidy(scaled(raw * 5, -3)) if unit == "kg" else scaled(raw, -2)
