"""Both ends of the feed, case by case: what an event changes, and the messages at their edges."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Any

import pytest

from edge.model.feed_item import BUCKETS, Change, Cursor, Item, Shadow
from sync.core import MessageError, feed, wire
from sync.core.feed import (
    READ_AHEAD,
    Apply,
    BoxFeed,
    ChangesApplied,
    Head,
    Keep,
    MessageArrived,
    Note,
    SendAsk,
    SessionClosed,
    SessionOpened,
    Tick,
    step,
)
from sync.core.feed_messages import (
    Ask,
    Batch,
    Chunk,
    Reflects,
    decode_ask,
    encode_ask,
    is_ask,
    parts_of,
    read,
)

ANSWER, IDLE, LONGEST = 30_000, 6 * 3_600_000, 15 * 60_000
SUMS = tuple(range(BUCKETS))


@dataclass
class Held:
    """What the box's file says."""

    at: Cursor = Cursor(7, 40)
    part: Shadow | None = None

    def cursor(self) -> Cursor:
        return self.at

    def shadow(self) -> Shadow | None:
        return self.part


BUSY = BoxFeed(True, Ask(7, 39), 9_000, 2, SUMS, frozenset({3}), 1)
AT_REST = BoxFeed(True, None, 9_000)


def asked(before: BoxFeed, ask: Ask, now_ms: int) -> BoxFeed:
    wait = min(ANSWER * 2**before.tries, LONGEST)
    return replace(before, asked=ask, due_ms=now_ms + wait, expected=None)


# --- the box ----------------------------------------------------------------------------------


def test_a_session_begins_by_asking_from_the_cursor_and_forgets_the_last() -> None:
    ask = Ask(7, 40)
    after, effects = step(BUSY, SessionOpened(100), Held())
    assert (after, effects) == (asked(BoxFeed(open=True), ask, 100), (SendAsk(ask),))
    assert step(BUSY, SessionClosed(100), Held()) == (BoxFeed(), ())


def test_a_snapshot_that_was_begun_is_gone_on_with() -> None:
    part = Shadow(7, 50, None, "k")
    ask = Ask(7, 40, part=part)
    after, effects = step(BUSY, Tick(9_000), Held(part=part))
    assert after == asked(replace(BUSY, tries=3), ask, 9_000)
    assert effects == (SendAsk(ask),)


def test_what_differs_is_asked_for_by_its_lowest_bucket() -> None:
    before = replace(BUSY, wrong=frozenset({9, 4}))
    ask = Ask(7, 40, part=Shadow(7, 0, 4, ""))
    assert step(before, Tick(9_000), Held())[1] == (SendAsk(ask),)


def test_a_tick_counts_only_in_its_time_and_in_a_session() -> None:
    for before in (BUSY, replace(BUSY, open=False), replace(BUSY, due_ms=None)):
        assert step(before, Tick(8_999), Held()) == (before, ())
        if not before.open or before.due_ms is None:
            assert step(before, Tick(10**9), Held()) == (before, ())


@pytest.mark.parametrize("tries", range(14))
def test_waits_double_to_a_quarter_of_an_hour(tries: int) -> None:
    after, _ = step(replace(BUSY, tries=tries), Tick(9_000), Held())
    assert after.due_ms == 9_000 + min(ANSWER * 2 ** (tries + 1), LONGEST)
    assert after.tries == tries + 1


BATCH = Batch(7, 40, 45, (), SUMS)


def test_a_batch_onto_the_cursor_is_applied() -> None:
    for before in (BUSY, AT_REST):  # an answer, and a push
        after, effects = step(before, MessageArrived(500, BATCH), Held())
        assert after == replace(before, expected=SUMS, due_ms=500 + ANSWER)
        assert effects == (Apply(BATCH),)


