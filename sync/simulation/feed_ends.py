"""The feed's two ends in the simulator: the core's functions over disks made of dictionaries."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field, replace
from functools import cache

from edge.model.feed_item import NOTHING, Change, Cursor, Item, Shadow, bucket_of, mark
from sync import patient_merge
from sync.core import feed as core
from sync.core.feed_messages import Ask, Batch, Chunk, FeedMessage, Reflects
from sync.patient_merge import Edit, MergedField, Rule
from sync.simulation.parts import DiskIsFull, Write, demand, whole

HEAVY = 12
"""Simulated items weigh so much more than real ones: a frame holds a few of them."""

View = dict[str, Item]


@dataclass(frozen=True, slots=True)
class FeedEnds:
    """The code under test; tests replace a part to prove that the simulator would notice."""

    step: Callable[[core.BoxFeed, core.Event, core.Replica], core.Step] = core.step
    answer: Callable[..., FeedMessage | None] = core.answer
    transaction: Callable[[tuple[Write, ...], Callable[[], bool]], None] = whole
    settle: Callable[[Rule, Iterable[Edit]], MergedField] = patient_merge.settle


@dataclass(slots=True)
class BoxDisk:
    """What survives a power cut: the replica, a snapshot in progress, and the box's own edits.

    `numbered` are the edits in their stream; `made` counts local revisions. `full`: no write works.
    """

    at: Cursor = Cursor()
    taking: Shadow | None = None
    items: View = field(default_factory=dict)
    beside: View = field(default_factory=dict)
    numbered: list[Edit] = field(default_factory=list)
    pending: set[str] = field(default_factory=set)
    stream: int = 1
    made: int = 0
    full: bool = False

    def copy(self) -> BoxDisk:
        """Return an image of the medium."""
        return replace(
            self,
            items=dict(self.items),
            beside=dict(self.beside),
            numbered=list(self.numbered),
            pending=set(self.pending),
        )

    def cursor(self) -> Cursor:
        """Return how far the replica is."""
        return self.at

    def shadow(self) -> Shadow | None:
        """Return the snapshot being taken."""
        return self.taking

    def check_room(self) -> None:
        """Raise `DiskIsFull` when nothing can be written."""
        if self.full:
            raise DiskIsFull

    def write_changes(self, batch: Batch) -> None:
        """Apply rows, without the cursor."""
        for change in batch.changes:
            item = change.item
            if item is None:
                self.items.pop(f"{change.entity}/{change.id}", None)
            else:
                self.items[item.key] = item
        if batch.reflects is not None:
            self._settle(batch.reflects)

    def keep(self, chunk: Chunk) -> None:
        """Keep a piece of a snapshot, and swap it in with the last one."""
        if not chunk.at.after:
            self.beside = {}
        self.beside |= {item.key: item for item in chunk.items}
        if chunk.next is not None:
            self.taking = replace(chunk.at, after=chunk.next)
            return
        bucket = chunk.at.bucket
        left = {k: i for k, i in self.items.items() if bucket not in (None, _bucket(i))}
        self.items, self.beside, self.taking = left | self.beside, {}, None
        if bucket is None:
            self.at = Cursor(chunk.at.epoch, chunk.at.as_of)

    def _settle(self, reflects: Reflects) -> None:
        if reflects.epoch == self.stream:
            seen = {e.id for e in self.numbered[: reflects.lanes["c"]]}
            self.pending -= seen


@dataclass(slots=True)
class HospitalDisk:
    """The archive: the clinic's feed, every edit, and how far each box's stream was received."""

    epoch: int = 1
    ver: int = 0
    floor: int = 0
    feed: dict[str, Change] = field(default_factory=dict)
    shown: View = field(default_factory=dict)
    edits: dict[str, list[Edit]] = field(default_factory=dict)
    revs: dict[str, int] = field(default_factory=dict)
    cum: dict[tuple[str, int], int] = field(default_factory=dict)
    generation: int = 0

    def copy(self) -> HospitalDisk:
        """Return a backup."""
        return replace(
            self,
            feed=dict(self.feed),
            shown=dict(self.shown),
            edits={k: list(v) for k, v in self.edits.items()},
            revs=dict(self.revs),
            cum=dict(self.cum),
        )

    def head(self) -> core.Head:
        """Return where the feed is."""
        return core.Head(self.epoch, self.ver, self.floor)

    def since(self, ver: int, limit: int) -> Sequence[Change]:
        """Return changes after `ver`."""
        if ver >= self.ver:
            return ()
        return sorted((c for c in self.feed.values() if c.ver > ver), key=lambda c: c.ver)[:limit]

    def scan(self, bucket: int | None, after: str, limit: int) -> Sequence[Item]:
        """Return items after a key."""
        view = self.shown
        keys = sorted(k for k, i in view.items() if k > after and bucket in (None, _bucket(i)))
        return [view[k] for k in keys[:limit]]

    def sums(self) -> tuple[int, ...]:
        """Return the sum of every bucket."""
        return sums_of(self.shown)

    def view(self) -> View:
        """Return what the clinic is to know."""
        return dict(self.shown)

    def write(self, change: Change) -> None:
        """Make a change the newest of the feed."""
        self.ver, item = change.ver, change.item
        key = f"{change.entity}/{change.id}"
        self.feed[key] = change
        if item is None:
            self.shown.pop(key, None)
        else:
            self.shown[key] = item


class SimHouse:
    """The hospital: receives edits, answers asks, sends changes; its backup may be restored."""

    def __init__(self, ends: FeedEnds) -> None:
        self.disk = HospitalDisk()
        self.backup = HospitalDisk()
        self.views: dict[tuple[int, int], View] = {(1, 0): {}}
        self.readers: dict[str, tuple[int, Ask]] = {}
        self._ends = ends
        self._drawn = 1

    def take(self, box: str, stream: int, seq: int, edits: Sequence[Edit]) -> None:
        """Take the next record of a box: edits of one patient, known already or new."""
        disk = self.disk
        demand(seq == disk.cum.get((box, stream), 0) + 1, "I3", f"{box}: {seq} out of turn")
        disk.cum[box, stream] = seq
        patient = edits[0].id.partition(":")[0]
        if not any(e.id == edits[0].id for e in disk.edits.get(patient, [])):
            self.add_edits(patient, edits)

    def add_edits(self, patient: str, edits: Sequence[Edit]) -> None:
        """Number edits, merge the patient and write the change to the feed."""
        disk = self.disk
        rev = max(disk.revs.get(patient, 0) + 1, disk.generation << 32)
        disk.revs[patient] = rev
        disk.edits.setdefault(patient, []).extend(replace(e, rev=rev) for e in edits)
        self._put(patient, rev)

    def rev(self, patient: str) -> int:
        """Return a patient's newest revision."""
        return self.disk.revs.get(patient, 0)

    def withdraw(self, patient: str) -> None:
        """Write the removal of a patient from the clinic's feed."""
        change = self.disk.feed.get(f"patient/{patient}")
        if change is not None and change.body is not None:
            self._write(replace(change, ver=self.disk.ver + 1, body=None))

    def compact(self) -> None:
        """Forget all removals."""
        gone = [c for c in self.disk.feed.values() if c.body is None]
        for change in gone:
            del self.disk.feed[f"{change.entity}/{change.id}"]
            self.disk.floor = max(self.disk.floor, change.ver)

    def restore(self, announced: bool) -> None:
        """Put the backup back; `announced`: the operator says so, as the manual asks."""
        self.disk = self.backup.copy()
        self.readers = {}
        if announced:
            self._drawn += 1
            self.disk.epoch = self._drawn
            self.disk.generation = self._drawn
        self._look()

    def answer(self, box: str, stream: int, session: int, ask: Ask) -> FeedMessage | None:
        """Answer an ask of the box's current session."""
        self.readers[box] = (session, ask)
        cum = self.disk.cum.get((box, stream), 0)
        return self._ends.answer(ask, self.disk, Reflects(stream, {"c": cum}), _weigh)

    def news(self, box: str, stream: int) -> tuple[int, FeedMessage] | None:
        """Return what a box at rest does not know yet, and for which session."""
        session, ask = self.readers.get(box, (0, Ask(0, 0)))
        if not ask.rest or ask.ver >= self.disk.ver or ask.epoch != self.disk.epoch:
            return None
        cum = self.disk.cum.get((box, stream), 0)
        message = self._ends.answer(
            Ask(ask.epoch, ask.ver), self.disk, Reflects(stream, {"c": cum}), _weigh
        )
        return (session, message) if isinstance(message, Batch) else None

    def _put(self, patient: str, rev: int) -> None:
        by_field: dict[str, list[Edit]] = {}
        for edit in self.disk.edits[patient]:
            by_field.setdefault(edit.field, []).append(edit)
        body: dict[str, object] = {}
        review: dict[str, object] = {}
        for name, edits in by_field.items():
            settled = self._ends.settle(patient_merge.rules()[name], edits)
            body[name] = list(settled.value) if isinstance(settled.value, tuple) else settled.value
            if settled.reviews:
                review[name] = sorted({v for r in settled.reviews for v in r.values})
        self._write(Change(self.disk.ver + 1, "patient", patient, rev, body | {"review": review}))

    def _write(self, change: Change) -> None:
        self.disk.write(change)
        self._look()

    def _look(self) -> None:
        self.views[self.disk.epoch, self.disk.ver] = self.disk.view()


