"""Heart rate over Bluetooth LE: 2A37 (Heart Rate Service 1.0, GSS Heart Rate Measurement)."""

from __future__ import annotations

from decimal import Decimal

from devices.driver import BleCharacteristic, Fields
from devices.protocols.gatt_types import Cursor
from edge.model.reading import Code, Kind, Measurement, Value

_WIDE, _CONTACT, _CONTACT_SUPPORTED, _ENERGY, _RR = 1, 2, 4, 8, 16


def decode(data: bytes) -> Fields:
    """Decode 2A37: bpm, skin contact (None when not sensed), energy in kJ, RR intervals in ms."""
    cursor = Cursor(data)
    flags = cursor.unsigned(1)
    fields: dict[str, object] = {
        "bpm": cursor.unsigned(2 if flags & _WIDE else 1),
        "contact": bool(flags & _CONTACT) if flags & _CONTACT_SUPPORTED else None,
    }
    if flags & _ENERGY:
        fields["energy_kj"] = cursor.unsigned(2)
    if flags & _RR:
        fields["rr_ms"] = tuple(_milliseconds(cursor.unsigned(2)) for _ in range(cursor.left // 2))
    return fields


def measured(fields: Fields) -> Measurement | None:
    """Return the pulse in /min; None at 0 (no signal) and while the strap has no contact."""
    bpm = fields["bpm"]
    if not bpm or fields["contact"] is False:
        return None
    return Measurement(Kind.HEART_RATE, (Value(Code.PULSE, Decimal(str(bpm)), "/min"),))


CHARACTERISTICS: tuple[BleCharacteristic, ...] = (
    BleCharacteristic("2A37", "Heart Rate Measurement", decode, measured, streaming=True),
)


def _milliseconds(raw: int) -> Decimal:
    return (Decimal(raw) * 1000 / 1024).quantize(Decimal("0.01"))
