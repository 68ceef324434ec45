"""Readings that wait for a person's word before a rule may judge them, for the list of alerts."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from edge.assessments import silence, unknown_person
from edge.assessments.silence import Silence
from edge.rules import rules
from edge.rules.assessment import Level
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


def latest(
    archive: Archive, senders: Collection[str], limit: int = chart.PAGE
) -> list[UnjudgedReading]:
    """Return the last of them, newest first.

    `senders` are the boxes that send what their rules found. Another box judges adults of known age
    alone: of its patients of unknown age the values are looked at here.
    """
    found = [
        UnjudgedReading(reading, why)
        for reading in chart.without_alert(archive, LOOKED_AT)
        if (why := _silence(archive, reading, senders)) is not None
    ]
    return found[:limit]


def _silence(archive: Archive, reading: ReadingRow, senders: Collection[str]) -> Silence | None:
    doubt = silence.of_doubts(reading.flags)
    if doubt is not None or reading.box in senders:
        return doubt
    if unknown_person.most_urgent(rules(), reading.values).rank < Level.URGENT.rank:
        return None
    line = chart.patient(archive, reading.patient_id or "")
    is_known = line is not None and (line.patient.birth or line.patient.age)
    return None if is_known else Silence.NO_AGE
