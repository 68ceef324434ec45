"""Mistakes in the files' lane."""

from __future__ import annotations

from cryptography.hazmat.primitives.ciphers import Cipher
from cryptography.hazmat.primitives.ciphers.algorithms import ChaCha20
from mutants import Mutant, put

from edge.files import attachments
from edge.files.attachments import Upload
from sync.files import chunk_receiver, chunks
from sync.files.chunk_receiver import FileManifest, Shelf, fits
from sync.files.chunks import ChunkState

ROT = {"rot": 12}


def _unproved(key: bytes, place: tuple[bytes, int, int], sealed: bytes) -> bytes:
    """Decrypt without a look at the tag, which binds a chunk to its file and place."""
    nonce = (1).to_bytes(4, "little") + place[1].to_bytes(12, "big")
    return Cipher(ChaCha20(key, nonce), mode=None).decryptor().update(sealed[:-16])


def _largest_first(upload: Upload) -> tuple[bool, int]:
    return upload.is_preview, upload.entry


def _nothing_new(have: bytes, index: int) -> bytes:
    return have


def _not_judged(shelf: Shelf, file: bytes, told: FileManifest, have: bytes) -> ChunkState:
    return ChunkState(file, have, fits(told, shelf.content(file)))


def _counted(have: bytes, total: int) -> bool:
    return sum(byte.bit_count() for byte in have) >= total - 1


MUTANTS = {
    "a chunk is taken without its tag": Mutant(
        "I21", put(chunk_receiver, "open_chunk", _unproved), 2
    ),
    "a file is whole without its digest": Mutant(
        "I20", put(chunk_receiver, "fits", lambda told, content: True), 6, ROT
    ),
    "a file is whole before its last chunk": Mutant(
        "I12 I20", put(chunks, "is_whole", _counted), 0
    ),
    "a damaged file is not begun anew": Mutant(
        "I12", put(chunk_receiver, "_judge", _not_judged), 0
    ),
    "what came is forgotten": Mutant("I12", put(chunks, "put", _nothing_new), 0),
    "previews go last": Mutant("I22", put(attachments, "urgency", _largest_first), 0),
}
