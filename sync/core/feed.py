"""The feed, both ends: one clinic's changes in order, as pure functions.

The hospital numbers every change of what a clinic may know (`ver`) and keeps the newest state of
each item. The box asks from its version on and receives the changes since, one frame at a time:

    CLOSED --Opened--> ASKING --BATCH onto our cursor--> applied --sums agree--> AT REST
                          ^                                 |                       |
                          +---- more to come ---------------+     a pushed BATCH ---+
                          +---- a bucket differs: fetch that bucket anew
                          +---- CHUNK (another feed epoch, or we are too far behind): a snapshot

`ChangesApplied` must follow an `Apply` or a `Keep` that was committed, rows and cursor in one
durable transaction. Nothing in a session is durable: after a crash it begins from what the replica
holds.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol, assert_never

from edge.model.feed_item import Change, Cursor, Item, Shadow
from sync.core import wire
from sync.core.feed_messages import Ask, Batch, Chunk, FeedMessage, Reflects, parts_of

ANSWER_MS = 30_000
PATIENCE_MS = 15 * 60_000
IDLE_MS = 6 * 3_600_000
"""A box at rest asks again after this long: a push may be lost, a replica may rot."""
REPAIRS = 3
"""So many rounds of repair in a session; more would mean that the two ends count differently."""
READ_AHEAD = 200
FRAME_BUDGET = 3_800
"""What a message may weigh to fit a sealed frame of 4 KB."""


class Replica(Protocol):
    """What the box's end may ask the box's file."""

    def cursor(self) -> Cursor:
        """Return how far the replica is."""

    def shadow(self) -> Shadow | None:
        """Return the snapshot being taken, if there is one."""


@dataclass(frozen=True, slots=True)
class BoxFeed:
    """All that the box remembers of the feed in a session.

    `asked` awaits an answer, `expected` are the sums that the replica should now have, `wrong`
    the buckets that differed.
    """

    open: bool = False
    asked: Ask | None = None
    due_ms: int | None = None
    tries: int = 0
    expected: tuple[int, ...] | None = None
    wrong: frozenset[int] = field(default_factory=frozenset)
    repairs: int = 0


# --- events -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SessionOpened:
    """A session is streaming: asks will reach the hospital."""

    now_ms: int


@dataclass(frozen=True, slots=True)
class SessionClosed:
    """The session is over."""

    now_ms: int


@dataclass(frozen=True, slots=True)
class MessageArrived:
    """A message that the hospital sealed for this box in this session."""

    now_ms: int
    message: FeedMessage


@dataclass(frozen=True, slots=True)
class ChangesApplied:
    """What was to be applied or kept is committed; the replica now has these sums."""

    now_ms: int
    sums: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Tick:
    """Time passed; superfluous ticks do nothing."""

    now_ms: int


Event = SessionOpened | SessionClosed | MessageArrived | ChangesApplied | Tick

# --- effects ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class SendAsk:
    """Seal and publish an ASK in lane "h" of this session."""

    ask: Ask


@dataclass(frozen=True, slots=True)
class Apply:
    """Apply the changes and move the cursor to the batch's end, in one transaction."""

    batch: Batch


@dataclass(frozen=True, slots=True)
class Keep:
    """Keep a chunk beside the replica (the first one: instead of what is there), in one
    transaction; with the last one the snapshot replaces what it is of, cursor included."""

    chunk: Chunk


@dataclass(frozen=True, slots=True)
class Note:
    """Something for the log."""

    text: str


Effect = SendAsk | Apply | Keep | Note
Step = tuple[BoxFeed, tuple[Effect, ...]]


# --- the box's end ----------------------------------------------------------------------------


def step(feed: BoxFeed, event: Event, replica: Replica) -> Step:
    """Return the next state and what to do."""
    match event:
        case SessionOpened(now_ms):
            return _ask(BoxFeed(open=True), replica, now_ms)
        case SessionClosed():
            return BoxFeed(), ()
        case MessageArrived(now_ms, message):
            return _on_message(feed, message, replica, now_ms)
        case ChangesApplied(now_ms, sums):
            return _applied(feed, sums, replica, now_ms)
        case Tick(now_ms):
            return _tick(feed, replica, now_ms)
        case _:
            assert_never(event)


