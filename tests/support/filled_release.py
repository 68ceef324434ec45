"""Files of a release, filled with an entry of every kind: what each later release must still open.

`scripts/keep-release 0.2.0` writes them once, when the release is tagged, into
tests/releases/0.2.0: the box's file, the archive in SQLite and the archive in PostgreSQL.
"""

from __future__ import annotations

import json
import lzma
import sys
import tempfile
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import every_kind
import the_run
from archives import open_at
from hand_clock import HandClock
from postgres import cluster

from edge.store import journal
from edge.store.store import Store
from hospital.archive import Archive, scalar
from hospital.fleet import boxes
from hospital.fleet.boxes import Box
from hospital.receiving import apply
from sync.keys.keys import BoxKeys

RELEASES = Path(__file__).parents[1] / "releases"
BOX_ID = "box-test"
TABLES = ("record", "reading", "patient", "patient_edit", "alert", "staff", "file", "seen")
"""Tables of the archive whose rows are counted."""


def keep(release: str) -> None:
    """Write the files of the running release; raises `FileExistsError` when it has some."""
    target = RELEASES / release
    target.mkdir(parents=True)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        records = _box(folder)
        _pack(folder / "box.db", target / "box.db.xz")
        archive = open_at(str(folder / "archive.db"))
        counts = _fill(archive, records)
        archive.copy_to(folder / "copy.db")
        archive.close()
        _pack(folder / "copy.db", target / "archive.db.xz")
        _keep_postgres(records, target / "archive.pgdump")
    kinds = Counter(json.loads(record)["kind"] for record in records)
    manifest = {"box": dict(sorted(kinds.items())), "archive": counts}
    (target / "manifest.json").write_text(json.dumps(manifest, indent=1) + "\n", encoding="utf-8")


def unpack(packed: Path, file: Path) -> Path:
    """Write a kept file where a test may open and change it."""
    file.write_bytes(lzma.decompress(packed.read_bytes()))
    return file


def count(archive: Archive) -> dict[str, int]:
    """Return how many rows the tables of an archive have."""
    return {name: scalar(archive, f"SELECT count(*) AS n FROM {name}") for name in TABLES}


def _box(folder: Path) -> list[bytes]:
    store = Store.create(folder / "box.db", BOX_ID)
    try:
        every_kind.write(store, folder, HandClock())
        return [entry.canonical() for _, entry in journal.since(store, 0)]
    finally:
        store.close()  # the last connection to close empties the write-ahead log


def _fill(archive: Archive, records: list[bytes]) -> dict[str, int]:
    box = Box(BOX_ID, "Thar", BoxKeys.generate().public, "0a", 1)
    with archive.transaction():
        boxes.enter(archive, box)
        apply.keep(archive, box, (1, "c", 1), records, 5)
    return count(archive)


def _keep_postgres(records: list[bytes], file: Path) -> None:
    with _a_run(), cluster() as server:
        archive = open_at(server.fresh())
        _fill(archive, records)
        archive.copy_to(file)
        archive.close()


@contextmanager
def _a_run() -> Iterator[None]:
    the_run.begin()
    try:
        yield
    finally:
        the_run.end()


def _pack(file: Path, packed: Path) -> None:
    packed.write_bytes(lzma.compress(file.read_bytes(), preset=9))


if __name__ == "__main__":
    keep(sys.argv[1])
