"""The ages that somebody may have on a day: one when the day of birth is known, else a range.

A year or a month of birth holds every day in it. An age that was said is taken as right to one of
its own unit either way ("40 years": 39 to 41); no source says how far people are off, so this is
the project's own choice, for a clinician to sign.
"""

from __future__ import annotations

import calendar
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, timedelta
from fractions import Fraction

from edge.model.age import TERM_WEEKS, Estimate
from edge.model.patient import Patient
from edge.model.patient_codes import AgeUnit


@dataclass(frozen=True, slots=True)
class ExactAge:
    """Completed days, months and years."""

    days: int
    months: int
    years: int


@dataclass(frozen=True, slots=True)
class PossibleAges:
    """What somebody's age is taken for, and the youngest and the oldest that it may be."""

    likely: ExactAge
    least: ExactAge
    most: ExactAge

    @property
    def is_exact(self) -> bool:
        """Whether the day of birth is known."""
        return self.least == self.most


def of(patient: Patient, today: date) -> PossibleAges | None:
    """Return the ages on a day; None when nothing is known, or the birth lies in the future."""
    births = _of_birth(patient.birth) if patient.birth else _of_estimate(patient.age)
    if births is None:
        return None
    earliest, likely, latest = births
    if earliest > today + timedelta(days=1):
        return None
    return PossibleAges(on(likely, today), on(latest, today), on(earliest, today))


def corrected(patient: Patient, today: date) -> PossibleAges | None:
    """Return the ages counted from the day on which the birth was due.

    None where no age is known, and for whom none is needed (`edge.model.age.corrected`).
    """
    found = of(patient, today)
    if found is None or patient.corrected_age_at(today) is None:
        return None
    early = timedelta(weeks=TERM_WEEKS - int(patient.gestation or TERM_WEEKS))
    likely, least, most = (
        on(today - timedelta(days=age.days) + early, today)
        for age in (found.likely, found.least, found.most)
    )
    return PossibleAges(likely, least, most)


def on(born: date, today: date) -> ExactAge:
    """Return the age of somebody born on a day; east of here it may be tomorrow already."""
    born = min(born, today)
    months = (today.year - born.year) * 12 + today.month - born.month
    months -= today.day < born.day
    return ExactAge((today - born).days, months, months // 12)


def between(least: int, most: int, steps: tuple[int, ...]) -> Iterator[int]:
    """Yield ages in days from the least to the most, and each step that lies between them."""
    yield least
    yield from (step for step in steps if least < step < most)
    if most > least:
        yield most


def of_days(days: int) -> ExactAge:
    """Return an age that is known in days alone; months and years are mean ones."""
    months = int(days * 12 / 365.2425)
    return ExactAge(days, months, months // 12)


def _of_birth(text: str) -> tuple[date, date, date] | None:
    """Return the earliest, the likely and the latest day of birth."""
    try:
        if len(text) == 10:
            day = date.fromisoformat(text)
            return day, day, day
        year, month = int(text[:4]), int(text[5:7] or 0)
        first = date(year, month or 1, 1)
        last = date(year, month or 12, calendar.monthrange(year, month or 12)[1])
    except ValueError:
        return None
    return first, first, last


def _of_estimate(text: str | None) -> tuple[date, date, date] | None:
    said = Estimate.parse(text)
    if said is None:
        return None
    number = said.number
    counts = (number + 1, number, max(number - 1, 0))
    earliest, likely, latest = (_before(said.said, count, said.unit) for count in counts)
    return earliest, likely, latest


_DAYS_OF = {
    AgeUnit.HOURS: Fraction(1, 24),
    AgeUnit.DAYS: Fraction(1),
    AgeUnit.WEEKS: Fraction(7),
}


def _before(day: date, count: int, unit: AgeUnit) -> date:
    if unit in _DAYS_OF:
        days = int(count * _DAYS_OF[unit])
        return date.fromordinal(max(day.toordinal() - days, 1))
    months = day.year * 12 + day.month - 1 - count * (12 if unit is AgeUnit.YEARS else 1)
    year, month = divmod(max(months, 12), 12)
    return date(year, month + 1, min(day.day, calendar.monthrange(year, month + 1)[1]))
