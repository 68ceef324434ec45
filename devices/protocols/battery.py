"""Battery level over Bluetooth LE: 2A19 (GSS Battery Level)."""

from __future__ import annotations

from devices.driver import BleCharacteristic, Fields
from devices.protocols.gatt_types import Cursor

_FULL = 100


def decode(data: bytes) -> Fields:
    """Decode 2A19: percent, None when the device says more than 100."""
    percent = Cursor(data).unsigned(1)
    return {"percent": percent if percent <= _FULL else None}


def no_reading(fields: Fields) -> None:
    """Return None: a battery is no patient."""


CHARACTERISTICS: tuple[BleCharacteristic, ...] = (
    BleCharacteristic("2A19", "Battery Level", decode, no_reading),
)
