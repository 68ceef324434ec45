"""The format of a bundle: a file on a USB stick with the frames of the link, in either direction.

    HPB1, then blocks: kind (1 byte), length, CRC-32 (4 bytes each, big-endian), so many bytes
      O  opening  [[1, way, box id, hospital's key id, nonce, epoch, made (Unix ms)], signature]
      F  a frame, as the link carries it
      C  closing  [[1, frames, digest, {lane: [first, last]}, files], signature]
    HPBE and the length of the closing block

Each frame is sealed and signed on its own, so a bundle needs no secret, and one that is cut off or
damaged loses what is damaged and no more. Neither end ever holds a bundle in memory.
"""

from __future__ import annotations

import errno
import hashlib
import os
import struct
import zlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import BinaryIO

from edge.store import durable, foreign_files
from sync.core import wire
from sync.core.header import KID_BYTES, box_name
from sync.core.messages import NONCE_BYTES, lane_name
from sync.core.wire import MessageError

MAGIC = b"HPB1"
UP = "up"
DOWN = "down"
MAX_FRAMES = 50_000
MAX_BYTES = 256 << 20
MAX_BLOCK = 64 * 1024
RESERVE_BYTES = 64 * 1024
"""So much of the stick is left alone: closing, file table."""

ANSWER_BYTES = 8 << 20
"""A box leaves so much room for the answer, on a small stick a quarter of it."""

_END = b"HPBE"
_BLOCK = struct.Struct(">cII")
_TAIL = struct.Struct(">4sI")
_OPENING, _FRAME, _CLOSING = b"O", b"F", b"C"
_SIGNATURE_BYTES = 64
_DIGEST_BYTES = 32

Sign = Callable[[bytes], bytes]
Verify = Callable[[bytes, bytes], bool]
"""Whether a signature (second) fits signed bytes (first)."""


class BundleError(Exception):
    """A bundle cannot be read or written; the text is for whoever holds the stick.

    `why` is one of the words below, which the screens translate.
    """

    def __init__(self, text: str, why: str = "damaged") -> None:
        super().__init__(text)
        self.why = why


FULL, GONE, MISSING, FOREIGN_BOX = "full", "gone", "missing", "foreign-box"
FOREIGN_HOSPITAL, UNKNOWN, DIFFERS = "foreign-hospital", "unknown", "differs"
REFUSED, RENUMBERED = "refused", "renumbered"


@dataclass(frozen=True, slots=True)
class Opening:
    """Who wrote a bundle for whom: `way` up is from box `box_id` to the hospital of `hospital`.

    `nonce` is the session that the stick is to the protocol; `epoch` is the box's.
    """

    way: str
    box_id: str
    hospital: bytes
    nonce: bytes
    epoch: int
    made_ms: int


@dataclass(frozen=True, slots=True)
class Closing:
    """The contents of a whole bundle: frames, first and last record of each lane, files."""

    frames: int = 0
    lanes: Mapping[str, tuple[int, int]] = field(default_factory=dict)
    files: int = 0

    @property
    def records(self) -> int:
        """How many records there are in all lanes."""
        return sum(last - first + 1 for first, last in self.lanes.values())


@dataclass(frozen=True, slots=True)
class Outline:
    """The unverified opening and closing of a file; `closing` is None when it is cut off."""

    file: Path
    opening: Opening
    closing: Closing | None
    size: int


def up_name(box_id: str, nonce: bytes) -> str:
    """Return the name of a bundle from a box: each has its own, so none replaces another."""
    return f"healthpost-{box_id}-up-{nonce.hex()}.bundle"


def down_name(box_id: str) -> str:
    """Return the name of the answer to a box: a newer one replaces an older one."""
    return f"healthpost-{box_id}-down.bundle"


def found(folder: Path, way: str) -> list[Outline]:
    """Return the bundles of a direction on a stick, the oldest first."""
    outlines = []
    for file in _named(folder, way):
        with suppress(BundleError):
            outlines.append(outline(file))
    return sorted((o for o in outlines if o.opening.way == way), key=lambda o: o.opening.made_ms)


def unreadable(folder: Path, way: str) -> list[str]:
    """Return why files that are named like bundles of a direction are none, a sentence each."""
    reasons = []
    for file in _named(folder, way):
        try:
            outline(file)
        except BundleError as error:
            reasons.append(str(error) if file.name in str(error) else f"{file.name}: {error}")
    return reasons


