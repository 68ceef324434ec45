"""The edit history of a patient: every edit is kept as it arrived, none is removed."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from hospital.archive import Archive, Row
from sync.patient_merge import Edit, Op


@dataclass(frozen=True, slots=True)
class PatientEdit:
    """An edit in a patient's history: what, by whom, when, and whether it came from a clinician."""

    edit: Edit
    actor: str | None
    received_ms: int


def history(archive: Archive, patient_id: str) -> list[PatientEdit]:
    """Return every edit of a patient, in the order in which they arrived."""
    rows = archive.rows(
        "SELECT * FROM patient_edit WHERE patient = ? ORDER BY number", (patient_id,)
    )
    return [PatientEdit(_edit(r), r["actor"], r["received_ms"]) for r in rows]


def write(
    archive: Archive, patient_id: str, edits: Iterable[Edit], actor: str | None, received_ms: int
) -> None:
    """Keep edits, inside the caller's transaction."""
    for e in edits:
        archive.execute(
            "INSERT INTO patient_edit (patient, id, field, op, value, author, place, base_rev,"
            " rev, at_ms, clinician, actor, received_ms)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (patient_id, e.id, e.field, e.op.value, e.value, e.author, e.order, e.base_rev)
            + (e.rev, e.at_ms, int(e.clinician), actor, received_ms),
        )


def _edit(r: Row) -> Edit:
    return Edit(
        id=r["id"],
        field=r["field"],
        op=Op(r["op"]),
        value=r["value"],
        author=r["author"],
        order=r["place"],
        base_rev=r["base_rev"],
        rev=r["rev"],
        at_ms=r["at_ms"],
        clinician=bool(r["clinician"]),
    )
