"""Records by hand: the box writes a bundle of what waits, and reads the hospital's answer.

To the protocol a stick is a session of its own, named by a nonce that the box remembers: an answer
is believed only when it is signed by the hospital, names such a session, and its chains are ours.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path

from edge import conditions, outbox, poison, sticks
from edge.clock import Stamp
from edge.entry import Lane
from edge.store import Store
from sync import bundle
from sync.bundle import Bundle, BundleError
from sync.commands import obey
from sync.core import MessageError, box, decode_down, encode, hello, hello_header
from sync.core.command import CHANNEL as COMMANDS
from sync.core.messages import DownMessage, Fence, Position, Receipt, Welcome
from sync.core.session import SendFrame, SendHello
from sync.envelope import EnvelopeError, manifest_holds, open_down, seal_up, sign_manifest
from sync.membership import Membership
from sync.sealing import seal_records
from sync.store_outbox import StoreOutbox

BY_HAND = {"by": "hand"}
FRAMES = 10_000
"""So many frames of up to 4 KB and one row each make no bundle too large."""


@dataclass(frozen=True, slots=True)
class Written:
    """What went onto the stick."""

    file: Path
    records: int
    size: int


@dataclass(frozen=True, slots=True)
class Answered:
    """What the hospital's answer changed: records confirmed by it, and a new epoch if any."""

    confirmed: int
    epoch: int | None


def write(store: Store, member: Membership, now: Stamp, folder: Path) -> Written:
    """Write everything that waits, as far as one bundle holds it; raises `BundleError`."""
    nonce = os.urandom(8)
    queue = StoreOutbox(store)
    fork = conditions.is_noted(store, outbox.DIFFERS)
    greeting = hello(queue, SendHello(nonce, fork), BY_HAND)
    header = hello_header(member.box_id, nonce, greeting.epoch)
    frames = [seal_up(header, encode(greeting), member.keys, member.hospital)]
    records = 0
    for lane in () if fork else queue.lanes():
        records += _fill(store, member, now, (nonce, lane), frames)
    made = Bundle(bundle.UP, member.box_id, nonce, max(0, now.wall_ms), tuple(frames))
    data = bundle.encode(made, lambda body: sign_manifest(body, member.keys.sign))
    file = bundle.write_file(folder, bundle.file_name(member.box_id, bundle.UP), data)
    sticks.remember(store, now, nonce, greeting.epoch)
    return Written(file, records, len(data))


def read(store: Store, member: Membership, now: Stamp, folder: Path) -> Answered:
    """Take in the hospital's answer; raises `BundleError`. A second time nothing changes."""
    data = bundle.read_file(folder / bundle.file_name(member.box_id, bundle.DOWN))
    came = bundle.decode(
        data, bundle.DOWN, lambda body, mark: manifest_holds(body, mark, member.hospital.sign)
    )
    if came.box_id != member.box_id:
        raise BundleError(f"this answer is for box {came.box_id}")
    if not sticks.knows(store, came.nonce):
        raise BundleError("this answer belongs to a bundle that this box does not remember")
    before = outbox.ledger(store).confirmed
    epoch = None
    for message in _messages(store, member, now, came):
        epoch = _take(store, now, message) or epoch
    return Answered(max(0, outbox.ledger(store).confirmed - before), epoch)


def _fill(
    store: Store, member: Membership, now: Stamp, place: tuple[bytes, str], frames: list[bytes]
) -> int:
    """Append the frames of a lane's waiting records; return how many records they carry."""
    nonce, lane = place
    queue = StoreOutbox(store)
    held = queue.held(lane)
    first = held.cum + 1

    def poisoned(seq: int, why: str) -> None:
        poison.note(store, now, Lane(lane), seq, why)

    while first <= held.last and len(frames) < FRAMES:
        n = queue.fit(lane, first)
        before = queue.chain_at(lane, first - 1)
        if n == 0 or before is None:
            break
        send = SendFrame(lane, queue.epoch(), first, n, before, nonce)
        frames += [sealed for _, sealed in seal_records(member, send, queue.packed(send), poisoned)]
        first += n
    return first - held.cum - 1


def _messages(store: Store, member: Membership, now: Stamp, came: Bundle) -> list[DownMessage]:
    messages: list[DownMessage] = []
    for frame in came.frames:
        try:
            header, payload = open_down(frame, member.box_id, member.keys, member.hospital)
            if header.channel == COMMANDS:
                obey(store, now, payload)
                continue
            message = decode_down(payload)
        except (EnvelopeError, MessageError) as error:
            raise BundleError(f"a part of the answer cannot be read: {error}") from error
        if message.nonce == came.nonce:
            messages.append(message)
    return messages


def _take(store: Store, now: Stamp, message: DownMessage) -> int | None:
    queue = StoreOutbox(store)
    match message:
        case Welcome() if message.epoch == queue.epoch():
            for lane, place in message.lanes.items():
                _confirm(store, now, lane, place)
        case Receipt() if message.epoch == queue.epoch():
            _confirm(store, now, message.lane, message.at)
        case Fence() if message.epoch > queue.epoch():
            outbox.start_epoch(store, message.epoch, now, message.reason)
            conditions.clear(store, outbox.DIFFERS)
            return message.epoch
        case Fence() if message.epoch == 0:
            raise BundleError(f"the hospital refuses this box: {message.reason}")
    return None


def _confirm(store: Store, now: Stamp, lane: str, place: Position) -> None:
    """Move custody forward by a statement that agrees with our chain; never back."""
    queue = StoreOutbox(store)
    if lane not in queue.lanes():
        return
    if not box.agrees(queue, lane, place):
        conditions.note(store, now, outbox.DIFFERS, detail=f"lane {lane}")
        raise BundleError(
            "the hospital does not hold the same records as this box: write a bundle that asks for"
            " a new beginning, read its answer, then write once more"
        )
    held = queue.held(lane)
    cum, safe = max(held.cum, place.cum), max(held.safe, place.safe)
    if (cum, safe) != (held.cum, held.safe):
        outbox.mark_custody(store, Lane(lane), cum, safe, now)
