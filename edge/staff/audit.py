"""The audit trail: who looked at whose record. Each such read is a journal entry."""

from __future__ import annotations

from edge.model.clock import Stamp
from edge.model.entry import EntryKind
from edge.store import journal
from edge.store.store import Store


def note_view(store: Store, now: Stamp, patient_id: str, actor: str, what: str = "history") -> int:
    """Record that a member of staff has opened a patient's record; return the journal id."""
    body = {"patient": patient_id, "what": what}
    with store.transaction():
        return journal.append(store, EntryKind.VIEW, now, body, actor=actor)
