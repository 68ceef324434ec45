"""The hospital's shell in the simulator: an archive with a backup, and crashes around a commit."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field, replace

from edge.model.entry import chain
from sync.core import clones
from sync.core import hospital as core
from sync.core.header import HELLO_LANE, Header
from sync.core.messages import QUARANTINED, DownMessage, Fence, Position
from sync.frames import framing
from sync.simulation.box import UpFrame
from sync.simulation.parts import Ends, demand

StreamKey = tuple[str, int, str]
TOMBSTONE = b'"kind":"tombstone"}'
READABLE = (framing.PACKED, framing.PLAIN)


@dataclass(slots=True)
class Device:
    """The archive's row of one box."""

    epoch: int = 0
    nonce: bytes = bytes(8)
    seen: frozenset[bytes] = frozenset()
    sessions: tuple[tuple[int, clones.OpenedSession], ...] = ()


@dataclass(slots=True)
class Standing:
    """How a box stands and which key it signs with: what an operator repeats after a restore."""

    word: str = core.ACTIVE
    signer: int = 0


@dataclass(slots=True)
class Archive:
    """What the hospital's database holds; `rows` are for the invariants."""

    devices: dict[str, Device] = field(default_factory=dict)
    streams: dict[StreamKey, tuple[int, bytes]] = field(default_factory=dict)
    records: set[tuple[str, bytes]] = field(default_factory=set)
    rows: dict[tuple[str, int, str, int], bytes] = field(default_factory=dict)

    def copy(self) -> Archive:
        """Return a backup."""
        devices = {k: replace(d) for k, d in self.devices.items()}
        return Archive(devices, dict(self.streams), set(self.records), dict(self.rows))


