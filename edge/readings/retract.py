"""Retracting a recorded reading: it is somebody else's, or it never was a measurement.

Nothing vanishes: the journal keeps the reading and the reason. One that is somebody
else's goes back to the tray, for a person to claim. One that is wrong stays in its patient's
history, struck out: FHIR calls such an Observation "entered-in-error" (FHIR R4, ObservationStatus).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge.model.clock import Stamp
from edge.model.entry import EntryKind
from edge.model.errors import ActionRefused, NotFound
from edge.model.reading import SOMEBODY_ELSE as SOMEBODY_ELSE
from edge.readings import alerts, intake, measured
from edge.store import journal
from edge.store.store import Store

DUPLICATE = "duplicate"
"""Why a reading is wrong that a device sent twice: a person said that the two are one value."""


def as_duplicate(store: Store, now: Stamp, entry: int, *, actor: str) -> None:
    """Take back a reading marked "perhaps the same": it is the earlier one, sent again.

    Raises `NotFound`, and `ActionRefused` ("not-doubted", "not-held", "already-claimed").
    """
    row = store.row("SELECT perhaps, told_apart, tray FROM reading WHERE entry = ?", (entry,))
    if row is None:
        raise NotFound(f"no reading {entry}")
    if row["perhaps"] is None or row["told_apart"] is not None:
        raise ActionRefused("not-doubted", "nobody has to say whether this is the same value")
    if row["tray"] == "waiting":
        intake.discard(store, now, entry, DUPLICATE, actor=actor)
    else:
        strike(store, now, entry, DUPLICATE, actor=actor)


@dataclass(frozen=True, slots=True)
class Holder:
    """Who holds readings, and of which visit they are, if of one."""

    patient: str
    visit: str | None


def to_tray(store: Store, now: Stamp, entry: int, *, actor: str) -> None:
    """Take a reading from the patient it was recorded for and lay it into the tray.

    Raises `NotFound`, and `ActionRefused` ("not-held") when no patient has it.
    """
    with store.transaction():
        holder = _holder_of(store, entry)
        body = {"reading": journal.identity(store, entry), "patient": None, "why": SOMEBODY_ELSE}
        journal.append(store, EntryKind.CLAIM, now, body, actor=actor)
        store.execute(
            "UPDATE reading SET tray = 'waiting', patient_id = NULL, visit_id = NULL"
            " WHERE entry = ?",
            (entry,),
        )
        store.execute("DELETE FROM alert WHERE reading = ?", (entry,))
        measured.reckon(store, now, holder.visit, actor)
        alerts.judge_without(store, now, entry, holder.patient, holder.visit)


def together(store: Store, visit_id: str, patient_id: str) -> list[int]:
    """Return the readings of one visit that a patient holds, oldest first; none is struck out."""
    rows = store.rows(
        "SELECT entry FROM reading WHERE visit_id = ? AND patient_id = ?"
        " AND coalesce(tray, '') <> 'discarded' ORDER BY entry",
        (visit_id, patient_id),
    )
    return [row["entry"] for row in rows]


def move(
    store: Store,
    now: Stamp,
    entries: Sequence[int],
    to: Holder,
    *,
    actor: str,
) -> None:
    """Give readings that were recorded for one patient to another: all of them or none.

    The journal says of each that it is somebody else's, and whose. Raises `NotFound`, and
    `ActionRefused` ("not-held") when one is held by nobody or by that patient already.
    """
    with store.transaction():
        for entry in entries:
            if _holder_of(store, entry).patient == to.patient:
                raise ActionRefused("not-held", "this patient holds the reading already")
            to_tray(store, now, entry, actor=actor)
            intake.claim(store, now, entry, to.patient, actor=actor, visit_id=to.visit)
        measured.reckon(store, now, to.visit, actor)


def strike(store: Store, now: Stamp, entry: int, why: str, *, actor: str) -> None:
    """Mark a patient's reading as wrong, with the reason; it stays in the history, struck out.

    Raises `NotFound`, and `ActionRefused` ("not-held") when no patient has it or it is struck
    already.
    """
    with store.transaction():
        holder = _holder_of(store, entry)
        body = {"reading": journal.identity(store, entry), "patient": holder.patient, "why": why}
        journal.append(store, EntryKind.CLAIM, now, body, actor=actor)
        store.execute("UPDATE reading SET tray = 'discarded' WHERE entry = ?", (entry,))
        measured.reckon(store, now, holder.visit, actor)
        alerts.judge_without(store, now, entry, holder.patient, holder.visit)


def _holder_of(store: Store, entry: int) -> Holder:
    row = store.row("SELECT patient_id, visit_id, tray FROM reading WHERE entry = ?", (entry,))
    if row is None:
        raise NotFound(f"no reading {entry}")
    if row["patient_id"] is None or row["tray"] == "discarded":
        raise ActionRefused("not-held", "no patient holds this reading any more")
    return Holder(str(row["patient_id"]), row["visit_id"])
