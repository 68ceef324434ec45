"""The invariants I1 to I12 of CS/1 over a history of a run, in words.

`violations` is pure: it is given both ends' files as they were read, what the test did and what the
broker saw, and says which record of which box breaks what.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from canaries import spilt
from history import ACTIVE, BoxSide, Frame, History, HospitalSide, LaneSide, Stream

from edge.model.entry import GENESIS, chain, content_id
from sync.box.sealing import TOO_LARGE, UNSENDABLE
from sync.frames.framing import tombstone

UP = "up"
DOUBLED = "identity-doubled"


@dataclass(frozen=True, slots=True)
class Violation:
    invariant: str
    text: str

    def __str__(self) -> str:
        return f"{self.invariant}: {self.text}"


def violations(history: History) -> list[Violation]:
    """Return everything that is wrong, by invariant."""
    return [Violation(name, text) for name, find in INVARIANTS.items() for text in find(history)]


def demand(history: History) -> None:
    """Raise `AssertionError` that lists what is wrong."""
    found = violations(history)
    shown = "\n".join(str(v) for v in found[:20])
    assert not found, f"{len(found)} violations:\n{shown}"


# --- the invariants, one by one ---------------------------------------------------------------


def _i1_once(h: History) -> Iterator[str]:
    held: set[tuple[str, str]] = set()
    for row in h.hospital.records:
        if row.id != str(content_id(row.box, row.record)):
            yield f"box {row.box}: {_short(row.record)} stands under the foreign id {row.id}"
        if (row.box, row.id) in held:
            yield f"box {row.box}: {_short(row.record)} is archived twice"
        held.add((row.box, row.id))
    for box_id, record in h.deeds.promised:
        excused = (box_id, record) in h.deeds.doomed or h.hospital.standing(box_id) != ACTIVE
        if not excused and not _arrived(h, box_id, record, held):
            yield f"box {box_id}: {_short(record)} was promised and never arrived"
    for name, box_id, record in _journals(h):
        if not _arrived(h, box_id, record, held):
            yield f"{name}: {_short(record)} is in the journal and never arrived"


def _journals(h: History) -> Iterator[tuple[str, str, bytes]]:
    for box in h.at_work():
        yield from ((box.name, box.box_id, record) for record in box.journal)


def _arrived(h: History, box_id: str, record: bytes, ids: set[tuple[str, str]]) -> bool:
    stand_ins = (tombstone(record, why) for why in (TOO_LARGE, UNSENDABLE))
    if any((box_id, str(content_id(box_id, one))) in ids for one in (record, *stand_ins)):
        return True
    unread = {(f.box, f.epoch, f.lane, f.first) for f in h.hospital.frames if f.unread}
    return any(
        (box_id, lane.epoch, lane.lane, seq) in unread
        for box in h.boxes
        if box.box_id == box_id and unread
        for lane in box.lanes
        for seq, held, _ in lane.queued
        if held == record
    )


def _i2_prunes_only_what_is_safe(h: History) -> Iterator[str]:
    for box in h.boxes:
        for lane in box.lanes:
            if not lane.base:
                continue
            where = f"{box.name} lane {lane.lane} let go of 1…{lane.base}"
            if lane.base > lane.safe:
                yield f"{where}, safe is only {lane.safe}"
            covered = [
                copy.stream(box.box_id, lane.epoch, lane.lane).cum for copy in h.deeds.copies
            ]
            if max(covered, default=0) < lane.base:
                yield f"{where}, the best copy holds {max(covered, default=0)}"
            theirs = _recomputed(h.hospital, (box.box_id, lane.epoch, lane.lane), lane.base)
            if theirs is not None and theirs != lane.base_chain:
                yield f"{where}, and these are not the records that the hospital holds"


def _i3_contiguous_and_the_same(h: History) -> Iterator[str]:
    for stream in h.hospital.streams:
        yield from _received_whole(h.hospital, stream)
    for box in h.boxes:
        for lane in box.lanes:
            yield from _own_chain(box, lane)
    for box in h.at_work():
        for lane in box.lanes:
            yield from _same_chain(box, lane, h.hospital)


def _received_whole(side: HospitalSide, stream: Stream) -> Iterator[str]:
    reached = 0
    for frame in sorted(_frames(side, stream.key), key=lambda f: f.first):
        if frame.first > reached + 1:
            yield f"{_name(stream)}: nothing was received of {reached + 1}…{frame.first - 1}"
        reached = max(reached, frame.first + frame.n - 1)
    if reached != stream.cum:
        yield f"{_name(stream)}: {stream.cum} are receipted, {reached} were received"
    theirs = _recomputed(side, stream.key, stream.cum)
    if theirs is not None and theirs != stream.chain:
        yield f"{_name(stream)}: the chain is not that of the archived records"


def _same_chain(box: BoxSide, lane: LaneSide, side: HospitalSide) -> Iterator[str]:
    stream = side.stream(box.box_id, lane.epoch, lane.lane)
    if stream.cum < lane.base:
        yield f"{_name(stream)}: holds {stream.cum}, {box.name} begins after {lane.base}"
    elif lane.chain_at(stream.cum) != stream.chain:
        yield f"{_name(stream)}: {box.name} has another chain at {stream.cum}"


def _own_chain(box: BoxSide, lane: LaneSide) -> Iterator[str]:
    link, expected = lane.base_chain, lane.base + 1
    for seq, record, held in lane.queued:
        link = chain(link, record)
        if seq != expected or link != held:
            yield f"{box.name} lane {lane.lane}: its own chain is broken at {seq}"
            return
        expected += 1


def _i4_one_record_a_place(h: History) -> Iterator[str]:
    held: dict[tuple[str, int, str, int], str] = {}
    past = [*h.deeds.copies, *h.deeds.lost, *(side for _, side in h.deeds.shut)]
    for side in (h.hospital, *(p for p in past if p.generation == h.hospital.generation)):
        for row in side.records:
            if held.setdefault(row.place, row.id) != row.id:
                box, epoch, lane, seq = row.place
                yield f"box {box} epoch {epoch} lane {lane} {seq}: two records in one place"


def _i5_a_restore_loses_nothing(h: History) -> Iterator[str]:
    now = h.hospital.ids()
    for number, lost in enumerate(h.deeds.lost, start=1):
        gone = (row for row in lost.records if (row.box, row.id) not in now)
        for row in gone:
            doomed = (row.box, row.record) in h.deeds.doomed
            if not doomed and h.hospital.standing(row.box) == ACTIVE:
                what = f"{_short(row.record)} did not come back"
                yield f"box {row.box}: {what} after restore {number}"


def _i6_alerts_overtake(h: History) -> Iterator[str]:
    held = h.hospital.ids()
    for alert in h.deeds.alerts:
        box_id, record = alert.record
        if (box_id, str(content_id(box_id, record))) not in held:
            yield f"box {box_id}: the alert {_short(record)} never arrived"
        if alert.bytes_between > alert.bytes_allowed:
            yield (
                f"box {box_id}: {alert.bytes_between} bytes passed before the alert"
                f" {_short(record)}, {alert.bytes_allowed} are allowed"
            )


def _i7_the_replica_is_the_feed(h: History) -> Iterator[str]:
    feeds = dict(h.hospital.feeds)
    for clinic, feed in feeds.items():
        if feed.kept != feed.counted:
            yield f"the feed of {clinic}: its sums are not those of its items"
    for box in h.at_work():
        theirs = feeds.get(box.clinic, box.feed)
        if (box.feed.epoch, box.feed.ver) != (theirs.epoch, theirs.ver):
            yield f"{box.name}: its replica is at {box.feed.ver}, the feed at {theirs.ver}"
        elif box.feed.counted != theirs.counted:
            yield f"{box.name}: at {theirs.ver} its replica differs from the feed"


def _i8_nothing_in_clear(h: History) -> Iterator[str]:
    for capture in h.deeds.captured:
        for word, how in spilt(capture, h.deeds.canaries):
            yield f"the broker can read {word!r} ({how}) in {capture.topic}"


def _i9_shut_out_is_shut_out(h: History) -> Iterator[str]:
    for box_id, then in h.deeds.shut:
        if _of_box(then, box_id) != _of_box(h.hospital, box_id):
            yield f"box {box_id}: the archive changed after it was shut out"
    newest: dict[str, int] = defaultdict(int)
    for frame in h.hospital.frames:
        if frame.epoch < newest[frame.box]:
            yield (
                f"box {frame.box}: a frame of epoch {frame.epoch} was taken after one of"
                f" epoch {newest[frame.box]}"
            )
        newest[frame.box] = max(newest[frame.box], frame.epoch)


def _i10_never_waits_for_the_network(h: History) -> Iterator[str]:
    for outage in h.deeds.outages:
        if not outage.committed:
            yield f"box {outage.box_id}: nothing was recorded during {outage.what}"


def _i11_replay_is_nothing(h: History) -> Iterator[str]:
    if h.deeds.replayed is None:
        return
    before, after = h.deeds.replayed
    for what in ("records", "streams", "frames", "members", "feeds"):
        old, new = getattr(before, what), getattr(after, what)
        if old != new:
            odd = [one for one in (*new, *old) if (one in new) != (one in old)]
            yield f"the replay changed {what}: {odd[0] if odd else 'their order'}"


def _i12_works_again(h: History) -> Iterator[str]:
    for box in h.at_work():
        if box.link != UP:
            yield f"{box.name}: its link is {box.link!r} although nothing is wrong any more"
        for lane in box.lanes:
            if lane.cum != lane.last:
                yield f"{box.name} lane {lane.lane}: {lane.last - lane.cum} records still wait"
    at_work = h.at_work()
    for box in h.boxes:
        if box not in at_work and DOUBLED not in box.complaints:
            yield f"{box.name} is {h.hospital.standing(box.box_id)}, and does not say what to do"


INVARIANTS: dict[str, Callable[[History], Iterable[str]]] = {
    "I1": _i1_once,
    "I2": _i2_prunes_only_what_is_safe,
    "I3": _i3_contiguous_and_the_same,
    "I4": _i4_one_record_a_place,
    "I5": _i5_a_restore_loses_nothing,
    "I6": _i6_alerts_overtake,
    "I7": _i7_the_replica_is_the_feed,
    "I8": _i8_nothing_in_clear,
    "I9": _i9_shut_out_is_shut_out,
    "I10": _i10_never_waits_for_the_network,
    "I11": _i11_replay_is_nothing,
    "I12": _i12_works_again,
}


def _recomputed(side: HospitalSide, key: tuple[str, int, str], to: int) -> bytes | None:
    """The chain over the archived records of a stream; None when some came in another epoch."""
    at = {r.seq: r.record for r in side.records if (r.box, r.epoch, r.lane) == key}
    if any(b'"kind":"tombstone"' in record for record in at.values()):
        return None  # the chain goes over what the tombstone stands for
    link = GENESIS
    for seq in range(1, to + 1):
        if seq not in at:
            return None
        link = chain(link, at[seq])
    return link


def _frames(side: HospitalSide, key: tuple[str, int, str]) -> list[Frame]:
    return [f for f in side.frames if (f.box, f.epoch, f.lane) == key]


def _of_box(side: HospitalSide, box_id: str) -> tuple[object, ...]:
    records = sorted((r for r in side.records if r.box == box_id), key=lambda r: r.place)
    streams = sorted((s for s in side.streams if s.box == box_id), key=lambda s: s.key)
    frames = [f for f in side.frames if f.box == box_id]
    return records, streams, frames


def _name(stream: Stream) -> str:
    return f"box {stream.box} epoch {stream.epoch} lane {stream.lane}"


def _short(record: bytes) -> str:
    return record[:90].decode("utf-8", "replace")
