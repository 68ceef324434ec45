"""A seeded plan of misfortunes, and a region of real processes that goes through them."""

from __future__ import annotations

import random
import signal
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from canaries import Capture
from history import ACTIVE, Deeds, History, Outage
from muddy_road import KBIT_40, Going
from recorder import CANARIES
from region import Post, Region

from edge.jobs import prune
from edge.model.entry import Lane
from edge.store import issues, outbox
from edge.visits import visits
from hospital.fleet.boxes import Box
from hospital.receiving import custody
from sync.core.session import SendFrame
from sync.frames import framing
from sync.frames.envelope import seal_up
from sync.keys import membership

CLINIC = "Thar Post 7"
MALFORMED = "malformed frame"
_never = threading.Event()


@dataclass(frozen=True, slots=True)
class Step:
    """One misfortune; `luck` decides what the plan leaves open."""

    name: str
    luck: int

    def __str__(self) -> str:
        return f"{self.name}({self.luck})"


ANY_TIME = {
    "kill": 6,
    "pause": 3,
    "break_road": 3,
    "tear_frame": 3,
    "stall_road": 2,
    "crawl": 2,
    "lose_broker": 2,
    "lose_database": 2,
}
HOSPITALS_DAYS = ("back_up", "press_disk", "restore")
CARDS_DAYS = ("take_image", "roll_back")


def plan_of(seed: int, length: int) -> list[Step]:
    """Draw a plan: misfortunes of any time, with a restore and a rolled-back card among them."""
    chance = random.Random(seed)
    names = chance.choices(list(ANY_TIME), list(ANY_TIME.values()), k=length)
    for story in (HOSPITALS_DAYS, CARDS_DAYS):
        places = sorted(chance.randrange(len(names) + 1) for _ in story)
        for shift, (place, name) in enumerate(zip(places, story, strict=True)):
            names.insert(place + shift, name)
    return [Step(name, chance.randrange(1_000_000)) for name in names]


