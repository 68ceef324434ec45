"""Damage on the disk: entries that are no longer what their chain was computed from at capture.

The chain of a lane is stored beside each entry in the transaction that makes it. An entry that does
not lead from the chain before it to its own was changed afterwards. It is marked, told, and never
sent as genuine: a tombstone takes its place, the others go on.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

from edge.model.clock import Stamp
from edge.model.entry import EntryKind, Lane, chain
from edge.store import issues
from edge.store.journal import LANES, append
from edge.store.store import Row, Store

ISSUE = "records-damaged"
BATCH = 1_000

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class DamagedEntry:
    """A place in a lane whose entry is damaged; `entry` is its journal id."""

    lane: Lane
    seq: int
    entry: int


@dataclass(frozen=True, slots=True)
class Link:
    """One stored place of a lane: its record as it is now, and the chain from its capture."""

    seq: int
    entry: int
    record: bytes
    chain: bytes
    marked: bool = False


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a stretch of a lane shows: changed records, chains to put right, the chain at its end.

    `chains` has the right chain of a place whose stored chain was changed and not its record.
    """

    damaged: tuple[Link, ...]
    chains: Mapping[int, bytes]
    end: bytes


def judge(before: bytes, links: Sequence[Link], follower: Link | None = None) -> Verdict:
    """Compare a stretch with its chains; `before` is the chain before it, `follower` comes next.

    Where only a stored chain was changed, the record that follows goes on from the right one; the
    last of all has none that follows, and counts as damaged itself.
    """
    damaged: list[Link] = []
    chains: dict[int, bytes] = {}
    nexts = [*links[1:], follower][: len(links)]
    for link, after in zip(links, nexts, strict=True):
        right = chain(before, link.record)
        before = link.chain
        if right == link.chain or link.marked:
            continue
        if after is not None and chain(right, after.record) == after.chain:
            before = chains[link.seq] = right
        else:
            damaged.append(link)
    return Verdict(tuple(damaged), chains, before)


def find(store: Store) -> list[DamagedEntry]:
    """Return the entries in the outbox that are damaged and not yet marked; reads only."""
    return [
        DamagedEntry(lane, link.seq, link.entry)
        for lane in LANES
        for verdict in _verdicts(store, lane)
        for link in verdict.damaged
    ]


def note(store: Store, now: Stamp, found: Sequence[DamagedEntry]) -> int:
    """Mark damaged entries, and tell of those that were not known; return how many."""
    fresh = 0
    with store.transaction():
        for damaged in found:
            new = store.changed(
                "INSERT INTO damage (entry, lane, found_ms) VALUES (?, ?, ?)"
                " ON CONFLICT (entry) DO NOTHING",
                (damaged.entry, damaged.lane.value, now.wall_ms),
            )
            if new:
                fresh += 1
                log.error("lane %s, record %d is damaged", damaged.lane, damaged.seq)
                body = {"what": "damaged", "lane": damaged.lane.value, "last": damaged.seq}
                append(store, EntryKind.STORE_FINDING, now, body | {"count": 1})
        if fresh:
            _update_issue(store, now)
    return fresh


def check(store: Store, now: Stamp) -> int:
    """Look through all that is held, mark and tell what is damaged; return how many are new.

    A stored chain that was changed is put right where the next record proves it.
    """
    found = find(store)
    for lane in LANES:
        for verdict in _verdicts(store, lane):
            _put_right(store, lane, verdict.chains)
    return note(store, now, found) if found else 0


def count(store: Store) -> int:
    """Return how many entries are marked as damaged."""
    return store.scalar("SELECT count(*) FROM damage")


def acknowledge(store: Store, now: Stamp) -> int:
    """Say that a person knows of the damage, in the caller's transaction; the marks stay.

    Returns of how many entries nobody had known.
    """
    fresh = store.changed("UPDATE damage SET known = 1 WHERE known = 0")
    _update_issue(store, now)
    return fresh


def read_links(store: Store, lane: Lane, first: int, limit: int) -> list[Link]:
    """Return up to `limit` places of the current epoch, as bytes: damage may be no text at all."""
    rows = store.rows(
        "SELECT o.seq, o.entry, CAST(j.record AS BLOB) AS record, o.chain, d.entry AS damaged"
        " FROM outbox o JOIN stream s ON s.lane = o.lane AND s.epoch = o.epoch"
        " LEFT JOIN journal j ON j.id = o.entry LEFT JOIN damage d ON d.entry = o.entry"
        " WHERE o.lane = ? AND o.seq >= ? ORDER BY o.seq LIMIT ?",
        (lane.value, first, limit),
    )
    return [_link(r) for r in rows]


def _verdicts(store: Store, lane: Lane) -> Iterator[Verdict]:
    """Judge a whole lane, a stretch at a time."""
    stream = store.row("SELECT base, base_chain FROM stream WHERE lane = ?", (lane.value,))
    if stream is None:
        return
    first, before = stream["base"] + 1, bytes(stream["base_chain"])
    while links := read_links(store, lane, first, BATCH + 1):
        follower = links[BATCH] if len(links) > BATCH else None
        verdict = judge(before, links[:BATCH], follower)
        yield verdict
        first, before = links[:BATCH][-1].seq + 1, verdict.end


def _put_right(store: Store, lane: Lane, chains: Mapping[int, bytes]) -> None:
    if not chains:
        return
    log.error("lane %s: %d stored chains were changed and are put right", lane, len(chains))
    with store.transaction():
        for seq, right in chains.items():
            store.execute(
                "UPDATE outbox SET chain = ? WHERE lane = ? AND seq = ? AND epoch ="
                " (SELECT epoch FROM stream WHERE lane = ?)",
                (right, lane.value, seq, lane.value),
            )


def _link(row: Row) -> Link:
    record = b"" if row["record"] is None else bytes(row["record"])
    return Link(row["seq"], row["entry"], record, bytes(row["chain"]), row["damaged"] is not None)


def _update_issue(store: Store, now: Stamp) -> None:
    unknown = store.scalar("SELECT count(*) FROM damage WHERE known = 0")
    if unknown:
        issues.note(store, now, ISSUE, detail=f"{count(store):,}")
    else:
        issues.clear(store, ISSUE)
