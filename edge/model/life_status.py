"""Whether somebody has died or moved away, and on which day, as far as that is known.

Who has died or moved away is still found, marked so, and stands on no list of people to be seen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import date
from typing import Final

from edge.model.patient import PatientFields

_DAY = re.compile(r"\d{4}(?:-\d{2}(?:-\d{2})?)?")
_SAID = re.compile(r"yes (\d{4}-\d{2}-\d{2})")

LISTED: Final = "deceased IS NULL AND moved_away IS NULL"
"""SQL of a row of `patient`: somebody who stands on lists, at the box and at the hospital."""


@dataclass(frozen=True, slots=True)
class LifeDay:
    """When somebody died or moved away: a FHIR date as exact as it is known, or only that it is so.

    `day` is empty when nobody knows it; `said` is then the local day on which it was said.
    """

    day: str = ""
    said: str = ""

    def __str__(self) -> str:
        return self.day or f"yes {self.said}"

    @classmethod
    def parse(cls, text: str | None) -> LifeDay | None:
        """Read what is stored; None for nothing and for what is no such text."""
        said = _SAID.fullmatch(text or "")
        if said is not None:
            return cls(said=said[1]) if _is_date(said[1]) else None
        if _DAY.fullmatch(text or "") is None or text is None:
            return None
        return cls(day=text) if _is_date(text + "2000-01-01"[len(text) :]) else None


def is_listed(fields: PatientFields) -> bool:
    """Whether somebody stands on lists of people to be seen."""
    return not fields.deceased and not fields.moved_away


def _is_date(text: str) -> bool:
    try:
        return bool(date.fromisoformat(text))
    except ValueError:
        return False
