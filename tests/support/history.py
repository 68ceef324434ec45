"""What a run left behind, as plain data: both ends' files, what the test did, what a broker saw.

`history_read` reads the files, `invariants` judges the whole.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from canaries import Capture

from edge.model.entry import GENESIS

ACTIVE = "active"
Record = tuple[str, bytes]
"""A box's id and a record's canonical bytes."""


@dataclass(frozen=True, slots=True)
class LaneSide:
    """A lane in a box's file; `queued` holds (sequence, record, chain) from `base` on."""

    lane: str
    epoch: int
    base: int
    base_chain: bytes
    cum: int
    safe: int
    queued: tuple[tuple[int, bytes, bytes], ...]

    @property
    def last(self) -> int:
        return self.queued[-1][0] if self.queued else self.base

    def chain_at(self, seq: int) -> bytes | None:
        held = {place: link for place, _, link in self.queued} | {self.base: self.base_chain}
        return held.get(seq)


@dataclass(frozen=True, slots=True)
class BoxSide:
    """A machine's file. Clones have the same `box_id` and different names."""

    name: str
    box_id: str
    clinic: str
    journal: tuple[bytes, ...]
    lanes: tuple[LaneSide, ...]
    link: str
    complaints: frozenset[str]
    feed: FeedState

    def lane(self, name: str) -> LaneSide:
        return next(one for one in self.lanes if one.lane == name)


@dataclass(frozen=True, slots=True)
class FeedState:
    """Where a feed or its replica is, the sums it keeps, the sums counted from its items."""

    epoch: int
    ver: int
    kept: tuple[int, ...]
    counted: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Row:
    """A record in the archive."""

    box: str
    id: str
    epoch: int
    lane: str
    seq: int
    record: bytes

    @property
    def place(self) -> tuple[str, int, str, int]:
        return self.box, self.epoch, self.lane, self.seq


@dataclass(frozen=True, slots=True)
class Stream:
    box: str
    epoch: int
    lane: str
    cum: int
    chain: bytes

    @property
    def key(self) -> tuple[str, int, str]:
        return self.box, self.epoch, self.lane


@dataclass(frozen=True, slots=True)
class Frame:
    """A sealed frame kept as evidence, in the order of the archive."""

    box: str
    epoch: int
    lane: str
    first: int
    n: int
    unread: bool


@dataclass(frozen=True, slots=True)
class Member:
    """A box as the hospital knows it."""

    id: str
    clinic: str
    standing: str
    epoch: int


@dataclass(frozen=True, slots=True)
class HospitalSide:
    """The archive at a moment; `generation` counts its restores."""

    generation: int
    records: tuple[Row, ...]
    streams: tuple[Stream, ...]
    frames: tuple[Frame, ...]
    members: tuple[Member, ...]
    feeds: tuple[tuple[str, FeedState], ...]

    def ids(self) -> set[tuple[str, str]]:
        return {(r.box, r.id) for r in self.records}

    def standing(self, box_id: str) -> str:
        return next((m.standing for m in self.members if m.id == box_id), "unknown")

    def stream(self, box_id: str, epoch: int, lane: str) -> Stream:
        wanted = (box_id, epoch, lane)
        found = (s for s in self.streams if s.key == wanted)
        return next(found, Stream(box_id, epoch, lane, 0, GENESIS))


@dataclass(frozen=True, slots=True)
class Overtaking:
    """An alert behind a backlog: what passed the line between its commit and its arrival."""

    record: Record
    bytes_between: int
    bytes_allowed: int


@dataclass(frozen=True, slots=True)
class Outage:
    """A time without a network, and how many records the box committed in it."""

    box_id: str
    what: str
    committed: int


@dataclass(slots=True)
class Deeds:
    """What the test did, in the words of the invariants.

    `promised` records were committed; `doomed` ones stood on a medium that was destroyed. `copies`
    are backups that boxes were told of, `lost` archives that were restored from one, `shut` the
    archive when a box was shut out, `replayed` the archive before and after the replay.
    """

    promised: list[Record] = field(default_factory=list)
    doomed: set[Record] = field(default_factory=set)
    copies: list[HospitalSide] = field(default_factory=list)
    lost: list[HospitalSide] = field(default_factory=list)
    shut: list[tuple[str, HospitalSide]] = field(default_factory=list)
    alerts: list[Overtaking] = field(default_factory=list)
    outages: list[Outage] = field(default_factory=list)
    replayed: tuple[HospitalSide, HospitalSide] | None = None
    captured: list[Capture] = field(default_factory=list)
    canaries: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class History:
    boxes: tuple[BoxSide, ...]
    hospital: HospitalSide
    deeds: Deeds

    def at_work(self) -> list[BoxSide]:
        """The machines that the hospital listens to; the others wait for a person."""
        return [b for b in self.boxes if self.hospital.standing(b.box_id) == ACTIVE]
