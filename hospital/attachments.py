"""Photos and recordings at the hospital: chunks taken in any order, whole when the digest is right.

A chunk is opened with the key of the manifest, which came as a record; what does not open is
refused. Nothing is shown of a file before it is whole.
"""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from uuid import UUID

from hospital.archive import Archive, Row, row
from hospital.boxes import Box
from hospital.derive import FileFact
from hospital.errors import RowRefused
from sync import files
from sync.envelope import EnvelopeError, open_chunk
from sync.files import Chunk, Held

MAX_TOTAL = files.MAX_CHUNKS
REMINDED = 20


def tell(archive: Archive, box: Box, file: FileFact, received_ms: int) -> None:
    """Enter a manifest, inside the caller's transaction; raises `RowRefused` when it is absurd."""
    if not (0 < file.total <= MAX_TOTAL and file.total <= file.size and len(file.key) == 32):
        raise RowRefused("a file without a size or a key")
    archive.execute(
        "INSERT INTO file (box, id, clinic, patient, visit, preview_of, mime, size, total, key,"
        " sha256, have, told_ms) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (box.id, file.id, box.clinic, file.patient, file.visit, file.preview_of, file.mime)
        + (file.size, file.total, file.key, file.sha256, files.empty(file.total), received_ms),
    )


def take(archive: Archive, box: Box, chunk: Chunk, now_ms: int) -> Held | None:
    """Take a chunk in, inside the caller's transaction; return what is held by now.

    None: we know no such file, or the chunk is not one of it.
    """
    file = _file(archive, box.id, str(UUID(bytes=chunk.file)))
    if file is None or chunk.index >= file["total"]:
        return None
    have = bytes(file["have"])
    if file["done_ms"] is None and not files.has(have, chunk.index):
        place = (chunk.file, chunk.index, file["total"])
        try:
            data = open_chunk(bytes(file["key"]), place, chunk.sealed)
        except EnvelopeError:
            return None
        archive.execute(
            "INSERT INTO file_chunk (box, file, place, data) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            (box.id, file["id"], chunk.index, data),
        )
        have = files.put(have, chunk.index)
        archive.execute(
            "UPDATE file SET have = ? WHERE box = ? AND id = ?", (have, box.id, file["id"])
        )
    done = file["done_ms"] is not None or _complete(archive, box, file, have, now_ms)
    again = _file(archive, box.id, file["id"])
    return Held(chunk.file, bytes(again["have"]) if again else have, done)


def unfinished(archive: Archive, box_id: str) -> list[Held]:
    """Return what is held of files that are not whole, for a box that greets."""
    rows = archive.rows(
        "SELECT id, have FROM file WHERE box = ? AND done_ms IS NULL ORDER BY told_ms LIMIT ?",
        (box_id, REMINDED),
    )
    return [Held(UUID(r["id"]).bytes, bytes(r["have"]), False) for r in rows]


def held(archive: Archive, box_id: str, file_ids: Sequence[str]) -> list[Held]:
    """Return what is held of some files, those unknown here left out."""
    rows = [_file(archive, box_id, one) for one in file_ids]
    return [
        Held(UUID(r["id"]).bytes, bytes(r["have"]), r["done_ms"] is not None)
        for r in rows
        if r is not None
    ]


def content(archive: Archive, box_id: str, file_id: str) -> bytes | None:
    """Return a whole file's bytes, None while it is not whole."""
    file = _file(archive, box_id, file_id)
    return None if file is None or file["done_ms"] is None else _join(archive, box_id, file_id)


def _complete(archive: Archive, box: Box, file: Row, have: bytes, now_ms: int) -> bool:
    if not files.is_whole(have, file["total"]):
        return False
    data = _join(archive, box.id, file["id"])
    if hashlib.sha256(data).hexdigest() != file["sha256"]:  # begin anew: something is not its own
        archive.execute("DELETE FROM file_chunk WHERE box = ? AND file = ?", (box.id, file["id"]))
        archive.execute(
            "UPDATE file SET have = ? WHERE box = ? AND id = ?",
            (files.empty(file["total"]), box.id, file["id"]),
        )
        return False
    archive.execute(
        "UPDATE file SET done_ms = ? WHERE box = ? AND id = ?", (now_ms, box.id, file["id"])
    )
    return True


def _join(archive: Archive, box_id: str, file_id: str) -> bytes:
    rows = archive.rows(
        "SELECT data FROM file_chunk WHERE box = ? AND file = ? ORDER BY place", (box_id, file_id)
    )
    return b"".join(bytes(r["data"]) for r in rows)


def _file(archive: Archive, box_id: str, file_id: str) -> Row | None:
    return row(archive, "SELECT * FROM file WHERE box = ? AND id = ?", (box_id, file_id))
