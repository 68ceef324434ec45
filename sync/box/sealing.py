"""Packs records into sealed frames; a record that cannot be encoded is replaced by a tombstone.

Normally a `SendFrame` becomes one frame. When packing it fails, which no record should bring about
and some record one day will, its rows travel one by one in the plain form; a row that even then
cannot travel is replaced by its tombstone. So no row ever holds up the rows behind it.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import replace

from edge.model.entry import chain
from sync.box.outbox import PackedRecords
from sync.core.header import TOMBSTONE, Header
from sync.core.session import SendFrame
from sync.frames import framing
from sync.frames.envelope import EnvelopeError, seal_up
from sync.keys.membership import Membership

Poisoned = Callable[[int, str], None]
"""Called with sequence and reason of a row that is replaced by a tombstone."""

TOO_LARGE = "too large"
UNSENDABLE = "could not be encoded"
DAMAGED = "damaged"

log = logging.getLogger(__name__)


Sealed = tuple[Header, bytes]
"""A frame, with its header in clear."""


def seal_records(
    member: Membership, send: SendFrame, packed: PackedRecords, poisoned: Poisoned
) -> list[Sealed]:
    """Return the frames that carry the records of a SendFrame, in their order."""
    records = packed.records
    if packed.damaged:
        return _one_by_one(member, send, packed, poisoned)
    try:
        header, payload = framing.compose(member.box_id, send, records, packed.payload)
        frame = seal_up(header, payload, member.keys, member.hospital)
    except Exception:  # any record must be able to pass, also one that our own code chokes on
        log.exception("lane %s %d: packed one by one", send.lane, send.first_seq)
        return _one_by_one(member, send, packed, poisoned)
    if header.flags & TOMBSTONE:
        poisoned(send.first_seq, TOO_LARGE)
    return [(header, frame)]


def _one_by_one(
    member: Membership, send: SendFrame, packed: PackedRecords, poisoned: Poisoned
) -> list[Sealed]:
    frames, link = [], send.prev_chain
    for place, record in enumerate(packed.records):
        seq, kept = send.first_seq + place, packed.damaged.get(place)
        alone = replace(send, first_seq=seq, n=1, prev_chain=link, alone=True)
        if kept is None:
            frames.append(_alone(member, alone, record, poisoned))
            link = chain(link, record)
        else:
            frames.append(_damaged(member, alone, record, kept, poisoned))
            link = kept
    return frames


def _damaged(
    member: Membership, send: SendFrame, record: bytes, kept: bytes, poisoned: Poisoned
) -> Sealed:
    """Let a tombstone stand for a record that the disk has changed; its chain is the one kept."""
    header, payload = framing.compose_tombstone(member.box_id, send, record, DAMAGED, kept)
    poisoned(send.first_seq, DAMAGED)
    return header, seal_up(header, payload, member.keys, member.hospital)


def _alone(member: Membership, send: SendFrame, record: bytes, poisoned: Poisoned) -> Sealed:
    try:
        header, payload = framing.compose(member.box_id, send, [record])
        frame = seal_up(header, payload, member.keys, member.hospital)
    except (ValueError, EnvelopeError, RecursionError) as error:
        log.error("lane %s %d cannot be sent: %s", send.lane, send.first_seq, error)
        header, payload = framing.compose_tombstone(member.box_id, send, record, UNSENDABLE)
        frame = seal_up(header, payload, member.keys, member.hospital)
    if header.flags & TOMBSTONE:
        too_large = len(record) > framing.MAX_RECORD_BYTES
        poisoned(send.first_seq, TOO_LARGE if too_large else UNSENDABLE)
    return header, frame
