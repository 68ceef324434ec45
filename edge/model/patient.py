"""A patient as the clinic knows them; each field is described in `edge.model.patient_fields`."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import date

from edge.model.age import Age, Estimate, corrected, from_birth
from edge.model.patient_codes import Sex


@dataclass(frozen=True, slots=True)
class PatientFields:
    """What is known of a patient. `birth` is a FHIR date as exact as it is known: a year, a month
    or a day (1948, 1948-06, 1948-06-02). `age` is an estimate (`edge.model.age.Estimate`), which
    counts only while no birth is known. `mother` is the id of a patient, `birth_order` the number
    of a twin, `gestation` the weeks of pregnancy at birth. One attribute a row of
    `PATIENT_FIELDS`."""

    name: str
    sex: Sex
    birth: str | None = None
    village: str | None = None
    phone: str | None = None
    card: str | None = None
    age: str | None = None
    mother: str | None = None
    birth_order: str | None = None
    gestation: str | None = None
    deceased: str | None = None
    moved_away: str | None = None

    @property
    def birth_or_likely(self) -> str | None:
        """The birth, or the one that follows from the estimate, for comparing people."""
        estimate = Estimate.parse(self.age)
        return self.birth or (estimate.birth() if estimate else None)


@dataclass(frozen=True, slots=True)
class Patient(PatientFields):
    """Who somebody is: the fields, whose they are, and the box's own revision of them."""

    id: str = field(kw_only=True)
    rev: int = field(default=1, kw_only=True)

    def age_at(self, today: date) -> Age | None:
        """Return the age on a day: from the birth, else from the estimate; None: not known."""
        if self.birth is not None:
            return from_birth(self.birth, today)
        estimate = Estimate.parse(self.age)
        return None if estimate is None else estimate.at(today)

    def corrected_age_at(self, today: date) -> Age | None:
        """Return the corrected age of a small child born too early; None: it has none."""
        age = self.age_at(today)
        weeks = self.gestation or ""
        if age is None or not (weeks.isascii() and weeks.isdigit()):
            return None
        return corrected(age, int(weeks))

    def age_years(self, today: date) -> int | None:
        """Return the age in whole years, None when it is not known."""
        age = self.age_at(today)
        return None if age is None else age.years