_SIZES: dict[int, tuple[object, int]] = {}
_MARKS: dict[int, tuple[Item, int, int]] = {}
_MANY = 20_000
_MODULUS = 1 << 64


def sums_of(view: View) -> tuple[int, ...]:
    """Return the sums of a replica; marks are remembered, since a world asks for them often."""
    found = list(NOTHING)
    for item in view.values():
        known = _MARKS.get(id(item.body))
        if known is None or known[0].body is not item.body:
            if len(_MARKS) > _MANY:
                _MARKS.clear()
            known = _MARKS[id(item.body)] = (item, _bucket(item), mark(item))
        found[known[1]] += known[2]
    return tuple(total % _MODULUS for total in found)


@cache
def _bucket_of(entity: str, item_id: str) -> int:
    return bucket_of(entity, item_id)


def _bucket(item: Item) -> int:
    return _bucket_of(item.entity, item.id)


def _weigh(parts: list[object]) -> int:
    """Estimate what a message weighs: its encoding would cost a third of a seed's time."""
    rows = next((p for p in parts if isinstance(p, list) and p and isinstance(p[0], list)), [])
    return HEAVY * (60 + sum(30 + _size(row[-1]) for row in rows))


def _size(body: object) -> int:
    known = _SIZES.get(id(body))
    if known is None or known[0] is not body:
        if len(_SIZES) > _MANY:
            _SIZES.clear()
        known = _SIZES[id(body)] = (body, len(repr(body)))
    return known[1]
