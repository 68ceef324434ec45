"""What a hospital does by the clock: forget what is old in the feeds, follow the standby.

The receive worker turns it between frames; each job is short, and a failed one is tried again.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass, field

from hospital.archive import Archive
from hospital.feed import feed
from hospital.receiving.standby import Standby

COMPACT_MS = 3_600_000
STANDBY_MS = 60_000

log = logging.getLogger(__name__)

Job = Callable[[Archive, int], object]


@dataclass(slots=True)
class Upkeep:
    """The jobs, with the time of day that each is due again, in Unix milliseconds."""

    standby: Standby | None = None
    due: dict[str, int] = field(default_factory=dict)

    def turn(self, archive: Archive, now_ms: int) -> None:
        """Do what is due; raises `ArchiveDown`."""
        self._each(archive, now_ms, ("compact", COMPACT_MS, compact))
        if self.standby is not None:
            self._each(archive, now_ms, ("standby", STANDBY_MS, self.standby.follow))

    def _each(self, archive: Archive, now_ms: int, job: tuple[str, int, Job]) -> None:
        name, every_ms, work = job
        if not self.due.get(name, 0) - every_ms <= now_ms < self.due.get(name, 0):
            self.due[name] = now_ms + every_ms  # also when the clock was put back
            work(archive, now_ms)


def compact(archive: Archive, now_ms: int, keep: int = feed.KEPT_REMOVALS) -> None:
    """Forget the oldest removals of every clinic's feed, and keys that count no more."""
    for r in archive.rows("SELECT clinic, floor FROM feed_head"):
        floor = feed.compact(archive, r["clinic"], keep)
        if floor > r["floor"]:
            log.info("the feed of %s begins at %d now", r["clinic"], floor)
    with archive.transaction():
        archive.execute("DELETE FROM box_key WHERE until_ms <= ?", (now_ms,))
