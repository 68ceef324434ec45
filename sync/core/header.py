"""The signed header of a frame, readable by the broker; it has nothing about a patient.

Up: `[ver, box_id, epoch, lane, first_seq, n, prev_chain, nonce, schema, dictionary, kid_enc,
kid_sig, flags]`, and the chain after the frame as a 14th item when a flag says so. Down:
`[ver, box_id, channel, nonce, kid_enc, kid_sig]`.
"""

from __future__ import annotations

from dataclasses import dataclass

from sync.core import wire
from sync.core.messages import CHAIN_BYTES, NONCE_BYTES, lane_name
from sync.core.wire import MessageError

VERSION = 1
KID_BYTES = 4
HELLO_LANE = "h"
MAX_ROWS = 2000
BOX_ID_CHARACTERS = 64

PADDED = 1
"""Zero bytes follow the payload so that an alert's size reveals nothing."""
ALONE = 2
"""One row, with the chain after it in the header: the stream can go on if it stays unreadable."""
TOMBSTONE = 4
"""The row is a tombstone in place of a record that could not be sent; implies ALONE."""
_FLAGS = PADDED | ALONE | TOMBSTONE


@dataclass(frozen=True, slots=True)
class Header:
    """An up frame: `n` records of a stream from `first_seq` on, chained onto `prev_chain`.

    The key ids are filled in by `seal_up`. `end_chain` is there when the flag ALONE is set.
    """

    box_id: str
    epoch: int
    lane: str
    first_seq: int
    n: int
    prev_chain: bytes
    nonce: bytes
    schema: int = 1
    dictionary: int = 0
    kid_enc: bytes = bytes(KID_BYTES)
    kid_sig: bytes = bytes(KID_BYTES)
    flags: int = 0
    end_chain: bytes | None = None

    @property
    def last_seq(self) -> int:
        """The sequence of the frame's last record."""
        return self.first_seq + self.n - 1

    def encode(self) -> bytes:
        """Return the bytes that are signed."""
        items: list[object] = [VERSION, self.box_id, self.epoch, self.lane, self.first_seq, self.n]
        items += [self.prev_chain, self.nonce, self.schema, self.dictionary]
        items += [self.kid_enc, self.kid_sig, self.flags]
        return wire.dump(items if self.end_chain is None else [*items, self.end_chain])

    @classmethod
    def decode(cls, data: bytes) -> Header:
        """Read a header; raises `MessageError`."""
        items = wire.load_array(data, 13, 14)
        header = cls(
            box_id=box_name(items[1]),
            epoch=wire.count(items[2]),
            lane=lane_name(items[3]),
            first_seq=wire.count(items[4]),
            n=wire.count(items[5]),
            prev_chain=wire.octets(items[6], CHAIN_BYTES),
            nonce=wire.octets(items[7], NONCE_BYTES),
            schema=wire.count(items[8]),
            dictionary=wire.count(items[9]),
            kid_enc=wire.octets(items[10], KID_BYTES),
            kid_sig=wire.octets(items[11], KID_BYTES),
            flags=wire.count(items[12]),
            end_chain=wire.octets(items[13], CHAIN_BYTES) if len(items) == 14 else None,
        )
        _check(header, items[0])
        return header


@dataclass(frozen=True, slots=True)
class DownHeader:
    """A down frame: for which box, on which channel (r control, f feed, x content, k command).

    `kid_enc` is None when the payload is signed only, as receipts are: they hold no patient data.
    """

    box_id: str
    channel: str
    nonce: bytes = bytes(NONCE_BYTES)
    kid_enc: bytes | None = None
    kid_sig: bytes = bytes(KID_BYTES)

    def encode(self) -> bytes:
        """Return the bytes that are signed."""
        items = [VERSION, self.box_id, self.channel, self.nonce, self.kid_enc or b"", self.kid_sig]
        return wire.dump(items)

    @classmethod
    def decode(cls, data: bytes) -> DownHeader:
        """Read a header; raises `MessageError`."""
        items = wire.load_array(data, 6)
        _version(items[0])
        kid_enc = wire.octets(items[4], KID_BYTES) if items[4] != b"" else None
        return cls(
            box_id=box_name(items[1]),
            channel=lane_name(items[2]),
            nonce=wire.octets(items[3], NONCE_BYTES),
            kid_enc=kid_enc,
            kid_sig=wire.octets(items[5], KID_BYTES),
        )


def box_name(value: object) -> str:
    """Return a box's id: letters, digits, "-" and "_"; raises `MessageError`."""
    name = wire.text(value, BOX_ID_CHARACTERS)
    if not name or not name.isascii() or not name.replace("-", "").replace("_", "").isalnum():
        raise MessageError(f"{name!r} is no box id")
    return name


def hello_header(box_id: str, nonce: bytes, epoch: int) -> Header:
    """Return the header of a HELLO, which belongs to no stream."""
    return Header(box_id, epoch, HELLO_LANE, 0, 0, bytes(CHAIN_BYTES), nonce, schema=0)


def _version(value: object) -> None:
    if wire.count(value) != VERSION:
        raise MessageError(f"frame version {value}, this end knows {VERSION}")


def _check(header: Header, version: object) -> None:
    _version(version)
    alone = bool(header.flags & (ALONE | TOMBSTONE))
    if header.flags & ~_FLAGS:
        raise MessageError(f"unknown flags {header.flags:#x}")
    if alone != (header.end_chain is not None) or (alone and header.n != 1):
        raise MessageError("a row sent alone comes with the chain after it, and only that")
    if header.lane == HELLO_LANE:
        return
    if header.first_seq < 1 or not 1 <= header.n <= MAX_ROWS:
        raise MessageError(f"{header.n} rows from {header.first_seq}")
