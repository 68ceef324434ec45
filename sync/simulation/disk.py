"""The box's durable half in the simulator: what survives a crash, and can be rolled back."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from edge.entry import GENESIS, Lane, chain
from sync.core.session import Held

LANES = (Lane.ALERT.value, Lane.CLINICAL.value)
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
        self.log.append((record, chain(before, record)))

    def prune(self, to: int) -> list[bytes]:
        """Drop records up to `to` and return them."""
        gone = self.log[: to - self.base]
        if gone:
            self.base, self.base_chain = self.base + len(gone), gone[-1][1]
            del self.log[: len(gone)]
        return [record for record, _ in gone]


@dataclass(slots=True)
class Disk:
    """All streams of a box; implements the core's Outbox."""

    number: int = 1
    streams: dict[str, Stream] = field(default_factory=lambda: {lane: Stream() for lane in LANES})

    def lanes(self) -> Sequence[str]:
        """Return the lanes, most urgent first."""
        return LANES

    def epoch(self) -> int:
        """Return the current epoch."""
        return self.number

    def held(self, lane: str) -> Held:
        """Return what is held of a lane."""
        s = self.streams[lane]
        return Held(s.base, s.safe, s.cum, s.last)

    def chain_at(self, lane: str, seq: int) -> bytes | None:
        """Return the chain after `seq`, None when it is not held."""
        s = self.streams[lane]
        if seq == s.base:
            return s.base_chain
        return s.log[seq - s.base - 1][1] if s.base < seq <= s.last else None

    def fit(self, lane: str, first_seq: int) -> int:
        """Return how many records from `first_seq` on fill a small frame."""
        room, n = FRAME_BYTES, 0
        s = self.streams[lane]
        for record, _ in s.log[max(0, first_seq - s.base - 1) :]:
            room -= len(record)
            if n and room < 0:
                break
            n += 1
        return n

    def records(self, lane: str, first_seq: int, n: int) -> list[bytes]:
        """Return `n` records from `first_seq` on."""
        s = self.streams[lane]
        start = first_seq - s.base - 1
        return [record for record, _ in s.log[start : start + n]]

    def start_epoch(self, number: int) -> None:
        """Renumber everything retained."""
        for lane, old in self.streams.items():
            fresh = Stream()
            for record, _ in old.log:
                fresh.append(record)
            self.streams[lane] = fresh
        self.number = number

    def copy(self) -> Disk:
        """Return an image of the medium."""
        return Disk(self.number, {k: replace(s, log=list(s.log)) for k, s in self.streams.items()})
