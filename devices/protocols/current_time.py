"""The clock of a Bluetooth device: Current Time 2A2B and Date Time 2A08, read and written.

Sources: Current Time Service 1.1 (CTS), GSS Current Time and Date Time. Most devices keep local
time without a zone, so the caller passes the local wall clock.
"""

from __future__ import annotations

import struct
from datetime import datetime

from devices.driver import BleCharacteristic, Fields
from devices.protocols.gatt_types import Cursor

MANUAL_UPDATE = 1
"""Adjust reason "manual time update" (CTS)."""

_DATE_TIME = struct.Struct("<HBBBBB")


def encode_date_time(local: datetime) -> bytes:
    """Return the 7 bytes to write to 2A08."""
    return _DATE_TIME.pack(
        local.year, local.month, local.day, local.hour, local.minute, local.second
    )


def encode_current_time(local: datetime, reason: int = MANUAL_UPDATE) -> bytes:
    """Return the 10 bytes to write to 2A2B: date, time, ISO weekday, 1/256 s, adjust reason."""
    fractions = local.microsecond * 256 // 1_000_000
    return encode_date_time(local) + bytes((local.isoweekday(), fractions, reason))


def decode(data: bytes) -> Fields:
    """Decode 2A2B; weekday 1 is Monday, 0 unknown."""
    cursor = Cursor(data)
    return {
        "time": cursor.date_time(),
        "weekday": cursor.unsigned(1),
        "fractions256": cursor.unsigned(1),
        "adjust": cursor.unsigned(1),
    }


def decode_date_time(data: bytes) -> Fields:
    """Decode 2A08."""
    return {"time": Cursor(data).date_time()}


def no_reading(fields: Fields) -> None:
    """Return None: a clock is no patient."""


CHARACTERISTICS: tuple[BleCharacteristic, ...] = (
    BleCharacteristic("2A2B", "Current Time", decode, no_reading),
    BleCharacteristic("2A08", "Date Time", decode_date_time, no_reading),
)
