"""Recovery of the Bluetooth adapter: every attempt is journalled and counted."""

from __future__ import annotations

from dataclasses import dataclass

from edge.model.clock import Stamp
from edge.model.entry import EntryKind
from edge.store import journal
from edge.store.store import Store


@dataclass(frozen=True, slots=True)
class RecoveryCount:
    """A kind of step, how often it was taken since the box exists, and when last."""

    step: str
    times: int
    last_ms: int


def took(store: Store, now: Stamp, step: str, why: str) -> None:
    """Journal and count one step of the escalation."""
    with store.transaction():
        journal.append(store, EntryKind.ADAPTER, now, {"step": step, "why": why})
        store.execute(
            "INSERT INTO adapter_step (step, times, last_ms) VALUES (?, 1, ?)"
            " ON CONFLICT (step) DO UPDATE SET times = times + 1, last_ms = excluded.last_ms",
            (step, now.wall_ms),
        )


def taken(store: Store) -> list[RecoveryCount]:
    """Return every kind of step that was ever taken, by name."""
    rows = store.rows("SELECT * FROM adapter_step ORDER BY step")
    return [RecoveryCount(r["step"], r["times"], r["last_ms"]) for r in rows]
