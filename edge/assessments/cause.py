"""What makes the box judge: an entry about a patient, when it was made, and in which visit."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from edge.model.clock import Stamp


@dataclass(frozen=True, slots=True)
class Cause:
    """One entry that is judged: a reading or a note. `day` is the clinic's calendar day of it.

    `alone`: a value from a device's memory, which says nothing about what was measured beside it.
    `paper`: typed in later; its day is the one that stands on the paper.
    """

    entry: int
    at: Stamp
    patient_id: str
    visit_id: str | None
    day: date
    alone: bool = False
    paper: bool = False

    def age_min(self, at: Stamp) -> float:
        """Return how many minutes before this entry another moment was."""
        if at.boot == self.at.boot:
            return (self.at.t_ms - at.t_ms) / 60_000
        return (self.at.wall_ms - at.wall_ms) / 60_000


def day_of(at: Stamp) -> date:
    """Return the clinic's calendar day of a moment."""
    return at.wall.astimezone().date()
