"""The hospital's end of lane "f": what becomes of a chunk, whatever the archive is.

A chunk is opened with the key of the manifest, which came as a record; what does not open is
refused. A file of which every chunk came and whose digest is not that of the manifest is begun
anew. Nothing counts as whole before its digest is right.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import Protocol

from sync.files import chunks
from sync.files.chunks import Chunk, ChunkState
from sync.frames.envelope import EnvelopeError, open_chunk


@dataclass(frozen=True, slots=True)
class FileManifest:
    """What the manifest says of a file, and what is held of it by now."""

    total: int
    key: bytes
    sha256: str
    have: bytes
    done: bool


class Shelf(Protocol):
    """What may be asked of the archive, and done to it, inside one transaction."""

    def told(self, file: bytes) -> FileManifest | None:
        """Return a file whose manifest is here."""

    def put(self, file: bytes, index: int, data: bytes, have: bytes) -> None:
        """Keep a chunk; `have` is what is held with it."""

    def content(self, file: bytes) -> bytes:
        """Return all chunks that are held, in their order."""

    def finish(self, file: bytes) -> None:
        """Remember that a file is whole."""

    def clear(self, file: bytes) -> None:
        """Forget every chunk of a file."""


def take(shelf: Shelf, chunk: Chunk) -> ChunkState | None:
    """Take a chunk in; return what is held of its file by now.

    None: no such file is known here, or the chunk is not one of it.
    """
    told = shelf.told(chunk.file)
    if told is None or chunk.index >= told.total:
        return None
    have = told.have
    if not told.done and not chunks.has(have, chunk.index):
        try:
            data = open_chunk(told.key, (chunk.file, chunk.index, told.total), chunk.sealed)
        except EnvelopeError:
            return None
        have = chunks.put(have, chunk.index)
        shelf.put(chunk.file, chunk.index, data, have)
    if told.done or not chunks.is_whole(have, told.total):
        return ChunkState(chunk.file, have, told.done)
    return _judge(shelf, chunk.file, told, have)


def fits(told: FileManifest, content: bytes) -> bool:
    """Whether bytes are the file that the manifest told of."""
    return hashlib.sha256(content).hexdigest() == told.sha256


def _judge(shelf: Shelf, file: bytes, told: FileManifest, have: bytes) -> ChunkState:
    if fits(told, shelf.content(file)):
        shelf.finish(file)
        return ChunkState(file, have, True)
    shelf.clear(file)
    return ChunkState(file, chunks.empty(told.total), False)
