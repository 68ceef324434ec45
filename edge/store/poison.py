"""Poison records, which cannot be sent as they are: kept, counted, shown, sent once repaired.

Their place in the stream is taken by a tombstone with size and digest, so nothing waits for them.
A repair appends the record anew: as it is, when it can travel by now, or with its long texts cut.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace

from edge.model.clock import Stamp
from edge.model.entry import Body, Entry, Lane
from edge.model.entry_check import REPAIRS
from edge.model.errors import NotFound
from edge.store import issues, journal
from edge.store.store import Row, Store

ISSUE = "record-unsendable"
CUT_TO = 2_000
"""So many characters are kept of each text of a record that is cut."""


@dataclass(frozen=True, slots=True)
class Poison:
    """A record that a tombstone stands for; `entry` is its journal id."""

    entry: int
    lane: Lane
    why: str
    size: int
    sha256: str
    repaired_as: int | None


def note(store: Store, now: Stamp, lane: Lane, seq: int, why: str) -> None:
    """Note that the record at a place of the current epoch cannot be sent."""
    with store.transaction():
        store.execute(
            "INSERT INTO poison (entry, lane, why, noted_ms)"
            " SELECT o.entry, o.lane, ?, ? FROM outbox o JOIN stream s"
            " ON s.lane = o.lane AND s.epoch = o.epoch WHERE o.lane = ? AND o.seq = ?"
            " ON CONFLICT (entry) DO NOTHING",
            (why, now.wall_ms, lane.value, seq),
        )
        _update_issue(store, now)


def listed(store: Store) -> list[Poison]:
    """Return all of them, oldest first."""
    rows = store.rows("SELECT p.*, j.record FROM poison p JOIN journal j ON j.id = p.entry")
    return [_poison(r) for r in rows]


def repair(store: Store, now: Stamp, entry: int, limit: int) -> int:
    """Append a record anew that is at most `limit` bytes; return its journal id.

    Raises `NotFound` when there is no such poison. A second repair changes nothing.
    """
    row = store.row(
        "SELECT p.*, j.record FROM poison p JOIN journal j ON j.id = p.entry WHERE p.entry = ?",
        (entry,),
    )
    if row is None:
        raise NotFound(f"record {entry} is not among those that cannot be sent")
    poison = _poison(row)
    if poison.repaired_as is not None:
        return poison.repaired_as
    record = Entry.parse(row["record"].encode("utf-8"))
    body = record.body if poison.size <= limit else _cut(record.body, poison.sha256)
    with store.transaction():
        made = journal.append_in(store, poison.lane, replace(record, body=body))
        store.execute("UPDATE poison SET repaired_as = ? WHERE entry = ?", (made, entry))
        _update_issue(store, now)
    return made


def _poison(row: Row) -> Poison:
    record = row["record"].encode("utf-8")
    digest = hashlib.sha256(record).hexdigest()
    lane, repaired = Lane(row["lane"]), row["repaired_as"]
    return Poison(row["entry"], lane, row["why"], len(record), digest, repaired)


def _cut(body: Body, digest: str) -> Body:
    """Return a body whose texts are cut; it names the whole by its digest."""
    return {**{key: _cut_value(value) for key, value in body.items()}, REPAIRS: digest}


def _cut_value(value: object) -> object:
    if isinstance(value, str):
        return value if len(value) <= CUT_TO else f"{value[:CUT_TO]}…"
    if isinstance(value, dict):
        return {key: _cut_value(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple):
        return [_cut_value(inner) for inner in value[:CUT_TO]]
    return value


def _update_issue(store: Store, now: Stamp) -> None:
    left = store.scalar("SELECT count(*) FROM poison WHERE repaired_as IS NULL")
    if left:
        issues.note(store, now, ISSUE, detail=str(left))
    else:
        issues.clear(store, ISSUE)
