"""Simulates two clinics and a hospital from one seed: faults, then none, then the invariants."""

from __future__ import annotations

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random

from edge.model.entry import Lane
from sync.core import session as core
from sync.core.box import IDLE_LIMIT_MS
from sync.core.header import Header
from sync.core.messages import QUARANTINED, REVOKED, DownMessage, Hello, decode, decode_down, encode
from sync.frames.framing import PACKED
from sync.simulation.box import Bad, SimBox, UpFrame, arrived
from sync.simulation.disk import Disk
from sync.simulation.hospital import SimHospital
from sync.simulation.misfortunes import MISFORTUNES
from sync.simulation.parts import Ends, demand
from sync.simulation.weather import CALM, Air, Lots, Weather

STEPS = 60
PAUSE_MS = 15_000
REPLAYED = 20
SETTLE_MS = 9 * 24 * 3_600_000
MOST_IN_CALM = 20_000
"""Far more messages than any world needs after its last fault."""

ENCODED_EVERY = 8
"""One seed of so many carries headers and messages as bytes; the others carry them as they are.
Their encoding has tests of its own and costs half of a seed's time."""

SILENT_EVERY = 3
"""The boxes of one seed of so many do not say which machine they are, as those of 0.2.0."""

Record = tuple[str, bytes]


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one seed went through."""

    seed: int
    records: int
    frames: int
    forks: int
    quarantines: int
    lost_with_medium: int
    virtual_s: int


class World:
    """Everything of one seed; boxes call back what `box.Around` lists, misfortunes the rest."""

    def __init__(
        self, seed: int, ends: Ends | None = None, often: Mapping[str, float] | None = None
    ) -> None:
        self.seed = seed
        self.random = Random(seed)
        self.air = Air(self.random, Weather.of(self.random))
        self._ends = ends or Ends()
        self._lots = Lots({k: m.weight for k, m in MISFORTUNES.items()} | dict(often or {}))
        self.hospital = SimHospital(self._ends)
        self._machines = 0
        self._fall = self.random.choice((0.0, 0.02, 0.1))
        self.bad = Bad(*(self.random.choice((0.0, chance)) for chance in (0.01, 0.03, 0.02)))
        self.boxes = [self._box("alpha"), self._box("beta")]
        self.parked: list[SimBox] = []
        self._limits = self.random.choice(({}, {}, {}, {"clinical": 8_000, "telemetry": 1}))
        for box in self.boxes:
            box.limits = self._limits
        self._made: list[Record] = []
        self._doomed: set[Record] = set()
        self._changed: set[Record] = set()
        self._images: dict[SimBox, tuple[Disk, int]] = {}
        self._sent: list[UpFrame] = []
        self._received: list[UpFrame] = []
        self._suspects: set[str] = set()
        self._shut: dict[str, int] = {}
        self._keys = 0
        self._most_landed = sys.maxsize

    def run(self) -> Outcome:
        """Misfortunes, then calm; raises `Violation`."""
        for box in self.boxes:
            box.boot()
        for _ in range(STEPS):
            box = self.random.choice(self.boxes)
            MISFORTUNES[self._lots.draw(self.random)].act(self, box)
            self.air.advance(self.air.now_ms + int(self.random.random() * PAUSE_MS))
        self._calm()
        self._check()
        records = self.hospital.archive.records
        return Outcome(
            self.seed,
            len(self._made),
            len(self._sent),
            self.hospital.forks,
            self.hospital.quarantines,
            len([r for r in self._doomed if not arrived(*r, records)]),
            self.air.now_ms // 1000,
        )

    # --- what the boxes use -------------------------------------------------------------------

    def send_up(self, box: SimBox, frame: UpFrame) -> None:
        """Publish a frame: lost, late, twice, or as it should be."""
        if self.seed % ENCODED_EVERY == 0:
            frame = _by_bytes(frame)
        self._sent.append(frame)
        if box.reachable:
            self.air.carry(lambda: self._deliver(frame))

    def dial(self, box: SimBox) -> None:
        """Connect when the link is up, fail when it is not."""
        connection = box.connection
        event = core.LinkUp if box.reachable else core.LinkLost

        def answer() -> None:
            if box.connection == connection:
                box.feed(event(self.air.now_ms))

        self.air.later(self.random.randrange(1, 500), answer)

    def committed(self, name: str, epoch: int, lane: str) -> int:
        """Return the last sequence that the hospital ever committed of a stream."""
        return self.hospital.ever.get((name, epoch, lane), 0)

    def is_backed_up(self, name: str, record: bytes) -> bool:
        """Whether the hospital's backup has a record, or what lawfully stands for it."""
        return arrived(name, record, self.hospital.backup.records)

    # --- what misfortunes use -----------------------------------------------------------------

    def count_records(self) -> int:
        """Return how many records were made."""
        return len(self._made)

    def remember(self, box: SimBox, records: Sequence[bytes]) -> None:
        """Hold the world to records that a box has accepted."""
        made = [(box.name, record) for record in records]
        self._made += made
        if box.name in self._shut:
            self._doomed |= set(made)

    def forget_received(self) -> None:
        """The hospital was restored: what it had received before may be new to it."""
        self._received.clear()

    def keep_image(self, box: SimBox) -> None:
        """Copy a box's card."""
        self._images[box] = (box.disk.copy(), len(self._made))

    def put_image(self, box: SimBox) -> bool:
        """Put the copy in; what was made since is lost with the medium."""
        if box not in self._images or not self._alone(box) or box.name in self._shut:
            return False
        disk, before = self._images[box]
        self._doomed |= {r for r in self._made[before:] if r[0] == box.name}
        if not box.tells_machine:
            self._suspects.add(box.name)
        box.use(disk.copy())
        return True

    def clone(self, box: SimBox) -> None:
        """Let a second machine live on from a box's card."""
        if len(self.boxes) < 3 and box.name not in self._shut:
            twin = self._box(box.name)
            twin.use(box.disk.copy())
            twin.signer, twin.sealed_to = box.signer, box.sealed_to
            twin.limits = box.limits
            self._suspects.add(box.name)
            self.boxes.append(twin)
            twin.boot()

    def decide(self, name: str) -> None:
        """Settle whose a quarantined name is: one machine gets new keys, the others are off."""
        if self.hospital.standing(name).word != QUARANTINED:
            return
        called = [b for b in self.boxes if b.name == name]
        stays = self.random.choice(called)
        for box in called:
            if box is not stays:
                box.end()
                self.boxes.remove(box)
                self.parked.append(box)
        stays.signer = self._next_key()
        self.hospital.readmit(name, stays.signer)

    def replay(self) -> None:
        """Deliver a frame of any time once more."""
        if self._sent:
            frame = self.random.choice(self._sent)
            self.air.later(1, lambda: self._deliver(frame))

    def rot(self, box: SimBox) -> None:
        """Change a record on the disk by itself; what it was is lost unless it has arrived."""
        lane = self.random.choice((Lane.ALERT.value, Lane.CLINICAL.value))
        length = len(box.disk.streams[lane].log)
        if length and self._alone(box):
            was_and_is = box.disk.rot(lane, self.random.randrange(length))
            self._doomed |= {(box.name, record) for record in was_and_is}
            self._changed.add((box.name, was_and_is[1]))

    def change_key(self) -> None:
        """Replace the hospital's sealing key at once; the boxes receive it later."""
        number = self._next_key()
        self.hospital.keys = {number}
        self.air.later(self.random.randrange(60_000), lambda: self._send_key(number))

    def revoke(self, box: SimBox) -> None:
        """Shut a box out for good; from now on nothing of it may count."""
        if not self._shut:
            self.hospital.set_standing(box.name, REVOKED)
            self._shut[box.name] = len(self.hospital.archive.records)
            self._doomed |= {r for r in self._made if r[0] == box.name}

    # --- the end ------------------------------------------------------------------------------

    def _calm(self) -> None:
        self.air.weather, self._fall = CALM, 0.0
        self.hospital.full = False
        self.hospital.skew_ms = 0
        for box in self.boxes:
            box.bad = Bad(0.0, 0.0, 0.0)
            box.reachable = True
            box.disk.full = False
            box.schema = PACKED
            box.learn_key(max(self.hospital.keys))
            box.look()
        self._most_landed = self.air.landed + MOST_IN_CALM
        self.air.advance(self.air.now_ms + 600_000)  # until nothing late or repeated comes any more
        self.air.advance(self.air.now_ms + IDLE_LIMIT_MS)
        limit, pause_ms = self.air.now_ms + SETTLE_MS, 10 * 60_000
        while self.air.now_ms < limit and not (self._settled() and self.air.is_quiet):
            for name in {box.name for box in self.boxes}:
                self.decide(name)
            for box in self.boxes:
                box.look()  # a new day opens the budget
            self.air.advance(self.air.now_ms + pause_ms)
            pause_ms = min(2 * pause_ms, 3_600_000)
        stuck = [b.name for b in self.boxes if not self._is_done(b)]
        demand(not stuck, "I12", f"not streaming days after the last fault: {stuck}")

    def _demand_an_end(self) -> None:
        """Two ends that answer each other without end have not settled, however busy they are."""
        ends = self.air.landed <= self._most_landed
        demand(ends, "I12", f"{MOST_IN_CALM} messages after the last fault, and no end")

    def _settled(self) -> bool:
        return all(self._is_done(box) for box in self.boxes)

    def _is_done(self, box: SimBox) -> bool:
        if box.name in self._shut:
            return box.is_shut_out()
        return box.settled() and self._alone(box)

    def _check(self) -> None:
        archive = self.hospital.archive
        for name, record in self._made:
            if (name, record) in archive.records or (name, record) in self._doomed:
                continue
            there = arrived(name, record, archive.records) or self._is_parked(name, record)
            demand(there, "I1", f"{record[:40]!r} never arrived")
        genuine = self._changed & archive.records
        demand(not genuine, "I23", f"sent as genuine after the disk had changed it: {genuine}")
        self._check_boxes()
        self._check_replay()

    def _check_boxes(self) -> None:
        for box in self.boxes:
            if box.name in self._shut:
                continue
            demand(self._alone(box), "I18", f"two machines are called {box.name}")
            self._check_stream(box)
            for record in box.disk.journal:
                there = arrived(box.name, record, self.hospital.archive.records)
                there = there or (box.name, record) in self._doomed
                demand(there, "I1", f"{record[:40]!r} is on the box and never arrived")

    def _check_stream(self, box: SimBox) -> None:
        for lane, stream in box.disk.streams.items():
            key = (box.name, box.disk.epoch(), lane)
            theirs = self.hospital.archive.streams.get(key, (0, bytes(16)))
            ours = (stream.last, box.disk.chain_at(lane, stream.last))
            demand(ours == theirs, "I3", f"{key}: {ours}, hospital {theirs}")

    def _check_replay(self) -> None:
        before = self.hospital.archive.copy()
        some = self.random.sample(self._received, min(REPLAYED, len(self._received)))
        for frame in some:
            self.hospital.receive(frame, self.air.now_ms, lambda: "")
        demand(self.hospital.archive == before, "I11", "replayed frames changed the archive")

    def _send_key(self, number: int) -> None:
        for box in self.boxes:
            box.learn_key(number)

    # --- the rest -----------------------------------------------------------------------------

    def _deliver(self, frame: UpFrame) -> None:
        self._demand_an_end()
        crash = self._fall > 0 and self.random.random() < self._fall
        moment = self.random.choice(("before", "after")) if crash else ""
        quarantines = self.hospital.quarantines
        replies = self.hospital.receive(frame, self.air.now_ms, lambda: moment)
        if self.hospital.quarantines != quarantines:
            name = frame.header.box_id
            demand(name in self._suspects, "I17", f"{name} is one machine, and was shut out")
        # Not an ask: a repeated one may be the first to prove that its session lived.
        if moment != "before" and not self.hospital.full and not frame.ask:
            self._received.append(frame)
        for name, message in replies:
            for box in self.boxes:  # a clone subscribes to the same topic
                if box.name == name and box.reachable:
                    self._send_down(box, message)

    def _send_down(self, box: SimBox, message: DownMessage) -> None:
        if self.seed % ENCODED_EVERY == 0:
            message = decode_down(encode(message))
        self.air.carry(lambda: box.receive(message))

    def _is_parked(self, name: str, record: bytes) -> bool:
        return any(box.name == name and box.disk.holds(record) for box in self.parked)

    def _alone(self, box: SimBox) -> bool:
        return sum(b.name == box.name for b in self.boxes) == 1

    def _next_key(self) -> int:
        self._keys += 1
        return self._keys

    def _box(self, name: str) -> SimBox:
        box = SimBox(name, self, self._ends, self.bad)
        self._machines += 1
        box.machine = f"machine {self._machines}"
        box.tells_machine = self.seed % SILENT_EVERY != 0
        return box


def _by_bytes(frame: UpFrame) -> UpFrame:
    """Carry a frame's header and HELLO through their encoding."""
    header, hello = Header.decode(frame.header.encode()), frame.hello
    message = None if hello is None else decode(encode(hello))
    read = message if isinstance(message, Hello) else None
    return replace(frame, header=header, hello=read)


def run(seed: int, ends: Ends | None = None, often: Mapping[str, float] | None = None) -> Outcome:
    """Run one seed, with some misfortunes more often than usual; raises `Violation`."""
    return World(seed, ends, often).run()
