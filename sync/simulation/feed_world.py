"""The feed and two people's edits under one seed: two boxes of one clinic, the desk, misfortunes.

I7: a replica is what the hospital's view was at the replica's version, a change is applied to the
view it was made from, and nothing is in need of repair unless it was damaged. Beside it: an edit
is pending until the hospital has it (I13), no value that reached the hospital vanishes from the
history (I14), and no identity is changed behind anybody's back (I15).
"""

from __future__ import annotations

import heapq
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from random import Random

from sync import merge
from sync.core import feed as core
from sync.core.feed_messages import FeedMessage, decode_ask, parts_of
from sync.merge import Edit, Op, Tier
from sync.simulation.feed_ends import BoxDisk, FeedEnds, SimHouse
from sync.simulation.feed_post import SimPost
from sync.simulation.parts import demand

STEPS = 160
PATIENTS = [f"p{n}" for n in range(24)]
_SAID: dict[str, list[str | None]] = {
    "name": ["Zahra", "Zohra", "Zara B."],
    "birth": ["1948", "1984", "1948-06-02"],
    "phone": ["0300", "0311"],
    "village": ["Mithi", "Kot", None],
}


@dataclass(frozen=True, slots=True)
class FeedOutcome:
    """What one seed went through."""

    seed: int
    edits: int
    versions: int
    snapshots: int
    repairs: int
    reviews: int


