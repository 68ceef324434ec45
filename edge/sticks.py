"""Which bundles this box has written by hand: only an answer to one of them is believed."""

from __future__ import annotations

from edge.clock import Stamp
from edge.store import Store

KEPT = 50


def remember(store: Store, now: Stamp, nonce: bytes, epoch: int) -> None:
    """Remember a bundle by the nonce of its session; forget all but the latest fifty."""
    with store.transaction():
        store.execute("INSERT INTO hand_session VALUES (?, ?, ?)", (nonce, epoch, now.wall_ms))
        store.execute(
            "DELETE FROM hand_session WHERE nonce NOT IN"
            " (SELECT nonce FROM hand_session ORDER BY written_ms DESC LIMIT ?)",
            (KEPT,),
        )


def knows(store: Store, nonce: bytes) -> bool:
    """Whether this box wrote the bundle of a nonce."""
    return store.row("SELECT 1 FROM hand_session WHERE nonce = ?", (nonce,)) is not None
