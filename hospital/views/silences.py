"""Readings that may be dangerous and that no rule judged, for the desk's list of alerts."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

from edge import rules
from edge.model.age import Age
from edge.rules.rule import Silence
from hospital.archive import Archive
from hospital.views import chart
from hospital.views.chart import ReadingRow

LOOKED_AT = 500
"""So many of the last readings are looked through."""


@dataclass(frozen=True, slots=True)
class UnjudgedReading:
    """A reading that may be dangerous, and why no rule judged it."""

    reading: ReadingRow
    silence: Silence


def latest(archive: Archive, today: date, limit: int = chart.PAGE) -> list[UnjudgedReading]:
    """Return the last of them, newest first."""
    found: list[UnjudgedReading] = []
    ages: dict[str, Age | None] = {}
    for reading in chart.without_alert(archive, LOOKED_AT):
        if rules.silent(reading.values, None, reading.flags) is None:
            continue  # of no age would it be dangerous
        who = reading.patient_id or ""
        if who not in ages:
            line = chart.patient(archive, who)
            ages[who] = None if line is None else line.patient.age_at(today)
        silence = rules.silent(reading.values, ages[who], reading.flags)
        if silence is not None:
            found.append(UnjudgedReading(reading, silence))
    return found[:limit]
