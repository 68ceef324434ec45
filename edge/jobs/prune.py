"""Delete records that the hospital's backup holds: the old ones, or more when the disk is full.

After the retention time the outbox and the raw bytes go. While the disk is nearly full they go as
soon as they are safe, and readings older than the retention time leave the screens' history, too.
"""

from __future__ import annotations

import logging

from edge.jobs import disk
from edge.model.clock import TRUSTED, Stamp
from edge.reports import box_facts
from edge.settings.box_settings import Settings
from edge.store import damage, pruning
from edge.store.journal import LANES
from edge.store.store import Store

BATCHES = 20
"""At most so many transactions in one go; the rest waits for the next time."""

DAY_MS = 24 * 3_600_000

log = logging.getLogger(__name__)


def run(store: Store, settings: Settings, now: Stamp) -> None:
    """Prune what may go, and say when what is on the disk is not what was confirmed."""
    judge(store, settings, now, disk.free_mb(settings.home) < settings.disk_low_mb)


def judge(store: Store, settings: Settings, now: Stamp, pressed: bool) -> None:
    """Prune by age, and early when the disk is `pressed`; a clock that nobody vouched for waits."""
    if now.quality not in TRUSTED and not pressed:
        return
    box_facts.catch_up(store)  # what reports count outlives the entries
    old_ms = now.wall_ms - settings.retention_days * DAY_MS
    try:
        _all_lanes(store, old_ms, history=pressed)
        if pressed:
            _all_lanes(store, now.wall_ms, history=False)
    except pruning.DamagedRecords as error:
        log.error("nothing pruned: %s", error)
        damage.check(store, now)  # what is marked does not stop the next time


def _all_lanes(store: Store, before_ms: int, *, history: bool) -> None:
    for lane in LANES:
        for _ in range(BATCHES):
            gone = pruning.prune(store, lane, before_ms, history=history)
            if not gone.records:
                break
            log.info("lane %s: pruned %d safe records", lane, gone.records)
