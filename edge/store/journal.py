"""Writing the journal, and the outbox position that goes with every entry.

One transaction holds the entry, the tables derived from it and its place in a CS/1 stream, so
there is no moment at which an entry exists and would not be sent.
"""

from __future__ import annotations

from edge.model.clock import Stamp
from edge.model.entry import Body, Entry, Lane, chain, content_id
from edge.model.entry_kinds import lane_of
from edge.model.errors import NotFound
from edge.store.high_water import Head
from edge.store.store import Store

LANES = (Lane.ALERT, Lane.CLINICAL)
"""The lanes that carry journal entries."""

_HEAD = "head of lane "
"""Under this name and its letter a transaction notes where a stream ends."""


def append(store: Store, kind: str, at: Stamp, body: Body, *, actor: str | None = None) -> int:
    """Append one entry in the lane of its kind, in the caller's transaction; return its id."""
    return append_in(store, lane_of(kind), Entry(kind, at, body, actor))


def append_in(store: Store, lane: Lane, entry: Entry) -> int:
    """Append one entry in a lane; only what stands for another record need not be in its own."""
    record = entry.canonical()
    entry_id = store.execute(
        "INSERT INTO journal (lane, kind, record) VALUES (?, ?, ?)",
        (lane.value, str(entry.kind), record.decode("utf-8")),
    )
    _enqueue(store, lane, entry_id, record)
    return entry_id


def read(store: Store, entry_id: int) -> Entry | None:
    """Return one entry, or None."""
    row = store.row("SELECT record FROM journal WHERE id = ?", (entry_id,))
    return None if row is None else Entry.parse(row["record"].encode("utf-8"))


def identity(store: Store, entry_id: int) -> str:
    """Name an entry as the hospital does, by the content id of its record; raises `NotFound`."""
    row = store.row("SELECT record FROM journal WHERE id = ?", (entry_id,))
    if row is None:
        raise NotFound(f"no journal entry {entry_id}")
    return str(content_id(store.box_id(), row["record"].encode("utf-8")))


def since(store: Store, entry_id: int, limit: int = 500) -> list[tuple[int, Entry]]:
    """Return up to `limit` entries after `entry_id`, oldest first."""
    rows = store.rows(
        "SELECT id, record FROM journal WHERE id > ? ORDER BY id LIMIT ?", (entry_id, limit)
    )
    return [(r["id"], Entry.parse(r["record"].encode("utf-8"))) for r in rows]


def forget_heads(store: Store) -> None:
    """Look up where the streams end again: inside a transaction that has just moved them."""
    for lane in LANES:
        store.noted.pop(_HEAD + lane, None)
        store.heads.pop(lane.value, None)


def note_head(store: Store, lane: Lane) -> None:
    """Let the high-water mark follow a lane that the caller's transaction has moved or found."""
    store.heads[lane.value] = Head(*_head(store, lane))


def _enqueue(store: Store, lane: Lane, entry_id: int, record: bytes) -> None:
    epoch, seq, link = _head(store, lane)
    head = epoch, seq + 1, chain(link, record)
    store.execute(
        "INSERT INTO outbox (lane, epoch, seq, entry, chain) VALUES (?, ?, ?, ?, ?)",
        (lane.value, epoch, head[1], entry_id, head[2]),
    )
    store.noted[_HEAD + lane] = head
    store.heads[lane.value] = Head(*head)


def _head(store: Store, lane: Lane) -> tuple[int, int, bytes]:
    """Return epoch, last sequence and chain of a stream, as this transaction has them."""
    head = store.noted.get(_HEAD + lane)
    if isinstance(head, tuple):
        return head
    last = store.row(
        "SELECT s.epoch, coalesce(o.seq, s.base) AS seq, coalesce(o.chain, s.base_chain) AS chain"
        " FROM stream s LEFT JOIN outbox o ON o.lane = s.lane AND o.epoch = s.epoch"
        " WHERE s.lane = ? ORDER BY o.seq DESC LIMIT 1",
        (lane.value,),
    )
    if last is None:
        raise LookupError(f"the store has no stream for lane {lane}")
    return last["epoch"], last["seq"], last["chain"]
