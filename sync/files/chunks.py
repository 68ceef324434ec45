"""Files in chunks, as pure functions: the messages, bitmaps of chunks, and which to send next.

Up, in lane "f", a chunk is `[50, file id, index, ciphertext]`; it is sealed once more as every
frame is. Down, on channel "x", the hospital acknowledges: `[51, file id, bitmap, done]`.
Both belong to the session of their nonce and to no stream: a chunk that is lost is sent again, a
chunk that comes twice changes nothing, in whatever order they come.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass

from sync.core import wire
from sync.core.header import Header
from sync.core.messages import CHAIN_BYTES
from sync.core.wire import MessageError

LANE = "f"
CHANNEL = "x"
CHUNK, HELD = 50, 51
ID_BYTES = 16
MAX_CHUNKS = 1 << 16


@dataclass(frozen=True, slots=True)
class Chunk:
    """One piece of a file, under the file's own key."""

    file: bytes
    index: int
    sealed: bytes


@dataclass(frozen=True, slots=True)
class ChunkState:
    """The chunks of a file that the hospital holds; `done`: it is whole and its digest is right."""

    file: bytes
    have: bytes
    done: bool


def header(box_id: str, epoch: int, nonce: bytes) -> Header:
    """Return the header of a chunk."""
    return Header(box_id, epoch, LANE, 1, 1, bytes(CHAIN_BYTES), nonce, schema=0)


def encode_chunk(chunk: Chunk) -> bytes:
    """Return the payload of a chunk."""
    return wire.dump([CHUNK, chunk.file, chunk.index, chunk.sealed])


def decode_chunk(payload: bytes) -> Chunk:
    """Read a chunk; raises `MessageError`."""
    kind, file, index, sealed = wire.load_array(payload, 4)
    if kind != CHUNK or wire.count(index) >= MAX_CHUNKS:
        raise MessageError("no chunk of a file")
    return Chunk(wire.octets(file, ID_BYTES), wire.count(index), wire.take(bytes, sealed))


def encode_held(state: ChunkState) -> bytes:
    """Return the payload of the hospital's answer."""
    return wire.dump([HELD, state.file, state.have, state.done])


def decode_held(payload: bytes) -> ChunkState:
    """Read the hospital's answer; raises `MessageError`."""
    kind, file, have, done = wire.load_array(payload, 4)
    bitmap = wire.take(bytes, have)
    if kind != HELD or len(bitmap) > MAX_CHUNKS // 8:
        raise MessageError("no answer about a file")
    return ChunkState(wire.octets(file, ID_BYTES), bitmap, wire.take(bool, done))


def empty(total: int) -> bytes:
    """Return the bitmap of a file of which nothing is held."""
    return bytes(-(-total // 8))


def has(have: bytes, index: int) -> bool:
    """Whether a bitmap has a chunk."""
    return index // 8 < len(have) and bool(have[index // 8] >> index % 8 & 1)


def put(have: bytes, index: int) -> bytes:
    """Return the bitmap with one chunk more."""
    byte = have[index // 8] | 1 << index % 8
    return have[: index // 8] + bytes([byte]) + have[index // 8 + 1 :]


def is_whole(have: bytes, total: int) -> bool:
    """Whether every chunk is held."""
    return all(has(have, index) for index in range(total))


def missing(have: bytes, total: int, under_way: Collection[int]) -> int | None:
    """Return the first chunk that is neither held nor under way."""
    return next((i for i in range(total) if not has(have, i) and i not in under_way), None)
