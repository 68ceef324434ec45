"""The box's shell in the simulator: runs the core's effects against a disk and a network."""

from __future__ import annotations

from dataclasses import dataclass
from random import Random
from typing import Protocol

from edge.entry import Lane
from sync import framing
from sync.core import session as core
from sync.core.box import ALERT_WINDOW, hello
from sync.core.header import hello_header
from sync.core.messages import decode_down, encode
from sync.simulation.disk import Disk
from sync.simulation.hospital import SimHospital, UpFrame
from sync.simulation.parts import Ends, demand

CURSE = b"cursed"
"""A record that begins so is never readable at the hospital, to exercise KeepRaw."""


class Air(Protocol):
    """What a box needs of the world around it."""

    now_ms: int
    random: Random

    def send_up(self, box: SimBox, frame: UpFrame) -> None:
        """Publish a frame."""

    def dial(self, box: SimBox) -> None:
        """Connect; answers later with Connected or LinkLost."""


@dataclass(frozen=True, slots=True)
class Bad:
    """How badly this seed's box behaves: chance of a crash after an effect, of a spoiled frame."""

    crash: float
    spoil: float


class SimBox:
    """A box: a disk that survives, a session that does not."""

    def __init__(self, name: str, air: Air, hospital: SimHospital, ends: Ends, bad: Bad) -> None:
        self.name = name
        self.disk = Disk()
        self.session = core.BoxSession()
        self.timer_ms: int | None = None
        self.reachable = True
        self.connection = 0
        self.unaware = False
        self.bad = bad
        self._air, self._hospital, self._ends = air, hospital, ends

    def boot(self) -> None:
        """Start with nothing but the disk, after a power cut or for the first time."""
        self.session = core.BoxSession()
        self.timer_ms = None
        self.connection += 1
        self.feed(core.Start(self._air.now_ms, self._air.random.randbytes(8)))

    def record(self, lane: str, record: bytes) -> None:
        """Commit a record; the courier notices."""
        self.disk.streams[lane].append(record)
        if not self.unaware:
            self.look()

    def look(self) -> None:
        """The courier sees that the journal is another than before."""
        self.unaware = False
        self.feed(core.Appended(self._air.now_ms))

    def hear(self, data: bytes) -> None:
        """Take in a message from the hospital."""
        self.feed(core.Arrived(self._air.now_ms, decode_down(data)))

    def feed(self, event: core.Event) -> None:
        """Step the core and run what it asks for, unless the power goes in between."""
        self.session, effects = self._ends.box_step(self.session, event, self.disk)
        self._check_order(effects)
        for effect in effects:
            self._do(effect)
            if self._air.random.random() < self.bad.crash:
                self.boot()
                return
        self._check_alerts()

    def settled(self) -> bool:
        """Whether everything is confirmed and nothing is under way."""
        streaming = self.session.phase is core.Phase.STREAMING
        quiet = not any(s.flights for s in self.session.streams.values())
        return streaming and quiet and all(s.cum == s.last for s in self.disk.streams.values())

    def _do(self, effect: core.Effect) -> None:
        match effect:
            case core.Dial():
                self.connection += 1
                self._air.dial(self)
            case core.HangUp():
                self.connection += 1
            case core.SendHello():
                header = hello_header(self.name, effect.nonce, self.disk.epoch())
                data = encode(hello(self.disk, effect, {"version": "simulated"}))
                self._air.send_up(self, UpFrame(header.encode(), (data,)))
            case core.SendFrame():
                self._send(effect)
            case core.PersistCustody():
                self._persist(effect)
            case core.StartEpoch():
                demand(effect.epoch > self.disk.epoch(), "I4", "an epoch was used twice")
                self.disk.start_epoch(effect.epoch)
            case core.SetTimer():
                self.timer_ms = effect.at_ms

    def _send(self, effect: core.SendFrame) -> None:
        rows = self.disk.records(effect.lane, effect.first_seq, effect.n)
        header, sent = framing.plan(self.name, effect, rows)
        spoiled = header.end_chain is None and self._air.random.random() < self.bad.spoil
        cursed = spoiled or any(row.startswith(CURSE) for row in sent)
        self._air.send_up(self, UpFrame(header.encode(), sent, cursed))

    def _persist(self, effect: core.PersistCustody) -> None:
        key = (self.name, self.disk.epoch(), effect.lane)
        ever = self._hospital.ever.get(key, 0)
        demand(effect.cum <= ever, "I1", f"{key}: custody to {effect.cum}, committed {ever}")
        stream = self.disk.streams[effect.lane]
        stream.cum, stream.safe = effect.cum, effect.safe
        if self._air.random.random() < 0.5:
            return
        to = min(self._ends.prunable(self.disk.held(effect.lane)), stream.last)
        for gone in stream.prune(to):
            covered = arrived(self.name, gone, self._hospital.backup.records)
            demand(covered, "I2", f"{key}: pruned {gone[:40]!r} that no backup covers")

    def _check_order(self, effects: tuple[core.Effect, ...]) -> None:
        lanes = [e.lane for e in effects if isinstance(e, core.SendFrame)]
        demand(lanes == sorted(lanes), "I6", f"an alert waits behind bulk: {lanes}")

    def _check_alerts(self) -> None:
        if self.unaware or self.session.phase is not core.Phase.STREAMING:
            return
        alerts = self.session.streams[Lane.ALERT]
        waits = alerts.sent < self.disk.streams[Lane.ALERT].last
        full = len(alerts.flights) >= ALERT_WINDOW
        demand(full or not waits, "I6", "an alert waits although its window has room")


def arrived(box: str, record: bytes, records: set[tuple[str, bytes]]) -> bool:
    """Whether a record, or what lawfully stands for it, is among the hospital's."""
    if (box, record) in records:
        return True
    if len(record) > framing.MAX_RECORD_BYTES:
        return (box, framing.tombstone(record, "too large")) in records
    return record.startswith(CURSE) and any(
        name == box and held.startswith(b"raw:") for name, held in records
    )
