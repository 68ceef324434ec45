"""The daily register: each visit one row, as the paper book in the clinic has it."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final

from edge.model.reading import Code
from edge.reports.core.csv_text import Cell
from edge.reports.core.people import Person
from edge.reports.core.settled import Settled, Visit

VITALS: Final = {
    "systolic": Code.SYSTOLIC,
    "diastolic": Code.DIASTOLIC,
    "pulse": Code.PULSE,
    "spo2": Code.SPO2,
    "temperature": Code.TEMPERATURE,
    "respiratory_rate": Code.RESPIRATORY_RATE,
    "weight": Code.WEIGHT,
    "height": Code.HEIGHT,
    "glucose": Code.GLUCOSE_MMOL_L,
    "glucose_mg_dl": Code.GLUCOSE_MG_DL,
    "haemoglobin": Code.HAEMOGLOBIN,
}
"""The values that have a column of their own, in the units in which a box keeps them."""

COLUMNS: Final = (
    *("day", "number", "name", "sex", "age", "village", "reason", "complaints"),
    *VITALS,
    *("outcome", "paper", "alone", "visit"),
)


@dataclass(frozen=True, slots=True)
class RegisterRow:
    """One visit: `number` of the day, from 1; `vitals` are the newest (number, unit) by code."""

    visit: Visit
    number: int
    person: Person
    age: int | None
    vitals: Mapping[str, tuple[str, str]]

    def note(self, name: str) -> str:
        """Return a note of the visit in the words of its table, "" when it was not made."""
        value = self.visit.notes.get(name)
        return " ".join(value) if isinstance(value, list) else str(value or "")

    def cells(self) -> tuple[Cell, ...]:
        """Return the row as a table's, in the order of `COLUMNS`."""
        visit, who = self.visit, self.person
        return (
            *(visit.day, self.number, who.name, who.sex, self.age, who.village),
            *(self.note("reason"), self.note("complaints")),
            *(self.vitals.get(code, ("", ""))[0] for code in VITALS.values()),
            *(self.note("outcome"), _yes(visit.is_paper), _yes(visit.is_alone), visit.id),
        )


def rows(settled: Settled, days: str) -> list[RegisterRow]:
    """Return the visits of a day or of a month (`YYYY-MM`), in the order in which they began."""
    vitals: dict[str, dict[str, tuple[str, str]]] = defaultdict(dict)
    for kind in ("reading", "measured"):  # what was derived stands for what it was derived from
        for row in settled.kind(kind):
            if row.visit and row.day.startswith(days):
                vitals[row.visit] |= {v[0]: (v[1], v[2]) for v in row.data["values"]}
    return [
        RegisterRow(
            visit,
            number,
            settled.person(visit.patient),
            settled.person(visit.patient).years(visit.day),
            vitals.get(visit.id, {}),
        )
        for number, visit in _numbered(settled, days)
    ]


def _numbered(settled: Settled, days: str) -> Iterator[tuple[int, Visit]]:
    place, day = 0, ""
    for visit in sorted(settled.visits.values(), key=lambda visit: visit.order):
        if visit.day.startswith(days):
            place = place + 1 if visit.day == day else 1
            day = visit.day
            yield visit.number or place, visit


def _yes(is_so: bool) -> str:
    return "yes" if is_so else ""
