"""The expiry on a packet: read as it is printed, kept as a month or a day."""

from __future__ import annotations

import calendar
import re
from datetime import date

from edge.model.errors import InvalidForm
from edge.patients.birth import ascii_digits

_PARTS = re.compile(r"\d+")
_PRINTED = re.compile(r"[\d\s./-]+")
_FIRST_YEAR, _LAST_YEAR = 2000, 2099


def read(text: str) -> str | None:
    """Return an expiry as `YYYY-MM` or `YYYY-MM-DD`, None when nothing was typed.

    03/2027, 03-27, 2027-03, 14.03.2027 and 2027-03-14 are read. Raises `InvalidForm` ("expiry").
    """
    typed = ascii_digits(text).strip()
    if not typed:
        return None
    parts = _PARTS.findall(typed)
    if not _PRINTED.fullmatch(typed) or not 2 <= len(parts) <= 3:
        raise InvalidForm({"expiry": "format"})
    if len(parts[0]) != 4:
        parts.reverse()
    year = int(parts[0]) + (_FIRST_YEAR if len(parts[0]) == 2 else 0)
    month, day = int(parts[1]), int(parts[2]) if len(parts) == 3 else None
    if len(parts[0]) not in (2, 4) or not _FIRST_YEAR <= year <= _LAST_YEAR:
        raise InvalidForm({"expiry": "format"})
    try:
        known = date(year, month, day or 1)
    except ValueError as error:
        raise InvalidForm({"expiry": "impossible"}) from error
    return known.isoformat() if day else known.isoformat()[:7]


def last_day(expiry: str) -> date:
    """Return the last day on which something may be used, from what `read` returned.

    Raises `ValueError` for anything else.
    """
    if len(expiry) > len("2026-11"):
        return date.fromisoformat(expiry)
    year, month = map(int, expiry.split("-"))
    return date(year, month, calendar.monthrange(year, month)[1])
