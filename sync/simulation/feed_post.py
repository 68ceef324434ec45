"""A box in the feed's simulator: the core's end, its disk, and what must hold at every step."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from typing import Protocol, assert_never

from sync.core import feed as core
from sync.core.feed_messages import Ask, Batch, FeedMessage
from sync.simulation.feed_ends import BoxDisk, FeedEnds, SimHouse, sums_of
from sync.simulation.parts import DiskIsFull, PowerCut, demand
from sync.simulation.weather import Air, Timer


class World(Protocol):
    """What a box needs of the world around it."""

    air: Air
    house: SimHouse
    damaged: bool

    def next_session(self) -> int:
        """Return a nonce."""

    def cut(self) -> bool:
        """Whether the power fails right now."""

    def ask(self, post: SimPost, ask: Ask) -> None:
        """Carry an ask up."""

    def check_pending(self, post: SimPost) -> None:
        """Demand that what is pending no longer has reached the hospital."""


class SimPost:
    """A box: its disk, its session, and the core's end of the feed."""

    def __init__(self, name: str, world: World, ends: FeedEnds) -> None:
        self.name = name
        self.disk = BoxDisk()
        self.session = 0
        self.timer = Timer(world.air, self._tick)
        self.online = True
        self.agrees = False
        self.snapshots = self.repairs = 0
        self._feed = core.BoxFeed()
        self._world = world
        self._ends = ends

    def open(self) -> None:
        """Begin a session, as after every HELLO that was answered."""
        if self.online:
            self.session = self._world.next_session()
            self.take(core.SessionOpened(self._world.air.now_ms))

    def close(self) -> None:
        """The link is gone, or the power."""
        self.session = 0
        self.take(core.SessionClosed(self._world.air.now_ms))

    def reboot(self) -> None:
        """Forget everything that is not on the disk."""
        self._feed, self.session = core.BoxFeed(), 0
        self.timer.set(None)
        self.open()

    def receive(self, session: int, message: FeedMessage) -> None:
        """Take a message, unless it is of another session."""
        if self.session and session == self.session:
            self.take(core.MessageArrived(self._world.air.now_ms, message))

    def take(self, event: core.Event) -> None:
        """Feed the core one event and do what follows."""
        before = self._feed.due_ms
        self._feed, effects = self._ends.step(self._feed, event, self.disk)
        if self._feed.due_ms != before:
            self.timer.set(self._feed.due_ms)
        for effect in effects:
            try:
                self._do(effect)
            except PowerCut:
                self.reboot()
                return
            except DiskIsFull:
                return  # nothing was kept; it is asked for again when the answer is overdue

    def _tick(self) -> None:
        self.take(core.Tick(self._world.air.now_ms))

    def _do(self, effect: core.Effect) -> None:
        match effect:
            case core.SendAsk(ask):
                self._world.ask(self, ask)
            case core.Apply(batch):
                self._apply(batch)
            case core.Keep(chunk):
                self._keep(lambda: self.disk.keep(chunk), lambda: None)
                self.snapshots += chunk.next is None
                self.agrees = False  # between versions until the next batch that reaches the head
                self._applied()
            case core.Note(text):
                self.repairs += 1
                demand(self._world.damaged, "I7", f"{self.name}: {text}, and nothing was damaged")
            case _:
                assert_never(effect)

    def _apply(self, batch: Batch) -> None:
        if self.agrees:
            base = self._world.house.views.get((self._world.house.disk.epoch, batch.start))
            demand(self.disk.items == base, "I7", f"{self.name}: a change to another view")
        disk = self.disk
        end = replace(disk.at, ver=batch.end)
        self._keep(lambda: disk.write_changes(batch), lambda: setattr(disk, "at", end))
        self._world.check_pending(self)
        # Only at the head: a feed keeps the newest state of an item, not every one between.
        self.agrees = batch.sums == sums_of(disk.items)
        if self.agrees:
            self._check_view()
        self._applied()

    def _check_view(self) -> None:
        at = self.disk.at
        view = self._world.house.views.get((at.epoch, at.ver))
        demand(view == self.disk.items, "I7", f"{self.name} is not the view at {at}")

    def _keep(self, rows: Callable[[], None], cursor: Callable[[], None]) -> None:
        self.disk.check_room()
        self._ends.transaction((rows, cursor), self._world.cut)

    def _applied(self) -> None:
        self.take(core.ChangesApplied(self._world.air.now_ms, sums_of(self.disk.items)))
