"""Continuous glucose over Bluetooth LE: 2AA7 (CGM Service 1.0.2, GSS CGM Measurement).

Decoded for the technician only: a sensor under the skin measures interstitial fluid, which is no
blood glucose, and its times are minutes since a session that the clinic did not start. A sensor
with E2E safety ends each record with a checksum; it is known by two bytes more than the flags ask.
"""

from __future__ import annotations

from devices.driver import BleCharacteristic, DecodeError, Fields
from devices.protocols.gatt_types import Cursor, e2e_crc

_TREND, _QUALITY = 1, 2
_STATUS_OCTETS = ((0x80, 0), (0x40, 8), (0x20, 16))
"""Flag and shift of the octets status, calibration/temperature, warning, in wire order."""

_SMALLEST = 6
_CRC_BYTES = 2


def decode(data: bytes) -> Fields:
    """Decode 2AA7: one or more records; glucose in mg/dL, offset in minutes.

    Raises `DecodeError` "checksum" when the E2E-CRC of a record does not fit.
    """
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


def _sized(cursor: Cursor) -> bytes:
    """Take one record, its size byte included."""
    size = cursor.unsigned(1)
    if size < _SMALLEST:
        raise DecodeError("truncated", f"a record of {size} bytes, at least {_SMALLEST} needed")
    return bytes((size,)) + cursor.take(size - 1)


def _record(data: bytes) -> dict[str, object]:
    cursor = Cursor(data)
    cursor.unsigned(1)
    flags = cursor.unsigned(1)
    record: dict[str, object] = {"mg_dl": cursor.sfloat(), "offset_min": cursor.unsigned(2)}
    present = [shift for flag, shift in _STATUS_OCTETS if flags & flag]
    if present:
        record["status"] = sum(cursor.unsigned(1) << shift for shift in present)
    if flags & _TREND:
        record["trend"] = cursor.sfloat()
    if flags & _QUALITY:
        record["quality_pct"] = cursor.sfloat()
    if cursor.left >= _CRC_BYTES:
        body, crc = data[:-_CRC_BYTES], data[-_CRC_BYTES:]
        if e2e_crc(body) != int.from_bytes(crc, "little"):
            raise DecodeError("checksum", f"the checksum does not fit: {data.hex()}")
    return record