def _ask(feed: BoxFeed, replica: Replica, now_ms: int) -> Step:
    at, part = replica.cursor(), replica.shadow()
    if part is None and feed.wrong:
        part = Shadow(at.epoch, 0, min(feed.wrong), "")
    return _send(feed, Ask(at.epoch, at.ver, part=part), now_ms)


def _send(feed: BoxFeed, ask: Ask, now_ms: int) -> Step:
    wait = min(ANSWER_MS << min(feed.tries, 10), PATIENCE_MS)
    return replace(feed, asked=ask, due_ms=now_ms + wait, expected=None), (SendAsk(ask),)


def _rest(feed: BoxFeed, now_ms: int) -> BoxFeed:
    return replace(feed, asked=None, due_ms=now_ms + IDLE_MS, tries=0, expected=None)


def _on_message(feed: BoxFeed, message: FeedMessage, replica: Replica, now_ms: int) -> Step:
    if isinstance(message, Batch):
        return _batch(feed, message, replica, now_ms)
    return _chunk(feed, message, replica, now_ms)


def _batch(feed: BoxFeed, batch: Batch, replica: Replica, now_ms: int) -> Step:
    onto = Cursor(batch.epoch, batch.start)
    if not feed.open or replica.shadow() is not None or onto != replica.cursor():
        return feed, ()  # a repeat, or an answer that something else has overtaken
    waiting = replace(feed, expected=batch.sums, due_ms=now_ms + ANSWER_MS)
    return waiting, (Apply(batch),)


def _chunk(feed: BoxFeed, chunk: Chunk, replica: Replica, now_ms: int) -> Step:
    if not feed.open or feed.asked is None:
        return feed, ()
    if not _continues(chunk, replica.shadow()) and not _begins(feed.asked, chunk, replica):
        return feed, ()
    return replace(feed, expected=None, due_ms=now_ms + ANSWER_MS), (Keep(chunk),)


def _continues(chunk: Chunk, shadow: Shadow | None) -> bool:
    return shadow is not None and chunk.at == shadow


def _begins(asked: Ask, chunk: Chunk, replica: Replica) -> bool:
    if chunk.at.after:
        return False
    shadow, cursor = replica.shadow(), replica.cursor()
    if chunk.at.bucket is not None:
        wanted = asked.part is not None and asked.part.bucket == chunk.at.bucket
        return wanted and shadow is None and _is_of(chunk, cursor)
    if shadow is None or shadow.bucket is not None:
        return True
    return (chunk.at.epoch, chunk.at.as_of) != (shadow.epoch, shadow.as_of)


def _is_of(chunk: Chunk, cursor: Cursor) -> bool:
    return chunk.at.epoch == cursor.epoch and chunk.at.as_of >= cursor.ver


def _applied(feed: BoxFeed, sums: tuple[int, ...], replica: Replica, now_ms: int) -> Step:
    if not feed.open:
        return feed, ()
    feed = replace(feed, tries=0)
    if feed.expected is None:
        return _ask(_fetched(feed) if replica.shadow() is None else feed, replica, now_ms)
    expected = feed.expected
    wrong = frozenset(n for n, s in enumerate(expected) if s != sums[n])
    if not wrong:
        return _acknowledge(replace(feed, wrong=wrong, repairs=0), replica, now_ms)
    return _repair(replace(feed, wrong=wrong), replica, now_ms)


def _fetched(feed: BoxFeed) -> BoxFeed:
    """Strike out the bucket that has just been fetched anew, or all when everything was."""
    part = feed.asked.part if feed.asked else None
    left = feed.wrong - {part.bucket} if part and part.bucket is not None else ()
    return replace(feed, wrong=frozenset(left))


def _acknowledge(feed: BoxFeed, replica: Replica, now_ms: int) -> Step:
    at = replica.cursor()
    return _rest(feed, now_ms), (SendAsk(Ask(at.epoch, at.ver, rest=True)),)


def _repair(feed: BoxFeed, replica: Replica, now_ms: int) -> Step:
    text = f"the replica differs from the hospital's in buckets {sorted(feed.wrong)}"
    if feed.repairs >= REPAIRS:
        return _rest(feed, now_ms), (Note(f"{text}; repairing it did not help"),)
    after, effects = _ask(replace(feed, repairs=feed.repairs + 1), replica, now_ms)
    return after, (Note(text), *effects)


