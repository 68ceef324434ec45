"""Scheduled jobs of a hospital: one file a job, and one row in `JOBS`.

The receive worker turns it between frames; each job is short, and a failed one is tried again.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from hospital.archive import Archive
from hospital.archive.settings import HospitalSettings
from hospital.receiving.jobs import (
    compact_feeds,
    escalation,
    follow_standby,
    follow_up,
    month_checks,
    search_keys,
)

Work = Callable[[Archive, int], object]
"""Does a job once, at a time in Unix milliseconds; raises `ArchiveDown`."""


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do every `every_ms`; `begin` returns None where settings do not ask for it."""

    name: str
    every_ms: int
    begin: Callable[[HospitalSettings], Work | None]


JOBS = (
    Job("compact-feeds", 3_600_000, compact_feeds.begin),
    Job("follow-standby", 60_000, follow_standby.begin),
    Job("month-checks", 60_000, month_checks.begin),
    Job("search-keys", 5_000, search_keys.begin),
    Job("follow-up", 5_000, follow_up.begin),
    Job("escalation", 10_000, escalation.begin),
)


@dataclass(slots=True)
class Schedule:
    """The jobs of one hospital, and when each is due again, in Unix milliseconds."""

    jobs: tuple[tuple[Job, Work], ...] = ()
    due: dict[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, settings: HospitalSettings, jobs: Iterable[Job] = JOBS) -> Schedule:
        """Return the jobs that the settings ask for, all of them due now."""
        begun = ((job, job.begin(settings)) for job in jobs)
        return cls(tuple((job, work) for job, work in begun if work is not None))

    def turn(self, archive: Archive, now_ms: int) -> None:
        """Do what is due; raises `ArchiveDown`."""
        for job, work in self.jobs:
            due_ms = self.due.get(job.name, 0)
            if not due_ms - job.every_ms <= now_ms < due_ms:  # also when the clock was put back
                self.due[job.name] = now_ms + job.every_ms
                work(archive, now_ms)