def _named(folder: Path, way: str) -> list[Path]:
    pattern = up_name("*", b"").replace("-.", "-*.") if way == UP else down_name("*")
    return sorted(folder.glob(pattern))


def outline(file: Path) -> Outline:
    """Return opening and closing of a file, without its frames; raises `BundleError`."""
    with opened(file) as reader:
        return Outline(file, reader.opening, _closing_of(reader.handle), _size(reader.handle))


class Reader:
    """Reads a bundle part by part. After `frames` is exhausted, `damaged` and `whole` are known."""

    def __init__(self, handle: BinaryIO) -> None:
        """Read the opening; raises `BundleError`."""
        self.handle = handle
        if _read(handle, len(MAGIC)) != MAGIC:
            raise BundleError("this file is no bundle")
        kind, data, sound = _block(handle)
        if kind != _OPENING or not sound:
            raise BundleError("the beginning of the bundle is damaged: write it again")
        try:
            self._head, self._signature = _signed(data)
            self.opening = _opening(self._head)
        except MessageError as error:
            raise BundleError(f"the beginning of the bundle is damaged ({error})") from error
        self.damaged = 0
        self.whole = False

    def check(self, way: str, verify: Verify) -> None:
        """Raise `BundleError` unless it goes this way and was written by whom it names."""
        if self.opening.way != way:
            raise BundleError(f"this bundle goes {self.opening.way}, it is not for this end")
        if not verify(self._head, self._signature):
            raise BundleError("this bundle was not written by whom it names")

    def frames(self) -> Iterator[bytes]:
        """Yield the frames that are whole, in their order."""
        frames, digest = 0, _digest()
        while frames + self.damaged < MAX_FRAMES:
            kind, data, sound = _block(self.handle)
            if kind == _FRAME and sound:
                frames += 1
                digest.update(data)
                yield data
            elif kind == _FRAME and data:
                self.damaged += 1
            else:
                self.whole = kind == _CLOSING and sound and _agrees(data, frames, digest.digest())
                return


class Writer:
    """Writes a bundle part by part into a draft beside its name; see `writing`."""

    def __init__(self, handle: BinaryIO, sign: Sign, room: int) -> None:
        self._handle, self._sign, self._room = handle, sign, room
        self._frames, self._digest, self.size = 0, _digest(), 0

    def open(self, opening: Opening) -> None:
        """Write the opening."""
        head = [1, opening.way, opening.box_id, opening.hospital, opening.nonce]
        self._put(MAGIC)
        self._write_signed(_OPENING, wire.dump([*head, opening.epoch, opening.made_ms]))

    def add(self, frame: bytes) -> bool:
        """Add a frame; False when there is no room for it."""
        if self._frames >= MAX_FRAMES or self.size + len(frame) + _BLOCK.size > self._room:
            return False
        self._frames += 1
        self._digest.update(frame)
        self._write(_FRAME, frame)
        return True

    def close(self, lanes: Mapping[str, tuple[int, int]], files: int) -> None:
        """Write the closing."""
        spans = {lane: list(span) for lane, span in lanes.items()}
        before = self.size
        body = wire.dump([1, self._frames, self._digest.digest(), spans, files])
        self._write_signed(_CLOSING, body)
        self._put(_TAIL.pack(_END, self.size - before))

    def _write_signed(self, kind: bytes, body: bytes) -> None:
        self._write(kind, wire.dump([body, self._sign(body)]))

    def _write(self, kind: bytes, data: bytes) -> None:
        self._put(_BLOCK.pack(kind, len(data), zlib.crc32(data)) + data)

    def _put(self, data: bytes) -> None:
        self._handle.write(data)
        self.size += len(data)


