"""Calendars in which births are told: dates of each as days of the Gregorian calendar.

Arithmetic: Reingold and Dershowitz, Calendrical Calculations, 4th edition, Cambridge University
Press 2018 (Ethiopic 4.2, Islamic civil 7.1, Persian arithmetic 15.3). The Hijri date that a
country declares may differ by a day. Months of Bikram Sambat begin when the sun enters a sign and
vary by a day: its dates are kept to the month.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

_ETHIOPIC_EPOCH = date(8, 8, 27).toordinal()
_HIJRI_EPOCH = date(622, 7, 19).toordinal()
_PERSIAN_EPOCH = date(622, 3, 22).toordinal()
_BIKRAM_DAY_OF_MONTH = 15
"""Months of Bikram Sambat begin between the 13th and the 18th of a Gregorian month."""


class CalendarName(StrEnum):
    """The calendars, by their names in BCP 47 (key "ca"); Bikram Sambat has none there."""

    GREGORIAN = "gregory"
    ETHIOPIC = "ethiopic"
    HIJRI = "islamic"
    PERSIAN = "persian"
    BIKRAM_SAMBAT = "bikram-sambat"
    BUDDHIST = "buddhist"


@dataclass(frozen=True, slots=True)
class Calendar:
    """A calendar: its name, its label (to be translated), and the day on which a date falls.

    `first_day` raises `ValueError` for a date that does not exist. `months` a year has at most.
    """

    name: CalendarName
    label: str
    first_day: Callable[[int, int, int], date]
    months: int = 12
    to_the_day: bool = True


def year_of(calendar: Calendar, today: date) -> int:
    """Return the year that a calendar counts on a day."""
    return next(y for y in range(today.year + 600, 0, -1) if _begins(calendar, y) <= today)


def _begins(calendar: Calendar, year: int) -> date:
    try:
        return calendar.first_day(year, 1, 1)
    except (ValueError, OverflowError):
        return date.max


def _ethiopic(year: int, month: int, day: int) -> date:
    longest = 30 if month < 13 else 6 if year % 4 == 3 else 5
    _check(1 <= month <= 13 and 1 <= day <= longest)
    return date.fromordinal(
        _ETHIOPIC_EPOCH + 365 * (year - 1) + year // 4 + 30 * (month - 1) + day - 1
    )


def _hijri(year: int, month: int, day: int) -> date:
    is_leap = (14 + 11 * year) % 30 < 11
    longest = 30 if month % 2 == 1 or (month == 12 and is_leap) else 29
    _check(1 <= month <= 12 and 1 <= day <= longest)
    before = 354 * (year - 1) + (3 + 11 * year) // 30 + 29 * (month - 1) + month // 2
    return date.fromordinal(_HIJRI_EPOCH + before + day - 1)


def _persian(year: int, month: int, day: int) -> date:
    _check(1 <= month <= 12 and 1 <= day <= (31 if month <= 6 else 30))
    if (month, day) == (12, 30):  # only in a leap year
        _check(_persian(year + 1, 1, 1).toordinal() - _persian(year, 12, 29).toordinal() == 2)
    in_cycle = (year - 474) % 2820 + 474
    before = (
        1029983 * ((year - 474) // 2820)
        + 365 * (in_cycle - 1)
        + (31 * in_cycle - 5) // 128
        + (31 * (month - 1) if month <= 7 else 30 * (month - 1) + 6)
    )
    return date.fromordinal(_PERSIAN_EPOCH + before + day - 1)


def _bikram_sambat(year: int, month: int, day: int) -> date:
    _check(1 <= month <= 12 and 1 <= day <= 32)
    index = month + 2  # the first month, Baishakh, begins in the middle of April
    first = date(year - 57 + index // 12, index % 12 + 1, _BIKRAM_DAY_OF_MONTH)
    return date.fromordinal(first.toordinal() + day - 1)


def _buddhist(year: int, month: int, day: int) -> date:
    return date(year - 543, month, day)


def _check(exists: bool) -> None:
    if not exists:
        raise ValueError("no such date")


CALENDARS: tuple[Calendar, ...] = (
    Calendar(CalendarName.GREGORIAN, "International", date),
    Calendar(CalendarName.ETHIOPIC, "Ethiopian", _ethiopic, months=13),
    Calendar(CalendarName.HIJRI, "Hijri", _hijri),
    Calendar(CalendarName.PERSIAN, "Solar Hijri", _persian),
    Calendar(CalendarName.BIKRAM_SAMBAT, "Bikram Sambat", _bikram_sambat, to_the_day=False),
    Calendar(CalendarName.BUDDHIST, "Buddhist", _buddhist),
)
"""Every calendar, in the order in which forms offer them."""

BY_NAME = {str(calendar.name): calendar for calendar in CALENDARS}