class SimHospital:
    """Executes the effects of the hospital's core against an archive in memory.

    `full`: nothing can be kept, so nothing is answered. `keys` open what is sealed to them.
    """

    def __init__(self, ends: Ends) -> None:
        self.archive = Archive()
        self.backup = Archive()
        self.standings: dict[str, Standing] = {}
        self.keys = {0}
        self.full = False
        self.skew_ms = 0
        self.generation = 0
        self.ever: dict[StreamKey, int] = {}
        self.forks = 0
        self.quarantines = 0
        self._ends = ends
        self._cache: dict[str, core.HospitalBox] = {}

    def receive(
        self, frame: UpFrame, now_ms: int, crash: Callable[[], str]
    ) -> list[tuple[str, DownMessage]]:
        """Return the replies to a frame; `crash` says "before" or "after" the commit, or ""."""
        header = frame.header
        name = header.box_id
        if frame.signer != self.standing(name).signer or frame.sealed_to not in self.keys:
            return []  # not by this box's key, or sealed to one that we do not have: counted
        now_ms += self.skew_ms
        if frame.ask:
            return self._receive_ask(header, crash())
        state = self._cache.get(name) or self._load(name)
        after, effects = self._ends.hospital_step(state, self._event(frame, now_ms))
        self._check_fence(state, header, effects)
        when = crash()
        if when == "before" or self.full:
            self._cache.clear()
            return []
        fork = any(isinstance(e, core.Note) and e.kind == "new epoch" for e in effects)
        for effect in effects:
            self._commit(header, effect)
            if isinstance(effect, core.Admit):
                self._remember(name, _opened(effect.nonce, fork, frame), now_ms)
        self._cache[name] = after
        replies = [e.message for e in effects if isinstance(e, core.Reply)]
        if after.nonce != state.nonce and self._is_doubled(name, now_ms):
            self.set_standing(name, QUARANTINED)
            replies = [Fence(after.nonce, 0, QUARANTINED)]
        if when == "after":
            self._cache.clear()
            return []
        return [(name, message) for message in replies]

    def _receive_ask(self, header: Header, when: str) -> list[tuple[str, DownMessage]]:
        """A session in which the box goes on after our answer has lived."""
        device = self.archive.devices.get(header.box_id, Device())
        active = self.standing(header.box_id).word == core.ACTIVE
        if when != "before" and not self.full and active:
            device.sessions = tuple(
                (at_ms, replace(s, lived=True) if s.nonce == header.nonce else s)
                for at_ms, s in device.sessions
            )
        return []

    def standing(self, name: str) -> Standing:
        """Return how a box stands."""
        return self.standings.setdefault(name, Standing())

    def set_standing(self, name: str, word: str) -> None:
        """Shut a box out, by the operator or by ourselves."""
        self.standing(name).word = word
        self.quarantines += word == QUARANTINED
        self._cache.clear()

    def readmit(self, name: str, signer: int) -> None:
        """Let a box in again under a new key; what made it suspicious was said under the old."""
        self.standings[name] = Standing(signer=signer)
        for archive in (self.archive, self.backup):
            archive.devices.setdefault(name, Device()).sessions = ()
        self._cache.clear()

    def back_up(self) -> None:
        """Copy the archive off the host; receipts may say "safe" from now on."""
        self.backup = self.archive.copy()
        self._cache.clear()

    def restore(self) -> None:
        """Lose everything since the last backup."""
        self.archive = self.backup.copy()
        self.generation += 1
        self._cache.clear()

    def _remember(self, name: str, session: clones.OpenedSession, now_ms: int) -> None:
        device = self.archive.devices[name]
        device.sessions = (*device.sessions, (now_ms, session))
        self.forks += session.fork

    def _is_doubled(self, name: str, now_ms: int) -> bool:
        since = now_ms - clones.WITHIN_MS
        latest = self.archive.devices[name].sessions[-clones.LATEST :]
        lately = [s for at_ms, s in latest if since < at_ms <= now_ms]
        return clones.suspicion(lately) is not None

    def _event(self, frame: UpFrame, now_ms: int) -> core.Event:
        header = frame.header
        if frame.hello is not None:
            device = self.archive.devices.get(header.box_id, Device())
            return core.HelloArrived(frame.hello, frame.hello.nonce in device.seen, max(0, now_ms))
        unreadable = frame.cursed or header.schema not in READABLE
        return core.FrameArrived(header, None if unreadable else frame.rows)

    def _load(self, name: str) -> core.HospitalBox:
        device = self.archive.devices.get(name, Device())
        standing = self.standing(name).word
        streams = {
            lane: self._position((box_id, epoch, lane))
            for box_id, epoch, lane in self.archive.streams
            if (box_id, epoch) == (name, device.epoch)
        }
        return core.HospitalBox(
            name, device.epoch, device.nonce, standing, self.generation, streams=streams
        )

    def _position(self, key: StreamKey) -> Position:
        safe = self.backup.streams.get(key, (0, bytes(16)))
        return Position(*self.archive.streams[key], *safe)

    def _check_fence(
        self, state: core.HospitalBox, header: Header, effects: tuple[core.Effect, ...]
    ) -> None:
        changes = [e for e in effects if isinstance(e, core.Admit | core.Store | core.KeepRaw)]
        if not changes:
            return
        word = self.standing(header.box_id).word
        demand(word == core.ACTIVE, "I9", f"a box that is {word} changed {changes}")
        current = (header.epoch, header.nonce) == (state.epoch, state.nonce)
        frame = header.lane != HELLO_LANE
        demand(current or not frame, "I9", f"a frame of a past session changed {changes}")

    def _commit(self, header: Header, effect: core.Effect) -> None:
        match effect:
            case core.Admit():
                device = self.archive.devices.setdefault(header.box_id, Device())
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
        has_tombstone = False
        for seq, record in enumerate(store.records, start=store.first_seq):
            link = chain(link, record)
            has_tombstone = has_tombstone or record.endswith(TOMBSTONE)
            self._row(header, store.lane, store.epoch, seq, record)
        if not has_tombstone:
            demand(link == store.chain, "I3", f"{key}: the chain is not that of the records")
        self._move(key, store.cum, store.chain)

    def _row(self, header: Header, lane: str, epoch: int, seq: int, record: bytes) -> None:
        stored = self.archive.rows.setdefault((header.box_id, epoch, lane, seq), record)
        demand(
            stored == record, "I4", f"{header.box_id} {epoch}{lane}{seq}: {stored!r}, {record!r}"
        )
        self.archive.records.add((header.box_id, record))

    def _move(self, key: StreamKey, cum: int, link: bytes) -> None:
        self.archive.streams[key] = (cum, link)
        self.ever[key] = max(cum, self.ever.get(key, 0))


def _opened(nonce: bytes, fork: bool, frame: UpFrame) -> clones.OpenedSession:
    about = {} if frame.hello is None else frame.hello.about
    machine, boot = about.get(clones.MACHINE, ""), about.get(clones.BOOT, "")
    return clones.OpenedSession(nonce, fork, lived=False, machine=machine, boot=boot)
