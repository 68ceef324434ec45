"""Mark records as safe that a PostgreSQL standby has flushed to its own disk.

The streams are read, then the place of the log that holds them; when the standby of this name says
that it has flushed the log to there, the boxes are told. A standby is a server fed by streaming
replication, or `pg_receivewal --synchronous` beside a base backup. Which machine it stands on,
only its owner knows: to name it in the settings is the owner's promise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from hospital.archive import STREAMS, Archive, Row, row
from hospital.archive.settings import HospitalSettings
from hospital.receiving import backup
from hospital.receiving.backup import PromisedCopy

PLACE = "standby {}"

_HERE = "SELECT CAST(pg_current_wal_flush_lsn() AS TEXT) AS lsn"
_THERE = (
    "SELECT 1 AS n FROM pg_stat_replication WHERE application_name = ?"
    " AND flush_lsn >= CAST(? AS pg_lsn)"
)


def begin(settings: HospitalSettings) -> Callable[[Archive, int], object] | None:
    """Return the job when the settings name a standby."""
    return Standby(settings.standby).follow if settings.standby else None


@dataclass(slots=True)
class Standby:
    """Follows one standby. `covered` waits until the standby has flushed the log to `lsn`."""

    name: str
    lsn: str = ""
    covered: list[Row] = field(default_factory=list)
    promised: list[Row] = field(default_factory=list)

    def follow(self, archive: Archive, now_ms: int) -> bool:
        """Look once; return whether boxes are promised more than before. Raises `ArchiveDown`."""
        if archive.engine != "postgresql":
            return False
        if not self.lsn:
            self._aim(archive)
        if not self.lsn or row(archive, _THERE, (self.name, self.lsn)) is None:
            return False
        place = PLACE.format(self.name)
        with archive.transaction():
            backup.promise(archive, self.covered, PromisedCopy(0, now_ms, place), 0)
            # Said anew every minute: only the latest of them is worth a row.
            archive.execute(
                "DELETE FROM backup WHERE place = ? AND number <"
                " (SELECT max(number) FROM backup WHERE place = ?)",
                (place, place),
            )
        self.promised, self.lsn = self.covered, ""
        return True

    def _aim(self, archive: Archive) -> None:
        self.covered = archive.rows(f"{STREAMS} ORDER BY box, epoch, lane")
        if self.covered == self.promised:
            return
        here = row(archive, _HERE)
        self.lsn = "" if here is None else str(here["lsn"])
