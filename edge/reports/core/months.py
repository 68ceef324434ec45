"""Calendar months and days as ISO texts, which sort as they follow one another."""

from __future__ import annotations

import re
from datetime import UTC, date, datetime, timedelta
from functools import lru_cache

_DAY = re.compile(r"(\d{4})-(\d{2})-(\d{2})")
_MONTH = re.compile(r"(\d{4})-(\d{2})")

FIRST_YEAR, LAST_YEAR = 1900, 9998


def is_day(text: object) -> bool:
    """Whether a value is a calendar day `YYYY-MM-DD` of the years 1900 to 9998."""
    return isinstance(text, str) and _known_day(text)


@lru_cache(4096)
def _known_day(text: str) -> bool:
    match = _DAY.fullmatch(text) if text.isascii() else None
    if match is None or not _is_year(match[1]):
        return False
    try:
        date.fromisoformat(text)
    except ValueError:
        return False
    return True


def is_month(text: str) -> bool:
    """Whether a text is a month `YYYY-MM`, of the years 1900 to 9998."""
    match = _MONTH.fullmatch(text) if text.isascii() else None
    return match is not None and _is_year(match[1]) and 1 <= int(match[2]) <= 12


def _is_year(text: str) -> bool:
    return FIRST_YEAR <= int(text) <= LAST_YEAR


@lru_cache(4096)
def number(day: str) -> int:
    """Return the number of the month that a day or a month lies in: 12 a year."""
    return int(day[:4]) * 12 + int(day[5:7]) - 1


def name(month_number: int) -> str:
    """Return the month of a number, as `YYYY-MM`."""
    year, month = divmod(month_number, 12)
    return f"{year:04d}-{month + 1:02d}"


def first_day(month: str) -> str:
    """Return the first day of a month."""
    return f"{month}-01"


def before(month: str, months: int) -> str:
    """Return the month that lies so many months before."""
    return name(number(month) - months)


def last_day(month: str) -> str:
    """Return the last day of a month."""
    return plus_days(first_day(before(month, -1)), -1)


def plus_days(day: str, days: int) -> str:
    """Return the day so many days later."""
    return (date.fromisoformat(day) + timedelta(days=days)).isoformat()


def days_between(earlier: str, later: str) -> int:
    """Return how many days lie between; negative when the first is the later one."""
    return (date.fromisoformat(later) - date.fromisoformat(earlier)).days


@lru_cache(65536)
def _day_at(quarter: int) -> str:
    moment = datetime.fromtimestamp(quarter * 900, UTC)
    return moment.date().isoformat()


def local_day(wall_ms: int, offset_min: int) -> str:
    """Return the calendar day of a moment, where the clock is so many minutes ahead of UTC."""
    return _day_at((wall_ms // 1000 + offset_min * 60) // 900)
