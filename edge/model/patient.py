"""A patient as the clinic knows them; each field is described in `edge.model.patient_fields`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date

from edge.model.patient_codes import Sex

_BIRTH = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


@dataclass(frozen=True, slots=True)
class PatientFields:
    """What is known of a patient. `birth` is a FHIR date as exact as it is known: a year, a month
    or a day (1948, 1948-06, 1948-06-02). One attribute a row of `PATIENT_FIELDS`."""

    name: str
    sex: Sex
    birth: str | None = None
    village: str | None = None
    phone: str | None = None
    card: str | None = None


@dataclass(frozen=True, slots=True)
class Patient(PatientFields):
    """Who somebody is: the fields, whose they are, and the box's own revision of them."""

    id: str = field(kw_only=True)
    rev: int = field(default=1, kw_only=True)

    def age_years(self, today: date) -> int | None:
        """Return the age in whole years; with only a year of birth, the lower of the two."""
        if self.birth is None or not (match := _BIRTH.fullmatch(self.birth)):
            return None
        year, month, day = int(match[1]), int(match[2] or 12), int(match[3] or 31)
        return max(today.year - year - ((today.month, today.day) < (month, day)), 0)
