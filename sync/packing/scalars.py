"""Converts a leaf of a record (number, time, UUID as text) to an integer and exactly back.

What cannot be written back to the very same text is no such leaf, and stays a text.
"""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from uuid import UUID

TEXT, INTEGER, UUIDS, TIME, STAMP = range(5)
DECIMAL = 8
"""And the number of decimal places, 0 to 6."""
PLACES = 6
MAX_DIGITS = 15

_DIGITS = re.compile(r"-?\d+(?:\.(\d{1,6}))?")
_DATETIME = re.compile(r"([0-9]{4}-[0-9]{2}-[0-9]{2})T([01][0-9]|2[0-3]):([0-5][0-9]):([0-5][0-9])")
_SECONDS_A_DAY = 86_400


def number(value: str, wall_s: int) -> tuple[int, int] | None:
    """Return the kind and number of a text that is a decimal or a time, exactly as written."""
    match = _DIGITS.fullmatch(value)
    if match and len(value) <= MAX_DIGITS:
        places = len(match[1] or "")
        whole = int(value.replace(".", ""))
        return (DECIMAL + places, whole) if decimal(whole, places) == value else None
    total = seconds(value)
    return None if total is None else (TIME, total - wall_s)


def decimal(whole: int, places: int) -> str:
    """Return a whole number with a point before its last `places` digits."""
    digits = str(abs(whole)).rjust(places + 1, "0")
    front, part = digits[: len(digits) - places], digits[len(digits) - places :]
    return f"{'-' if whole < 0 else ''}{front}{'.' if places else ''}{part}"


def seconds(value: str) -> int | None:
    """Return a local time as seconds from the first day of the calendar; None when it is none."""
    match = _DATETIME.fullmatch(value)
    if match is None:
        return None
    days = _ordinal(match[1])
    if days is None:
        return None
    hours, minutes, rest = int(match[2]), int(match[3]), int(match[4])
    return ((days * 24 + hours) * 60 + minutes) * 60 + rest


def datetime_text(total: int) -> str:
    """Return the local time of some seconds; raises `ValueError` or `OverflowError`."""
    days, rest = divmod(total, _SECONDS_A_DAY)
    return f"{_day(days)}T{rest // 3600:02}:{rest // 60 % 60:02}:{rest % 60:02}"


def uuid_bytes(value: str) -> bytes | None:
    """Return the bytes of a UUID in its one canonical form; None when the text is none."""
    if len(value) != 36:
        return None
    try:
        packed = UUID(value)
    except ValueError:
        return None
    return packed.bytes if str(packed) == value else None


@lru_cache(64)
def _ordinal(day: str) -> int | None:
    try:
        return date.fromisoformat(day).toordinal()
    except ValueError:
        return None


@lru_cache(64)
def _day(days: int) -> str:
    return date.fromordinal(days).isoformat()
