"""What glucose meters and sensors put on the air: 2A18, 2A34, 2A52, 2AA7 (GSS, GLS 1.0.1, CGMS)."""

from __future__ import annotations

import struct
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from devices.simulators.encodings import date_time, sfloat

BEFORE_MEAL, AFTER_MEAL = 1, 2
STRIP_ERROR = 1 << 3
BATTERY_LOW = 1 << 0

_HIGHEST, _HI = Decimal(500), 0x07FE
_LOWEST, _LO = Decimal(20), 0x0802
_OFFSET, _CONCENTRATION, _STATUS, _CONTEXT = 0x01, 0x02, 0x08, 0x10
_MEAL = 0x02
_CAPILLARY_FINGER, _CONTROL_SOLUTION = 0x11, 0x4A
_KG_PER_L = -5
"""mg/dL to kg/L, as a power of ten."""
_COUNT_RESPONSE, _RESPONSE = 5, 6


@dataclass(frozen=True, slots=True)
class Strip:
    """One record of a meter: its number, when, mg/dL (None: failed), doubts, meal (0: not said).

    A `ketone` is sent as a plain number, also where glucose would be LO.
    """

    sequence: int
    when: datetime
    value: Decimal | None
    control: bool = False
    status: int = 0
    meal: int = 0
    ketone: bool = False


def measurement(strip: Strip) -> bytes:
    """Encode Glucose Measurement (2A18) in kg/L; beyond 20 to 500 mg/dL it is HI or LO."""
    flags = _OFFSET | (_CONCENTRATION if strip.value is not None else 0)
    flags |= (_STATUS if strip.status else 0) | (_CONTEXT if strip.meal else 0)
    frame = struct.pack("<BH", flags, strip.sequence) + date_time(strip.when) + b"\x00\x00"
    if strip.value is not None:
        sample = _CONTROL_SOLUTION if strip.control else _CAPILLARY_FINGER
        known = sfloat(strip.value.scaleb(_KG_PER_L)) if strip.ketone else None
        frame += (known or _concentration(strip.value)) + bytes([sample])
    return frame + (struct.pack("<H", strip.status) if strip.status else b"")


def context(strip: Strip) -> bytes:
    """Encode Glucose Measurement Context (2A34): the meal."""
    return struct.pack("<BHB", _MEAL, strip.sequence, strip.meal)


def count_response(count: int) -> bytes:
    """Encode the number of records of a RACP (2A52)."""
    return struct.pack("<BBH", _COUNT_RESPONSE, 0, count)


def response(request: int, code: int) -> bytes:
    """Encode how a RACP procedure ended."""
    return bytes([_RESPONSE, 0, request, code])


def sensor_sample(mg_dl: Decimal | None, minutes: int, checked: bool = False) -> bytes:
    """Encode CGM Measurement (2AA7): one record, minutes since the session began.

    With E2E safety the CRC follows: CRC-16/MCRF4XX, by its published table-less form.
    """
    body = b"\x00" + sfloat(mg_dl) + struct.pack("<H", minutes)
    record = bytes([len(body) + (3 if checked else 1)]) + body
    return record + (struct.pack("<H", _mcrf4xx(record)) if checked else b"")


def ketone_as_glucose(mmol_l: Decimal) -> Decimal:
    """Return the mg/dL that some meters send for a ketone: mmol/L times 30."""
    return (mmol_l * 30).to_integral_value()


def _mcrf4xx(data: bytes) -> int:
    crc = 0xFFFF
    for byte in data:
        mixed = (byte ^ crc) & 0xFF
        mixed ^= mixed << 4 & 0xFF
        crc = mixed << 8 ^ crc >> 8 ^ mixed >> 4 ^ mixed << 3
    return crc


def _concentration(mg_dl: Decimal) -> bytes:
    if mg_dl > _HIGHEST:
        return struct.pack("<H", _HI)
    if mg_dl < _LOWEST:
        return struct.pack("<H", _LO)
    return sfloat(mg_dl.scaleb(_KG_PER_L))
