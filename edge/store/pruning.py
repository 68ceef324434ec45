"""Pruning: deleting what the hospital's backup holds, never a record more than the receipts say.

A lane is pruned from its oldest record on, up to `safe` at most, and only while the chain computed
over the records that go is the chain that was compared with the hospital. What remains knows where
it begins (`base`, `base_chain`). Raw bytes of devices go first; what the screens show goes last.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache

from edge.model.entry import Lane, chain
from edge.model.errors import EdgeError
from edge.store import outbox
from edge.store.store import Row, Store

BATCH = 500
"""So many records go in one transaction, which other processes wait for."""


class DamagedRecords(EdgeError):
    """Records on the disk are not those that the hospital confirmed; none of them was removed."""


@dataclass(frozen=True, slots=True)
class PruningResult:
    """What went: places in the stream, raw byte strings, whole entries."""

    records: int = 0
    raw: int = 0
    entries: int = 0


def prunable(safe: int, cum: int) -> int:
    """Return the last record of a lane that may ever go: the hospital's backup covers it."""
    return min(safe, cum)


def check_chain(
    link: bytes | None, base: int, rows: Iterable[tuple[int, bytes | None, bytes]], lane: str
) -> None:
    """Raise `DamagedRecords` unless rows (sequence, record, chain) continue the chain.

    A record that is known to be damaged is None: it proves nothing, and stands in nobody's way.
    """
    for seq, (number, record, stored) in enumerate(rows, start=base + 1):
        link = stored if record is None else chain(link or b"", record)
        if number != seq or link != stored:
            raise DamagedRecords(f"lane {lane}, record {seq:,}")


def prune(store: Store, lane: Lane, before_ms: int, *, history: bool = False) -> PruningResult:
    """Delete at most `BATCH` safe records made before a moment (Unix ms, by their own stamp).

    Nothing from an open visit's beginning on is touched. With `history`, readings go as well that
    raised no alert. Raises `DamagedRecords`.
    """
    with store.transaction():
        stream = outbox.state(store, lane)
        rows = _leading(store, stream, before_ms)
        if not rows:
            return PruningResult()
        _verify(store, stream, rows)
        last = rows[-1]
        store.execute(
            "UPDATE stream SET base = ?, base_chain = ?, base_entry = ? WHERE lane = ?",
            (last["seq"], last["chain"], last["entry"], lane.value),
        )
        store.execute(
            "DELETE FROM outbox WHERE lane = ? AND epoch = ? AND seq <= ?",
            (lane.value, stream.epoch, last["seq"]),
        )
        entries = [r["entry"] for r in rows]
        raw = _drop_raw(store, entries)
        if history:
            _drop_history(store, entries)
        return PruningResult(len(rows), raw, _drop_entries(store, entries))


def _leading(store: Store, stream: outbox.StreamState, before_ms: int) -> list[Row]:
    """Return the oldest records that may go: a run from the base on without an exception in it.

    What reports have not taken their facts from stays; a file without reports keeps nothing back.
    """
    rows = store.rows(
        "SELECT o.seq, o.entry, o.chain, CAST(j.record AS BLOB) AS record,"
        f" coalesce({outbox.WALL_MS}, 0) AS wall_ms, d.entry AS damaged FROM outbox o"
        " LEFT JOIN journal j ON j.id = o.entry LEFT JOIN damage d ON d.entry = o.entry"
        " WHERE o.lane = ? AND o.epoch = ? AND o.seq <= ? ORDER BY o.seq LIMIT ?",
        (stream.lane.value, stream.epoch, prunable(stream.safe, stream.cum), BATCH),
    )
    open_visit = store.scalar("SELECT min(entry) FROM visit WHERE closed_entry IS NULL")
    reach = store.row("SELECT entry FROM facts_reach")
    run: list[Row] = []
    for r in rows:
        if r["wall_ms"] >= before_ms or (open_visit and r["entry"] >= open_visit):
            break
        if reach is not None and r["entry"] > reach["entry"]:
            break
        run.append(r)
    return run


def _verify(store: Store, stream: outbox.StreamState, rows: list[Row]) -> None:
    base_chain = outbox.chain_at(store, stream.lane, stream.base)
    links = (
        (r["seq"], None if r["damaged"] else bytes(r["record"] or b""), bytes(r["chain"]))
        for r in rows
    )
    check_chain(base_chain, stream.base, links, stream.lane)


def _drop_raw(store: Store, entries: list[int]) -> int:
    marks = _marks(entries)
    return store.changed(
        f"UPDATE reading SET raw = NULL WHERE raw IS NOT NULL AND entry IN ({marks})", entries
    )


def _drop_history(store: Store, entries: list[int]) -> None:
    marks = _marks(entries)
    store.execute(f"DELETE FROM rejected WHERE entry IN ({marks})", entries)
    _drop_assessments(store, marks, entries)
    store.execute(
        f"DELETE FROM reading WHERE entry IN ({marks}) AND tray IS NOT 'waiting'"
        " AND NOT EXISTS (SELECT 1 FROM alert a WHERE a.reading = reading.entry)",
        entries,
    )


def _drop_assessments(store: Store, marks: str, entries: list[int]) -> None:
    kept = "(SELECT assessment FROM alert WHERE assessment IS NOT NULL)"
    which = f"IN ({marks}) AND {{}} NOT IN {kept}"
    store.execute(f"DELETE FROM assessment WHERE entry {which.format('entry')}", entries)
    sql = f"DELETE FROM assessment_reading WHERE assessment {which.format('assessment')}"
    store.execute(sql, entries)


def _drop_entries(store: Store, entries: list[int]) -> int:
    """Delete the entries that no table refers to; never the last one, whose number would recur."""
    free = " AND ".join(
        f"NOT EXISTS (SELECT 1 FROM {table} WHERE {table}.{column} = journal.id)"
        for table, column in _references(store)
    )
    return store.changed(
        f"DELETE FROM journal WHERE id IN ({_marks(entries)}) AND {free}"
        " AND id < (SELECT max(id) FROM journal) AND id NOT IN (SELECT entry FROM damage)",
        entries,
    )


def _references(store: Store) -> list[tuple[str, str]]:
    """Return each column that refers to the journal, as the file itself declares it."""
    tables = store.rows("SELECT name FROM sqlite_master WHERE type = 'table'")
    return [
        (t["name"], key["from"])
        for t in tables
        for key in store.rows(f"PRAGMA foreign_key_list('{t['name']}')")
        if key["table"] == "journal"
    ]


@cache
def _many(count: int) -> str:
    return ",".join("?" * count)


def _marks(items: list[int]) -> str:
    return _many(len(items))
