"""The hospital's end of CS/1: one box's sessions and streams, as a pure function.

    UNKNOWN --first HELLO--> ACTIVE(epoch) --HELLO of a higher epoch, or a fork--> ACTIVE(epoch+k)

A frame is accepted, held until the gap before it closes, known already, or refused with a reason.
The answer is always the same kind of receipt: what is committed, and its chain.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import assert_never

from edge.model.entry import Lane, chain
from sync.core import messages
from sync.core.header import TOMBSTONE, Header
from sync.core.messages import Fence, Hello, Nack, Position, Receipt, Welcome

HELD_FRAMES = 8
ACTIVE = "active"
LANES = (Lane.ALERT.value, Lane.CLINICAL.value, Lane.FILES.value)

FOREIGN = "foreign box"
REPLAYED = "replayed hello"
UNKNOWN_LANE = "unknown lane"
FORK = "fork"
NOT_ADMITTED = "not admitted"


@dataclass(frozen=True, slots=True)
class WaitingFrame:
    """A frame that came before the ones it follows; held in memory only."""

    header: Header
    records: tuple[bytes, ...]


@dataclass(frozen=True, slots=True)
class HospitalBox:
    """What the hospital knows of one box: a cache of committed rows, and a few frames held.

    `streams` are those of the current epoch. Throw it away and load it again after a failed
    transaction. `generation` counts restores of the archive from a backup.
    """

    box_id: str
    epoch: int = 0
    nonce: bytes = bytes(messages.NONCE_BYTES)
    standing: str = ACTIVE
    generation: int = 0
    streams: Mapping[str, Position] = field(default_factory=dict)
    waiting: tuple[WaitingFrame, ...] = ()


# --- events -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class HelloArrived:
    """A verified HELLO. `seen` is whether the archive remembers its nonce for this box."""

    hello: Hello
    seen: bool
    utc_ms: int


@dataclass(frozen=True, slots=True)
class FrameArrived:
    """A verified frame; `records` is None when it could not be opened or unpacked."""

    header: Header
    records: Sequence[bytes] | None


@dataclass(frozen=True, slots=True)
class BackedUp:
    """The off-host backup now covers a lane of the current epoch up to `safe`."""

    lane: str
    safe: int
    safe_chain: bytes


Event = HelloArrived | FrameArrived | BackedUp

# --- effects ----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Admit:
    """Store the box's epoch and session nonce, and remember the nonce as seen."""

    epoch: int
    nonce: bytes


@dataclass(frozen=True, slots=True)
class Store:
    """Insert records by content id (a repeat is success) and move the stream to `cum`, `chain`."""

    lane: str
    epoch: int
    first_seq: int
    records: tuple[bytes, ...]
    cum: int
    chain: bytes


@dataclass(frozen=True, slots=True)
class KeepRaw:
    """Keep a row that nobody here can read as its sealed bytes, open a ticket, move the stream."""

    lane: str
    epoch: int
    seq: int
    chain: bytes


@dataclass(frozen=True, slots=True)
class Refuse:
    """Count and keep for inspection; nothing else changes."""

    reason: str


@dataclass(frozen=True, slots=True)
class Reply:
    """Sign and publish on the box's control channel, after the commit."""

    message: Welcome | Receipt | Fence | Nack


@dataclass(frozen=True, slots=True)
class Note:
    """Something for the log; "new epoch" twice in a day means a cloned box."""

    kind: str
    text: str


Effect = Admit | Store | KeepRaw | Refuse | Reply | Note
Step = tuple[HospitalBox, tuple[Effect, ...]]


def step(box: HospitalBox, event: Event) -> Step:
    """Return the next state and what to do: everything but replies in one transaction."""
    match event:
        case HelloArrived():
            return _hello(box, event)
        case FrameArrived():
            return _frame(box, event)
        case BackedUp():
            return _backed_up(box, event)
        case _:
            assert_never(event)


def receipt(box: HospitalBox, lane: str, gap: bool = False) -> Receipt:
    """Return the receipt that states a lane's custody now."""
    return Receipt(box.nonce, box.epoch, lane, place(box, lane), gap)


