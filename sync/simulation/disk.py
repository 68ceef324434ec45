"""The box's durable half in the simulator: what survives a crash, and can be rolled back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from functools import partial
from itertools import chain, islice

from edge.model.entry import GENESIS, Lane
from edge.model.entry import chain as link
from sync.core.session import LaneState
from sync.simulation.parts import DiskIsFull, Write

LANES = (Lane.ALERT.value, Lane.CLINICAL.value)
CHANGED = b"?"
"""What a record ends with that was changed on the disk."""
FRAME_BYTES = 200
"""A small frame of the simulator: a dozen of its short records."""


@dataclass(slots=True)
class Stream:
    """One lane: the records after `base` with their chains, and custody."""

    log: list[tuple[bytes, bytes]] = field(default_factory=list)
    base: int = 0
    base_chain: bytes = GENESIS
    cum: int = 0
    safe: int = 0

    @property
    def last(self) -> int:
        """The last sequence numbered."""
        return self.base + len(self.log)

    def append(self, record: bytes) -> None:
        """Number a record."""
        before = self.log[-1][1] if self.log else self.base_chain
        self.log.append((record, link(before, record)))

    def prune(self, to: int) -> list[bytes]:
        """Drop records up to `to` and return them."""
        gone = self.log[: to - self.base]
        if gone:
            self.base, self.base_chain = self.base + len(gone), gone[-1][1]
            del self.log[: len(gone)]
        return [record for record, _ in gone]


@dataclass(slots=True)
class Disk:
    """All streams of a box; implements the core's Outbox.

    `journal` is what the screens show, `marked` what was found to be damaged. `full`: nothing can
    be written. `may_send` is the budget's word on a lane.
    """

    number: int = 1
    streams: dict[str, Stream] = field(default_factory=lambda: {lane: Stream() for lane in LANES})
    journal: list[bytes] = field(default_factory=list)
    marked: set[bytes] = field(default_factory=set)
    full: bool = False
    may_send: Callable[[str], bool] = lambda _lane: True

    def lanes(self) -> Sequence[str]:
        """Return the lanes, most urgent first."""
        return LANES

    def epoch(self) -> int:
        """Return the current epoch."""
        return self.number

    def held(self, lane: str) -> LaneState:
        """Return what is held of a lane."""
        s = self.streams[lane]
        return LaneState(s.base, s.safe, s.cum, s.last)

    def chain_at(self, lane: str, seq: int) -> bytes | None:
        """Return the chain after `seq`, None when it is not held."""
        s = self.streams[lane]
        if seq == s.base:
            return s.base_chain
        return s.log[seq - s.base - 1][1] if s.base < seq <= s.last else None

    def fit(self, lane: str, first_seq: int) -> int:
        """Return how many records from `first_seq` on fill a small frame, 0 when none may go."""
        s = self.streams[lane]
        first, room, n = max(0, first_seq - s.base - 1), FRAME_BYTES, 0
        if first >= len(s.log) or not self.may_send(lane):
            return 0
        for record, _ in islice(s.log, first, None):
            room -= len(record)
            damaged = self.is_damaged(lane, first + s.base + n + 1)
            if n and (room < 0 or damaged):
                break
            n += 1
            if damaged:
                break
        return n

    def is_damaged(self, lane: str, seq: int) -> bool:
        """Whether a record is another than at its capture."""
        s = self.streams[lane]
        record, stored = s.log[seq - s.base - 1]
        return record in self.marked or link(self.chain_at(lane, seq - 1) or b"", record) != stored

    def records(self, lane: str, first_seq: int, n: int) -> list[bytes]:
        """Return `n` records from `first_seq` on."""
        s = self.streams[lane]
        start = first_seq - s.base - 1
        return [record for record, _ in s.log[start : start + n]]

    def append(self, records: Sequence[tuple[str, bytes]]) -> tuple[Write, ...]:
        """Return the writes that keep records and queue them, for one transaction."""
        if self.full:
            raise DiskIsFull
        kept = [partial(self.journal.append, record) for _, record in records]
        queued = [partial(self.streams[lane].append, record) for lane, record in records]
        return tuple(chain.from_iterable(zip(kept, queued, strict=True)))

    def start_epoch(self, number: int) -> None:
        """Renumber everything retained."""
        for write in self.renumbering(number):
            write()

    def renumbering(self, number: int) -> tuple[Write, ...]:
        """Return the writes that renumber everything retained; they belong in one transaction."""
        if self.full:
            raise DiskIsFull

        def mark() -> None:
            for lane, s in self.streams.items():
                damaged = (n for n in range(s.base + 1, s.last + 1) if self.is_damaged(lane, n))
                self.marked |= {s.log[n - s.base - 1][0] for n in damaged}

        def renumber(lane: str) -> None:
            fresh = Stream()
            for record, _ in self.streams[lane].log:
                fresh.append(record)
            self.streams[lane] = fresh

        def count() -> None:
            self.number = number

        return mark, count, *(partial(renumber, lane) for lane in self.streams)

    def rot(self, lane: str, at: int) -> tuple[bytes, bytes]:
        """Change a record by itself; return what it was and what it is."""
        log = self.streams[lane].log
        record, chained = log[at]
        changed = record + CHANGED
        log[at] = (changed, chained)
        self.journal[self.journal.index(record)] = changed
        return record, changed

    def copy(self) -> Disk:
        """Return an image of the medium."""
        streams = {k: replace(s, log=list(s.log)) for k, s in self.streams.items()}
        return replace(self, streams=streams, journal=list(self.journal), marked=set(self.marked))

    def holds(self, record: bytes) -> bool:
        """Whether a record is here."""
        return any(record == other for s in self.streams.values() for other, _ in s.log)
