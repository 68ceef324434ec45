"""A patient as the clinic knows them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

_BIRTH = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


class Sex(StrEnum):
    """FHIR administrative gender."""

    FEMALE = "female"
    MALE = "male"
    OTHER = "other"
    UNKNOWN = "unknown"


@dataclass(frozen=True, slots=True)
class Patient:
    """Who somebody is. `birth` is a FHIR date as exact as it is known: 1948, 1948-06 or a day."""

    id: str
    name: str
    sex: Sex
    birth: str | None = None
    village: str | None = None
    phone: str | None = None
    card: str | None = None
    rev: int = 1

    def age_years(self, today: date) -> int | None:
        """Return the age in whole years; with only a year of birth, the lower of the two."""
        if self.birth is None or not (match := _BIRTH.fullmatch(self.birth)):
            return None
        year, month, day = int(match[1]), int(match[2] or 12), int(match[3] or 31)
        return max(today.year - year - ((today.month, today.day) < (month, day)), 0)
