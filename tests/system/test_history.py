"""The history checker itself: a good history passes, and each doctored one is refused by name."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import dataclass, replace

import pytest
from canaries import Capture, spilt
from history import (
    BoxSide,
    Deeds,
    FeedState,
    Frame,
    History,
    HospitalSide,
    LaneSide,
    Member,
    Outage,
    Overtaking,
    Row,
    Stream,
)
from invariants import demand, violations

from edge.model.entry import GENESIS, canonical_json, chain, content_id
from edge.model.feed_item import NOTHING
from sync import packing
from sync.core import wire

BOX, CLINIC = "box-one", "Thar Post 7"
RECORDS = tuple(canonical_json({"kind": "view", "body": {"n": n}}) for n in range(1, 7))
PRUNED = 2
FEED = FeedState(77, 5, NOTHING, NOTHING)


def links(records: tuple[bytes, ...]) -> list[bytes]:
    found = [GENESIS]
    for record in records:
        found.append(chain(found[-1], record))
    return found


CHAINS = links(RECORDS)


def row(seq: int, record: bytes, epoch: int = 1) -> Row:
    return Row(BOX, str(content_id(BOX, record)), epoch, "c", seq, record)


def archive(held: int = len(RECORDS)) -> HospitalSide:
    """The archive after the first so many records, which came in frames of two."""
    return HospitalSide(
        generation=1,
        records=tuple(row(seq, r) for seq, r in enumerate(RECORDS[:held], start=1)),
        streams=(Stream(BOX, 1, "c", held, CHAINS[held]),),
        frames=tuple(Frame(BOX, 1, "c", first, 2, False) for first in range(1, held, 2)),
        members=(Member(BOX, CLINIC, "active", 1),),
        feeds=((CLINIC, FEED),),
    )


def lane() -> LaneSide:
    queued = tuple((n, RECORDS[n - 1], CHAINS[n]) for n in range(PRUNED + 1, len(RECORDS) + 1))
    return LaneSide("c", 1, PRUNED, CHAINS[PRUNED], len(RECORDS), 4, queued)


def box() -> BoxSide:
    journal = RECORDS[PRUNED:]
    return BoxSide("one", BOX, CLINIC, journal, (lane(),), "up", frozenset(), FEED)


def good() -> History:
    deeds = Deeds(
        promised=[(BOX, record) for record in RECORDS],
        copies=[archive(4)],
        lost=[archive(6)],
        alerts=[Overtaking((BOX, RECORDS[4]), 4_000, 9_000)],
        outages=[Outage(BOX, "a broken line", 3)],
        replayed=(archive(), archive()),
        captured=[Capture(1, f"cs/1/u/{BOX}/c", b"\x83sealed")],
        canaries=("Zulaikha Canary",),
    )
    return History((box(),), archive(), deeds)


@dataclass(frozen=True)
class Doctored:
    """A good history with one thing wrong, which invariant it breaks, and a word it is told by."""

    name: str
    invariant: str
    word: str
    change: Callable[[History], History]


def hospital(h: History, **changes: object) -> History:
    return replace(h, hospital=replace(h.hospital, **changes))  # type: ignore[arg-type]


def deeds(h: History, **changes: object) -> History:
    return replace(h, deeds=replace(h.deeds, **changes))  # type: ignore[arg-type]


def with_box(h: History, **changes: object) -> History:
    return replace(h, boxes=(replace(h.boxes[0], **changes),))  # type: ignore[arg-type]


def with_lane(h: History, **changes: object) -> History:
    return with_box(h, lanes=(replace(h.boxes[0].lanes[0], **changes),))  # type: ignore[arg-type]


def stands_alone(h: History) -> History:
    """Shut out, as after a quarantine, without the box saying so."""
    return hospital(h, members=(Member(BOX, CLINIC, "quarantined", 1),))


OTHER = canonical_json({"kind": "view", "body": {"n": 99}})
DOCTORED = (
    Doctored("lost", "I1", "never arrived", lambda h: deeds(h, promised=[(BOX, OTHER)])),
    Doctored("unsent", "I1", "in the journal", lambda h: with_box(h, journal=(OTHER,))),
    Doctored(
        "twice",
        "I1",
        "archived twice",
        lambda h: hospital(h, records=(*h.hospital.records, h.hospital.records[0])),
    ),
    Doctored(
        "renamed",
        "I1",
        "foreign id",
        lambda h: hospital(
            h, records=(replace(h.hospital.records[0], id="0"), *h.hospital.records[1:])
        ),
    ),
    Doctored("pruned too far", "I2", "safe is only 1", lambda h: with_lane(h, safe=1)),
    Doctored("pruned on a word", "I2", "best copy holds 0", lambda h: deeds(h, copies=[])),
    Doctored(
        "pruned others", "I2", "not the records", lambda h: with_lane(h, base_chain=b"x" * 16)
    ),
    Doctored(
        "a hole",
        "I3",
        "nothing was received of 3…4",
        lambda h: hospital(h, frames=(h.hospital.frames[0], h.hospital.frames[2])),
    ),
    Doctored(
        "receipted unseen",
        "I3",
        "6 are receipted, 4 were received",
        lambda h: hospital(h, frames=h.hospital.frames[:2]),
    ),
    Doctored(
        "another chain",
        "I3",
        "has another chain",
        lambda h: hospital(h, streams=(Stream(BOX, 1, "c", 6, b"y" * 16),)),
    ),
    Doctored(
        "its own chain",
        "I3",
        "broken at 3",
        lambda h: with_lane(h, queued=((3, OTHER, CHAINS[3]), *lane().queued[1:])),
    ),
    Doctored(
        "begins too late",
        "I3",
        "begins after 2",
        lambda h: hospital(h, streams=(), frames=()),
    ),
    Doctored(
        "two in one place",
        "I4",
        "two records in one place",
        lambda h: hospital(h, records=(*h.hospital.records, row(3, OTHER))),
    ),
    Doctored(
        "another since the copy",
        "I4",
        "lane c 3",
        lambda h: deeds(h, copies=[replace(archive(4), records=(row(3, OTHER),))]),
    ),
    Doctored(
        "not back after a restore",
        "I5",
        "did not come back after restore 1",
        lambda h: deeds(h, lost=[replace(archive(), records=(row(7, OTHER),))]),
    ),
    Doctored(
        "an alert behind",
        "I6",
        "9001 bytes passed",
        lambda h: deeds(h, alerts=[Overtaking((BOX, RECORDS[4]), 9_001, 9_000)]),
    ),
    Doctored(
        "an alert gone",
        "I6",
        "never arrived",
        lambda h: deeds(h, alerts=[Overtaking((BOX, OTHER), 0, 9_000)]),
    ),
    Doctored("a replica behind", "I7", "is at 4", lambda h: with_box(h, feed=replace(FEED, ver=4))),
    Doctored(
        "a replica that differs",
        "I7",
        "differs",
        lambda h: with_box(h, feed=replace(FEED, counted=(1, *NOTHING[1:]))),
    ),
    Doctored(
        "sums that lie",
        "I7",
        "not those of its items",
        lambda h: hospital(h, feeds=((CLINIC, replace(FEED, kept=(1, *NOTHING[1:]))),)),
    ),
    Doctored(
        "a name in a topic",
        "I8",
        "can read",
        lambda h: deeds(h, captured=[Capture(1, "cs/1/u/Zulaikha Canary/c", b"")]),
    ),
    Doctored(
        "changed when shut out",
        "I9",
        "after it was shut out",
        lambda h: deeds(h, shut=[(BOX, archive(4))]),
    ),
    Doctored(
        "a fenced epoch",
        "I9",
        "epoch 1 was taken after one of epoch 2",
        lambda h: hospital(h, frames=(Frame(BOX, 2, "c", 1, 2, False), *h.hospital.frames)),
    ),
    Doctored(
        "held up",
        "I10",
        "nothing was recorded during a dead broker",
        lambda h: deeds(h, outages=[Outage(BOX, "a dead broker", 0)]),
    ),
    Doctored(
        "a replay that counts",
        "I11",
        "changed records",
        lambda h: deeds(h, replayed=(archive(4), replace(archive(4), records=archive().records))),
    ),
    Doctored(
        "a fork by replay",
        "I11",
        "changed members",
        lambda h: deeds(
            h,
            replayed=(archive(), replace(archive(), members=(Member(BOX, CLINIC, "active", 2),))),
        ),
    ),
    Doctored("down for good", "I12", "link is 'down'", lambda h: with_box(h, link="down")),
    Doctored("stuck", "I12", "2 records still wait", lambda h: with_lane(h, cum=4)),
    Doctored("silent in quarantine", "I12", "does not say what to do", stands_alone),
)


def test_a_good_history_passes() -> None:
    assert violations(good()) == []
    demand(good())


@pytest.mark.parametrize("case", DOCTORED, ids=lambda case: case.name)
def test_a_doctored_history_is_refused_by_name(case: Doctored) -> None:
    found = violations(case.change(good()))
    assert [v for v in found if v.invariant == case.invariant and case.word in v.text], found
    with pytest.raises(AssertionError, match=case.invariant):
        demand(case.change(good()))


def test_every_invariant_has_a_doctored_history() -> None:
    assert {case.invariant for case in DOCTORED} == {f"I{n}" for n in range(1, 13)}


def test_what_stood_on_a_destroyed_medium_is_not_missed() -> None:
    lost = [replace(archive(), records=(*archive().records, row(7, OTHER)))]
    doomed = deeds(good(), doomed={(BOX, OTHER)}, promised=[(BOX, OTHER)], lost=lost)
    assert violations(doomed) == []


def test_a_row_that_is_kept_unread_has_arrived() -> None:
    side = archive()
    frames = (*side.frames[:2], Frame(BOX, 1, "c", 5, 1, True), Frame(BOX, 1, "c", 6, 1, False))
    kept = hospital(good(), records=(*side.records[:4], side.records[5]), frames=frames)
    assert [v.invariant for v in violations(kept)] == ["I5", "I6"]


def test_a_quarantined_box_that_says_so_waits_for_a_person() -> None:
    told = with_box(stands_alone(good()), complaints=frozenset({"identity-doubled"}), link="down")
    assert violations(told) == []


NAME = "Zülaikha زلیخا"
PHONE = "+92-300-5550199"


def framed(inside: bytes) -> bytes:
    return wire.dump([b"header", inside, b"signature"])


@pytest.mark.parametrize(
    ("how", "payload"),
    [
        ("plain", NAME.encode()),
        ("capitals", NAME.upper().encode()),
        ("utf-16-le", NAME.encode("utf-16-le")),
        ("hex", NAME.encode().hex().encode()),
        ("percent-encoded", b"name=Z%C3%BClaikha%20%D8%B2%D9%84%DB%8C%D8%AE%D8%A7"),
        *(("base64", base64.b64encode(b"." * n + NAME.encode() + b"..")) for n in range(3)),
        ("packed", framed(packing.pack([canonical_json({"name": NAME})] * 3))),
        ("packed plainly", framed(packing.pack_plain([canonical_json({"name": NAME})]))),
        ("a feed message", framed(packing.squeeze(["put", {"name": NAME}]))),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_planted_name_is_found_in_any_form(how: str, payload: bytes) -> None:
    found = list(spilt(Capture(1, "cs/1/u/box/c", b"before" + payload), (NAME, PHONE)))
    if payload[:1] == b"\x83":  # a frame has nothing before it
        found = list(spilt(Capture(1, "cs/1/u/box/c", payload), (NAME, PHONE)))
    assert {word for word, _ in found} == {NAME}, how


def test_what_is_sealed_spills_nothing() -> None:
    assert list(spilt(Capture(1, "cs/1/u/box/c", framed(bytes(range(256)))), (NAME, PHONE))) == []
