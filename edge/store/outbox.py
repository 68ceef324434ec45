"""Reading the outbox, and moving custody when the hospital's receipts allow it.

Counts shown to people come from here and from nothing else: `confirmed` is what a signed receipt
covers, `waiting` is the rest.
"""

from __future__ import annotations

from dataclasses import dataclass

from edge.model.clock import Stamp
from edge.model.entry import EntryKind, Lane, chain
from edge.store import damage, issues
from edge.store.journal import LANES, append, forget_heads, note_head
from edge.store.store import Store

DIFFERS = "chain-differs"
"""The kind of issue that says that box and hospital do not hold the same records."""


WALL_MS = (
    "CASE WHEN json_valid(j.record) AND json_type(j.record, '$.at[2]') = 'integer'"
    " THEN json_extract(j.record, '$.at[2]') END"
)
"""When a record `j` was made by the box's wall clock; NULL when damage has left no such number."""


@dataclass(frozen=True, slots=True)
class StreamState:
    """Custody of one lane: last sequence held, handed to the link, confirmed, backed up, pruned."""

    lane: Lane
    epoch: int
    last: int
    sent: int
    cum: int
    safe: int
    base: int


@dataclass(frozen=True, slots=True)
class QueuedRecord:
    """A record at its place in a stream; a damaged one must not be sent as it is.

    `known`: it is marked as damaged already.
    """

    seq: int
    record: bytes
    chain: bytes
    damaged: bool = False
    known: bool = False


@dataclass(frozen=True, slots=True)
class Ledger:
    """What the status strip says: totals over the lanes, and since when the oldest one waits.

    `agrees` is False while the hospital is known, or must be feared, to hold something else.
    """

    captured: int
    sent: int
    confirmed: int
    safe: int
    waiting: int
    oldest_waiting_wall_ms: int | None
    last_receipt_ms: int | None
    link: str
    link_detail: str | None
    agrees: bool


def state(store: Store, lane: Lane) -> StreamState:
    """Return one lane's custody."""
    row = store.row("SELECT * FROM stream WHERE lane = ?", (lane.value,))
    if row is None:
        raise LookupError(f"the store has no stream for lane {lane}")
    last = store.scalar(
        "SELECT max(seq) FROM outbox WHERE lane = ? AND epoch = ?", (lane.value, row["epoch"])
    )
    return StreamState(
        lane,
        row["epoch"],
        max(last, row["base"]),
        row["sent"],
        row["cum"],
        row["safe"],
        row["base"],
    )


def chain_at(store: Store, lane: Lane, seq: int) -> bytes | None:
    """Return the chain after `seq` in the current epoch, or None when the box does not hold it."""
    stream = store.row("SELECT epoch, base, base_chain FROM stream WHERE lane = ?", (lane.value,))
    if stream is not None and seq == stream["base"]:
        return bytes(stream["base_chain"])
    row = store.row(
        "SELECT o.chain FROM outbox o JOIN stream s ON s.lane = o.lane AND s.epoch = o.epoch"
        " WHERE o.lane = ? AND o.seq = ?",
        (lane.value, seq),
    )
    return None if row is None else bytes(row["chain"])


def entry_at(store: Store, lane: Lane, seq: int) -> int:
    """Return the journal entry at a sequence of the current epoch, 0 when there is none."""
    return store.scalar(
        "SELECT o.entry FROM outbox o JOIN stream s ON s.lane = o.lane AND s.epoch = o.epoch"
        " WHERE o.lane = ? AND o.seq = ?",
        (lane.value, seq),
    )


def agrees(store: Store, stream: StreamState) -> bool:
    """Whether the chain that the last receipt was compared with still is the chain here."""
    if issues.is_noted(store, DIFFERS):
        return False
    row = store.row("SELECT cum_chain FROM stream WHERE lane = ?", (stream.lane.value,))
    compared = None if row is None else row["cum_chain"]
    return stream.cum == 0 or compared == chain_at(store, stream.lane, stream.cum)


def records(store: Store, lane: Lane, first: int, limit: int) -> list[QueuedRecord]:
    """Return up to `limit` records of the current epoch from sequence `first` on.

    Each is compared with its chain, so that nothing that was changed on the disk passes for
    genuine. One more is read than is returned: it may prove the last one.
    """
    links = damage.read_links(store, lane, first, limit + 1)
    follower = links[limit] if len(links) > limit else None
    before = chain_at(store, lane, first - 1) or b""
    wrong = {link.seq for link in damage.judge(before, links[:limit], follower).damaged}
    return [
        QueuedRecord(one.seq, one.record, one.chain, one.marked or one.seq in wrong, one.marked)
        for one in links[:limit]
    ]


def mark_sent(store: Store, lane: Lane, seq: int) -> None:
    """Remember that records up to `seq` were handed to the link."""
    with store.transaction():
        store.execute("UPDATE stream SET sent = max(sent, ?) WHERE lane = ?", (seq, lane.value))


