"""Who looked at whose record: reads are journal entries too."""

from __future__ import annotations

from edge import journal
from edge.clock import Stamp
from edge.entry import EntryKind
from edge.store import Store


def note_view(store: Store, now: Stamp, patient_id: str, actor: str) -> None:
    """Note that somebody opened a patient's record; call once a page, not once a poll."""
    with store.transaction():
        journal.append(store, EntryKind.VIEW, now, {"patient": patient_id}, actor=actor)
