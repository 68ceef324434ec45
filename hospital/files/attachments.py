"""Photos and recordings at the hospital: chunks taken in any order, whole when the digest is right.

`sync.files.chunk_receiver` decides what happens with a chunk; this module stores it in the archive.
Nothing is shown of a file before it is whole.
"""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from hospital.archive import Archive, Row, row
from hospital.archive.errors import RowRefused
from hospital.entries.facts import FileFact
from hospital.fleet.boxes import Box
from sync.files import chunk_receiver, chunks
from sync.files.chunk_receiver import FileManifest
from sync.files.chunks import Chunk, ChunkState

MAX_TOTAL = chunks.MAX_CHUNKS
REMINDED = 20


def enter_manifest(
    archive: Archive, box: Box, file: FileFact, received_ms: int, *, withheld: int = 0
) -> None:
    """Store a manifest, inside the caller's transaction; raises `RowRefused` when it is absurd.

    `withheld` is 1 when the clinic does not know the patient (`hospital.patients.withheld`).
    """
    if not (0 < file.total <= MAX_TOTAL and file.total <= file.size and len(file.key) == 32):
        raise RowRefused("a file without a size or a key")
    archive.execute(
        "INSERT INTO file (box, id, clinic, patient, visit, preview_of, mime, size, total, key,"
        " sha256, have, told_ms, withheld)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT DO NOTHING",
        (box.id, file.id, box.clinic, file.patient, file.visit, file.preview_of, file.mime)
        + (
            file.size,
            file.total,
            file.key,
            file.sha256,
            chunks.empty(file.total),
            received_ms,
            withheld,
        ),
    )


def receive_chunk(archive: Archive, box: Box, chunk: Chunk, now_ms: int) -> ChunkState | None:
    """Receive a chunk, inside the caller's transaction; return what is held by now.

    None: we know no such file, or the chunk is not one of it.
    """
    return chunk_receiver.take(_ArchiveShelf(archive, box.id, now_ms), chunk)


def unfinished(archive: Archive, box_id: str) -> list[ChunkState]:
    """Return what is held of files that are not whole, for a box that greets."""
    rows = archive.rows(
        "SELECT id, have FROM file WHERE box = ? AND done_ms IS NULL ORDER BY told_ms LIMIT ?",
        (box_id, REMINDED),
    )
    return [ChunkState(UUID(r["id"]).bytes, bytes(r["have"]), False) for r in rows]


def chunk_states(archive: Archive, box_id: str, file_ids: Sequence[str]) -> list[ChunkState]:
    """Return what is held of some files, those unknown here left out."""
    rows = [_file(archive, box_id, file_id) for file_id in file_ids]
    return [
        ChunkState(UUID(r["id"]).bytes, bytes(r["have"]), r["done_ms"] is not None)
        for r in rows
        if r is not None
    ]


def content(archive: Archive, box_id: str, file_id: str) -> bytes | None:
    """Return a whole file's bytes, None while it is not whole."""
    file = _file(archive, box_id, file_id)
    return None if file is None or file["done_ms"] is None else _join(archive, box_id, file_id)


class _ArchiveShelf:
    """One box's files in the archive, as `sync.files.chunk_receiver` asks for them."""

    def __init__(self, archive: Archive, box_id: str, now_ms: int) -> None:
        self._archive, self._box, self._now_ms = archive, box_id, now_ms

    def told(self, file: bytes) -> FileManifest | None:
        r = _file(self._archive, self._box, _name(file))
        if r is None:
            return None
        done = r["done_ms"] is not None
        return FileManifest(r["total"], bytes(r["key"]), r["sha256"], bytes(r["have"]), done)

    def put(self, file: bytes, index: int, data: bytes, have: bytes) -> None:
        self._archive.execute(
            "INSERT INTO file_chunk (box, file, place, data) VALUES (?, ?, ?, ?)"
            " ON CONFLICT DO NOTHING",
            (self._box, _name(file), index, data),
        )
        self._set("have", have, file)

    def content(self, file: bytes) -> bytes:
        return _join(self._archive, self._box, _name(file))

    def finish(self, file: bytes) -> None:
        self._set("done_ms", self._now_ms, file)

    def clear(self, file: bytes) -> None:
        place = (self._box, _name(file))
        self._archive.execute("DELETE FROM file_chunk WHERE box = ? AND file = ?", place)
        manifest = self.told(file)
        self._set("have", chunks.empty(manifest.total if manifest else 0), file)

    def _set(self, column: str, value: object, file: bytes) -> None:
        sql = f"UPDATE file SET {column} = ? WHERE box = ? AND id = ?"
        self._archive.execute(sql, (value, self._box, _name(file)))


def _name(file: bytes) -> str:
    return str(UUID(bytes=file))


def _join(archive: Archive, box_id: str, file_id: str) -> bytes:
    rows = archive.rows(
        "SELECT data FROM file_chunk WHERE box = ? AND file = ? ORDER BY place", (box_id, file_id)
    )
    return b"".join(bytes(r["data"]) for r in rows)


def _file(archive: Archive, box_id: str, file_id: str) -> Row | None:
    return row(archive, "SELECT * FROM file WHERE box = ? AND id = ?", (box_id, file_id))
