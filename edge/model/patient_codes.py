"""Closed lists of codes about a patient, one row a code: add the sex "other", or any code, here."""

from __future__ import annotations

from enum import StrEnum


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


class AgeUnit(CodeList):
    """The unit in which an age is said; in FHIR the UCUM codes of R4's Age."""

    YEARS = "years", "a", "years"
    MONTHS = "months", "mo", "months"
    WEEKS = "weeks", "wk", "weeks"
    DAYS = "days", "d", "days"
    HOURS = "hours", "h", "hours"