def place(box: HospitalBox, lane: str) -> Position:
    """Return a lane's custody in the current epoch."""
    return box.streams.get(lane, Position())


# --- HELLO ------------------------------------------------------------------------------------


def _hello(box: HospitalBox, event: HelloArrived) -> Step:
    hello = event.hello
    refusal = _unwelcome(box, hello)
    if refusal is not None:
        return box, (Refuse(refusal), Reply(Fence(hello.nonce, 0, refusal)))
    if hello.nonce == box.nonce and box.epoch:
        return box, (Reply(_repeat_answer(box, event)),)
    if event.seen:
        return box, (Refuse(REPLAYED),)
    if hello.fork or hello.epoch < box.epoch:
        return _new_epoch(box, hello)
    return _admit(box, event)


def _unwelcome(box: HospitalBox, hello: Hello) -> str | None:
    low, high = hello.protocols
    if box.standing != ACTIVE:
        return box.standing
    if not low <= messages.PROTOCOL <= high:
        return messages.UNSUPPORTED
    return NOT_ADMITTED if hello.epoch < 1 else None


def _repeat_answer(box: HospitalBox, event: HelloArrived) -> Welcome | Fence:
    """Answer a repeated HELLO as it was answered first: its first answer may be lost."""
    if event.hello.fork or event.hello.epoch < box.epoch:
        return Fence(box.nonce, box.epoch, messages.STALE_EPOCH)
    return _welcome(box, event.utc_ms)


def _new_epoch(box: HospitalBox, hello: Hello) -> Step:
    epoch = max(box.epoch, hello.epoch) + 1
    reason = messages.FORKED if hello.fork else messages.STALE_EPOCH
    after = replace(box, epoch=epoch, nonce=hello.nonce, streams={}, waiting=())
    note = Note("new epoch", f"{box.box_id}: {epoch} after {hello.epoch}, {reason}")
    return after, (Admit(epoch, hello.nonce), note, Reply(Fence(hello.nonce, epoch, reason)))


def _admit(box: HospitalBox, event: HelloArrived) -> Step:
    epoch, nonce = event.hello.epoch, event.hello.nonce
    streams = box.streams if epoch == box.epoch else {}
    after = replace(box, epoch=epoch, nonce=nonce, streams=streams, waiting=())
    return after, (Admit(epoch, nonce), Reply(_welcome(after, event.utc_ms)))


def _welcome(box: HospitalBox, utc_ms: int) -> Welcome:
    lanes = {lane: place(box, lane) for lane in LANES if lane in box.streams}
    return Welcome(box.nonce, box.epoch, lanes, utc_ms, box.generation)


# --- frames -----------------------------------------------------------------------------------


def _frame(box: HospitalBox, event: FrameArrived) -> Step:
    header = event.header
    refusal = _foreign(box, header)
    if refusal is not None:
        return box, (Refuse(refusal),)
    if header.epoch != box.epoch or header.nonce != box.nonce:
        return box, (Refuse(messages.STALE_SESSION), Reply(_nack(header, messages.STALE_SESSION)))
    at = place(box, header.lane)
    if header.last_seq <= at.cum:
        return box, (Reply(receipt(box, header.lane)),)
    records = event.records
    if records is None or len(records) != header.n:
        return _unreadable(box, header, at)
    if header.first_seq > at.cum + 1:
        return _hold(box, WaitingFrame(header, tuple(records)))
    return _accept(box, WaitingFrame(header, tuple(records)))


def _foreign(box: HospitalBox, header: Header) -> str | None:
    if header.box_id != box.box_id:
        return FOREIGN
    if box.standing != ACTIVE:
        return box.standing
    return None if header.lane in LANES else UNKNOWN_LANE


def _nack(header: Header, reason: str) -> Nack:
    return Nack(header.nonce, header.lane, header.first_seq, header.n, reason)


