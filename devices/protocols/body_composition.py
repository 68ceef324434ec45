"""Body composition over Bluetooth LE: 2A9C.

Sources: Body Composition Service 1.0 (BCS), GSS Body Composition Measurement. One measurement may
come as several indications: bit 12 says that they belong together, `merged` joins them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from datetime import datetime
from decimal import Decimal
from typing import cast

from devices.driver import BleCharacteristic, Fields
from devices.protocols.gatt_types import Cursor, number, positive, scaled
from devices.protocols.weight_scale import UNSUCCESSFUL, kilograms, mass
from edge.model.reading import Code, Kind, Measurement, Value

_IMPERIAL, _TIME, _USER, _MULTI_PACKET = 1, 2, 4, 1 << 12


def _tenths(raw: int, imperial: bool) -> Decimal:
    return scaled(raw, -1)


def _whole(raw: int, imperial: bool) -> int:
    return raw


def _height(raw: int, imperial: bool) -> Decimal:
    return scaled(raw, -1 if imperial else -3)


_PARTS: tuple[tuple[int, str, Callable[[int, bool], object]], ...] = (
    (3, "bmr_kj", _whole),
    (4, "muscle_pct", _tenths),
    (5, "muscle_mass", mass),
    (6, "fat_free_mass", mass),
    (7, "soft_lean_mass", mass),
    (8, "water_mass", mass),
    (9, "impedance", _tenths),
    (10, "weight", mass),
    (11, "height", _height),
)
"""Flag bit, name and scale of each optional 16-bit field, in wire order."""


def decode(data: bytes) -> Fields:
    """Decode 2A9C: masses in kg or lb, height in m or in, impedance in ohm; None: unsuccessful."""
    cursor = Cursor(data)
    flags = cursor.unsigned(2)
    imperial = bool(flags & _IMPERIAL)
    fat = cursor.unsigned(2)
    fields: dict[str, object] = {
        "unit": "lb" if imperial else "kg",
        "body_fat_pct": None if fat == UNSUCCESSFUL else scaled(fat, -1),
    }
    if flags & _TIME:
        fields["time"] = cursor.date_time()
    if flags & _USER:
        fields["user"] = cursor.user()
    for bit, name, scale in _PARTS:
        if flags >> bit & 1:
            fields[name] = scale(cursor.unsigned(2), imperial)
    if flags & _MULTI_PACKET:
        fields["multi_packet"] = True
    return fields


def merged(packets: Iterable[Fields]) -> Fields:
    """Join the packets of one measurement; a later packet fills what an earlier one left out."""
    whole: dict[str, object] = {}
    for packet in packets:
        whole.update({name: value for name, value in packet.items() if value is not None})
        whole.update({name: None for name in packet if name not in whole})
    return whole


def measured(fields: Fields) -> Measurement | None:
    """Return body fat in percent and weight in kg, as far as this packet has them."""
    weight = number(fields.get("weight"))
    kg = kilograms(weight, str(fields["unit"])) if weight is not None else None
    values: tuple[Value, ...] = (
        *positive(Code.WEIGHT, kg, "kg"),
        *positive(Code.BODY_FAT, fields["body_fat_pct"], "%"),
    )
    if not values:
        return None
    return Measurement(
        kind=Kind.BODY_COMPOSITION,
        values=values,
        device_time=cast("datetime | None", fields.get("time")),
        user=cast("int | None", fields.get("user")),
    )


CHARACTERISTICS: tuple[BleCharacteristic, ...] = (
    BleCharacteristic("2A9C", "Body Composition Measurement", decode, measured),
)
