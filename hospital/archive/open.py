"""Open the archive that the settings name, in SQLite or PostgreSQL."""

from __future__ import annotations

from hospital.archive import Archive
from hospital.archive.settings import HospitalSettings


def open_archive(settings: HospitalSettings) -> Archive:
    """Open the hospital's archive for the calling thread; raises `ArchiveDown`."""
    if settings.archive == "sqlite":
        from hospital.archive.sqlite import SqliteArchive

        return SqliteArchive.open(settings.database)
    from hospital.archive.postgres import PostgresArchive

    return PostgresArchive.open(settings.archive)
