"""Note by what patients are found who were entered by an earlier release."""

from __future__ import annotations

from collections.abc import Callable

from edge.model import patient_fields
from edge.model.patient import PatientFields
from edge.patients import search_query
from hospital.archive import Archive
from hospital.archive.settings import HospitalSettings

AT_ONCE = 500


def begin(_settings: HospitalSettings) -> Callable[[Archive, int], None]:
    """Return the job; every hospital has it, and once all keys are filled it looks no more."""
    missing = True

    def work(archive: Archive, _now_ms: int) -> None:
        nonlocal missing
        missing = missing and fill(archive) > 0

    return work


def fill(archive: Archive) -> int:
    """Fill the keys of the next patients that have none; return how many there were."""
    with archive.transaction():
        rows = archive.rows("SELECT * FROM patient WHERE keys = '' LIMIT ?", (AT_ONCE,))
        for r in rows:
            known = patient_fields.arguments(patient_fields.from_columns(r))
            keys = search_query.keys_text(PatientFields(**known))
            archive.execute("UPDATE patient SET keys = ? WHERE id = ?", (keys, r["id"]))
    return len(rows)
