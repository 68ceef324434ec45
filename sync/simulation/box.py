"""The box's shell in the simulator: runs the core's effects against a disk and a network."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Protocol

from edge.model.clock import BUILD_MS
from edge.model.entry import Lane, chain
from edge.store import data_budget, pruning
from sync.box.sealing import DAMAGED
from sync.core import session as core
from sync.core.box import ALERT_WINDOW, hello
from sync.core.clones import BOOT, MACHINE
from sync.core.header import TOMBSTONE, Header, hello_header
from sync.core.messages import PROTOCOL, DownMessage, Hello
from sync.courier.unsaved_receipts import UnsavedReceipt, UnsavedReceipts
from sync.frames import framing
from sync.simulation.disk import CHANGED, Disk
from sync.simulation.parts import DiskIsFull, Ends, PowerCut, demand
from sync.simulation.weather import Air, Timer

CURSE = b"cursed"
"""A record that begins so is never readable at the hospital, to exercise KeepRaw."""
CHOKE = b"choking"
"""A record that begins so cannot be encoded by the box, to exercise tombstones."""
NEWER_SCHEMA = 9
"""How a box writes its frames that is newer than this hospital."""
FRAME_COST = 250
"""What a frame costs the budget beside its rows."""
RESTART_MS = 5_000


@dataclass(frozen=True, slots=True)
class UpFrame:
    """A frame as the network carries it; `cursed` rows do not open.

    `signer` and `sealed_to` stand for the keys that the envelope checks: one key, one number. An
    `ask` is what the feed's end sends as soon as a session streams.
    """

    header: Header
    rows: tuple[bytes, ...]
    signer: int
    sealed_to: int
    cursed: bool = False
    hello: Hello | None = None
    ask: bool = False


class Around(Protocol):
    """What a box needs of the world around it."""

    air: Air
    random: Random

    def send_up(self, box: SimBox, frame: UpFrame) -> None:
        """Publish a frame."""

    def dial(self, box: SimBox) -> None:
        """Connect; answers later with LinkUp or LinkLost."""

    def committed(self, name: str, epoch: int, lane: str) -> int:
        """Return the last sequence that the hospital ever committed of a stream."""

    def is_backed_up(self, name: str, record: bytes) -> bool:
        """Whether the hospital's backup has a record, or what lawfully stands for it."""


@dataclass(frozen=True, slots=True)
class Bad:
    """How badly this seed's box behaves: chances of a crash after an effect, of one in the middle
    of a transaction, of a spoiled frame."""

    crash: float
    cut: float
    spoil: float


