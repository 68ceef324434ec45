"""`python -m edge.process.caretaker`: the jobs that the box does by itself, each every so often.

APScheduler plans by the wall clock, and this wall clock jumps: when a box without a battery learns
the date, or when somebody sets it back. Each jump is noticed by the boot clock and all jobs are
planned anew, because a job planned for 2031 would otherwise wait until 2031.
"""

from __future__ import annotations

import logging
import signal
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from threading import Event

from apscheduler.executors.pool import ThreadPoolExecutor
from apscheduler.schedulers.background import BackgroundScheduler

from edge.jobs import (
    backup,
    check_records,
    checkpoint,
    clock_check,
    disk,
    follow_up,
    fridges,
    idle_visits,
    last_known_time,
    late_facts,
    old_drafts,
    old_files,
    passed_locks,
    prune,
    remote_settings,
    report_facts,
    rules,
)
from edge.model.clock import Stamp
from edge.model.errors import EdgeError
from edge.process.start import run_box_process
from edge.process.supervise import Stop
from edge.settings.box_settings import Settings
from edge.settings.remote_settings import effective
from edge.store.losses import open_store
from edge.store.store import LITTLE_CACHE_KB, Store

LOOK_EVERY_S = 5.0
JUMP_S = 30.0
"""A wall clock that moved so much more or less than the boot clock has been set."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Job:
    """Something to do every `every_s` seconds, and once at the start."""

    name: str
    every_s: Callable[[Settings], int]
    run: Callable[[Store, Settings, Stamp], None]


JOBS = (
    Job("clock", lambda s: 60, clock_check.run),
    Job("last-known-time", lambda s: 120, last_known_time.run),
    Job("disk", lambda s: 60, disk.run),
    Job("late-facts", lambda s: 10, late_facts.run),
    Job("follow-up", lambda s: 10, follow_up.run),
    Job("fridges", lambda s: 300, fridges.run),
    Job("rules", lambda s: 60, rules.run),
    Job("idle-visits", lambda s: 30, idle_visits.run),
    Job("passed-locks", lambda s: 30, passed_locks.run),
    Job("old-drafts", lambda s: 300, old_drafts.run),
    Job("remote-settings", lambda s: 60, remote_settings.run),
    Job("old-files", lambda s: 300, old_files.run),
    Job("checkpoint", lambda s: 30, checkpoint.run),
    Job("check-records", lambda s: check_records.EVERY_S, check_records.run),
    Job("report-facts", lambda s: 300, report_facts.run),
    Job("prune", lambda s: 3600, prune.run),
    Job("backup", lambda s: s.backup_every_s, backup.run),
)


class _Complaint:
    """Why the box's file cannot be used: said once, not once for each job."""

    def __init__(self) -> None:
        self._said = ""

    def say(self, error: Exception) -> None:
        if str(error) != self._said:
            log.error("no job is done: %s", error)
        self._said = str(error)

    def forget(self) -> None:
        self._said = ""


_COMPLAINT = _Complaint()


def do(job: Job, settings: Settings) -> None:
    """Do one job now, with a store of its own; a job that fails is tried again when it is due."""
    try:
        store = open_store(settings.database, settings.box_id, cache_kb=LITTLE_CACHE_KB)
    except (EdgeError, OSError) as error:
        _COMPLAINT.say(error)
        return
    _COMPLAINT.forget()
    try:
        try:
            job.run(store, effective(settings, store), store.clock().now())
        finally:
            store.close()
    except (EdgeError, OSError) as error:
        log.error("%s: %s", job.name, error)


def serve(settings: Settings, stop: Event) -> None:
    """Do the jobs until a signal stops it."""
    scheduler = BackgroundScheduler(
        timezone=UTC,
        executors={"default": ThreadPoolExecutor(1)},
        job_defaults={"coalesce": True, "max_instances": 1, "misfire_grace_time": None},
    )
    plan(scheduler, settings)
    scheduler.start()
    offset_s = _wall_minus_boot_s()
    while not stop.wait(LOOK_EVERY_S):
        if abs(_wall_minus_boot_s() - offset_s) > JUMP_S:
            log.info("the clock was set: all jobs are planned anew")
            plan(scheduler, settings)
            offset_s = _wall_minus_boot_s()
    scheduler.shutdown(wait=True)


def plan(scheduler: BackgroundScheduler, settings: Settings) -> None:
    """Plan every job, beginning now."""
    for job in JOBS:
        scheduler.add_job(
            do,
            "interval",
            args=(job, settings),
            seconds=max(job.every_s(settings), 1),
            id=job.name,
            replace_existing=True,
            next_run_time=datetime.now(UTC),
        )


def main() -> int:
    """Run as a process until SIGTERM; return its exit code."""
    logging.basicConfig(level=logging.INFO, format="%(levelname)s %(name)s: %(message)s")
    logging.getLogger("apscheduler").setLevel(logging.WARNING)
    stop = Stop()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    return run_box_process("caretaker", lambda settings: serve(settings, stop))


def _wall_minus_boot_s() -> float:
    return time.time() - time.clock_gettime(time.CLOCK_BOOTTIME)


if __name__ == "__main__":
    sys.exit(main())