@contextmanager
def writing(file: Path, opening: Opening, sign: Sign) -> Iterator[Writer]:
    """Give a writer; the file appears whole when the block ends, or not at all.

    The block calls `close` last. Raises `BundleError`: no room, no stick, no right to write.
    """
    draft = file.with_name(f"{file.name}.part")
    try:
        room = _room(file.parent, opening.way)
        if room < MAX_BLOCK:
            text = "the stick is full: take another, or bring this one away first"
            raise BundleError(text, FULL)
        with foreign_files.create(draft) as handle:
            writer = Writer(handle, sign, room)
            writer.open(opening)
            yield writer
            handle.flush()
            os.fsync(handle.fileno())
        draft.replace(file)
        durable.flush_if_possible(file.parent)
    except OSError as error:
        why = FULL if error.errno == errno.ENOSPC else GONE
        raise BundleError(f"{file} cannot be written: {error.strerror}", why) from error
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)


@contextmanager
def opened(file: Path) -> Iterator[Reader]:
    """Give a reader of a file; raises `BundleError`."""
    try:
        handle = foreign_files.open_to_read(file)
    except FileNotFoundError as error:
        raise BundleError(f"there is no {file.name} on this stick", MISSING) from error
    except OSError as error:
        raise BundleError(f"{file} cannot be read: {error.strerror}", GONE) from error
    with handle:
        yield Reader(handle)


def _room(folder: Path, way: str) -> int:
    disk = os.statvfs(folder)
    left = min(ANSWER_BYTES, disk.f_blocks * disk.f_frsize // 4) if way == UP else 0
    return min(MAX_BYTES, durable.free_bytes(folder) - max(left, RESERVE_BYTES))


def _block(handle: BinaryIO) -> tuple[bytes, bytes, bool]:
    """Return a block's kind and bytes and whether they are sound; no kind at the end."""
    head = _read(handle, _BLOCK.size)
    if len(head) < _BLOCK.size:
        return b"", b"", False
    kind, size, check = _BLOCK.unpack(head)
    if size > MAX_BLOCK:
        return b"", b"", False
    data = _read(handle, size)
    return kind, data, len(data) == size and zlib.crc32(data) == check


def _read(handle: BinaryIO, size: int) -> bytes:
    try:
        return handle.read(size)
    except OSError:  # a bad place on the stick ends what can be read
        return b""


def _signed(data: bytes) -> tuple[bytes, bytes]:
    body, signature = wire.load_array(data, 2)
    return wire.take(bytes, body), wire.octets(signature, _SIGNATURE_BYTES)


def _opening(head: bytes) -> Opening:
    version, way, box_id, hospital, nonce, epoch, made = wire.load_array(head, 7)
    if version != 1 or way not in (UP, DOWN):
        raise MessageError("of a version that is not known here")
    return Opening(
        wire.text(way, 4),
        box_name(box_id),
        wire.octets(hospital, KID_BYTES),
        wire.octets(nonce, NONCE_BYTES),
        wire.count(epoch),
        wire.moment(made),
    )


def _closing(data: bytes) -> tuple[Closing, bytes]:
    version, frames, digest, lanes, files = wire.load_array(_signed(data)[0], 5)
    if version != 1:
        raise MessageError("of a version that is not known here")
    spans = {lane_name(k): _span(v) for k, v in wire.take(dict, lanes).items()}
    closing = Closing(wire.count(frames), spans, wire.count(files))
    return closing, wire.octets(digest, _DIGEST_BYTES)


def _span(value: object) -> tuple[int, int]:
    span = wire.take(list, value)
    if len(span) != 2:
        raise MessageError("a span is from and to")
    return wire.count(span[0]), wire.count(span[1])


def _agrees(data: bytes, frames: int, digest: bytes) -> bool:
    try:
        closing, expected = _closing(data)
    except MessageError:
        return False
    return (closing.frames, expected) == (frames, digest)


def _closing_of(handle: BinaryIO) -> Closing | None:
    """Read the closing from the end of a file; None when there is none."""
    try:
        handle.seek(-_TAIL.size, os.SEEK_END)
        end, size = _TAIL.unpack(handle.read(_TAIL.size))
        if end != _END or size > MAX_BLOCK:
            return None
        handle.seek(-_TAIL.size - size, os.SEEK_END)
        kind, data, sound = _block(handle)
        return _closing(data)[0] if kind == _CLOSING and sound else None
    except (OSError, struct.error, MessageError):
        return None


def _size(handle: BinaryIO) -> int:
    return os.fstat(handle.fileno()).st_size


def _digest() -> hashlib.blake2b:
    return hashlib.blake2b(digest_size=_DIGEST_BYTES, person=b"CS1-bundle")
