"""What a programme is: who it is for, what it asks, when people come and what is looked at then."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from enum import StrEnum

from edge.model.patient import Patient

VISIT, BIRTH, VACCINES = "visit", "birth", "vaccines"
"""From what days are counted, besides the facts that a programme asks for itself."""


class When(StrEnum):
    """After which visits an interval counts."""

    ALWAYS = "always"
    CONTROLLED = "controlled"
    NOT_CONTROLLED = "not-controlled"


@dataclass(frozen=True, slots=True)
class Interval:
    """The next visit is so many days after the last; `needs` is what is looked at then."""

    when: When
    days: int
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Contact:
    """A visit that is due so many days after the day from which the programme counts."""

    title: str
    days: int
    needs: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class ProgrammeFact:
    """A day that is asked when somebody is enrolled, at most so many days ago."""

    name: str
    title: str
    longest_ago_days: int


@dataclass(frozen=True, slots=True)
class ForWhom:
    """Who may be enrolled, in completed years; None: no limit. An unknown age is no obstacle."""

    sex: str | None = None
    least_years: int | None = None
    most_years: int | None = None

    def fits(self, patient: Patient, today: date) -> bool:
        """Whether nothing that is known of a person speaks against it."""
        if self.sex and patient.sex.value in ("female", "male") and patient.sex.value != self.sex:
            return False
        years = patient.age_years(today)
        if years is None:
            return True
        least, most = self.least_years or 0, self.most_years
        return years >= least and (most is None or years <= most)


@dataclass(frozen=True, slots=True)
class Control:
    """What the last blood pressure is below when it counts as controlled, in mmHg."""

    systolic_below: int
    diastolic_below: int


@dataclass(frozen=True, slots=True)
class Programme:
    """One programme, as its file says. It has intervals or contacts, or it is of vaccines.

    A visit up to `early_days` before a contact counts for it. Who has not come for
    `lost_after_days` is lost; after `ends_after_days` nothing is due any more.
    """

    id: str
    version: str
    status: str
    title: str
    citations: tuple[str, ...]
    counts_from: str
    lost_after_days: int
    for_whom: ForWhom
    facts: tuple[ProgrammeFact, ...] = ()
    intervals: tuple[Interval, ...] = ()
    contacts: tuple[Contact, ...] = ()
    control: Control | None = None
    early_days: int = 0
    ends_after_days: int | None = None
    from_memory: tuple[str, ...] = ()
    reviewers: Sequence[str] = ()
    sha256: str = ""
    is_own: bool = False
    """The clinic wrote it itself; its texts are not translated."""

    @property
    def is_draft(self) -> bool:
        """Whether no named clinician has signed it yet."""
        return self.status != "reviewed"
