"""A patient as the clinic knows them; each field is described in `edge.model.patient_fields`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

_BIRTH = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?")


class CodeList(StrEnum):
    """A closed list of codes: as stored and sent, in FHIR, and as named (to be translated).

    A list has one row a code, in the order in which forms offer them.
    """

    fhir: str
    label: str

    def __new__(cls, code: str, fhir: str = "", label: str = "") -> CodeList:
        """Make a code that is its text as stored and sent; a row gives all three."""
        member = str.__new__(cls, code)
        member._value_ = code
        member.fhir = fhir
        member.label = label
        return member


class Sex(CodeList):
    """FHIR R4 administrative gender."""

    FEMALE = "female", "female", "Female"
    MALE = "male", "male", "Male"
    OTHER = "other", "other", "Other"
    UNKNOWN = "unknown", "unknown", "Sex not known"


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