def _tick(feed: BoxFeed, replica: Replica, now_ms: int) -> Step:
    if not feed.open or feed.due_ms is None or now_ms < feed.due_ms:
        return feed, ()
    return _ask(replace(feed, tries=feed.tries + 1), replica, now_ms)


# --- the hospital's end -----------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Head:
    """A clinic's feed now: its epoch, its newest version, and since when all removals are known."""

    epoch: int
    ver: int
    floor: int = 0


class Source(Protocol):
    """What the hospital's end may ask the archive, all of it as of one moment."""

    def head(self) -> Head:
        """Return where the clinic's feed is."""

    def since(self, ver: int, limit: int) -> Sequence[Change]:
        """Return changes after `ver`, in their order."""

    def scan(self, bucket: int | None, after: str, limit: int) -> Sequence[Item]:
        """Return items after a key, in an order that does not change."""

    def sums(self) -> tuple[int, ...]:
        """Return the sum of every bucket."""


Weigh = Callable[[list[object]], int]
"""Returns how many bytes a message takes on the link."""


def answer(
    ask: Ask, source: Source, reflects: Reflects, weigh: Weigh = lambda p: len(wire.dump(p))
) -> FeedMessage | None:
    """Return the answer to an ask; None when the box has everything and asks for nothing."""
    head = source.head()
    anew = Shadow(head.epoch, head.ver, None, "")
    if ask.part is not None:
        return _piece(head, ask.part if _holds(head, ask.part) else anew, source, weigh)
    if ask.epoch != head.epoch or not head.floor <= ask.ver <= head.ver:
        return _piece(head, anew, source, weigh)
    if ask.rest and ask.ver == head.ver:
        return None
    return batch(head, ask.ver, source, reflects, weigh)


def after(ask: Ask, answer: FeedMessage) -> Ask | None:
    """Return what a box asks when it has applied the answer to an ask; None: it has everything."""
    if isinstance(answer, Batch):
        return None if answer.sums is not None else Ask(answer.epoch, answer.end)
    if answer.next is not None:
        return replace(ask, part=replace(answer.at, after=answer.next))
    at = answer.at
    return Ask(at.epoch, at.as_of) if at.bucket is None else replace(ask, part=None)


def batch(head: Head, start: int, source: Source, reflects: Reflects, weigh: Weigh) -> Batch:
    """Return the next changes after `start`, as many as fit one frame."""
    found = source.since(start, READ_AHEAD)
    n = _fit(lambda k: parts_of(_cut(head, start, found, k, source, reflects)), len(found), weigh)
    return _cut(head, start, found, n, source, reflects)


def _cut(
    head: Head, start: int, found: Sequence[Change], n: int, source: Source, reflects: Reflects
) -> Batch:
    if n == len(found) < READ_AHEAD:
        return Batch(head.epoch, start, head.ver, tuple(found), source.sums(), reflects)
    return Batch(head.epoch, start, found[n - 1].ver, tuple(found[:n]))


def _holds(head: Head, part: Shadow) -> bool:
    begins = part.bucket is not None and part.as_of == 0 and not part.after
    return part.epoch == head.epoch and (begins or head.floor <= part.as_of <= head.ver)


def _piece(head: Head, part: Shadow, source: Source, weigh: Weigh) -> Chunk:
    at = replace(part, as_of=part.as_of if part.after else head.ver)
    found = source.scan(at.bucket, at.after, READ_AHEAD)
    n = _fit(lambda k: parts_of(_slice(at, found, k)), len(found), weigh)
    return _slice(at, found, n)


def _slice(at: Shadow, found: Sequence[Item], n: int) -> Chunk:
    last = n == len(found) < READ_AHEAD
    return Chunk(at, tuple(found[:n]), None if last else found[n - 1].key)


def _fit(parts: Callable[[int], list[object]], most: int, weigh: Weigh) -> int:
    """Return how many of `most` things fit one frame; at least one, however large it is."""
    n = most
    while n > 1 and (size := weigh(parts(n))) > FRAME_BUDGET:
        n = max(1, min(n - 1, n * FRAME_BUDGET * 9 // (size * 10)))
    return n
