"""Bundles that this box has written to USB sticks, and whether the hospital has answered each.

Only an answer to a bundle that is stored here is accepted. A record on a stick counts as waiting;
only the hospital's receipt, by stick or by the link, makes it confirmed.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from edge.model.clock import Stamp
from edge.model.feed_item import Cursor
from edge.store.store import Row, Store

KEPT = 50


@dataclass(frozen=True, slots=True)
class SentBundle:
    """One bundle. By lane, `since` is the sequence that was confirmed when it was written, `reach`
    the last journal entry on it; `files` are those that are on it.

    `cursor` is how far the feed was when the bundle asked for more; `answered_ms` is when an
    answer was read, None: not yet. `differs`: after it the replica was not the hospital's.
    """

    nonce: bytes
    epoch: int
    written_ms: int
    records: int
    since: Mapping[str, int]
    reach: Mapping[str, int]
    files: Sequence[str]
    cursor: Cursor
    answered_ms: int | None = None
    differs: bool = False


def remember(store: Store, bundle: SentBundle) -> None:
    """Remember a bundle by the nonce of its session; forget all but the latest fifty."""
    with store.transaction():
        store.execute(
            "INSERT INTO hand_session (nonce, epoch, written_ms, records, since, reach, files,"
            " feed_epoch, feed_ver) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?)",
            (bundle.nonce, bundle.epoch, bundle.written_ms, bundle.records)
            + (json.dumps(dict(bundle.since)), json.dumps(dict(bundle.reach)))
            + (json.dumps(list(bundle.files)), bundle.cursor.epoch, bundle.cursor.ver),
        )
        store.execute(
            "DELETE FROM hand_session WHERE nonce NOT IN"
            " (SELECT nonce FROM hand_session ORDER BY number DESC LIMIT ?)",
            (KEPT,),
        )


def get(store: Store, nonce: bytes) -> SentBundle | None:
    """Return the bundle of a nonce, None when this box does not remember it."""
    row = store.row("SELECT * FROM hand_session WHERE nonce = ?", (nonce,))
    return None if row is None else _carried(row)


def answered(store: Store, nonce: bytes, now: Stamp, *, differs: bool = False) -> None:
    """Remember that an answer to a bundle was read, and whether the replica differs by it."""
    with store.transaction():
        sql = "UPDATE hand_session SET answered_ms = ?, differs = ? WHERE nonce = ?"
        store.execute(sql, (now.wall_ms, int(differs), nonce))


def last_written(store: Store) -> SentBundle | None:
    """Return the bundle that was written last."""
    row = store.row("SELECT * FROM hand_session ORDER BY number DESC LIMIT 1")
    return None if row is None else _carried(row)


def last_answered_ms(store: Store) -> int | None:
    """Return when an answer was read last, by the box's wall clock."""
    return store.scalar("SELECT max(answered_ms) FROM hand_session") or None


def is_confirmed(store: Store, bundle: SentBundle) -> bool:
    """Whether the hospital has receipted everything on a bundle: then it is needed no more."""
    confirmed = {
        r["lane"]: r["cum_entry"] for r in store.rows("SELECT lane, cum_entry FROM stream")
    }
    if any(entry > confirmed.get(lane, 0) for lane, entry in bundle.reach.items()):
        return False
    marks = ",".join("?" * len(bundle.files))
    sql = f"SELECT count(*) FROM file WHERE done = 0 AND id IN ({marks})"
    return store.scalar(sql, tuple(bundle.files)) == 0


def ask_alone(store: Store, lane: str, epoch: int, first: int, last: int) -> None:
    """Remember that the hospital could not read some records together, by their sequences."""
    with store.transaction():
        store.execute(
            "INSERT OR REPLACE INTO hand_alone (lane, epoch, first, last) VALUES (?, ?, ?, ?)",
            (lane, epoch, first, last),
        )


def is_alone(store: Store, lane: str, epoch: int, seq: int) -> bool:
    """Whether the hospital asked for this record by itself."""
    sql = "SELECT 1 FROM hand_alone WHERE lane = ? AND epoch = ? AND first <= ? AND last >= ?"
    return store.row(sql, (lane, epoch, seq, seq)) is not None


def _carried(row: Row) -> SentBundle:
    return SentBundle(
        bytes(row["nonce"]),
        row["epoch"],
        row["written_ms"],
        row["records"],
        json.loads(row["since"]),
        json.loads(row["reach"]),
        json.loads(row["files"]),
        Cursor(row["feed_epoch"], row["feed_ver"]),
        row["answered_ms"],
        bool(row["differs"]),
    )
