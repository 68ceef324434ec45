"""The hospital's shell in the simulator: an archive with a backup, and crashes around a commit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from edge.entry import chain
from sync.core import hospital as core
from sync.core.header import HELLO_LANE, Header
from sync.core.messages import Hello, Position, decode, encode
from sync.simulation.parts import Ends, Violation, demand

StreamKey = tuple[str, int, str]
TOMBSTONE = b'"kind":"tombstone"}'


@dataclass(slots=True)
class Device:
    """The archive's row of one box."""

    epoch: int = 0
    nonce: bytes = bytes(8)
    seen: frozenset[bytes] = frozenset()


@dataclass(slots=True)
class Archive:
    """What the hospital's database holds; `at` and `rows` are for the invariants."""

    devices: dict[str, Device] = field(default_factory=dict)
    streams: dict[StreamKey, tuple[int, bytes]] = field(default_factory=dict)
    records: set[tuple[str, bytes]] = field(default_factory=set)
    rows: dict[tuple[str, int, str, int], bytes] = field(default_factory=dict)

    def copy(self) -> Archive:
        """Return a backup."""
        devices = {k: replace(d) for k, d in self.devices.items()}
        return Archive(devices, dict(self.streams), set(self.records), dict(self.rows))


@dataclass(frozen=True, slots=True)
class UpFrame:
    """A frame as the network carries it: header, and rows or a HELLO; `cursed` rows do not open."""

    head: bytes
    rows: tuple[bytes, ...]
    cursed: bool = False


class SimHospital:
    """Executes the effects of the hospital's core against an archive in memory."""

    def __init__(self, ends: Ends) -> None:
        self.archive = Archive()
        self.backup = Archive()
        self.generation = 0
        self.ever: dict[StreamKey, int] = {}
        self.forks = 0
        self._ends = ends
        self._cache: dict[str, core.HospitalBox] = {}

    def receive(
        self, frame: UpFrame, utc_ms: int, crash: Callable[[], str]
    ) -> list[tuple[str, bytes]]:
        """Return the replies to a frame; `crash` says "before" or "after" the commit, or ""."""
        header = Header.decode(frame.head)
        event = self._event(header, frame, utc_ms)
        state = self._cache.get(header.box_id) or self._load(header.box_id)
        after, effects = self._ends.hospital_step(state, event)
        self._check_fence(state, header, effects)
        when = crash()
        if when == "before":
            self._cache.clear()
            return []
        for effect in effects:
            self._commit(header, effect)
        self._cache[header.box_id] = after
        if when == "after":
            self._cache.clear()
            return []
        replies = [e.message for e in effects if isinstance(e, core.Reply)]
        return [(header.box_id, encode(message)) for message in replies]

    def back_up(self) -> None:
        """Copy the archive off the host; receipts may say "safe" from now on."""
        self.backup = self.archive.copy()
        self._cache.clear()

    def restore(self) -> None:
        """Lose everything since the last backup."""
        self.archive = self.backup.copy()
        self.generation += 1
        self._cache.clear()

    def _event(self, header: Header, frame: UpFrame, utc_ms: int) -> core.Event:
        if header.lane != HELLO_LANE:
            return core.FrameArrived(header, None if frame.cursed else frame.rows)
        hello = decode(frame.rows[0])
        if not isinstance(hello, Hello):
            raise Violation("the simulated box sent something else than a HELLO")
        device = self.archive.devices.get(header.box_id, Device())
        return core.HelloArrived(hello, hello.nonce in device.seen, utc_ms)

    def _load(self, box_id: str) -> core.HospitalBox:
        device = self.archive.devices.get(box_id, Device())
        streams = {
            lane: self._position((name, epoch, lane))
            for name, epoch, lane in self.archive.streams
            if (name, epoch) == (box_id, device.epoch)
        }
        return core.HospitalBox(
            box_id, device.epoch, device.nonce, generation=self.generation, streams=streams
        )

    def _position(self, key: StreamKey) -> Position:
        safe = self.backup.streams.get(key, (0, bytes(16)))
        return Position(*self.archive.streams[key], *safe)

    def _check_fence(
        self, state: core.HospitalBox, header: Header, effects: tuple[core.Effect, ...]
    ) -> None:
        current = (header.epoch, header.nonce) == (state.epoch, state.nonce)
        if header.lane != HELLO_LANE and not current:
            changes = [e for e in effects if isinstance(e, core.Admit | core.Store | core.KeepRaw)]
            demand(not changes, "I9", f"a frame of a past session changed {changes}")

    def _commit(self, header: Header, effect: core.Effect) -> None:
        match effect:
            case core.Admit():
                device = self.archive.devices.setdefault(header.box_id, Device())
                self.forks += effect.epoch > device.epoch > 0
                device.epoch, device.nonce = effect.epoch, effect.nonce
                device.seen |= {effect.nonce}
            case core.Store():
                self._store(header, effect)
            case core.KeepRaw():
                self._row(header, effect.lane, effect.epoch, effect.seq, b"raw:" + effect.chain)
                self._move((header.box_id, effect.epoch, effect.lane), effect.seq, effect.chain)

    def _store(self, header: Header, store: core.Store) -> None:
        key = (header.box_id, store.epoch, store.lane)
        cum, link = self.archive.streams.get(key, (0, bytes(16)))
        demand(store.first_seq == cum + 1, "I3", f"{key}: {store.first_seq} after {cum}")
        demand(store.cum == cum + len(store.records), "I3", f"{key}: cum {store.cum}")
        for seq, record in enumerate(store.records, start=store.first_seq):
            link = chain(link, record)
            self._row(header, store.lane, store.epoch, seq, record)
        if not any(r.endswith(TOMBSTONE) for r in store.records):
            demand(link == store.chain, "I3", f"{key}: the chain is not that of the records")
        self._move(key, store.cum, store.chain)

    def _row(self, header: Header, lane: str, epoch: int, seq: int, record: bytes) -> None:
        held = self.archive.rows.setdefault((header.box_id, epoch, lane, seq), record)
        demand(held == record, "I4", f"{header.box_id} {epoch}{lane}{seq}: {held!r}, {record!r}")
        self.archive.records.add((header.box_id, record))

    def _move(self, key: StreamKey, cum: int, link: bytes) -> None:
        self.archive.streams[key] = (cum, link)
        self.ever[key] = max(cum, self.ever.get(key, 0))