def test_any_other_batch_is_passed_over() -> None:
    closed = replace(BUSY, open=False)
    assert step(closed, MessageArrived(500, BATCH), Held()) == (closed, ())
    shadowed = Held(part=Shadow(7, 50, None, "k"))
    assert step(BUSY, MessageArrived(500, BATCH), shadowed) == (BUSY, ())
    for other in (replace(BATCH, epoch=8), replace(BATCH, start=41), replace(BATCH, start=39)):
        assert step(BUSY, MessageArrived(500, other), Held()) == (BUSY, ())


def keeps(before: BoxFeed, chunk: Chunk, held: Held) -> bool:
    after, effects = step(before, MessageArrived(500, chunk), held)
    if effects:
        assert effects == (Keep(chunk),)
        assert after == replace(before, expected=None, due_ms=500 + ANSWER)
    else:
        assert after == before
    return bool(effects)


def test_a_chunk_counts_only_when_something_was_asked() -> None:
    chunk = Chunk(Shadow(8, 50, None, ""), (), None)
    assert keeps(BUSY, chunk, Held())
    assert not keeps(replace(BUSY, open=False), chunk, Held())
    assert not keeps(AT_REST, chunk, Held())


def test_a_chunk_goes_on_with_the_snapshot_or_begins_another() -> None:
    part = Shadow(8, 50, None, "k")
    held = Held(part=part)
    assert keeps(BUSY, Chunk(part, (), None), held)
    for other in (replace(part, after="j"), replace(part, epoch=9), replace(part, as_of=51)):
        assert not keeps(BUSY, Chunk(other, (), None), held)
    assert not keeps(BUSY, Chunk(replace(part, after=""), (), None), held)  # the same, once more
    assert keeps(BUSY, Chunk(Shadow(8, 51, None, ""), (), None), held)
    assert keeps(BUSY, Chunk(Shadow(9, 50, None, ""), (), None), held)
    assert keeps(BUSY, Chunk(Shadow(8, 50, None, ""), (), None), Held(part=replace(part, bucket=3)))
    assert not keeps(BUSY, Chunk(part, (), None), Held())  # its beginning is not here


def test_a_bucket_begins_only_as_it_was_asked_for_and_not_older_than_the_replica() -> None:
    before = replace(BUSY, asked=Ask(7, 40, part=Shadow(7, 0, 3, "")))
    assert keeps(before, Chunk(Shadow(7, 40, 3, ""), (), None), Held())
    assert keeps(before, Chunk(Shadow(7, 41, 3, ""), (), None), Held())
    for other in (Shadow(7, 39, 3, ""), Shadow(8, 40, 3, ""), Shadow(7, 40, 4, "")):
        assert not keeps(before, Chunk(other, (), None), Held())
    assert not keeps(BUSY, Chunk(Shadow(7, 40, 3, ""), (), None), Held())
    begun = Held(part=Shadow(7, 40, 3, "k"))
    assert not keeps(before, Chunk(Shadow(7, 41, 3, ""), (), None), begun)


def test_when_all_sums_agree_the_box_says_so_and_rests() -> None:
    after, effects = step(BUSY, ChangesApplied(500, SUMS), Held())
    rest = BoxFeed(True, None, 500 + IDLE, 0, None, frozenset(), 0)
    assert (after, effects) == (rest, (SendAsk(Ask(7, 40, rest=True)),))
    closed = replace(BUSY, open=False)
    assert step(closed, ChangesApplied(500, SUMS), Held()) == (closed, ())


