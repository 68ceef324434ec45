"""Receives file chunks at the hospital (lane "f"): decrypts, stores, and checks the whole file.

A chunk is opened with the key of the manifest, which is a record of its own; what does not open is
refused. When every chunk is there and the digest is not that of the manifest, all chunks are
deleted and asked for again. A file is whole only when its digest is right.
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
    """The manifest of a file, and which of its chunks are stored by now."""

    total: int
    key: bytes
    sha256: str
    have: bytes
    done: bool


class Shelf(Protocol):
    """The operations on the archive's chunks, inside one transaction."""

    def told(self, file: bytes) -> FileManifest | None:
        """Return a file whose manifest is here."""

    def put(self, file: bytes, index: int, data: bytes, have: bytes) -> None:
        """Store a chunk; `have` is the bitmap that includes it."""

    def content(self, file: bytes) -> bytes:
        """Return all stored chunks, in their order."""

    def finish(self, file: bytes) -> None:
        """Remember that a file is whole."""

    def clear(self, file: bytes) -> None:
        """Forget every chunk of a file."""


def take(shelf: Shelf, chunk: Chunk) -> ChunkState | None:
    """Store a received chunk; return which chunks of its file are stored by now.

    None: no such file is known here, or the chunk is not one of it.
    """
    manifest = shelf.told(chunk.file)
    if manifest is None or chunk.index >= manifest.total:
        return None
    have = manifest.have
    if not manifest.done and not chunks.has(have, chunk.index):
        try:
            data = open_chunk(manifest.key, (chunk.file, chunk.index, manifest.total), chunk.sealed)
        except EnvelopeError:
            return None
        have = chunks.put(have, chunk.index)
        shelf.put(chunk.file, chunk.index, data, have)
    if manifest.done or not chunks.is_whole(have, manifest.total):
        return ChunkState(chunk.file, have, manifest.done)
    return _judge(shelf, chunk.file, manifest, have)


def fits(manifest: FileManifest, content: bytes) -> bool:
    """Whether the digest of the bytes is that of the manifest."""
    return hashlib.sha256(content).hexdigest() == manifest.sha256


def _judge(shelf: Shelf, file: bytes, manifest: FileManifest, have: bytes) -> ChunkState:
    if fits(manifest, shelf.content(file)):
        shelf.finish(file)
        return ChunkState(file, have, True)
    shelf.clear(file)
    return ChunkState(file, chunks.empty(manifest.total), False)
