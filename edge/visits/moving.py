"""Moving a whole visit to the right patient: one entry, and every table of the visit follows.

Readings are moved by `edge.readings.retract`, since they are judged anew. Whatever else belongs to
a visit stands in a table with the columns `visit_id` and `patient_id`, named in `TABLES`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from edge.model.clock import Stamp
from edge.model.entry import EntryKind
from edge.model.errors import ActionRefused, NotFound
from edge.store import journal
from edge.store.store import Row, Store
from edge.visits import visits

TABLES: Final = (
    *("visit_note", "medicine", "file", "programme_entry", "appointment_entry", "immunization"),
    *("referral", "notification"),
)
"""What follows a visit that is moved; each has the columns `visit_id` and `patient_id`."""


@dataclass(frozen=True, slots=True)
class VisitMove:
    """A visit that was written down for one patient and is another's; by whom it was moved."""

    entry: int
    visit_id: str
    day: date
    from_patient: str
    to_patient: str
    becomes: str


def move(
    store: Store, now: Stamp, visit_id: str, patient_id: str, becomes: str, *, actor: str | None
) -> None:
    """Say that a visit is another patient's; `becomes` is the visit that it is from now on.

    Raises `NotFound`, and `ActionRefused` ("not-held") when it is that patient's already.
    """
    with store.transaction():
        visit = visits.get(store, visit_id)
        if store.row("SELECT 1 FROM patient WHERE id = ?", (patient_id,)) is None:
            raise NotFound(f"no patient {patient_id}")
        if visit.patient_id == patient_id:
            raise ActionRefused("not-held", "it is this patient's visit already")
        body = {
            "visit": visit_id,
            "patient": visit.patient_id,
            "to": patient_id,
            "becomes": becomes,
            "day": visit.day.isoformat(),
        }
        entry = journal.append(store, EntryKind.VISIT_MOVED, now, body, actor=actor)
        store.execute(
            "INSERT INTO visit_move (entry, visit_id, day, from_patient, to_patient, becomes)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (entry, visit_id, body["day"], visit.patient_id, patient_id, becomes),
        )
        if becomes == visit_id:
            store.execute("UPDATE visit SET patient_id = ? WHERE id = ?", (patient_id, visit_id))
        for table in TABLES:
            store.execute(
                f"UPDATE {table} SET visit_id = ?, patient_id = ?"
                " WHERE visit_id = ? AND patient_id = ?",
                (becomes, patient_id, visit_id, visit.patient_id),
            )


def of_patient(store: Store, patient_ids: Sequence[str]) -> list[VisitMove]:
    """Return the visits that were moved to or from the records of one person, newest first."""
    marks = ",".join("?" * len(patient_ids))
    rows = store.rows(
        f"SELECT * FROM visit_move WHERE from_patient IN ({marks}) OR to_patient IN ({marks})"
        " ORDER BY entry DESC",
        (*patient_ids, *patient_ids),
    )
    return [_move(row) for row in rows]


def _move(row: Row) -> VisitMove:
    return VisitMove(
        row["entry"],
        row["visit_id"],
        date.fromisoformat(row["day"]),
        row["from_patient"],
        row["to_patient"],
        row["becomes"],
    )