def _unreadable(box: HospitalBox, header: Header, at: Position) -> Step:
    """Ask for single rows; a single row that stays unreadable is kept raw and passed.

    The signature was good, so sending the same bytes again could not help.
    """
    if header.first_seq != at.cum + 1:
        return box, (Refuse(messages.UNREADABLE), Reply(receipt(box, header.lane, gap=True)))
    if header.end_chain is None:
        nack = _nack(header, messages.UNREADABLE)
        return box, (Refuse(messages.UNREADABLE), Reply(nack))
    if header.prev_chain != at.chain:
        return box, (Refuse(FORK), Reply(receipt(box, header.lane)))
    kept = KeepRaw(header.lane, header.epoch, header.first_seq, header.end_chain)
    after = _move(box, header.lane, header.first_seq, header.end_chain)
    return _append_waiting(after, header.lane, (kept,))


def _hold(box: HospitalBox, frame: WaitingFrame) -> Step:
    header = frame.header
    known = any(
        w.header.lane == header.lane and w.header.first_seq == header.first_seq for w in box.waiting
    )
    answer = Reply(receipt(box, header.lane, gap=True))
    if known or len(box.waiting) >= HELD_FRAMES:
        return box, (answer,)
    return replace(box, waiting=(*box.waiting, frame)), (answer,)


def _accept(box: HospitalBox, frame: WaitingFrame) -> Step:
    stored = _append(box, frame)
    if stored is None:
        return box, (Refuse(FORK), Reply(receipt(box, frame.header.lane)))
    after = _move(box, stored.lane, stored.cum, stored.chain)
    return _append_waiting(after, stored.lane, (stored,))


def _append(box: HospitalBox, frame: WaitingFrame) -> Store | None:
    """Return the new part of a frame, or None when it does not continue this stream.

    A frame may begin with records that are here already, as a repeat after a lost receipt does;
    then the chain computed through them must pass through the chain held here.
    """
    header, at = frame.header, place(box, frame.header.lane)
    known = at.cum + 1 - header.first_seq
    link = header.prev_chain
    for record in frame.records[:known]:
        link = chain(link, record)
    if link != at.chain:
        return None
    for record in frame.records[known:]:
        link = chain(link, record)
    if header.end_chain is not None and header.flags & TOMBSTONE:
        link = header.end_chain  # the chain of the record that the tombstone stands for
    new = frame.records[known:]
    return Store(header.lane, header.epoch, at.cum + 1, new, header.last_seq, link)


def _append_waiting(box: HospitalBox, lane: str, effects: tuple[Effect, ...]) -> Step:
    """Append the frames that waited for the gap that just closed, with one receipt for all."""
    ready = _ready(box, lane)
    while ready is not None:
        box = replace(box, waiting=tuple(w for w in box.waiting if w is not ready))
        stored = _append(box, ready)
        if stored is not None:
            effects = (*effects, stored)
            box = _move(box, lane, stored.cum, stored.chain)
        ready = _ready(box, lane)
    done = place(box, lane).cum
    left = tuple(w for w in box.waiting if w.header.lane != lane or w.header.last_seq > done)
    box = replace(box, waiting=left) if left != box.waiting else box
    return box, (*effects, Reply(receipt(box, lane)))


def _ready(box: HospitalBox, lane: str) -> WaitingFrame | None:
    cum = place(box, lane).cum
    for frame in box.waiting:
        header = frame.header
        if header.lane == lane and header.first_seq <= cum + 1 <= header.last_seq:
            return frame
    return None


def _move(box: HospitalBox, lane: str, cum: int, link: bytes) -> HospitalBox:
    at = replace(place(box, lane), cum=cum, chain=link)
    return replace(box, streams={**box.streams, lane: at})


def _backed_up(box: HospitalBox, event: BackedUp) -> Step:
    at = place(box, event.lane)
    if not at.safe < event.safe <= at.cum:
        return box, ()
    at = replace(at, safe=event.safe, safe_chain=event.safe_chain)
    after = replace(box, streams={**box.streams, event.lane: at})
    return after, (Reply(receipt(after, event.lane)),)
