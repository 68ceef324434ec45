"""The ledger of delivery, lane by lane: what an auditor compares with the hospital's own.

Every number comes from the box's file and from signed receipts. A lane is `complete` only when a
receipt covers all of it and the chain here still is the one which that receipt was compared with.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from edge.model.entry import Lane
from edge.store import outbox
from edge.store.journal import LANES
from edge.store.store import Store

MEASURED_MS = 6 * 3_600_000
"""A growth measured over less time than this says nothing about days to come."""


@dataclass(frozen=True, slots=True)
class LaneLedger:
    """One lane of the current epoch: counts, held sequences, and chains as hexadecimal text.

    `chain` is the one after the last record held here, `confirmed_chain` the one after the last
    record that a receipt covers; the hospital's ledger shows the same for the same sequence.
    """

    lane: Lane
    epoch: int
    captured: int
    sent: int
    confirmed: int
    safe: int
    waiting: int
    oldest_waiting_wall_ms: int | None
    first: int
    last: int
    chain: str
    confirmed_chain: str | None
    agrees: bool

    @property
    def complete(self) -> bool:
        """Whether the hospital holds all of it and the chains agree."""
        return self.agrees and self.waiting == 0

    def sentence(self) -> str:
        """Return what is held, in words: `records 1…48,236 held, chain X`."""
        if self.last < self.first:
            return f"no records held after {self.last:,}, chain {self.chain}"
        return f"records {self.first:,}…{self.last:,} held, chain {self.chain}"


@dataclass(frozen=True, slots=True)
class Sample:
    """How many bytes the box's files took at a moment (Unix milliseconds of the box's wall)."""

    at_ms: int
    taken: int


def lanes(store: Store) -> list[LaneLedger]:
    """Return the ledger of every lane, most urgent first."""
    return [_lane(store, lane) for lane in LANES]


def complete(ledgers: Sequence[LaneLedger]) -> bool:
    """Whether there is something, and the hospital holds all of it."""
    return any(lane.captured for lane in ledgers) and all(lane.complete for lane in ledgers)


def take_sample(store: Store, sample: Sample, keep_ms: int) -> None:
    """Remember how much the box's files take; forget what is older than `keep_ms`, or ahead."""
    with store.transaction():
        store.execute(
            "DELETE FROM disk_sample WHERE at_ms < ? OR at_ms >= ?",
            (sample.at_ms - keep_ms, sample.at_ms),
        )
        store.execute("INSERT INTO disk_sample VALUES (?, ?)", (sample.at_ms, sample.taken))


def samples(store: Store) -> list[Sample]:
    """Return the remembered samples, oldest first."""
    rows = store.rows("SELECT at_ms, taken FROM disk_sample ORDER BY at_ms")
    return [Sample(r["at_ms"], r["taken"]) for r in rows]


def hours_left(measured: Sequence[Sample], free_bytes: int) -> int | None:
    """Return how many hours the disk lasts at the measured growth; None when nobody can tell."""
    if len(measured) < 2:
        return None
    first, last = measured[0], measured[-1]
    span_ms, grown = last.at_ms - first.at_ms, last.taken - first.taken
    if span_ms < MEASURED_MS or grown <= 0:
        return None
    return free_bytes * span_ms // (grown * 3_600_000)


def _lane(store: Store, lane: Lane) -> LaneLedger:
    s = outbox.state(store, lane)
    chain = outbox.chain_at(store, lane, s.last) or b""
    ours = outbox.chain_at(store, lane, s.cum)
    return LaneLedger(
        lane=lane,
        epoch=s.epoch,
        captured=s.last,
        sent=max(s.sent, s.cum),
        confirmed=s.cum,
        safe=s.safe,
        waiting=s.last - s.cum,
        oldest_waiting_wall_ms=outbox.oldest_waiting(store, s),
        first=s.base + 1,
        last=s.last,
        chain=chain.hex(),
        confirmed_chain=None if ours is None else ours.hex(),
        agrees=outbox.agrees(store, s),
    )
