"""What cuffs and straps put on the air beside 2A35: 2A36, 2B34, 2A37 (GSS, BLS 1.1.1, HRS 1.0)."""

from __future__ import annotations

import struct
from datetime import datetime
from decimal import Decimal

from devices.simulators.bodies import Pressure
from devices.simulators.encodings import BODY_MOVED, PULSE_IRREGULAR, sfloat

_EPOCH = datetime(2000, 1, 1)  # noqa: DTZ001 - a device's clock has no zone
_TIME, _PULSE, _STATUS, _EPOCH_2000 = 0x02, 0x04, 0x10, 0x40
_CONTACT, _CONTACT_SENSED, _INTERVALS = 0x02, 0x04, 0x10
_TICKS_A_MINUTE = 60 * 1024


def intermediate_cuff_pressure(mmhg: int) -> bytes:
    """Encode Intermediate Cuff Pressure (2A36): one pressure, the others NaN."""
    return b"\x00" + sfloat(Decimal(mmhg)) + sfloat(None) * 2


def running_pressure(mmhg: int) -> bytes:
    """Encode what some cuffs send as 2A35 while they inflate: diastolic and mean are 0."""
    return b"\x00" + sfloat(Decimal(mmhg)) + sfloat(Decimal(0)) * 2


def enhanced_blood_pressure(pressure: Pressure | None, when: datetime) -> bytes:
    """Encode Enhanced Blood Pressure Measurement (2B34) with seconds since 2000."""
    flags = _TIME | _PULSE | _STATUS | _EPOCH_2000
    values: list[Decimal | None] = [None] * 3
    status = 0
    if pressure is not None:
        values = [pressure.systolic, pressure.diastolic, pressure.mean]
        status = BODY_MOVED * pressure.moved | PULSE_IRREGULAR * pressure.irregular
    seconds = int((when - _EPOCH).total_seconds())
    frame = bytes([flags]) + b"".join(sfloat(value) for value in values)
    frame += struct.pack("<I", seconds) + sfloat(pressure.pulse if pressure else None)
    return frame + struct.pack("<H", status)


def heart_rate(pulse: Decimal | None) -> bytes:
    """Encode Heart Rate Measurement (2A37) with one RR interval; None is "no skin contact"."""
    if pulse is None:
        return bytes([_CONTACT_SENSED, 0])
    head = bytes([_CONTACT_SENSED | _CONTACT | _INTERVALS, int(pulse)])
    return head + struct.pack("<H", round(_TICKS_A_MINUTE / pulse))
