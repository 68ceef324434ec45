"""Simulates the feed and concurrent edits from one seed: two boxes of a clinic, the desk, faults.

I7: a replica is what the hospital's view was at the replica's version, a change is applied to the
view it was made from, and nothing is in need of repair unless it was damaged. Beside it: an edit
is pending until the hospital has it (I13), no value that reached the hospital vanishes from the
history (I14), no identity is changed without a review (I15), no allergy or condition goes and
no dose changes without a clinician (I16), and the order of edits changes nothing (I19).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from random import Random

from edge.model.patient_fields import Tier
from sync import patient_merge
from sync.core import feed as core
from sync.core.feed_messages import Ask, FeedMessage, decode_ask, encode_ask, parts_of, read
from sync.patient_merge import Edit, Op
from sync.simulation import feed_checks
from sync.simulation.feed_ends import BoxDisk, FeedEnds, SimHouse
from sync.simulation.feed_post import SimPost
from sync.simulation.parts import demand
from sync.simulation.weather import CALM, Air, Lots, Weather

STEPS = 120
ENCODED_EVERY = 8
"""One seed of so many carries messages as they are encoded, which has tests of its own."""
PATIENTS = [f"p{n}" for n in range(24)]
_VALUES: dict[str, list[str | None]] = {
    "name": ["Zahra", "Zohra", "Zara B."],
    "birth": ["1948", "1984", "1948-06-02"],
    "phone": ["0300", "0311"],
    "village": ["Mithi", "Kot", None],
    "allergies": ["penicillin", "sulfa"],
    "medicines": ["metformin 500 mg", "metformin 850 mg"],
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
        self._lots = Lots(CHANCES | dict(often or {}))
        self.random = Random(seed)
        self.air = Air(self.random, Weather.of(self.random))
        self.house = SimHouse(ends or FeedEnds())
        self.posts = [SimPost(name, self, ends or FeedEnds()) for name in ("alpha", "beta")]
        self._ends = ends or FeedEnds()
        self._encodes = seed % ENCODED_EVERY == 0
        self._power = self.random.choice((0.0, 0.02, 0.1))
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
            self.air.advance(self.air.now_ms + self.random.randrange(20_000))
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

    def ask(self, post: SimPost, ask: Ask) -> None:
        """Carry an ask up; the answer comes down in the same way."""
        session = post.session
        received = decode_ask(encode_ask(ask)) if self._encodes else ask

        def arrive() -> None:
            if post.session == session:  # the hospital goes by its newest session
                stream = post.disk.stream
                message = self.house.answer(post.name, stream, session, received)
                self._down(post, session, message)

        self.air.carry(arrive)

    def check_pending(self, post: SimPost) -> None:
        """Demand that what is pending no longer has reached the hospital."""
        known = {e.id for edits in self.house.disk.edits.values() for e in edits}
        ever = {e.id for e in post.disk.numbered} - post.disk.pending
        lost = ever - known
        demand(not lost or self._restored, "I13", f"{post.name}: not pending, not there: {lost}")

    def _down(self, post: SimPost, session: int, message: FeedMessage | None) -> None:
        if message is not None:
            received = read(parts_of(message)) if self._encodes else message
            self.air.carry(lambda: post.receive(session, received))

    # --- misfortunes --------------------------------------------------------------------------

    def _misfortune(self, post: SimPost) -> None:
        getattr(self, f"_{self._lots.draw(self.random)}")(post)

    def _edit(self, post: SimPost) -> None:
        disk, patient = post.disk, self.random.choice(PATIENTS)
        disk.made += 1
        item = disk.items.get(f"patient/{patient}")
        edits = self._patch(patient, post.name, disk.made, item.rev if item else 0)
        disk.numbered.append(edits[0])
        disk.pending.add(edits[0].id)

    def _edit_at_desk(self, _post: SimPost) -> None:
        patient = self.random.choice(PATIENTS)
        rev = self.house.rev(patient)
        self.house.add_edits(patient, self._patch(patient, "desk", rev + 1, rev, clinician=True))

    def _patch(
        self, patient: str, author: str, order: int, base: int, clinician: bool = False
    ) -> list[Edit]:
        name = self.random.choice(sorted(_VALUES))
        value = self.random.choice(_VALUES[name])
        edit_id = f"{patient}:{author}:{len(self._made)}"
        at = self.air.now_ms
        edit = Edit(edit_id, name, self._op(name), value, author, order, base, 0, at, clinician)
        self._made[edit_id] = edit
        return [edit]

    def _op(self, name: str) -> Op:
        if patient_merge.rules()[name].tier is not Tier.UNION:
            return Op.SET
        return self.random.choice((Op.ADD, Op.ADD, Op.REMOVE))

    def _deliver(self, post: SimPost) -> None:
        """The box's records go up, in order; how they survive the link is another world's story."""
        if post.online:
            disk = post.disk
            cum = self.house.disk.cum.get((post.name, disk.stream), 0)
            for edit in disk.numbered[cum : cum + self.random.choice((1, 3))]:
                cum += 1
                self.house.take(post.name, disk.stream, cum, [edit])

    def _news(self, post: SimPost) -> None:
        news = self.house.news(post.name, post.disk.stream)
        if news is not None:
            self._down(post, *news)

    def _fill_box(self, post: SimPost) -> None:
        post.disk.full = not post.disk.full

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
        self._put_back(announced=True)

    def _restore_untold(self, _post: SimPost) -> None:
        """The operator does not announce it: then only the sums show it."""
        self._put_back(announced=False)
        self.damaged = True
        for post in self.posts:
            post.agrees = False

    def _put_back(self, announced: bool) -> None:
        before = {e.id for edits in self.house.disk.edits.values() for e in edits}
        self.house.restore(announced)
        after = {e.id for edits in self.house.disk.edits.values() for e in edits}
        self._doomed |= {e for e in before - after if ":desk:" in e}
        self._restored = True
        for post in self.posts:  # its sessions are forgotten: every box opens a new one
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
        self.air.weather, self._power = CALM, 0.0
        for post in self.posts:
            post.disk.full = False
            if not post.online:
                self._toggle_link(post)
        self.air.advance(self.air.now_ms + 120_000)  # until the last late message is there
        for _ in range(200):
            for post in self.posts:
                self._deliver(post)
                self._news(post)
            self.air.advance(self.air.now_ms + 60_000)
            if all(self._is_done(post) for post in self.posts):
                break
        self.air.advance(self.air.now_ms + core.IDLE_MS + core.PATIENCE_MS)
        self.air.advance(self.air.now_ms + core.PATIENCE_MS)

    def _is_done(self, post: SimPost) -> bool:
        cum = self.house.disk.cum.get((post.name, post.disk.stream), 0)
        same = post.disk.items == self.house.disk.shown
        return cum == len(post.disk.numbered) and not post.disk.pending and same

    def _check(self) -> None:
        disk = self.house.disk
        for post in self.posts:
            demand(post.disk.items == disk.shown, "I7", f"{post.name} is not the hospital's view")
            demand(not post.disk.pending, "I13", f"{post.name}: still pending {post.disk.pending}")
        known = {e.id: e for edits in disk.edits.values() for e in edits}
        for edit_id, edit in self._made.items():
            there = edit_id in known and known[edit_id].value == edit.value
            demand(there or edit_id in self._doomed, "I14", f"{edit} vanished from the history")
        for patient, edits in disk.edits.items():
            item = disk.shown.get(f"patient/{patient}")
            if item is not None:
                feed_checks.check_patient(item.body, edits, self._ends.settle, self.random)


CHANCES = {
    "edit": 30,
    "edit_at_desk": 14,
    "deliver": 40,
    "news": 20,
    "power_cut": 4,
    "fill_box": 2,
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