def test_a_bucket_that_differs_is_fetched_anew_three_times_at_most() -> None:
    sums = (*SUMS[:5], 99, *SUMS[6:-1], 98)
    wrong = frozenset({5, BUCKETS - 1})
    text = f"the replica differs from the hospital's in buckets [5, {BUCKETS - 1}]"
    for repairs in (0, 1, 2):
        before = replace(BUSY, repairs=repairs)
        after, effects = step(before, ChangesApplied(500, sums), Held())
        ask = Ask(7, 40, part=Shadow(7, 0, 5, ""))
        known = replace(before, tries=0, wrong=wrong, repairs=repairs + 1)
        assert (after, effects) == (asked(known, ask, 500), (Note(text), SendAsk(ask)))
    before = replace(BUSY, repairs=3)
    after, effects = step(before, ChangesApplied(500, sums), Held())
    assert after == BoxFeed(True, None, 500 + IDLE, 0, None, wrong, 3)
    assert effects == (Note(f"{text}; repairing it did not help"),)


def test_after_a_part_the_rest_is_asked_for() -> None:
    many = replace(BUSY, expected=None, wrong=frozenset({3, 5}))
    part = Shadow(7, 0, 3, "")
    before = replace(many, asked=Ask(7, 40, part=part))
    after, effects = step(before, ChangesApplied(500, SUMS), Held(part=replace(part, after="k")))
    assert after.wrong == {3, 5}
    after, effects = step(before, ChangesApplied(500, SUMS), Held())
    assert (after.wrong, after.tries) == ({5}, 0)
    assert effects == (SendAsk(Ask(7, 40, part=Shadow(7, 0, 5, ""))),)
    for whole in (Ask(7, 40), Ask(7, 40, part=Shadow(7, 0, None, "")), None):
        before = replace(many, asked=whole)
        after, effects = step(before, ChangesApplied(500, SUMS), Held())
        assert (after.wrong, effects) == (frozenset(), (SendAsk(Ask(7, 40)),))


# --- the hospital -----------------------------------------------------------------------------

REFLECTS = Reflects(3, {"c": 9})


@dataclass
class Clinic:
    """A clinic's feed: versions 11 to `ver`, removals known since version 10."""

    ver: int = 30
    changes: list[Change] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.changes = [Change(v, "reply", f"r{v}", v, {"n": v}) for v in range(11, self.ver + 1)]

    def head(self) -> Head:
        return Head(7, self.ver, 10)

    def since(self, ver: int, limit: int) -> Sequence[Change]:
        return [c for c in self.changes if c.ver > ver][:limit]

    def scan(self, bucket: int | None, after: str, limit: int) -> Sequence[Item]:
        items = [Item(c.entity, c.id, c.rev, c.body or {}) for c in self.changes]
        found = [i for i in items if bucket is None or i.rev % 2 == bucket]
        return sorted((i for i in found if i.key > after), key=lambda i: i.key)[:limit]

    def sums(self) -> tuple[int, ...]:
        return SUMS


def answered(ask: Ask, source: Clinic | None = None, weigh: Any = lambda parts: 1) -> Any:
    return feed.answer(ask, source or Clinic(), REFLECTS, weigh)


def test_who_has_everything_gets_a_batch_or_nothing_when_at_rest() -> None:
    assert answered(Ask(7, 30)) == Batch(7, 30, 30, (), SUMS, REFLECTS)
    assert answered(Ask(7, 30, rest=True)) is None
    assert answered(Ask(7, 29, rest=True)).end == 30


@pytest.mark.parametrize("ver", [10, 11, 29])
def test_changes_go_from_where_the_box_is(ver: int) -> None:
    batch = answered(Ask(7, ver))
    assert (batch.start, batch.end, batch.sums, batch.reflects) == (ver, 30, SUMS, REFLECTS)
    assert [c.ver for c in batch.changes] == list(range(ver + 1, 31))


@pytest.mark.parametrize("ask", [Ask(6, 30), Ask(8, 30), Ask(7, 9), Ask(7, 31), Ask(7, 31, True)])
def test_who_is_elsewhere_gets_a_snapshot(ask: Ask) -> None:
    chunk = answered(ask)
    assert chunk.at == Shadow(7, 30, None, "")
    assert (len(chunk.items), chunk.next) == (20, None)


