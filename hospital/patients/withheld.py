"""What a clinic sent about a patient whom it does not know: kept for review, never on the chart.

A clinic knows the patients who were registered there, those shared with it, and those whose record
is linked with one of these. A box can name any patient id; readings, alerts and files of others are
kept and shown with that word, and a clinician says whether they belong to the patient. A patient
who is not registered yet may be anybody's: it is judged when the registration comes.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Final

from hospital.archive import Archive, row
from hospital.archive.errors import HospitalError
from hospital.patients import master_index

READING, ALERT, FILE, VISIT = "reading", "alert", "file", "visit"
REFERRAL, NOTIFICATION = "referral", "notification"
TABLES: Final = (READING, ALERT, FILE, VISIT, REFERRAL, NOTIFICATION)
"""Each has the columns id, clinic, patient and withheld."""

CARE_TABLES: Final = (
    *("programme_entry", "appointment_entry", "call_entry", "immunization"),
    *("danger", "measured"),
)
"""What is withheld, too, and waits until the record is shared with the clinic."""

MANY = 500
"""So many ids fit into one query of either engine."""


@dataclass(frozen=True, slots=True)
class Release:
    """A clinician said that something withheld is about this patient after all."""

    what: str
    id: str
    account: str
    at_ms: int


def unknown_to(archive: Archive, clinic: str, patient_ids: Collection[str]) -> set[str]:
    """Return those of these patients whom a clinic does not know; runs in a transaction or not."""
    named = sorted(patient_ids)
    return {
        patient_id
        for first in range(0, len(named), MANY)
        for patient_id in _not_registered_there(archive, clinic, named[first : first + MANY])
        if not _knows_linked(archive, clinic, patient_id)
    }


def is_withheld(archive: Archive, clinic: str, patient: str | None) -> int:
    """Return 1 when a clinic does not know the patient of something that it sent, else 0."""
    return int(patient is not None and bool(unknown_to(archive, clinic, {patient})))


def judge_again(archive: Archive, patient_id: str) -> None:
    """Judge what came about a patient before the registration; inside the caller's transaction."""
    for table in (*TABLES, *CARE_TABLES):
        sql = f"SELECT DISTINCT clinic FROM {table} WHERE patient = ?"
        for found in archive.rows(sql, (patient_id,)):
            if unknown_to(archive, found["clinic"], {patient_id}):
                archive.execute(
                    f"UPDATE {table} SET withheld = 1 WHERE patient = ? AND clinic = ?",
                    (patient_id, found["clinic"]),
                )


def count(archive: Archive, patient_ids: Sequence[str]) -> int:
    """Return how many things of a person, of any of `TABLES`, wait for a clinician's word."""
    marks = ", ".join("?" * len(patient_ids))
    parts = " + ".join(
        f"(SELECT count(*) FROM {table} WHERE withheld = 1 AND patient IN ({marks}))"
        for table in TABLES
    )
    found = row(archive, f"SELECT {parts} AS n", [*patient_ids] * len(TABLES))
    return int(found["n"]) if found else 0


def release(
    archive: Archive, patient_ids: Sequence[str], what: str, item_id: str, act: tuple[str, int]
) -> None:
    """Put something withheld on the chart: `act` is the clinician's account and when, Unix ms.

    Raises `HospitalError` when nothing of this id waits there.
    """
    if what not in TABLES:
        raise HospitalError("there is no such thing to say it of")
    marks = ", ".join("?" * len(patient_ids))
    with archive.transaction():
        done = archive.execute(
            f"UPDATE {what} SET withheld = 0"
            f" WHERE id = ? AND withheld = 1 AND patient IN ({marks})",
            (item_id, *patient_ids),
        )
        if not done:
            raise HospitalError("this does not wait any more")
        archive.execute(
            "INSERT INTO withheld_release (what, id, account, at_ms) VALUES (?, ?, ?, ?)",
            (what, item_id, *act),
        )


def releases(archive: Archive, patient_ids: Sequence[str]) -> list[Release]:
    """Return what clinicians released for a person, newest first."""
    marks = ", ".join("?" * len(patient_ids))
    joined = " UNION ALL ".join(
        f"SELECT r.* FROM withheld_release r JOIN {table} t ON t.id = r.id"
        f" WHERE r.what = '{table}' AND t.patient IN ({marks})"
        for table in TABLES
    )
    rows = archive.rows(f"{joined} ORDER BY number DESC", [*patient_ids] * len(TABLES))
    return [Release(r["what"], r["id"], r["account"], r["at_ms"]) for r in rows]


def _not_registered_there(archive: Archive, clinic: str, patient_ids: Sequence[str]) -> list[str]:
    if not patient_ids:
        return []
    marks = ", ".join("?" * len(patient_ids))
    rows = archive.rows(
        f"SELECT id FROM patient p WHERE id IN ({marks}) AND clinic <> ? AND NOT EXISTS"
        " (SELECT 1 FROM catchment c WHERE c.patient = p.id AND c.clinic = ?)",
        (*patient_ids, clinic, clinic),
    )
    return [r["id"] for r in rows]


def _knows_linked(archive: Archive, clinic: str, patient_id: str) -> bool:
    kept = master_index.replacing(archive, patient_id) or patient_id
    person = {kept, *master_index.duplicates(archive, kept)} - {patient_id}
    return any(clinic in master_index.clinics(archive, other) for other in person)
