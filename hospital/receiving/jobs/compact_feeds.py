"""Forget the oldest removals of every clinic's feed, and keys that are no longer valid."""

from __future__ import annotations

import logging
from collections.abc import Callable

from hospital.archive import Archive
from hospital.archive.settings import HospitalSettings
from hospital.feed import feed

log = logging.getLogger(__name__)


def begin(_settings: HospitalSettings) -> Callable[[Archive, int], None]:
    """Return the job; every hospital has it."""
    return compact


def compact(archive: Archive, now_ms: int, keep: int = feed.KEPT_REMOVALS) -> None:
    """Forget the oldest removals of every clinic's feed, and keys that are no longer valid."""
    for r in archive.rows("SELECT clinic, floor FROM feed_head"):
        floor = feed.compact(archive, r["clinic"], keep)
        if floor > r["floor"]:
            log.info("the feed of %s begins at %d now", r["clinic"], floor)
    with archive.transaction():
        archive.execute("DELETE FROM box_key WHERE until_ms <= ?", (now_ms,))