def mark_custody(store: Store, lane: Lane, cum: int, safe: int, now: Stamp) -> None:
    """Store what a verified receipt or WELCOME says; `cum` may move back after a restore."""
    with store.transaction():
        store.execute(
            "UPDATE stream SET cum = ?1, safe = ?2, sent = max(sent, ?1), cum_chain = ?4,"
            " cum_entry = coalesce((SELECT o.entry FROM outbox o WHERE o.lane = stream.lane"
            "  AND o.epoch = stream.epoch AND o.seq = ?1), base_entry) WHERE lane = ?3",
            (cum, safe, lane.value, chain_at(store, lane, cum)),
        )
        store.execute("UPDATE link SET receipt_ms = ? WHERE id = 1", (now.wall_ms,))
        if lane is Lane.ALERT:
            _note_alert_receipt(store, now)


def received_ms(store: Store, entry: int) -> int | None:
    """Return when a receipt first covered an entry of the alert lane, None while none does.

    By the box's wall clock.
    """
    if entry not in confirmed_entries(store, [entry]):
        return None
    row = store.row(
        "SELECT wall_ms FROM receipt_time WHERE entry >= ? ORDER BY entry LIMIT 1", (entry,)
    )
    return None if row is None else row["wall_ms"]


def _note_alert_receipt(store: Store, now: Stamp) -> None:
    """Remember when the alert lane was covered so far; what is covered no longer is forgotten."""
    covered = store.scalar("SELECT cum_entry FROM stream WHERE lane = ?", (Lane.ALERT.value,))
    store.execute("DELETE FROM receipt_time WHERE entry > ?", (covered,))
    store.execute(
        "INSERT INTO receipt_time (entry, wall_ms) VALUES (?, ?) ON CONFLICT DO NOTHING",
        (covered, now.wall_ms),
    )


def start_epoch(store: Store, epoch: int, now: Stamp, why: str) -> None:
    """Renumber every retained record of every lane into a new epoch (after a FORK)."""
    with store.transaction():
        # Before the chains are computed anew: afterwards nothing tells what was changed.
        damage.check(store, now)
        for lane in LANES:
            _renumber(store, lane, epoch)
        append(store, EntryKind.EPOCH, now, {"epoch": epoch, "why": why})
        for lane in LANES:
            note_head(store, lane)


def ledger(store: Store) -> Ledger:
    """Return the totals that people are shown."""
    states = [state(store, lane) for lane in LANES]
    link = store.row("SELECT state, detail, receipt_ms FROM link WHERE id = 1")
    captured = sum(s.last for s in states)
    confirmed = sum(s.cum for s in states)
    return Ledger(
        captured=captured,
        sent=sum(max(s.sent, s.cum) for s in states),
        confirmed=confirmed,
        safe=sum(s.safe for s in states),
        waiting=captured - confirmed,
        oldest_waiting_wall_ms=min(
            filter(None, (oldest_waiting(store, s) for s in states)), default=None
        ),
        last_receipt_ms=link["receipt_ms"] if link else None,
        link=link["state"] if link else "never",
        link_detail=link["detail"] if link else None,
        agrees=all(agrees(store, s) for s in states),
    )


def oldest_waiting(store: Store, stream: StreamState) -> int | None:
    """Return when a lane's oldest waiting record was made, by the box's wall clock."""
    row = store.row(
        f"SELECT {WALL_MS} AS ms FROM outbox o JOIN journal j ON j.id = o.entry"
        f" WHERE o.lane = ? AND o.epoch = ? AND o.seq > ? AND {WALL_MS} IS NOT NULL"
        " ORDER BY o.seq LIMIT 1",
        (stream.lane.value, stream.epoch, stream.cum),
    )
    return None if row is None else row["ms"]


def confirmed_entries(store: Store, entry_ids: list[int]) -> set[int]:
    """Return which of the given journal entries a receipt covers."""
    if not entry_ids:
        return set()
    marks = ",".join("?" * len(entry_ids))
    rows = store.rows(
        "SELECT j.id FROM journal j JOIN stream s ON s.lane = j.lane"
        f" WHERE j.id IN ({marks}) AND j.id <= s.cum_entry",
        entry_ids,
    )
    return {r["id"] for r in rows}


def set_link(store: Store, state_name: str, now: Stamp, detail: str | None = None) -> None:
    """Remember the link's state ("never", "down", "dialing", "up", "fenced") for the screens."""
    with store.transaction():
        store.execute(
            "UPDATE link SET since_ms = CASE WHEN state = ? THEN since_ms ELSE ? END,"
            " state = ?, detail = ? WHERE id = 1",
            (state_name, now.wall_ms, state_name, detail),
        )


def _renumber(store: Store, lane: Lane, epoch: int) -> None:
    kept = damage.read_links(store, lane, 0, -1)
    store.execute("DELETE FROM outbox WHERE lane = ?", (lane.value,))
    store.execute(
        "UPDATE stream SET epoch = ?, sent = 0, cum = 0, safe = 0, cum_entry = 0, base = 0,"
        " base_entry = 0, base_chain = zeroblob(16), cum_chain = NULL WHERE lane = ?",
        (epoch, lane.value),
    )
    forget_heads(store)
    link = bytes(16)
    for seq, one in enumerate(kept, start=1):
        link = chain(link, one.record)
        store.execute(
            "INSERT INTO outbox (lane, epoch, seq, entry, chain) VALUES (?, ?, ?, ?, ?)",
            (lane.value, epoch, seq, one.entry, link),
        )