class Chaos:
    """Carries out a plan on a region, and keeps the log that the invariants ask for."""

    def __init__(self, region: Region, seed: int, posts: int = 2) -> None:
        self.region, self.deeds = region, Deeds(canaries=CANARIES)
        names = ("north", "south", "east", "west")[:posts]
        self.posts = [region.enrol(n, CLINIC, seed * 10 + i) for i, n in enumerate(names)]
        self._copy: Path | None = None
        self._image: Path | None = None
        self._of_image = self.posts[0]
        self._captured_from = 0
        self.pruned = self.done = 0

    def begin(self) -> None:
        """Let everybody work."""
        self.region.start()
        for post in self.posts:
            for process in post.processes:
                process.start()
        self._grow(self.posts, 5)

    def carry_out(self, step: Step) -> None:
        """Let one misfortune happen, and everybody go on."""
        getattr(self, f"_{step.name}")(random.Random(step.luck))
        self.done += 1

    def settle(self) -> None:
        """End the misfortunes and wait until everything is where it belongs."""
        for post in self.posts:
            post.road.mend()
            post.recorder.stop(signal.SIGTERM)
            # A box with nothing to say would not notice for two hours that the hospital forgot.
            post.say_something()
        self._wait(lambda: all(post.settled() for post in self._at_work()))
        self._wait(lambda: self.region.feeds_agree(CLINIC, self._at_work()))

    def history(self) -> History:
        """Read what there is."""
        promised = [one for post in self.posts for one in post.promised()]
        self.deeds.promised = list(dict.fromkeys(promised))
        self.deeds.captured = [*self.region.spied(), *map(_wire, self.posts)]
        sides = tuple(post.side() for post in self.posts)
        return History(sides, self.region.side(), self.deeds)

    # --- misfortunes of any time --------------------------------------------------------------

    def _kill(self, chance: random.Random) -> None:
        process = chance.choice(self.region.processes)
        process.send(signal.SIGKILL)
        self._grow(self.posts, chance.randrange(1, 10))

    def _pause(self, chance: random.Random) -> None:
        process = chance.choice(self.region.processes)
        process.send(signal.SIGSTOP)
        try:
            # Stopped inside a transaction, a box's process holds up the others of its box.
            others = [post for post in self.posts if process not in post.processes]
            self._outage(others, f"a stop of the {process.name}", chance.randrange(5, 30))
        finally:
            process.send(signal.SIGCONT)

    def _break_road(self, chance: random.Random) -> None:
        with self._bad_road(chance, Going(closed=True)) as post:
            post.road.cut()
            self._outage([post], "a broken road", chance.randrange(5, 40))

    def _tear_frame(self, chance: random.Random) -> None:
        with self._bad_road(chance, Going(cut_after=chance.randrange(1, 6_000))) as post:
            self._outage([post], "a torn connection", chance.randrange(10, 60))

    def _stall_road(self, chance: random.Random) -> None:
        with self._bad_road(chance, Going(stalled=True)) as post:
            self._outage([post], "a stalled road", chance.randrange(5, 40))

    def _crawl(self, chance: random.Random) -> None:
        """Half the bandwidth of a bad line, for as long as fifty records take."""
        with self._bad_road(chance, Going(bytes_s=KBIT_40 // 2, delay_s=0.02)) as post:
            self._grow([post], chance.randrange(20, 60))

    def _lose_broker(self, chance: random.Random) -> None:
        self.region.broker.stop()
        self._outage(self.posts, "a dead broker", chance.randrange(5, 30))
        self.region.broker.start()
        self._wait(lambda: self.region.spy is None or self.region.spy.listening.is_set())

    def _lose_database(self, chance: random.Random) -> None:
        self.region.crash_database()
        self._outage(self.posts, "a dead database", chance.randrange(5, 30))
        self.region.cluster.start()

    # --- stories of several steps -------------------------------------------------------------

    def _back_up(self, _chance: random.Random) -> None:
        self._wait(lambda: all(outbox.state(p.store, Lane.CLINICAL).cum for p in self.posts))
        self._copy, side = self.region.back_up(f"copy-{len(self.deeds.copies)}")
        self.deeds.copies.append(side)

    def _press_disk(self, chance: random.Random) -> None:
        """A full disk: whatever is safe goes at once, up to the visit that is open."""
        # Not of the one whose card is rolled back: in its new epoch nothing may be safe for long.
        post = chance.choice([one for one in self.posts if one is not self._of_image])
        clinical = Lane.CLINICAL
        with post.store.transaction():
            visits.close_visit(post.store, post.store.clock().now(), why="done")
        self._wait(lambda: outbox.state(post.store, clinical).safe > 0)
        before = outbox.state(post.store, clinical).base
        prune.judge(post.store, post.settings, post.store.clock().now(), pressed=True)
        self.pruned += outbox.state(post.store, clinical).base - before

    def _restore(self, _chance: random.Random) -> None:
        assert self._copy is not None
        self.deeds.lost.append(self.region.restore(self._copy))
        # What the archive forgot it cannot know again: older frames may open old sessions anew.
        self._captured_from = len(self.region.spied())

    def _take_image(self, _chance: random.Random) -> None:
        self._image = self.region.folder / f"{self._of_image.name}.image"
        self._of_image.store.copy_to(self._image)

    def _roll_back(self, _chance: random.Random) -> None:
        assert self._image is not None
        post = self._of_image
        for process in post.processes:
            process.stop()
        self.deeds.doomed |= post.put_card(self._image)
        for process in post.processes:
            process.start()
        self._grow([post], 5)

    # --- after the plan -----------------------------------------------------------------------

    def clone(self) -> None:
        """Let two machines live on from one card until both are stopped, and told why."""
        post = self.posts[-1]
        twin = self.region.clone(post, f"twin of {post.name}", seed=99)
        self.posts.append(twin)
        pair = (post, twin)
        for one in pair:
            for process in one.processes:
                process.start()
        self._wait(lambda: self.region.side().standing(post.box_id) != ACTIVE)
        self.deeds.shut.append((post.box_id, self.region.side()))
        self._grow(pair, 10)
        self._wait(lambda: all(_is_told(one) for one in pair))
        for one in pair:
            one.recorder.stop(signal.SIGTERM)

    def replay(self) -> None:
        """Say again what the broker heard: up while the boxes are silent, then down to them."""
        assert self.region.spy is not None
        kept = self.region.spied()[self._captured_from :]
        for post in self.posts:
            post.courier.stop()
        self.region.spy.close()
        before = self.region.side()
        self.region.spy.replay([c for c in kept if c.topic.startswith("cs/1/u/")])
        self.region.spy.replay([self._defiant(box_id) for box_id, _ in self.deeds.shut])
        self._await_marker()
        self.deeds.replayed = (before, self.region.side())
        for post in self.posts:
            post.courier.start()
        self.region.spy.replay([c for c in kept if c.topic.startswith("cs/1/d/")])

    def _defiant(self, box_id: str) -> Capture:
        """A genuine frame of a box that was shut out, and the very next of its stream."""
        side, lane = self.region.side(), Lane.CLINICAL.value
        post = next(one for one in self.posts if one.box_id == box_id)
        member = membership.load(post.settings)
        assert member is not None
        with self.region.archive() as archive:
            at = custody.load(archive, Box(box_id, CLINIC, member.keys.public, "", 0))
        stream = side.stream(box_id, at.epoch, lane)
        send = SendFrame(lane, at.epoch, stream.cum + 1, 1, stream.chain, at.nonce)
        header, payload = framing.compose(box_id, send, [post.side().journal[-1]])
        frame = seal_up(header, payload, member.keys, member.hospital)
        return Capture(0, f"cs/1/u/{box_id}/{lane}", frame)

    def _await_marker(self) -> None:
        """Wait until the worker has seen everything that was published before now."""
        assert self.region.spy is not None
        before = self._refused(MALFORMED)
        self.region.spy.replay([Capture(0, "cs/1/u/marker/c", b"no frame")])
        self._wait(lambda: self._refused(MALFORMED) > before)

    def _refused(self, reason: str) -> int:
        with self.region.archive() as archive:
            return custody.refusals(archive).get(reason, 0)

    # --- what all of them use -----------------------------------------------------------------

    @contextmanager
    def _bad_road(self, chance: random.Random, going: Going) -> Iterator[Post]:
        post = chance.choice(self.posts)
        post.road.going = going
        try:
            yield post
        finally:
            post.road.mend()

    def _outage(self, posts: Sequence[Post], what: str, count: int) -> None:
        before = {post.name: post.store.journal_position() for post in posts}
        self._grow(posts, count)
        for post in posts:
            committed = post.store.journal_position() - before[post.name]
            self.deeds.outages.append(Outage(post.box_id, what, committed))

    def _grow(self, posts: Sequence[Post], count: int) -> None:
        """Wait until so many more records stand in each journal."""
        wanted = {post.name: post.store.journal_position() + count for post in posts}
        self._wait(lambda: all(p.store.journal_position() >= wanted[p.name] for p in posts))

    def _wait(self, ask: Callable[[], object]) -> None:
        self.region.until(ask)

    def _at_work(self) -> list[Post]:
        side = self.region.side()
        return [post for post in self.posts if side.standing(post.box_id) == ACTIVE]


def _wire(post: Post) -> Capture:
    """What passed the road of a post, as whoever listens there sees it."""
    passed = post.road.passed
    return Capture(0, f"the road of {post.name}", b"".join([*passed.bytes_up, *passed.bytes_down]))


def _is_told(post: Post) -> bool:
    return "identity-doubled" in {c.kind for c in issues.current(post.store)}
