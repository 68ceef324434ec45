"""People as a report needs them: the merged state of each patient, as both ends know it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from edge.model.age import Estimate, from_birth
from edge.model.life_status import LifeDay
from edge.reports.core import months

LEAST_PHONE_DIGITS = 8
"""A telephone number of fewer digits reaches nobody (HEARTS360, overdue patients)."""

UNKNOWN_DAY = "?"
"""Of `deceased`: the day is not known."""


@dataclass(frozen=True, slots=True)
class Person:
    """A patient: `deceased` is "", a day, or `UNKNOWN_DAY`; `stands_for` is the record that
    replaced this one (the same person, entered twice), "" when none has."""

    id: str
    sex: str = "unknown"
    birth: str | None = None
    age: str | None = None
    has_phone: bool = False
    deceased: str = ""
    stands_for: str = ""
    name: str = ""
    village: str = ""

    def years(self, day: str) -> int | None:
        """Return the age in completed years on a day, None when it is not known."""
        today = date.fromisoformat(day)
        if self.birth:
            age = from_birth(self.birth, today)
            return None if age is None else age.years
        estimate = Estimate.parse(self.age)
        return None if estimate is None else estimate.at(today).years


def person(
    patient_id: str, fields: Mapping[str, str | None], replaced_by: str | None = None
) -> Person:
    """Return a person for the fields of a patient, as either end keeps them."""
    digits = re.sub(r"\D", "", fields.get("phone") or "")
    return Person(
        patient_id,
        fields.get("sex") or "unknown",
        fields.get("birth"),
        fields.get("age"),
        len(digits) >= LEAST_PHONE_DIGITS,
        death_day(fields.get("deceased")),
        replaced_by or "",
        fields.get("name") or "",
        fields.get("village") or "",
    )


def death_day(deceased: str | None) -> str:
    """Return a day for what is known of a death: of a month or a year its first day.

    Of somebody of whom only that is known, the day on which it was said.
    """
    known = LifeDay.parse(deceased)
    if known is None:
        return UNKNOWN_DAY if deceased else ""
    first = f"{known.day}-01-01"[:10] if len(known.day) == 4 else f"{known.day}-01"[:10]
    day = first if known.day else known.said
    return day if months.is_day(day) else UNKNOWN_DAY
