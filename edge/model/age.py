"""How old somebody is: counted from a birth as exact as it is known, or from an estimate.

An estimate keeps what was said, in which unit, and on which day: "40 a 2026-11-30". Units are the
UCUM codes of FHIR R4's Age (h, d, wk, mo, a). An age is shown in the unit that health workers use
at that age: completed days in the first 28 days (newborn, WHO), weeks to 13 weeks and months to 24
months (tables of the WHO Child Growth Standards, 2006), years from then on.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date

from edge.model.patient_codes import AgeUnit

NEWBORN_DAYS = 28
IN_WEEKS_DAYS = 13 * 7
IN_MONTHS = 24
DAYS_OF_YEAR = 365.2425
"""The mean Gregorian year."""

OLDEST_YEARS = 130
TERM_WEEKS = 40
"""Weeks of pregnancy from which a corrected age counts (American Academy of Pediatrics, 2004)."""
PRETERM_BELOW_WEEKS = 37
"""Born before so many weeks is preterm (WHO, 1977)."""
CORRECTED_BELOW_YEARS = 3
"""Until this age a child born preterm has a corrected age (AAP, 2004; see `corrected`)."""

_BIRTH = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")
_ESTIMATE = re.compile(r"(\d{1,5}) (a|mo|wk|d|h) (\d{4}-\d{2}-\d{2})")
_BY_CODE = {unit.fhir: unit for unit in AgeUnit}
_COARSENESS = (AgeUnit.HOURS, AgeUnit.DAYS, AgeUnit.WEEKS, AgeUnit.MONTHS, AgeUnit.YEARS)


@dataclass(frozen=True, slots=True)
class Age:
    """An age: `number` completed `unit`s, as it is shown.

    `about`: not exact to the unit. `days` are counted or reckoned, for limits by age.
    """

    number: int
    unit: AgeUnit
    about: bool
    days: int
    years: int
    """Completed years, in which rules for adults count."""


@dataclass(frozen=True, slots=True)
class Estimate:
    """An age that somebody said: how many of which unit, and on which day."""

    number: int
    unit: AgeUnit
    said: date

    def __str__(self) -> str:
        """Return it as it is stored and sent."""
        return f"{self.number} {self.unit.fhir} {self.said.isoformat()}"

    @classmethod
    def parse(cls, text: str | None) -> Estimate | None:
        """Read what is stored; None when it is none."""
        match = _ESTIMATE.fullmatch(text or "")
        if match is None:
            return None
        try:
            return cls(int(match[1]), _BY_CODE[match[2]], date.fromisoformat(match[3]))
        except ValueError:
            return None

    @property
    def is_possible(self) -> bool:
        """Whether a person can be that old."""
        return self.number * _days_of(self.unit) < (OLDEST_YEARS + 1) * DAYS_OF_YEAR

    def at(self, today: date) -> Age:
        """Return the age on a day; what was said holds on the day and before it."""
        elapsed = self._elapsed(today)
        number = self.number + elapsed
        days = int(number * _days_of(self.unit))
        if self.unit is AgeUnit.WEEKS:
            days = self.number * 7 + max((today - self.said).days, 0)
            number = days // 7
        if self.unit is AgeUnit.HOURS and today > self.said:
            days = self.number // 24 + elapsed
            number = -1  # of another day no hours are known
        months = number if self.unit is AgeUnit.MONTHS else _months(days)
        years = number if self.unit is AgeUnit.YEARS else months // 12
        if number == self.number:
            return Age(number, self.unit, True, days, years)
        least = AgeUnit.DAYS if self.unit is AgeUnit.HOURS else self.unit
        return _shown(days, months, years, about=True, least=least)

    def birth(self) -> str:
        """Return the birth that would follow, as a release without estimates stores it."""
        if self.unit is AgeUnit.YEARS:
            return f"{max(self.said.year - self.number, 1):04d}"
        if self.unit is AgeUnit.MONTHS:
            year, month = divmod(self.said.year * 12 + self.said.month - 1 - self.number, 12)
            return f"{max(year, 1):04d}-{month + 1:02d}"
        days = int(self.number * _days_of(self.unit))
        return date.fromordinal(max(self.said.toordinal() - days, 1)).isoformat()[:7]

    def _elapsed(self, today: date) -> int:
        """Return how many whole units have passed since; a clock that was set back takes none."""
        if today <= self.said:
            return 0
        if self.unit is AgeUnit.YEARS:
            return _completed_months(self.said, today) // 12
        if self.unit is AgeUnit.MONTHS:
            return _completed_months(self.said, today)
        return (today - self.said).days // (7 if self.unit is AgeUnit.WEEKS else 1)


def from_birth(birth: str | None, today: date) -> Age | None:
    """Return the age of somebody born then; None when that is not known or lies in the future.

    Of a year or a month alone, the age is the one that is reached in it.
    """
    match = _BIRTH.fullmatch(birth or "")
    if match is None:
        return None
    year, month, day = int(match[1]), int(match[2] or 1), int(match[3] or 1)
    if not match[2]:
        years = today.year - year
        days = (today - date(year, 1, 1)).days
        return None if years < 0 else Age(years, AgeUnit.YEARS, True, days, years)
    try:
        born = date(year, month, day)
    except ValueError:
        return None
    days = (today - born).days
    if not match[3]:
        months = (today.year - year) * 12 + today.month - month
        # Two years and more are exact enough when the month is known.
        is_about = months < IN_MONTHS
        shown = _shown(days, months, months // 12, about=is_about, least=AgeUnit.MONTHS)
        return None if months < 0 else shown
    if days < -1:
        return None
    days = max(days, 0)  # east of here it may be tomorrow already
    months = max(_completed_months(born, today), 0)
    return _shown(days, months, months // 12, about=False, least=AgeUnit.DAYS)


def corrected(age: Age, gestation_weeks: int) -> Age | None:
    """Return the age counted from the day on which the birth was due; None: it is not needed.

    It is for children below 3 years who were born before 37 weeks (Engle WA, American Academy of
    Pediatrics: Age terminology during the perinatal period, Pediatrics 2004;114:1362). Before the
    due day it is 0 days.
    """
    if gestation_weeks >= PRETERM_BELOW_WEEKS or age.years >= CORRECTED_BELOW_YEARS:
        return None
    days = max(age.days - (TERM_WEEKS - gestation_weeks) * 7, 0)
    months = _months(days)
    return _shown(days, months, months // 12, about=age.about, least=AgeUnit.DAYS)


def _shown(days: int, months: int, years: int, *, about: bool, least: AgeUnit) -> Age:
    unit = (
        AgeUnit.DAYS
        if days < NEWBORN_DAYS
        else AgeUnit.WEEKS
        if days < IN_WEEKS_DAYS
        else AgeUnit.MONTHS
        if months < IN_MONTHS
        else AgeUnit.YEARS
    )
    unit = max(unit, least, key=_COARSENESS.index)
    numbers = {AgeUnit.DAYS: days, AgeUnit.WEEKS: days // 7, AgeUnit.MONTHS: months}
    return Age(numbers.get(unit, years), unit, about, days, years)


def _completed_months(since: date, today: date) -> int:
    months = (today.year - since.year) * 12 + today.month - since.month
    return months - (today.day < since.day)


def _months(days: int) -> int:
    return int(days * 12 / DAYS_OF_YEAR)


def _days_of(unit: AgeUnit) -> float:
    return {
        AgeUnit.HOURS: 1 / 24,
        AgeUnit.DAYS: 1.0,
        AgeUnit.WEEKS: 7.0,
        AgeUnit.MONTHS: DAYS_OF_YEAR / 12,
        AgeUnit.YEARS: DAYS_OF_YEAR,
    }[unit]