class SimBox:
    """A box: a disk that survives, a session that does not."""

    def __init__(self, name: str, around: Around, ends: Ends, bad: Bad) -> None:
        self.name = name
        self.disk = Disk()
        self.session = core.BoxSession()
        self.timer = Timer(around.air, self._tick)
        self.reachable = True
        self.connection = 0
        self.unaware = False
        self.bad = bad
        self.signer = self.sealed_to = 0
        self.schema = framing.PACKED
        self.protocols = (PROTOCOL, PROTOCOL)
        self.skew_ms = 0
        self.limits: Mapping[str, int] = {}
        self.spent: dict[int, dict[str, int]] = {}
        self.machine, self.tells_machine = "", True
        self._boots = 0
        self._unsaved = UnsavedReceipts()
        self._around, self._ends = around, ends
        self.disk.may_send = self.may_send

    def boot(self) -> None:
        """Start with nothing but the disk, after a power cut or for the first time."""
        self._fall()
        self._boots += 1
        self.feed(core.Start(self._around.air.now_ms, self._around.random.randbytes(8)))

    def use(self, disk: Disk) -> None:
        """Put another medium in."""
        self.disk = disk
        self.disk.may_send = self.may_send

    def record(self, records: Sequence[tuple[str, bytes]]) -> bool:
        """Commit records in one transaction; the courier notices. False: they were refused."""
        try:
            self._ends.transaction(self.disk.append(records), self._is_cut)
        except DiskIsFull:
            return False
        except PowerCut:
            self.boot()
            return False
        if not self.unaware:
            self.look()
        return True

    def look(self) -> None:
        """The courier sees that the journal is another than before."""
        self.unaware = False
        self._save_receipts()
        self.feed(core.RecordsAppended(self._around.air.now_ms))

    def receive(self, message: DownMessage) -> None:
        """Receive a message of the hospital."""
        self.feed(core.MessageArrived(self._around.air.now_ms, message))

    def feed(self, event: core.Event) -> None:
        """Step the core and run what it asks for, unless the power goes in between."""
        before = self._streaming()
        self.session, effects = self._ends.box_step(self.session, event, self.disk)
        if effects:
            self._check_order(effects)
        try:
            for effect in effects:
                self._do(effect)
                if self._power_fails():
                    self.boot()
                    return
        except PowerCut:
            self.boot()
            return
        except DiskIsFull:  # the process ends with it and is started again after a while
            self._fall()
            self._around.air.later(RESTART_MS, self._start_again)
            return
        if self._streaming() not in (None, before):
            self._ask()
        self._check_alerts()

    def learn_key(self, number: int) -> None:
        """Apply a command to seal to another key; an older command changes nothing."""
        self.sealed_to = max(self.sealed_to, number)

    def day(self) -> int:
        """Return the day by the box's own wall clock."""
        return data_budget.day_of(BUILD_MS + self._around.air.now_ms + self.skew_ms)

    def may_send(self, lane: str) -> bool:
        """Whether the budget of the day has room for more of a lane."""
        return data_budget.may_send(lane, self.limits, self.spent.get(self.day(), {}), {})

    def settled(self) -> bool:
        """Whether everything is confirmed and nothing is under way."""
        streaming = self.session.phase is core.Phase.STREAMING
        quiet = not any(s.flights for s in self.session.streams.values())
        return streaming and quiet and all(s.cum == s.last for s in self.disk.streams.values())

    def is_shut_out(self) -> bool:
        """Whether the hospital has fenced the box."""
        return self.session.phase is core.Phase.FENCED

    def end(self) -> None:
        """Switch the machine off for good."""
        self._fall()
        self.reachable = False

    def _fall(self) -> None:
        self.session = core.BoxSession()
        self.timer.set(None)
        self.connection += 1
        self._unsaved.clear()

    def _start_again(self) -> None:
        if self.session.phase is core.Phase.OFFLINE and self.session.due_ms is None:
            self.boot()

    def _tick(self) -> None:
        self.feed(core.Tick(self._around.air.now_ms))

    def _power_fails(self) -> bool:
        return self.bad.crash > 0 and self._around.random.random() < self.bad.crash

    def _is_cut(self) -> bool:
        return self.bad.cut > 0 and self._around.random.random() < self.bad.cut

    def _do(self, effect: core.Effect) -> None:
        match effect:
            case core.SetTimer():
                self.timer.set(effect.at_ms)
            case core.SendFrame():
                self._send(effect)
            case core.PersistCustody(lane, cum, safe):
                self._unsaved.add(UnsavedReceipt(lane, self.session.epoch, cum, safe))
                self._save_receipts()
            case core.Dial():
                self.connection += 1
                self._around.dial(self)
            case core.HangUp():
                self.connection += 1
            case core.SendHello():
                self._send_hello(effect)
            case core.StartEpoch():
                demand(effect.epoch > self.disk.epoch(), "I4", "an epoch was used twice")
                self._ends.transaction(self.disk.renumbering(effect.epoch), self._is_cut)

    def _streaming(self) -> bytes | None:
        streaming = self.session.phase is core.Phase.STREAMING
        return self.session.nonce if streaming else None

    def _ask(self) -> None:
        header = hello_header(self.name, self.session.nonce, self.disk.epoch())
        self._publish(UpFrame(header, (), self.signer, self.sealed_to, ask=True))

    def _send_hello(self, effect: core.SendHello) -> None:
        self._unsaved.clear()  # the answer states custody anew, perhaps that of a restored hospital
        header = hello_header(self.name, effect.nonce, self.disk.epoch())
        about = {MACHINE: self.machine, BOOT: f"{self.machine} {self._boots}"}
        said = hello(self.disk, effect, about if self.tells_machine else {})
        message = replace(said, protocols=self.protocols)
        self._publish(UpFrame(header, (), self.signer, self.sealed_to, hello=message))

    def _send(self, effect: core.SendFrame) -> None:
        rows = self.disk.records(effect.lane, effect.first_seq, effect.n)
        damaged = any(self._is_damaged(effect, place) for place in range(len(rows)))
        if damaged or any(row.startswith(CHOKE) for row in rows):
            self._send_one_by_one(effect, rows)
            return
        header, sent = framing.plan(self.name, effect, rows)
        if header.schema == framing.PACKED:
            header = replace(header, schema=self.schema)
        spoiled = header.end_chain is None and self._around.random.random() < self.bad.spoil
        cursed = spoiled or any(row.startswith(CURSE) for row in sent)
        self._publish(UpFrame(header, sent, self.signer, self.sealed_to, cursed))

    def _send_one_by_one(self, effect: core.SendFrame, rows: Sequence[bytes]) -> None:
        link = effect.prev_chain
        for seq, row in enumerate(rows, start=effect.first_seq):
            single = replace(effect, first_seq=seq, n=1, prev_chain=link, alone=True)
            if self._is_damaged(effect, seq - effect.first_seq):
                kept = self.disk.chain_at(effect.lane, seq) or b""
                header, _ = framing.compose_tombstone(self.name, single, row, DAMAGED, kept)
                stone = framing.tombstone(row, DAMAGED)
                self._publish(UpFrame(header, (stone,), self.signer, self.sealed_to))
                link = kept
                continue
            header, sent = framing.plan(self.name, single, [row])
            if row.startswith(CHOKE) and not header.flags & TOMBSTONE:
                header, _ = framing.compose_tombstone(
                    self.name, single, row, "could not be encoded"
                )
                sent = (framing.tombstone(row, "could not be encoded"),)
            cursed = row.startswith(CURSE)
            self._publish(UpFrame(header, sent, self.signer, self.sealed_to, cursed))
            link = chain(link, row)

    def _is_damaged(self, effect: core.SendFrame, place: int) -> bool:
        return self._ends.sees_damage and self.disk.is_damaged(
            effect.lane, effect.first_seq + place
        )

    def _publish(self, frame: UpFrame) -> None:
        kind = data_budget.CLASS_OF_LANE[frame.header.lane]
        books = self.spent.setdefault(self.day(), {})
        books[kind] = books.get(kind, 0) + FRAME_COST + sum(map(len, frame.rows))
        self._around.send_up(self, frame)

    def _save_receipts(self) -> None:
        """Store what receipts confirm; on a full disk they stay unsaved."""
        if self.disk.full:
            return
        for receipt in self._unsaved.pending(self.disk):
            key = (self.name, self.disk.epoch(), receipt.lane)
            ever = self._around.committed(*key)
            demand(receipt.cum <= ever, "I1", f"{key}: custody to {receipt.cum}, committed {ever}")
            stream = self.disk.streams[receipt.lane]
            demand(receipt.cum <= stream.last, "I1", f"{key}: custody of what is not there")
            stream.cum, stream.safe = receipt.cum, receipt.safe
            if self._around.random.random() < 0.5:
                self._prune(receipt.lane)
            self._unsaved.remove(receipt)

    def _prune(self, lane: str) -> None:
        stream = self.disk.streams[lane]
        to = min(pruning.prunable(stream.safe, stream.cum), stream.last)
        going = stream.log[: max(0, to - stream.base)]
        marked = self.disk.marked
        links = (
            (stream.base + n, None if record in marked else record, link)
            for n, (record, link) in enumerate(going, start=1)
        )
        try:
            pruning.check_chain(stream.base_chain, stream.base, links, lane)
        except pruning.DamagedRecords:
            return  # it is kept, and an issue is raised
        for gone in stream.prune(to):
            covered = self._around.is_backed_up(self.name, gone)
            demand(covered, "I2", f"{self.name} pruned {gone[:40]!r} that no backup covers")

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
    if record.endswith(CHANGED) and (box, framing.tombstone(record, DAMAGED)) in records:
        return True
    if len(record) > framing.MAX_RECORD_BYTES:
        return (box, framing.tombstone(record, "too large")) in records
    if record.startswith(CHOKE):
        return (box, framing.tombstone(record, "could not be encoded")) in records
    return record.startswith(CURSE) and any(
        name == box and stored.startswith(b"raw:") for name, stored in records
    )
