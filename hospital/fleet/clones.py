"""Recent sessions of a box, from which `sync.core.clones` detects a cloned box."""

from __future__ import annotations

from hospital.archive import Archive
from sync.core.clones import LATEST, WITHIN_MS, OpenedSession


def lately(archive: Archive, box_id: str, now_ms: int) -> list[OpenedSession]:
    """Return the latest sessions of a day that came over the link, in the order they came in.

    Not by our clock, which may have been set back since.
    """
    rows = archive.rows(
        "SELECT nonce, fork, lived, machine, boot FROM session"
        " WHERE box = ? AND opened_ms > ? AND opened_ms <= ? AND by_hand = 0"
        " ORDER BY number DESC LIMIT ?",
        (box_id, now_ms - WITHIN_MS, now_ms, LATEST),
    )
    return [
        OpenedSession(bytes(r["nonce"]), bool(r["fork"]), bool(r["lived"]), r["machine"], r["boot"])
        for r in reversed(rows)
    ]