def test_as_much_goes_as_fits_and_at_least_one() -> None:
    assert len(answered(Ask(7, 10), weigh=lambda parts: 100 * len(parts[4])).changes) == 20
    batch = answered(Ask(7, 10), weigh=lambda parts: 400 * len(parts[4]))
    assert 5 <= len(batch.changes) <= 9
    assert (batch.end, batch.sums, batch.reflects) == (10 + len(batch.changes), None, None)
    one = answered(Ask(7, 10), weigh=lambda parts: 100_000 * len(parts[4]))
    assert [c.ver for c in one.changes] == [11]
    exact = answered(Ask(7, 10), weigh=lambda parts: 190 * len(parts[4]))
    assert len(exact.changes) == 20
    assert len(answered(Ask(7, 10), weigh=lambda parts: 191 * len(parts[4])).changes) < 20


def test_what_is_read_ahead_is_not_taken_for_all() -> None:
    full = Clinic(10 + READ_AHEAD)
    batch = answered(Ask(7, 10), full)
    assert (batch.end, batch.sums, len(batch.changes)) == (210, None, READ_AHEAD)
    assert answered(Ask(7, 11), full).sums == SUMS
    chunk = answered(Ask(1, 0), full)
    assert (len(chunk.items), chunk.next) == (READ_AHEAD, chunk.items[-1].key)


def test_a_snapshot_goes_on_where_it_was_or_begins_anew() -> None:
    def piece(part: Shadow) -> Chunk:
        found: Chunk = answered(Ask(7, 30, part=part), weigh=lambda p: 500 * len(p[2]))
        return found

    first = piece(Shadow(7, 0, 1, ""))
    assert first.at == Shadow(7, 30, 1, "")
    assert first.next == first.items[-1].key
    second = piece(Shadow(7, 12, 1, first.next))
    assert second.at == Shadow(7, 12, 1, first.next)
    assert second.items[0].key > first.next
    for gone in (Shadow(6, 20, None, "k"), Shadow(7, 9, None, "k"), Shadow(7, 31, None, "k")):
        assert piece(gone).at == Shadow(7, 30, None, "")
    assert piece(Shadow(7, 0, None, "")).at == Shadow(7, 30, None, "")
    assert piece(Shadow(7, 10, None, "reply/r2")).at == Shadow(7, 10, None, "reply/r2")
    assert piece(Shadow(7, 0, 1, "reply/r2")).at == Shadow(7, 30, None, "")


def test_what_a_box_asks_next_follows_from_the_answer() -> None:
    ask = Ask(7, 10)
    assert feed.after(ask, Batch(7, 10, 30, (), SUMS, REFLECTS)) is None
    assert feed.after(ask, Batch(7, 10, 20, ())) == Ask(7, 20)
    at = Shadow(7, 30, None, "")
    assert feed.after(ask, Chunk(at, (), "k")) == replace(ask, part=replace(at, after="k"))
    assert feed.after(ask, Chunk(at, (), None)) == Ask(7, 30)
    part = Ask(7, 10, part=Shadow(7, 0, 3, ""))
    assert feed.after(part, Chunk(replace(at, bucket=3), (), None)) == Ask(7, 10)


# --- messages ---------------------------------------------------------------------------------


def test_an_ask_is_read_as_it_was_written() -> None:
    for part in (None, Shadow(2**63 - 1, 5, 3, "k"), Shadow(1, 0, None, "x" * 200)):
        for rest in (False, True):
            ask = Ask(2**63 - 1, 5, rest, part)
            assert decode_ask(encode_ask(ask)) == ask
            assert is_ask(encode_ask(ask))
    assert not is_ask(wire.dump([17, 0, 0, False, None]))
    good = [16, 7, 5, False, None]
    bad = [[17, 7, 5, False, None], [16, 7, 5, 0, None], [16, 7, -1, False, None], good[:4]]
    for number in (BUCKETS, -1):
        bad.append([16, 7, 5, False, [7, 0, number, ""]])
    bad.append([16, 7, 5, False, [7, 0, None, "x" * 201]])
    bad.append([16, 7, 5, False, [7, 0, None]])
    for items in bad:
        with pytest.raises(MessageError):
            decode_ask(wire.dump(items))
    assert decode_ask(wire.dump([16, 7, 5, False, [7, 0, BUCKETS - 1, ""]])).part is not None


