"""Composes a frame's payload from records and reads it back; sets header flags and schema."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from dataclasses import replace

from edge.model.entry import Entry, EntryKind, canonical_json, chain
from sync import packing
from sync.core.header import ALONE, TOMBSTONE, Header
from sync.core.session import SendFrame

PACKED = 1
PLAIN = 2
MAX_RECORD_BYTES = 60_000
"""A larger record cannot travel: it stays at the box and a tombstone takes its place."""


def compose(
    box_id: str, frame: SendFrame, records: Sequence[bytes], packed: bytes | None = None
) -> tuple[Header, bytes]:
    """Return header and payload for the records of a SendFrame; ready for `seal_up`.

    `packed` is what `packing.pack` gives for these records, when it is known already.
    """
    header, rows = plan(box_id, frame, records)
    if packed is not None and header.schema == PACKED:
        return header, packed
    return header, packing.pack(rows) if header.schema == PACKED else packing.pack_plain(rows)


def compose_tombstone(
    box_id: str, frame: SendFrame, record: bytes, reason: str, end: bytes | None = None
) -> tuple[Header, bytes]:
    """Return header and payload of the tombstone that stands for the one record of a SendFrame.

    `end` is the chain from the capture of a record that is another by now.
    """
    header = _alone(box_id, frame, record, TOMBSTONE)
    if end is not None:
        header = replace(header, end_chain=end)
    return header, packing.pack_plain([tombstone(record, reason)])


def plan(
    box_id: str, frame: SendFrame, records: Sequence[bytes]
) -> tuple[Header, tuple[bytes, ...]]:
    """Return header and rows of a frame: the records, or the tombstone of one too large."""
    if len(records) != frame.n:
        raise ValueError(f"{len(records)} records for a frame of {frame.n}")
    if len(records) == 1 and len(records[0]) > MAX_RECORD_BYTES:
        header = _alone(box_id, frame, records[0], TOMBSTONE)
        return header, (tombstone(records[0], "too large"),)
    if frame.alone:
        return _alone(box_id, frame, records[0]), tuple(records)
    return _header(box_id, frame), tuple(records)


def disclose(header: Header, payload: bytes) -> list[bytes] | None:
    """Return the records of a payload, None when it cannot be read."""
    if header.schema not in (PACKED, PLAIN) or header.dictionary != 0:
        return None
    try:
        return packing.unpack(payload)
    except packing.CodecError:
        return None


def tombstone(record: bytes, reason: str) -> bytes:
    """Return the entry that stands in the stream for one that cannot be sent, at the same time."""
    digest = hashlib.sha256(record).hexdigest()
    body = {"bytes": len(record), "reason": reason, "sha256": digest}
    try:
        return Entry(EntryKind.TOMBSTONE, Entry.parse(record).at, body).canonical()
    except ValueError:
        return canonical_json({"body": body, "kind": EntryKind.TOMBSTONE.value})


def _alone(box_id: str, frame: SendFrame, record: bytes, flags: int = 0) -> Header:
    end = chain(frame.prev_chain, record)
    return _header(box_id, frame, PLAIN, ALONE | flags, end)


def _header(
    box_id: str, frame: SendFrame, schema: int = PACKED, flags: int = 0, end: bytes | None = None
) -> Header:
    return Header(
        box_id,
        frame.epoch,
        frame.lane,
        frame.first_seq,
        frame.n,
        frame.prev_chain,
        frame.nonce,
        schema=schema,
        flags=flags,
        end_chain=end,
    )
