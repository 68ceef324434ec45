"""Reading what somebody typed about a birth or an age."""

from __future__ import annotations

import re
from datetime import date, timedelta

from edge.model.age import OLDEST_YEARS, Estimate
from edge.model.clock import ClockQuality, Stamp
from edge.model.errors import InvalidForm
from edge.model.patient_codes import AgeUnit
from edge.patients import typed_dates

_NUMBER = re.compile(r"\d{1,5}")


def read_birth(text: str, calendars: str, now: Stamp) -> str:
    """Return a birth as it is stored; raises `InvalidForm` for the field "birth".

    `calendars` is the chosen one, or several of which nobody has chosen (`typed_dates.read`).
    """
    # The box thinks in UTC: somewhere it is already tomorrow. A clock at its floor knows no date.
    latest = now.wall.date() + timedelta(days=1)
    if now.quality is ClockQuality.FLOOR:
        latest = date.max
    earliest = date(now.wall.year - OLDEST_YEARS, 1, 1)
    return typed_dates.read(text, calendars, (earliest, latest))


def estimate(age: str, unit: str, today: date) -> Estimate:
    """Return an age as it was said; raises `InvalidForm` for the field "age"."""
    digits = ascii_digits(age)
    if not _NUMBER.fullmatch(digits) or unit not in set(AgeUnit):
        raise InvalidForm({"age": "format"})
    said = Estimate(int(digits), AgeUnit(unit), today)
    if not said.is_possible:
        raise InvalidForm({"age": "too-old"})
    return said


def today_of(now: Stamp) -> date:
    """Return the day on the wall of the clinic, on which an age is said and shown."""
    return now.wall.astimezone().date()


def ascii_digits(text: str) -> str:
    """Return a text with every digit of Unicode as 0 to 9."""
    return "".join(str(int(c)) if c.isdecimal() else c for c in text)
