"""Continuous glucose over Bluetooth LE: 2AA7 (CGM Service 1.0.2, GSS CGM Measurement).

Decoded for the technician only: a sensor under the skin measures interstitial fluid, which is no
blood glucose, and its times are minutes since a session that the clinic did not start.
"""

from __future__ import annotations

from devices.driver import BleCharacteristic, DecodeError, Fields
from devices.protocols.gatt_types import Cursor

_TREND, _QUALITY = 1, 2
_STATUS_OCTETS = ((0x80, 0), (0x40, 8), (0x20, 16))
"""Flag and shift of the octets status, calibration/temperature, warning, in wire order."""

_SMALLEST = 6


def decode(data: bytes) -> Fields:
    """Decode 2AA7: one or more records; glucose in mg/dL, offset in minutes."""
    cursor = Cursor(data)
    records = [_record(_sized(cursor))]
    while cursor.left:
        records.append(_record(_sized(cursor)))
    return {"records": tuple(records)}


def no_reading(fields: Fields) -> None:
    """Return None: interstitial glucose is no value of a visit."""


CHARACTERISTICS: tuple[BleCharacteristic, ...] = (
    BleCharacteristic("2AA7", "CGM Measurement", decode, no_reading, streaming=True),
)


def _sized(cursor: Cursor) -> Cursor:
    size = cursor.unsigned(1)
    if size < _SMALLEST:
        raise DecodeError("truncated", f"a record of {size} bytes, at least {_SMALLEST} needed")
    return Cursor(cursor.take(size - 1))


def _record(cursor: Cursor) -> dict[str, object]:
    flags = cursor.unsigned(1)
    record: dict[str, object] = {"mg_dl": cursor.sfloat(), "offset_min": cursor.unsigned(2)}
    present = [shift for flag, shift in _STATUS_OCTETS if flags & flag]
    if present:
        record["status"] = sum(cursor.unsigned(1) << shift for shift in present)
    if flags & _TREND:
        record["trend"] = cursor.sfloat()
    if flags & _QUALITY:
        record["quality_pct"] = cursor.sfloat()
    return record
