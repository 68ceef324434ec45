"""Nonin's own oximetry service over Bluetooth LE (46A970E0-…), of 3230 before its newer firmware.

One frame a second while a finger is in: its length, status, battery, pulse amplitude, counter,
SpO2, pulse; two-byte numbers are big-endian, unlike the profiles'. Sources: Nonin 113142-000-02 as
two public programs read it; 127 and 511 are Nonin's "no value", as in its serial formats.
"""

from __future__ import annotations

from decimal import Decimal

from devices.driver import BleCharacteristic, DecodeError, Fields
from devices.protocols.gatt_types import Cursor, flag_names, number, positive, scaled
from edge.model.reading import Code, Kind, Measurement, Value

UUID = "0AAD7EA0-0D60-11E2-8E3C-0002A5D5C51B"

_STATUS_BITS = (
    "",
    "weak_signal",
    "smart_point",
    "searching",
    "sensor_connected",
    "low_battery",
    "encrypted",
)
_SMALLEST = 10
_NO_SPO2, _NO_PULSE = 127, 511


def decode(data: bytes) -> Fields:
    """Decode a frame: SpO2 and amplitude in percent, pulse per minute; None is "no value"."""
    cursor = Cursor(data)
    size = cursor.unsigned(1)
    if size < _SMALLEST or len(data) < size:
        raise DecodeError("truncated", f"{len(data)} bytes, {size} announced: {data.hex()}")
    status = flag_names(cursor.unsigned(1), _STATUS_BITS)
    battery = cursor.unsigned(1)
    amplitude, counter = _big(cursor), _big(cursor)
    spo2, pulse = cursor.unsigned(1), _big(cursor)
    return {
        "status": status,
        "battery_v": scaled(battery, -1),
        "pai": scaled(amplitude, -2),
        "counter": counter,
        "spo2": None if spo2 >= _NO_SPO2 else Decimal(spo2),
        "pulse": None if pulse >= _NO_PULSE else Decimal(pulse),
    }


def measured(fields: Fields) -> Measurement | None:
    """Return one sample; None while no finger is in or its pulse is searched for."""
    status = fields["status"]
    spo2 = number(fields["spo2"])
    assert isinstance(status, tuple)
    if spo2 is None or "searching" in status or "sensor_connected" not in status:
        return None
    return Measurement(
        kind=Kind.OXIMETRY,
        values=(
            Value(Code.SPO2, spo2, "%"),
            *positive(Code.PULSE, fields["pulse"], "/min"),
            *positive(Code.PERFUSION_INDEX, fields["pai"], "%"),
        ),
        quality=("poor_signal",) if "weak_signal" in status else (),
    )


def _big(cursor: Cursor) -> int:
    return int.from_bytes(cursor.take(2), "big")


CHARACTERISTICS: tuple[BleCharacteristic, ...] = (
    BleCharacteristic(UUID, "Nonin oximetry", decode, measured, streaming=True),
)
