"""Opening a hospital archive of either engine in a test."""

from __future__ import annotations

from pathlib import Path

from hospital.archive import Archive
from hospital.archive.postgres import PostgresArchive
from hospital.archive.sqlite import SqliteArchive


def open_at(address: str) -> Archive:
    """Open (another connection to) the archive of an address."""
    if address.startswith("postgresql://"):
        return PostgresArchive.open(address)
    return SqliteArchive.open(Path(address))
