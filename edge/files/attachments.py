"""Photos and recordings: each a file on the disk, with a manifest in the journal.

The manifest carries the file's own key, so it travels as any record does, sealed to the hospital;
the file follows in chunks under that key (`sync.files.chunks`). A preview is a small file of its
own that names the file it stands for. The file is complete on the disk before its
journal entry is written.
"""

from __future__ import annotations

import errno
import hashlib
import os
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from uuid_utils import uuid7

from edge.model.clock import Stamp
from edge.model.entry import EntryKind
from edge.model.errors import DiskFault, DiskFull, NotFound
from edge.store import durable, journal
from edge.store.store import Row, Store

CHUNK_BYTES = 3_584
"""A sealed frame of one chunk stays below 4 KB, so that an alert never waits long behind it."""

MAX_BYTES = 32 << 20
RESERVE_MB = 100
"""With less free than this no file is taken: readings need the room."""

FOLDER = "files"


@dataclass(frozen=True, slots=True)
class Subject:
    """What a file is about: whose it is, in which visit, and the file it is a preview of."""

    patient: str | None = None
    visit: str | None = None
    preview_of: str | None = None


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way: `have` is a bitmap of the chunks that the hospital holds.

    `entry` is the journal entry with its manifest.
    """

    id: str
    key: bytes
    size: int
    total: int
    have: bytes
    is_preview: bool
    entry: int = 0

    @property
    def file_id(self) -> bytes:
        """The id as its 16 bytes."""
        return UUID(self.id).bytes


def add(
    store: Store,
    home: Path,
    now: Stamp,
    data: bytes,
    mime: str,
    about: Subject = Subject(),
    actor: str | None = None,
) -> str:
    """Keep a file and its manifest; return its id. Raises `DiskError`, or `ValueError` by size."""
    if not 0 < len(data) <= MAX_BYTES:
        raise ValueError(f"a file has 1 to {MAX_BYTES} bytes, not {len(data)}")
    if durable.free_bytes(home) < (RESERVE_MB << 20) + len(data):
        raise DiskFull("the disk has no room for a photo or a recording")
    file_id, key = str(uuid7()), os.urandom(32)
    total = -(-len(data) // CHUNK_BYTES)
    body: dict[str, object] = {
        "id": file_id,
        "mime": mime,
        "bytes": len(data),
        "chunk": CHUNK_BYTES,
    }
    body |= {"total": total, "key": key.hex(), "sha256": hashlib.sha256(data).hexdigest()}
    optional = {"patient": about.patient, "visit": about.visit, "preview_of": about.preview_of}
    body |= {name: value for name, value in optional.items() if value is not None}
    _write(path(home, file_id), data)
    with store.transaction():
        entry = journal.append(store, EntryKind.FILE, now, body, actor=actor)
        store.execute(
            "INSERT INTO file (id, entry, key, size, total, have, preview, patient_id, visit_id)"
            " VALUES (?, ?, ?, ?, ?, zeroblob(?), ?, ?, ?)",
            (
                file_id,
                entry,
                key,
                len(data),
                total,
                -(-total // 8),
                int(about.preview_of is not None),
                about.patient,
                about.visit,
            ),
        )
    return file_id


def path(home: Path, file_id: str) -> Path:
    """Return the path of a file on the disk."""
    return home / FOLDER / file_id


def urgency(upload: Upload) -> tuple[bool, int]:
    """Return what files are sent by: a preview before anything larger, then the oldest."""
    return not upload.is_preview, upload.entry


def next_upload(store: Store) -> Upload | None:
    """Return the file to send from next.

    Only one whose manifest the hospital has confirmed; it could not open the chunks of another.
    """
    rows = store.rows(
        "SELECT f.*, min(f.entry) FROM file f"
        " JOIN journal j ON j.id = f.entry JOIN stream s ON s.lane = j.lane"
        " WHERE f.done = 0 AND f.entry <= s.cum_entry GROUP BY f.preview"
    )
    return min(map(_upload, rows), key=urgency, default=None)


def unsent(store: Store, last_entry: int) -> list[Upload]:
    """Return what the hospital lacks of files whose manifest it has, or gets before them.

    `last_entry` is the last journal entry that travels with them. Previews come first.
    """
    rows = store.rows(
        "SELECT f.* FROM file f JOIN journal j ON j.id = f.entry JOIN stream s ON s.lane = j.lane"
        " WHERE f.done = 0 AND f.entry <= max(s.cum_entry, ?) ORDER BY f.preview DESC, f.entry",
        (last_entry,),
    )
    return [_upload(r) for r in rows]


def waiting(store: Store) -> int:
    """Return how many files the hospital does not hold completely."""
    return store.scalar("SELECT count(*) FROM file WHERE done = 0")


def read_chunk(home: Path, upload: Upload, index: int) -> bytes:
    """Return one chunk of a file; raises `NotFound` when the disk does not have it."""
    try:
        with path(home, upload.id).open("rb") as handle:
            handle.seek(index * CHUNK_BYTES)
            return handle.read(CHUNK_BYTES)
    except OSError as error:
        raise NotFound(f"file {upload.id} cannot be read: {error.strerror}") from error


def confirm(store: Store, file_id: str, have: bytes, done: bool) -> None:
    """Store what the hospital says that it holds; after a restore that may be less than before."""
    with store.transaction():
        store.execute(
            "UPDATE file SET have = ?, done = ? WHERE id = ? AND length(have) = ?",
            (have, int(done), file_id, len(have)),
        )


def confirm_more(store: Store, file_id: str, have: bytes, done: bool) -> None:
    """Store what an answer of any age says that the hospital holds: never less than before.

    A file whose chunks all arrived and that is not whole is begun anew by the hospital; so here.
    """
    with store.transaction():
        row = store.row("SELECT have, done, total FROM file WHERE id = ?", (file_id,))
        if row is None or row["done"] or len(row["have"]) != len(have):
            return
        both = bytes(a | b for a, b in zip(row["have"], have, strict=True))
        every = sum(byte.bit_count() for byte in both) == row["total"]
        confirm(store, file_id, have if every else both, done)


def _upload(row: Row) -> Upload:
    have, preview = bytes(row["have"]), bool(row["preview"])
    key, size, total = bytes(row["key"]), row["size"], row["total"]
    return Upload(row["id"], key, size, total, have, preview, row["entry"])


def _write(file: Path, data: bytes) -> None:
    try:
        durable.make_folder(file.parent)
        durable.replace(file, data)
    except OSError as error:
        full = error.errno in (errno.ENOSPC, errno.EDQUOT)
        kind = DiskFull if full else DiskFault
        raise kind(f"the file cannot be kept: {error.strerror}") from error
