"""Write the answer to a bundle on a USB stick: receipts, commands, file states and feed.

It carries what the link would have carried. It is made from what is committed and from the last
bundle that was read of the box, so it can be written as often as wanted. A newer answer contains
all that an older one did.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path

from hospital.archive import Archive, Row, row
from hospital.archive.errors import NotFound
from hospital.bundles import read
from hospital.files import attachments
from hospital.fleet import boxes, commands
from hospital.fleet.boxes import Box
from hospital.receiving import custody, feed_answers
from sync.bundles import bundle_format
from sync.bundles.bundle_format import Opening
from sync.core import DownHeader, DownMessage, Fence, MessageError, Nack, Position, encode, hospital
from sync.core.feed_messages import decode_ask
from sync.core.hospital import HospitalBox
from sync.core.messages import FORKED, STALE_EPOCH, UNREADABLE, Receipt
from sync.files import chunks
from sync.frames.envelope import sign_down, sign_manifest
from sync.keys.keys import HospitalKeys, kid

CONTROL = "r"
LANES = hospital.LANES[:2]
"""Those that carry records."""


@dataclass(frozen=True, slots=True)
class Answer:
    """What was written: the file, its size; `whole` is False when the stick had no room for all."""

    box_id: str
    file: Path
    size: int
    whole: bool


def write(archive: Archive, keys: HospitalKeys, box_id: str, folder: Path, now_ms: int) -> Answer:
    """Write the answer to the last bundle that was read of a box; raises `BundleError`.

    Raises `HospitalError` when there was none, or the box is shut out.
    """
    box = read.admitted(archive, box_id)
    stick = row(archive, "SELECT * FROM stick WHERE box = ?", (box_id,))
    if stick is None:
        raise NotFound(f"no bundle of box {box_id} was ever read here")
    nonce, public = bytes(stick["nonce"]), keys.public
    opening = Opening(bundle_format.DOWN, box_id, kid(public.sign), nonce, stick["epoch"], now_ms)
    file = folder / bundle_format.down_name(box_id)
    with bundle_format.writing(file, opening, lambda b: sign_manifest(b, keys.sign)) as writer:
        whole = all(writer.add(frame) for frame in _frames(archive, keys, box, stick))
        writer.close({}, 0)
    return Answer(box_id, file, writer.size, whole)


def boxes_with_bundles(archive: Archive) -> list[str]:
    """Return the boxes of which a bundle was ever read and that may bring another."""
    sql = "SELECT s.box FROM stick s JOIN box b ON b.id = s.box WHERE b.standing = ? ORDER BY s.box"
    return [r["box"] for r in archive.rows(sql, (boxes.ACTIVE,))]


def _frames(archive: Archive, keys: HospitalKeys, box: Box, stick: Row) -> Iterator[bytes]:
    """Yield the frames: custody first, then commands, files, and the feed while there is room."""
    with archive.transaction():
        state = custody.load(archive, box)
    nonce = bytes(stick["nonce"])
    for message in _control(archive, state, stick):
        yield sign_down(DownHeader(box.id, CONTROL, nonce), encode(message), keys)
    if box.standing != boxes.ACTIVE:
        return
    for command in commands.unanswered(archive, keys, box.id):
        yield command.payload
    for progress in attachments.chunk_states(archive, box.id, json.loads(stick["files"])):
        header = DownHeader(box.id, chunks.CHANNEL, nonce)
        yield sign_down(header, chunks.encode_held(progress), keys)
    with suppress(MessageError):  # a bundle of a box that asked for nothing
        ask = decode_ask(bytes(stick["ask"]))
        session = replace(state, nonce=nonce)
        yield from (s.payload for s in feed_answers.by_hand(archive, keys, box, session, ask))


def _control(archive: Archive, state: HospitalBox, stick: Row) -> list[DownMessage]:
    nonce, epoch = bytes(stick["nonce"]), stick["epoch"]
    if stick["fork"] or epoch < state.epoch:
        reason = FORKED if stick["fork"] else STALE_EPOCH
        return [Fence(nonce, max(epoch, state.epoch) + 1, reason)]
    there = read.streams(archive, state.box_id, epoch)
    replies: list[DownMessage] = [
        Receipt(nonce, epoch, lane, there.get(lane, Position())) for lane in LANES
    ]
    nacks = json.loads(stick["nacks"]).items()
    return replies + [Nack(nonce, lane, first, n, UNREADABLE) for lane, (first, n) in nacks]
