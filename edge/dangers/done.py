"""What was done about the dangers of a patient, by visit: the steps and how each ended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge.dangers.dangers import DangerEvent
from edge.model.clock import PlacedStamp, place
from edge.store import journal
from edge.store.store import Store


@dataclass(frozen=True, slots=True)
class DangerDone:
    """A step that was done (its word), or an ending; by whom (staff id) and when."""

    event: DangerEvent
    word: str
    actor: str | None
    placed: PlacedStamp


def by_visit(store: Store, patient_ids: Sequence[str]) -> dict[str, list[DangerDone]]:
    """Return what was done by the id of the visit, oldest first; a tick taken back is left out."""
    marks = ",".join("?" * len(patient_ids))
    rows = store.rows(
        "SELECT entry, visit_id, what, word FROM danger"
        f" WHERE patient_id IN ({marks}) AND visit_id IS NOT NULL ORDER BY entry",
        tuple(patient_ids),
    )
    found: dict[str, list[DangerDone]] = {}
    for row in rows:
        held, event = found.setdefault(row["visit_id"], []), DangerEvent(row["what"])
        if event is DangerEvent.NOT_DONE:
            ticks = [
                one for one in held if (one.event, one.word) == (DangerEvent.DONE, row["word"])
            ]
            if ticks:
                held.remove(ticks[-1])
            continue
        entry = journal.read(store, row["entry"])
        if entry is not None:
            placed = place(entry.at, store.anchors(entry.at.boot))
            held.append(DangerDone(event, row["word"], entry.actor, placed))
    return found
