"""The chart of a person under whichever records: page by page, and the last of each kind."""

from __future__ import annotations

from collections.abc import Sequence

from hospital.archive import Archive, scalar
from hospital.views.chart import READINGS, ReadingRow, charted, marks

PAGE = 200
"""Readings on one page of a chart."""


def readings(archive: Archive, patient_ids: Sequence[str], skip: int = 0) -> list[ReadingRow]:
    """Return one page of what is on the chart of a person, after `skip`.

    What arrived last is on the first page; on a page they stand as they were measured.
    """
    rows = archive.rows(
        f"{READINGS} WHERE r.patient IN ({marks(patient_ids)}) AND r.withheld = 0"
        " ORDER BY r.number DESC LIMIT ? OFFSET ?",
        (*patient_ids, PAGE, skip),
    )
    found = charted(archive, rows)
    return sorted(found, key=lambda one: (one.placed.utc_ms, one.number), reverse=True)


def last_of_kinds(archive: Archive, patient_ids: Sequence[str]) -> list[ReadingRow]:
    """Return the last reading of each kind that nobody took back, newest first."""
    rows = archive.rows(
        f"{READINGS} WHERE r.number IN (SELECT max(number) FROM reading"
        f" WHERE patient IN ({marks(patient_ids)}) AND withheld = 0 AND discarded = 0"
        " GROUP BY kind) ORDER BY r.number DESC",
        tuple(patient_ids),
    )
    return charted(archive, rows)


def count(archive: Archive, patient_ids: Sequence[str]) -> int:
    """Return how many readings are on the chart."""
    sql = f"SELECT count(*) AS n FROM reading WHERE patient IN ({marks(patient_ids)})"
    return scalar(archive, f"{sql} AND withheld = 0", tuple(patient_ids))


def alerted(archive: Archive, readings_shown: Sequence[str]) -> set[str]:
    """Return which of these readings (ids) raised an alert that was not taken back."""
    if not readings_shown:
        return set()
    rows = archive.rows(
        "SELECT DISTINCT a.reading FROM alert a JOIN reading r ON r.id = a.reading"
        f" WHERE a.reading IN ({marks(readings_shown)}) AND r.discarded = 0"
        " AND coalesce(r.patient, '') = coalesce(a.patient, '')",
        tuple(readings_shown),
    )
    return {str(row["reading"]) for row in rows}
