"""Losses: the box's file has less in it than its high-water mark says that it had.

Looked for whenever a process opens the file. What is found is told in the journal and as an issue,
which stays until a person says that it is known: neither a new epoch nor new records take it away.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edge.model.clock import Stamp
from edge.model.entry import EntryKind, Lane
from edge.model.errors import DiskError
from edge.store import damage, issues, outbox, table_check
from edge.store.high_water import Head
from edge.store.journal import LANES, append, note_head
from edge.store.store import Store

ISSUE = "records-missing"
MARK_ISSUE = "mark-missing"

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Loss:
    """A lane that once reached `mark` and is now at `held`, perhaps with other records."""

    lane: Lane
    mark: Head
    held: int

    @property
    def count(self) -> int:
        """How many records are gone at least."""
        return max(1, self.mark.last - self.held)


def open_store(database: Path, owner: str | None, *, cache_kb: int = 2000) -> Store:
    """Open the box's file as `Store.open` does, and tell when there is less in it than before."""
    store = Store.open(database, owner, cache_kb=cache_kb)
    try:
        look(store)
    except DiskError as error:
        log.error("not written down: %s", error)  # it is found again the next time
    except BaseException:
        store.close()
        raise
    return store


def look(store: Store) -> list[Loss]:
    """Compare the file with its mark; tell what is missing, and return it."""
    marks = store.mark.read()  # before the file: so it is never ahead of what is read after it
    _look_at_mark(store, marks)
    if not _missing(store, marks):
        return []
    now = store.clock().now()
    damage.check(store, now)  # a changed chain is no loss
    with store.transaction():
        lost = _missing(store, marks)
        for loss in lost:
            _note(store, now, loss)
        for lane in LANES:
            note_head(store, lane)
    return lost


def acknowledge(store: Store, now: Stamp, actor: str | None = None) -> int:
    """Say that a person knows what is missing and what is damaged; return how many records."""
    with store.transaction():
        unknown = store.rows("SELECT last, held FROM loss WHERE known = 0")
        count = sum(max(1, int(r["last"]) - int(r["held"])) for r in unknown)
        store.execute("UPDATE loss SET known = 1")
        issues.clear(store, ISSUE)
        issues.clear(store, MARK_ISSUE)
        count += damage.acknowledge(store, now) + table_check.acknowledge(store, now)
        if count:
            body = {"what": "known", "count": count}
            append(store, EntryKind.STORE_FINDING, now, body, actor=actor)
    return count


def unknown(store: Store) -> bool:
    """Whether there is a loss or damage that nobody has said to know."""
    return any(issues.is_noted(store, kind) for kind in (ISSUE, damage.ISSUE))


def _look_at_mark(store: Store, marks: Mapping[str, Head]) -> None:
    """Tell of a line of the mark that was there and is not; a box of 0.2.0 never had one.

    The file itself holds which lanes have a line, from when that line is on the disk.
    """
    marked = {r["lane"] for r in store.rows("SELECT lane FROM marked")}
    if marked == set(marks):
        return
    gone, new = marked - set(marks), set(marks) - marked
    if new:
        store.mark.flush()
    with store.transaction():
        for lane in new:
            store.execute("INSERT OR IGNORE INTO marked (lane) VALUES (?)", (lane,))
        for lane in LANES:
            if lane.value in gone:
                log.error("lane %s: the high-water mark is gone or damaged", lane)
                note_head(store, lane)
        if gone:
            issues.note(store, store.clock().now(), MARK_ISSUE, detail=store.mark.name)


def _missing(store: Store, marks: Mapping[str, Head]) -> list[Loss]:
    found = (_missing_in(store, lane, marks[lane.value]) for lane in LANES if lane.value in marks)
    return [loss for loss in found if loss is not None]


def _missing_in(store: Store, lane: Lane, mark: Head) -> Loss | None:
    stream = outbox.state(store, lane)
    if mark.epoch < stream.epoch:
        return None  # numbered anew since, and then everything that was held was kept
    if mark.epoch > stream.epoch or stream.last < mark.last:
        return Loss(lane, mark, min(stream.last, mark.last))
    chain = outbox.chain_at(store, lane, mark.last)
    if mark.last < stream.base or chain == mark.chain or _is_damaged(store, lane, mark.last):
        return None
    return Loss(lane, mark, mark.last)


def _is_damaged(store: Store, lane: Lane, seq: int) -> bool:
    return any(q.damaged for q in outbox.records(store, lane, seq, 1))


def _note(store: Store, now: Stamp, loss: Loss) -> None:
    fresh = store.changed(
        "INSERT INTO loss (lane, epoch, last, held, found_ms) VALUES (?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (loss.lane.value, loss.mark.epoch, loss.mark.last, loss.held, now.wall_ms),
    )
    if not fresh:
        return
    log.error("lane %s: %d records are missing at least", loss.lane, loss.count)
    body = {"what": "shorter", "lane": loss.lane.value, "last": loss.mark.last}
    append(store, EntryKind.STORE_FINDING, now, body | {"count": loss.count})
    total = sum(
        max(1, r["last"] - r["held"])
        for r in store.rows("SELECT last, held FROM loss WHERE known = 0")
    )
    issues.note(store, now, ISSUE, detail=f"{total:,}")