class FeedWorld:
    """One clinic of two boxes and its hospital, under one seed."""

    def __init__(
        self, seed: int, ends: FeedEnds | None = None, often: Mapping[str, int] | None = None
    ) -> None:
        self.seed = seed
        self._chances = _CHANCES | dict(often or {})
        self.now_ms = 0
        self.random = Random(seed)
        self.house = SimHouse(ends or FeedEnds())
        self.posts = [SimPost(name, self, ends or FeedEnds()) for name in ("alpha", "beta")]
        self._loss = self.random.choice((0.0, 0.1, 0.3))
        self._latency_ms = self.random.choice((100, 5_000, 60_000))
        self._power = self.random.choice((0.0, 0.02, 0.1))
        self._queue: list[tuple[int, int, Callable[[], None]]] = []
        self._counter = 0
        self._sessions = 0
        self._images: dict[str, BoxDisk] = {}
        self._made: dict[str, Edit] = {}
        self._restored = False
        self.damaged = False
        self._doomed: set[str] = set()

    def run(self) -> FeedOutcome:
        """Misfortunes, then calm; raises `Violation`."""
        for post in self.posts:
            post.open()
        for _ in range(STEPS):
            self._misfortune(self.random.choice(self.posts))
            self._advance(self.now_ms + self.random.randrange(20_000))
        self._calm()
        self._check()
        disk = self.house.disk
        return FeedOutcome(
            self.seed,
            len(self._made),
            disk.ver,
            sum(p.snapshots for p in self.posts),
            sum(p.repairs for p in self.posts),
            sum(bool(i.body["review"]) for i in disk.view().values()),
        )

    # --- what the boxes use -------------------------------------------------------------------

    def next_session(self) -> int:
        """Return a nonce."""
        self._sessions += 1
        return self._sessions

    def cut(self) -> bool:
        """Whether the power fails right now."""
        return self.random.random() < self._power

    def ask(self, post: SimPost, payload: bytes) -> None:
        """Carry an ask up; the answer comes down in the same way."""
        session = post.session

        def arrive() -> None:
            if post.session == session:  # the hospital goes by its newest session
                stream = post.disk.stream
                told = self.house.answer(post.name, stream, session, decode_ask(payload))
                self._down(post, session, told)

        self._carry(arrive)

    def check_pending(self, post: SimPost) -> None:
        """Demand that what is pending no longer has reached the hospital."""
        known = {e.id for edits in self.house.disk.edits.values() for e in edits}
        ever = {e.id for e in post.disk.numbered} - post.disk.pending
        lost = ever - known
        demand(not lost or self._restored, "I13", f"{post.name}: not pending, not there: {lost}")

    # --- network and clock --------------------------------------------------------------------

    def _down(self, post: SimPost, session: int, told: FeedMessage | None) -> None:
        if told is not None:
            parts = parts_of(told)
            self._carry(lambda: post.hear(session, parts))

    def _carry(self, delivery: Callable[[], None]) -> None:
        if self.random.random() < self._loss:
            return
        for _ in range(self.random.choice((1, 1, 1, 2))):
            self._later(self.random.randrange(1, self._latency_ms), delivery)

    def _later(self, delay_ms: int, action: Callable[[], None]) -> None:
        self._counter += 1
        heapq.heappush(self._queue, (self.now_ms + delay_ms, self._counter, action))

    def _advance(self, until_ms: int) -> None:
        while True:
            due = self._queue[0][0] if self._queue else until_ms + 1
            timers = [(p.timer_ms, n) for n, p in enumerate(self.posts) if p.timer_ms is not None]
            ring, index = min(timers, default=(until_ms + 1, 0))
            if min(due, ring) > until_ms:
                break
            self.now_ms = max(self.now_ms, min(due, ring))
            if due <= ring:
                heapq.heappop(self._queue)[2]()
            else:
                self.posts[index].timer_ms = None
                self.posts[index].take(core.Tick(self.now_ms))
        self.now_ms = until_ms

    # --- misfortunes --------------------------------------------------------------------------

    def _misfortune(self, post: SimPost) -> None:
        (name,) = self.random.choices(list(self._chances), list(self._chances.values()))
        getattr(self, f"_{name}")(post)

    def _edit(self, post: SimPost) -> None:
        disk, patient = post.disk, self.random.choice(PATIENTS)
        disk.made += 1
        held = disk.items.get(f"patient/{patient}")
        edits = self._patch(patient, post.name, disk.made, held.rev if held else 0)
        disk.numbered.append(edits[0])
        disk.pending.add(edits[0].id)

    def _edit_at_desk(self, _post: SimPost) -> None:
        patient = self.random.choice(PATIENTS)
        rev = self.house.rev(patient)
        self.house.say(patient, self._patch(patient, "desk", rev + 1, rev, clinician=True))

    def _patch(
        self, patient: str, author: str, order: int, base: int, clinician: bool = False
    ) -> list[Edit]:
        name = self.random.choice(sorted(_SAID))
        value = self.random.choice(_SAID[name])
        one = f"{patient}:{author}:{len(self._made)}"
        at = self.now_ms
        edit = Edit(one, name, Op.SET, value, author, order, base, 0, at, clinician)
        self._made[one] = edit
        return [edit]

    def _deliver(self, post: SimPost) -> None:
        """The box's records go up, in order; how they survive the link is another world's story."""
        if post.online:
            disk = post.disk
            cum = self.house.disk.cum.get((post.name, disk.stream), 0)
            for edit in disk.numbered[cum : cum + self.random.choice((1, 3))]:
                cum += 1
                self.house.take(post.name, disk.stream, cum, [edit])

    def _news(self, post: SimPost) -> None:
        told = self.house.news(post.name, post.disk.stream)
        if told is not None:
            self._down(post, *told)

    def _power_cut(self, post: SimPost) -> None:
        post.reboot()

    def _toggle_link(self, post: SimPost) -> None:
        post.online = not post.online
        post.open() if post.online else post.close()

    def _withdraw(self, _post: SimPost) -> None:
        self.house.withdraw(self.random.choice(PATIENTS))

    def _compact(self, _post: SimPost) -> None:
        self.house.compact()

    def _back_up(self, _post: SimPost) -> None:
        self.house.backup = self.house.disk.copy()

    def _restore(self, _post: SimPost) -> None:
        self._put_back(told=True)

    def _restore_untold(self, _post: SimPost) -> None:
        """The operator forgets to say so: then nothing but the sums can tell."""
        self._put_back(told=False)
        self.damaged = True
        for post in self.posts:
            post.agrees = False

    def _put_back(self, told: bool) -> None:
        before = {e.id for edits in self.house.disk.edits.values() for e in edits}
        self.house.restore(told)
        after = {e.id for edits in self.house.disk.edits.values() for e in edits}
        self._doomed |= {e for e in before - after if ":desk:" in e}
        self._restored = True
        for post in self.posts:  # its sessions are forgotten: every box greets again
            post.close()
            post.open()

    def _rot(self, post: SimPost) -> None:
        """A row of the replica is lost or changed by something that is not ours."""
        if post.disk.items:
            del post.disk.items[self.random.choice(sorted(post.disk.items))]
            post.agrees, self.damaged = False, True

    def _image(self, post: SimPost) -> None:
        self._images[post.name] = post.disk.copy()

    def _roll_back(self, post: SimPost) -> None:
        if post.name not in self._images:
            return
        image = self._images[post.name].copy()
        kept = {e.id for e in image.numbered}
        self._doomed |= {e.id for e in post.disk.numbered if e.id not in kept}
        image.stream = post.disk.stream + 1  # the chains disagree: a new epoch
        post.disk, post.agrees = image, False
        post.reboot()

    # --- the end ------------------------------------------------------------------------------

    def _calm(self) -> None:
        self._loss, self._power = 0.0, 0.0
        for post in self.posts:
            if not post.online:
                self._toggle_link(post)
        self._advance(self.now_ms + 120_000)  # until the last late message is there
        for _ in range(200):
            for post in self.posts:
                self._deliver(post)
                self._news(post)
            self._advance(self.now_ms + 60_000)
        self._advance(self.now_ms + core.IDLE_MS + core.PATIENCE_MS)
        self._advance(self.now_ms + core.PATIENCE_MS)

    def _check(self) -> None:
        disk = self.house.disk
        for post in self.posts:
            demand(post.disk.items == disk.view(), "I7", f"{post.name} is not the hospital's view")
            demand(not post.disk.pending, "I13", f"{post.name}: still pending {post.disk.pending}")
        held = {e.id: e for edits in disk.edits.values() for e in edits}
        for one, edit in self._made.items():
            there = one in held and held[one].value == edit.value
            demand(there or one in self._doomed, "I14", f"{edit} vanished from the history")
        for patient, edits in disk.edits.items():
            self._check_identity(patient, edits)

    def _check_identity(self, patient: str, edits: list[Edit]) -> None:
        item = self.house.disk.view().get(f"patient/{patient}")
        if item is None:
            return
        for name, rule in merge.rules().items():
            said = [e for e in edits if e.field == name]
            heads = [e for e in said if not any(merge.covers(o, e) for o in said)]
            stand = {e.value for e in heads}
            if rule.tier is not Tier.IDENTITY or len(stand) < 2 or _refined(stand):
                continue
            asked = item.body["review"]
            there = isinstance(asked, dict) and name in asked
            demand(there, "I15", f"{patient}.{name}: {stand}, and nobody is asked")


def _refined(values: set[str | None]) -> bool:
    """Whether the values only say the same more exactly."""
    longest = max((v or "" for v in values), key=len)
    return all(longest.startswith(v or "") for v in values)


_CHANCES = {
    "edit": 30,
    "edit_at_desk": 14,
    "deliver": 40,
    "news": 20,
    "power_cut": 4,
    "toggle_link": 8,
    "withdraw": 3,
    "compact": 2,
    "back_up": 5,
    "restore": 2,
    "restore_untold": 1,
    "rot": 1,
    "image": 3,
    "roll_back": 1,
}


def run(
    seed: int, ends: FeedEnds | None = None, often: Mapping[str, int] | None = None
) -> FeedOutcome:
    """Run one seed, with some misfortunes more often than usual; raises `Violation`."""
    return FeedWorld(seed, ends, often).run()