ROW = [12, "reply", "r1", 3, {"a": [1, None, {"b": True}]}]


def batch(**more: object) -> list[object]:
    made = {
        "kind": 17,
        "epoch": 7,
        "start": 10,
        "end": 20,
        "rows": [ROW],
        "sums": None,
        "seen": None,
    }
    return list((made | more).values())


@pytest.mark.parametrize(
    "message",
    [
        Batch(7, 10, 20, (Change(12, "reply", "r1", 3, {"a": 1}), Change(20, "x", "y", 0, None))),
        Batch(7, 10, 10, (), SUMS, Reflects(3, {"a": 1, "c": 9})),
        Chunk(Shadow(7, 20, None, ""), (Item("reply", "r1", 3, {"a": None}),), "reply/r1"),
        Chunk(Shadow(7, 20, 3, "k"), (), None),
    ],
)
def test_a_message_is_read_as_it_was_written(message: Batch | Chunk) -> None:
    assert read(parts_of(message)) == message
    assert parts_of(message)[0] == (17 if isinstance(message, Batch) else 18)


@pytest.mark.parametrize(
    "parts",
    [
        batch(kind=19),
        batch()[:-1],
        [18, [7, 20, None, ""], []],
        batch(start=21),
        batch(rows=[ROW, ROW]),
        batch(rows=[[13, *ROW[1:]], ROW]),
        batch(rows=[[10, *ROW[1:]]]),
        batch(rows=[[21, *ROW[1:]]]),
        batch(rows=[ROW[:4]]),
        batch(rows=[[12, "", "r1", 3, {}]]),
        batch(rows=[[12, "a/b", "r1", 3, {}]]),
        batch(rows=[[12, "reply", "x" * 100, 3, {}]]),
        batch(rows=[[12, "reply", "r1", 3, {1: 2}]]),
        batch(rows=[[12, "reply", "r1", 3, {"a": {"b": {1: 2}}}]]),
        batch(rows=[[12, "reply", "r1", 3, {"a": [1, [1.5]]}]]),
        batch(rows=[[12, "reply", "r1", 3, {"a": b"x"}]]),
        batch(rows=[[n, "reply", "r1", 3, None] for n in range(11, 512)], end=600),
        batch(sums=bytes(8 * BUCKETS - 1)),
        batch(seen=[3]),
        batch(seen=[3, {"c": 9}, 1]),
        batch(seen=[3, {chr(97 + n): n for n in range(26)} | {"A": 1, "B": 2, "C": 3, "D": 4}]),
        [18, [7, 20, BUCKETS, ""], [], None],
        [18, [7, 20, None, ""], [["reply", "r1", 3]], None],
        [18, [7, 20, None, ""], [["reply", "r1", 3, None]], None],
        [18, [7, 20, None, ""], [], "x" * 201],
    ],
)
def test_a_message_out_of_bounds_is_refused(parts: list[object]) -> None:
    with pytest.raises(MessageError):
        read(parts)


def test_a_message_at_its_bounds_is_read() -> None:
    assert isinstance(read(batch()), Batch)
    many = [[n, "x" * 99, "r", 3, None] for n in range(11, 511)]
    assert len(read(batch(rows=many, end=510)).changes) == 500  # type: ignore[union-attr]
    whole = read(batch(sums=bytes(range(8)) * BUCKETS, start=20, rows=[]))
    assert whole.sums == (0x0001020304050607,) * BUCKETS  # type: ignore[union-attr]
