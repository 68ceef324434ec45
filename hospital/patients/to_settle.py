"""About whom something has changed that decides who should come: they are looked at again."""

from __future__ import annotations

from collections.abc import Iterable

from hospital.archive import Archive
from hospital.views.chart import marks


def note(archive: Archive, patient_ids: Iterable[str | None]) -> None:
    """Put patients among those who are settled next; inside the caller's transaction."""
    for patient_id in sorted({one for one in patient_ids if one}):
        archive.execute(
            "INSERT INTO to_settle (patient) VALUES (?) ON CONFLICT DO NOTHING", (patient_id,)
        )


def note_measured(archive: Archive, patient_ids: Iterable[str | None]) -> None:
    """The same for people who were measured: only those who are in a programme."""
    named = sorted({one for one in patient_ids if one})
    for first in range(0, len(named), 500):
        part = named[first : first + 500]
        sql = f"SELECT DISTINCT patient FROM programme_entry WHERE patient IN ({marks(part)})"
        note(archive, [row["patient"] for row in archive.rows(sql, part)])
