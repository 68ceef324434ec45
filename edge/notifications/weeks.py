"""Weeks in which notifiable diseases are counted: those of ISO 8601, Monday to Sunday.

WHO's surveillance (IDSR technical guidelines, 3rd edition, 2019) counts by epidemiological weeks
that begin on Monday, which are these.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Final

EARLIEST, LATEST = 1900, 2199
"""Years of weeks that can be meant."""
NONE: Final = "none"
"""The disease of a report that a week had no case."""


@dataclass(frozen=True, slots=True, order=True)
class Week:
    """A week of ISO 8601."""

    year: int
    number: int

    @classmethod
    def of(cls, day: date) -> Week:
        """Return the week of a day."""
        year, number, _ = day.isocalendar()
        return cls(year, number)

    @classmethod
    def parse(cls, text: str) -> Week | None:
        """Return the week of a text such as "2026-w48", None when it is none."""
        year, _, number = text.lower().partition("-w")
        if not (year.isdecimal() and number.isdecimal() and len(year) == 4 and len(number) == 2):
            return None
        if not EARLIEST <= int(year) <= LATEST:
            return None
        try:
            return cls.of(date.fromisocalendar(int(year), int(number), 1))
        except ValueError:
            return None

    @property
    def word(self) -> str:
        """The week as it stands in a record: "2026-w48"."""
        return f"{self.year:04}-w{self.number:02}"

    @property
    def first(self) -> date:
        """Its Monday."""
        return date.fromisocalendar(self.year, self.number, 1)

    @property
    def last(self) -> date:
        """Its Sunday."""
        return self.first + timedelta(days=6)

    def before(self, weeks: int = 1) -> Week:
        """Return the week so many weeks earlier."""
        return Week.of(self.first - timedelta(weeks=weeks))


@dataclass(frozen=True, slots=True)
class Case:
    """One reported case: the day it was seen ("YYYY-MM-DD"), or the week of a report without one.

    `state` is "suspected", "confirmed", "ruled-out", or "none" of a report without a case.
    """

    disease: str
    day: str
    state: str
    week: str = ""


@dataclass(frozen=True, slots=True)
class WeekCount:
    """The cases of a week by disease: those suspected, and those confirmed among all.

    `is_zero`: somebody said that there was none. `is_reported`: there is a case, or that word.
    """

    week: Week
    suspected: Mapping[str, int]
    confirmed: Mapping[str, int]
    is_zero: bool

    @property
    def is_reported(self) -> bool:
        """Whether the week has a report at all."""
        return self.is_zero or bool(self.suspected or self.confirmed)


def count(cases: Iterable[Case], week: Week) -> WeekCount:
    """Return the count of a week; what was ruled out counts no more, a day that is none neither."""
    suspected: Counter[str] = Counter()
    confirmed: Counter[str] = Counter()
    is_zero = False
    for case in cases:
        if case.disease == NONE:
            is_zero = is_zero or Week.parse(case.week) == week
        elif _week_of(case.day) == week and case.state in ("suspected", "confirmed"):
            (confirmed if case.state == "confirmed" else suspected)[case.disease] += 1
    return WeekCount(week, dict(suspected), dict(confirmed), is_zero)


def _week_of(day: str) -> Week | None:
    try:
        return Week.of(date.fromisoformat(day))
    except ValueError:
        return None
