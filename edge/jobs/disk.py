"""Say when the disk is nearly full, while there is still room to say it."""

from __future__ import annotations

import os
from pathlib import Path

from edge import conditions
from edge.clock import Stamp
from edge.settings import Settings
from edge.store import Store

FULL_MB = 30
"""With less than this, SQLite's log may not fit and writes begin to fail."""


def run(store: Store, settings: Settings, now: Stamp) -> None:
    """Raise or clear "disk-low" and "disk-full" by what is free where the box's file stands."""
    judge(store, settings, now, free_mb(settings.home))


def judge(store: Store, settings: Settings, now: Stamp, free: int) -> None:
    """Raise or clear the conditions for so many free megabytes."""
    kind = None
    if free < FULL_MB:
        kind = "disk-full"
    elif free < settings.disk_low_mb:
        kind = "disk-low"
    for other in {"disk-low", "disk-full"} - {kind}:
        conditions.clear(store, other)
    if kind:
        conditions.note(store, now, kind, detail=f"{free // 10 * 10} MB")


def free_mb(folder: Path) -> int:
    """Return the megabytes that an ordinary process may still write there."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize // 1_000_000
