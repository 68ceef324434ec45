"""Antenatal contacts: how many women came for which contact of their pregnancy in a month.

The eight contacts and the first within 12 weeks are those of WHO recommendations on antenatal care
for a positive pregnancy experience (2016).
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from typing import Any, Final

from edge.reports.core import months
from edge.reports.core.settled import Settled

PROGRAMME: Final = "antenatal-care"
EARLY_DAYS: Final = 12 * 7
NAMES: Final = (
    *("contacts", "first_contacts", "first_before_12_weeks", "first_gestation_unknown"),
    *("fourth_contacts", "eighth_contacts"),
)
_COUNTED: Final = {1: "first_contacts", 4: "fourth_contacts", 8: "eighth_contacts"}


@dataclass(slots=True)
class _Pregnancy:
    """An enrolment: from its first day to the day before `end`, "" while it goes on."""

    patient: str
    begin: str
    end: str = ""
    last_period: str = ""
    days: dict[str, Any] = field(default_factory=dict)
    """The days of its contacts, each with the weeks that were noted, "" when none were."""


def indicators(settled: Settled, month: str) -> dict[str, int]:
    """Return how many contacts of which number fell into the month."""
    found = dict.fromkeys(NAMES, 0)
    for pregnancy in _pregnancies(settled):
        for number, day in enumerate(sorted(pregnancy.days), start=1):
            if not day.startswith(month):
                continue
            found["contacts"] += 1
            if number in _COUNTED:
                found[_COUNTED[number]] += 1
            if number == 1:
                _first(found, pregnancy, day)
    return found


def _first(found: dict[str, int], pregnancy: _Pregnancy, day: str) -> None:
    days = _gestation_days(pregnancy, day)
    if days is None:
        found["first_gestation_unknown"] += 1
    elif days < EARLY_DAYS:
        found["first_before_12_weeks"] += 1


def _gestation_days(pregnancy: _Pregnancy, day: str) -> int | None:
    if pregnancy.last_period:
        days = months.days_between(pregnancy.last_period, day)
        return days if days >= 0 else None
    weeks = str(pregnancy.days[day] or "")
    return int(weeks) * 7 if weeks.isascii() and weeks.isdigit() and len(weeks) <= 2 else None


def _pregnancies(settled: Settled) -> list[_Pregnancy]:
    """Return the enrolments with their contacts; visits of the dead count, they were made."""
    by_id: dict[str, _Pregnancy] = {}
    for row in settled.kind("programme"):
        if row.data.get("programme") != PROGRAMME:
            continue
        episode = str(row.data.get("episode", ""))
        held = by_id.setdefault(episode, _Pregnancy(row.patient, row.day))
        held.begin = min(held.begin, row.day)
        held.last_period = str(row.data.get("lmp", held.last_period))
        held.end = "" if row.data.get("state") == "enrolled" else row.day
    of_person: dict[str, list[_Pregnancy]] = defaultdict(list)
    for held in by_id.values():
        of_person[held.patient].append(held)
    for visit in sorted(settled.visits.values(), key=lambda visit: visit.order):
        for held in of_person.get(visit.patient, ()):
            if visit.is_alone or not held.begin <= visit.day <= (held.end or "9999"):
                continue
            held.days[visit.day] = visit.notes.get("gestation_weeks") or held.days.get(visit.day)
            if not held.last_period and months.is_day(visit.notes.get("lmp")):
                held.last_period = str(visit.notes["lmp"])
    return list(by_id.values())
