"""Weeks of a pregnancy and the day on which the birth is expected, from the last period; pure.

The expected day is 280 days after the first day of the last period (Naegele's rule, as in WHO
recommendations on antenatal care for a positive pregnancy experience, 2016, from memory).
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

PREGNANCY_DAYS = 280


@dataclass(frozen=True, slots=True)
class Gestation:
    """Completed weeks and days of a pregnancy."""

    weeks: int
    days: int


def expected_birth(lmp: date) -> date:
    """Return the day on which the birth is expected."""
    return lmp + timedelta(days=PREGNANCY_DAYS)


def gestation(lmp: date, day: date) -> Gestation | None:
    """Return how far a pregnancy is on a day; None before its last period."""
    since = (day - lmp).days
    return None if since < 0 else Gestation(since // 7, since % 7)
