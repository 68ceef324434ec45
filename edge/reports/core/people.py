"""People as a report needs them: the merged state of each patient, as both ends know it."""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date

from edge.model.age import Estimate, from_birth
from edge.reports.core import months

LEAST_PHONE_DIGITS = 8
"""A telephone number of fewer digits reaches nobody (HEARTS360, overdue patients)."""

UNKNOWN_DAY = "?"
"""Of `deceased`: the day is not known."""

_DAY = re.compile(r"\d{4}-\d{2}-\d{2}")


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
    """Return the day that the field says, `UNKNOWN_DAY` when it says only that somebody died."""
    if not deceased:
        return ""
    if months.is_day(deceased):
        return deceased
    found = _DAY.search(deceased)
    is_said_on = found is not None and deceased.startswith("yes")
    return found[0] if found and not is_said_on and months.is_day(found[0]) else UNKNOWN_DAY
