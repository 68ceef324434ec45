"""Opens the archive that the settings name, with the engine that they name.

Only `healthpost hospital init` makes one. Everybody else opens what is there, and refuses what is
missing, empty or another hospital's: which hospital's it is says the certificate of its authority.
"""

from __future__ import annotations

import hashlib
import ssl

from hospital.archive import Archive, copy_notes, row
from hospital.archive.errors import ArchiveRefused
from hospital.archive.settings import HospitalSettings


def open_archive(settings: HospitalSettings) -> Archive:
    """Open the hospital's archive for the calling thread; raises `ArchiveDown`.

    Among these is `ArchiveRefused`, which names the newest copy that was made.
    """
    try:
        return _of_this_hospital(settings, _opened(settings, make=False))
    except ArchiveRefused as error:
        raise ArchiveRefused(error.kind, f"{error}{_what_to_do(settings)}") from error


def make_archive(settings: HospitalSettings) -> Archive:
    """Make the archive of a new hospital, or go on with one of its own; raises `ArchiveDown`."""
    return _of_this_hospital(settings, _opened(settings, make=True))


def _opened(settings: HospitalSettings, *, make: bool) -> Archive:
    if settings.archive == "sqlite":
        from hospital.archive.sqlite import SqliteArchive

        return SqliteArchive.open(settings.database, make=make)
    from hospital.archive.postgres import PostgresArchive

    return PostgresArchive.open(settings.archive, make=make)


def _of_this_hospital(settings: HospitalSettings, archive: Archive) -> Archive:
    """Return the archive when it is this hospital's; one of release 0.2.0 becomes it."""
    try:
        own = _authority(settings)
        found = row(archive, "SELECT authority FROM hospital")
        named = "" if found is None else str(found["authority"])
        if named == "":
            with archive.transaction():
                archive.execute("UPDATE hospital SET authority = ? WHERE authority = ''", (own,))
        elif named != own:
            raise ArchiveRefused("foreign", "the archive is that of another hospital")
    except BaseException:
        archive.close()
        raise
    return archive


def _authority(settings: HospitalSettings) -> str:
    """Return the SHA-256 of the authority's certificate, which never changes."""
    file = settings.authority / "ca.crt"
    try:
        der = ssl.PEM_cert_to_DER_cert(file.read_text(encoding="ascii"))
    except (OSError, ValueError) as error:
        text = f"{file} cannot be read, so nobody can tell whose archive this is"
        raise ArchiveRefused("foreign", text) from error
    return hashlib.sha256(der).hexdigest()


def _what_to_do(settings: HospitalSettings) -> str:
    note = copy_notes.newest(settings.home)
    if note is None:
        return ". No copy was made by `healthpost hospital backup --to FILE`"
    return (
        f". The newest copy that was made is {note.place} ({note.when}, {note.records:,} records):"
        " put it in its place, then run `healthpost hospital restored`"
    )
