"""The network, the clock and the misfortunes of one seed."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from edge.entry import Lane
from sync.core import session as core
from sync.core.box import IDLE_LIMIT_MS
from sync.framing import MAX_RECORD_BYTES
from sync.simulation.box import CURSE, Bad, SimBox, arrived
from sync.simulation.disk import Disk
from sync.simulation.hospital import SimHospital, UpFrame
from sync.simulation.parts import Ends, demand

STEPS = 80
REPLAYED = 40
SETTLE_MS = 24 * 3_600_000


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one seed went through."""

    seed: int
    records: int
    frames: int
    forks: int
    lost_with_medium: int
    virtual_s: int


@dataclass(frozen=True, slots=True)
class Weather:
    """How bad this seed is; all are chances but the latency."""

    loss: float
    twice: float
    latency_ms: int
    hospital_crash: float

    @classmethod
    def of(cls, random: Random) -> Weather:
        """Draw a mix, so that some seeds combine what others leave out."""
        return cls(
            random.choice((0.0, 0.05, 0.3)),
            random.choice((0.0, 0.1)),
            random.choice((100, 2_000, 40_000)),
            random.choice((0.0, 0.02, 0.1)),
        )


CALM = Weather(0.0, 0.0, 100, 0.0)


class World:
    """Two clinics and a hospital, under one seed."""

    def __init__(
        self, seed: int, ends: Ends | None = None, often: Mapping[str, int] | None = None
    ) -> None:
        self.seed = seed
        self.now_ms = 0
        self.random = Random(seed)
        self.weather = Weather.of(self.random)
        self._ends = ends or Ends()
        self._weights = _MISFORTUNES | dict(often or {})
        self.hospital = SimHospital(self._ends)
        self.bad = Bad(self.random.choice((0.0, 0.01)), self.random.choice((0.0, 0.02)))
        self.boxes = [self._box("alpha"), self._box("beta")]
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._count = 0
        self._made: set[tuple[str, bytes]] = set()
        self._doomed: set[tuple[str, bytes]] = set()
        self._images: dict[str, tuple[Disk, frozenset[tuple[str, bytes]]]] = {}
        self._sent: list[UpFrame] = []
        self._received: list[UpFrame] = []

    def run(self) -> Outcome:
        """Misfortunes, then calm; raises `Violation`."""
        for box in self.boxes:
            box.boot()
        for _ in range(STEPS):
            self._misfortune(self.random.choice(self.boxes))
            self._advance(self.now_ms + self.random.randrange(15_000))
        self._calm()
        self._check()
        return Outcome(
            self.seed,
            len(self._made),
            len(self._sent),
            self.hospital.forks,
            len([r for r in self._doomed if not arrived(*r, self.hospital.archive.records)]),
            self.now_ms // 1000,
        )

    # --- what the boxes use -------------------------------------------------------------------

    def send_up(self, box: SimBox, frame: UpFrame) -> None:
        """Publish a frame: lost, late, twice, or as it should be."""
        self._sent.append(frame)
        if box.reachable:
            self._carry(lambda: self._deliver(frame))

    def dial(self, box: SimBox) -> None:
        """Connect when the link is up, fail when it is not."""
        connection = box.connection
        event = core.Connected if box.reachable else core.LinkLost

        def answer() -> None:
            if box.connection == connection:
                box.feed(event(self.now_ms))

        self._later(self.random.randrange(1, 500), answer)

    # --- network and clock --------------------------------------------------------------------

    def _carry(self, delivery: Callable[[], None]) -> None:
        if self.random.random() < self.weather.loss:
            return
        for _ in range(2 if self.random.random() < self.weather.twice else 1):
            self._later(self.random.randrange(1, self.weather.latency_ms), delivery)

    def _later(self, delay_ms: int, action: Callable[[], None]) -> None:
        self._count += 1
        heapq.heappush(self._queue, (self.now_ms + delay_ms, self._count, action))

    def _deliver(self, frame: UpFrame) -> None:
        crash = self.random.random() < self.weather.hospital_crash
        moment = self.random.choice(("before", "after")) if crash else ""
        replies = self.hospital.receive(frame, self.now_ms, lambda: moment)
        if moment != "before":
            self._received.append(frame)
        for name, data in replies:
            for box in self.boxes:  # a clone subscribes to the same topic
                if box.name == name and box.reachable:
                    self._carry(lambda box=box, data=data: box.hear(data))  # type: ignore[misc]

    def _advance(self, until_ms: int) -> None:
        while True:
            due = self._queue[0][0] if self._queue else until_ms + 1
            timers = [(b.timer_ms, i) for i, b in enumerate(self.boxes) if b.timer_ms is not None]
            ring, index = min(timers, default=(until_ms + 1, 0))
            if min(due, ring) > until_ms:
                break
            self.now_ms = max(self.now_ms, min(due, ring))
            if due <= ring:
                heapq.heappop(self._queue)[2]()
            else:
                self.boxes[index].timer_ms = None
                self.boxes[index].feed(core.Tick(self.now_ms))
        self.now_ms = until_ms

    # --- misfortunes --------------------------------------------------------------------------

    def _misfortune(self, box: SimBox) -> None:
        (name,) = self.random.choices(list(self._weights), list(self._weights.values()))
        getattr(self, f"_{name}")(box)

    def _measure(self, box: SimBox) -> None:
        for _ in range(self.random.choice((1, 1, 2, 24))):
            text = f"{box.name}-{len(self._made)}".encode()
            chance = self.random.random()
            if chance < 0.002:
                text = text.ljust(MAX_RECORD_BYTES + 1, b".")
            elif chance < 0.006:
                text = CURSE + text
            self._made.add((box.name, text))
            box.record(self.random.choice((Lane.ALERT, *[Lane.CLINICAL] * 4)).value, text)

    def _power_cut(self, box: SimBox) -> None:
        box.boot()

    def _toggle_link(self, box: SimBox) -> None:
        box.reachable = not box.reachable
        if not box.reachable:
            box.connection += 1
            box.feed(core.LinkLost(self.now_ms))

    def _back_up(self, _box: SimBox) -> None:
        self.hospital.back_up()

    def _restore(self, _box: SimBox) -> None:
        self.hospital.restore()
        self._received.clear()

    def _image(self, box: SimBox) -> None:
        self._images[box.name] = (box.disk.copy(), frozenset(self._made))

    def _roll_back(self, box: SimBox) -> None:
        """Put an old image of the medium into the box: what was made since may be gone."""
        if self._put_image(box):
            box.boot()

    def _restore_under(self, box: SimBox) -> None:
        """Somebody restores a copy of the box's file; its running courier notices in a while."""
        if self._put_image(box):
            box.unaware = True
            self._later(self.random.randrange(1, 20_000), box.look)

    def _put_image(self, box: SimBox) -> bool:
        if box.name not in self._images or not self._alone(box):
            return False
        disk, before = self._images[box.name]
        self._doomed |= {r for r in self._made - before if r[0] == box.name}
        box.disk = disk.copy()
        return True

    def _clone(self, box: SimBox) -> None:
        """Two boxes live on from one image, with the same name and keys."""
        if len(self.boxes) < 3:
            twin = self._box(box.name)
            twin.disk = box.disk.copy()
            self.boxes.append(twin)
            twin.boot()

    def _replay(self, _box: SimBox) -> None:
        if self._sent:
            frame = self.random.choice(self._sent)
            self._later(1, lambda: self._deliver(frame))

    # --- the end ------------------------------------------------------------------------------

    def _calm(self) -> None:
        self.weather = CALM
        for box in self.boxes:
            box.bad = Bad(0.0, 0.0)
            box.reachable = True
        limit = self.now_ms + SETTLE_MS
        self._advance(self.now_ms + 60_000)  # until the last late message is there
        self._advance(self.now_ms + IDLE_LIMIT_MS)
        while self.now_ms < limit and not (self._settled() and not self._queue):
            self._advance(self.now_ms + 60_000)
        stuck = [b.name for b in self.boxes if not b.settled()]
        demand(not stuck, "I12", f"not streaming a day after the last fault: {stuck}")

    def _settled(self) -> bool:
        return all(box.settled() for box in self.boxes)

    def _check(self) -> None:
        archive = self.hospital.archive
        for name, record in self._made - self._doomed:
            there = arrived(name, record, archive.records)
            demand(there, "I1", f"{record[:40]!r} never arrived")
        for box in self.boxes:
            if not self._alone(box):
                continue
            for lane, stream in box.disk.streams.items():
                key = (box.name, box.disk.epoch(), lane)
                theirs = archive.streams.get(key, (0, bytes(16)))
                ours = (stream.last, box.disk.chain_at(lane, stream.last))
                demand(ours == theirs, "I3", f"{key}: {ours}, hospital {theirs}")
        self._check_replay()

    def _check_replay(self) -> None:
        before = self.hospital.archive.copy()
        some = self.random.sample(self._received, min(REPLAYED, len(self._received)))
        for frame in some:
            self.hospital.receive(frame, self.now_ms, lambda: "")
        demand(self.hospital.archive == before, "I11", "replayed frames changed the archive")

    def _alone(self, box: SimBox) -> bool:
        return sum(b.name == box.name for b in self.boxes) == 1

    def _box(self, name: str) -> SimBox:
        return SimBox(name, self, self.hospital, self._ends, self.bad)


_MISFORTUNES = {
    "measure": 60,
    "power_cut": 5,
    "toggle_link": 12,
    "back_up": 6,
    "restore": 2,
    "image": 3,
    "roll_back": 2,
    "restore_under": 2,
    "clone": 1,
    "replay": 6,
}


def run(seed: int, ends: Ends | None = None, often: Mapping[str, int] | None = None) -> Outcome:
    """Run one seed, with some misfortunes more often than usual; raises `Violation`."""
    return World(seed, ends, often).run()
