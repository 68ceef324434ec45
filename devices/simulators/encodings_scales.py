"""What scales put on the air beside 2A9D: 2A9C in parts (GSS, BCS 1.0), Mi scale advertisements.

The Mi scales' service data follow no specification; community decoders agree on these bits.
"""

from __future__ import annotations

import struct
from datetime import datetime
from decimal import Decimal

from devices.simulators.bodies import Composition
from devices.simulators.encodings import date_time

_TIME, _USER, _BASAL, _MUSCLE = 1 << 1, 1 << 2, 1 << 3, 1 << 4
_WATER, _IMPEDANCE, _WEIGHT, _PARTS = 1 << 8, 1 << 9, 1 << 10, 1 << 12
_UNSUCCESSFUL = 0xFFFF
_KG_PER_STEP, _MI_STEPS_PER_KG = Decimal("0.005"), 200

_MI_KG, _MI_STABLE, _MI_REMOVED = 0x02, 0x20, 0x80
_MI_THING, _MI_THING_2 = 0x40, 0x04
_MI_COMPOSITION, _MI_IMPEDANCE = 0x04, 0x02


def composition(seen: Composition | None, when: datetime, user: int) -> tuple[bytes, ...]:
    """Encode Body Composition Measurement (2A9C) as two packets that belong together.

    A failed one is a single packet without anything but the time.
    """
    if seen is None:
        head = struct.pack("<HH", _TIME | _USER, _UNSUCCESSFUL)
        return (head + date_time(when) + bytes([user]),)
    fat = int(seen.fat * 10)
    first = struct.pack("<HH", _PARTS | _TIME | _USER | _BASAL | _MUSCLE, fat)
    first += date_time(when) + bytes([user])
    first += struct.pack("<HH", int(seen.basal_rate), int(seen.muscle * 10))
    second = struct.pack("<HH", _PARTS | _WATER | _IMPEDANCE | _WEIGHT, fat)
    second += struct.pack("<HHH", _steps(seen.water), int(seen.impedance * 10), _steps(seen.weight))
    return first, second


def mi_weight(
    kg: Decimal, when: datetime, stable: bool, removed: bool = False, thing: bool = False
) -> bytes:
    """Encode the service data (181D) of a Mi Smart Scale; `thing` is no person."""
    control = _MI_KG | _MI_STABLE * stable | _MI_REMOVED * removed | _MI_THING * thing
    return struct.pack("<BH", control, int(kg * _MI_STEPS_PER_KG)) + date_time(when)


def mi_composition(
    kg: Decimal,
    when: datetime,
    impedance: Decimal | None,
    stable: bool,
    removed: bool = False,
    *,
    thing: bool = False,
) -> bytes:
    """Encode the service data (181B) of a Mi Body Composition Scale; impedance in ohm."""
    control = _MI_COMPOSITION | _MI_STABLE * stable | _MI_REMOVED * removed
    control |= 0 if impedance is None else _MI_IMPEDANCE
    tail = struct.pack("<HH", int(impedance or 0), int(kg * _MI_STEPS_PER_KG))
    return bytes([_MI_KG | _MI_THING_2 * thing, control]) + date_time(when) + tail


def _steps(kg: Decimal) -> int:
    return int((kg / _KG_PER_STEP).to_integral_value())
