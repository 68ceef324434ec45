"""Delete photos and recordings that are safe at the hospital: by age, or when the disk is full."""

from __future__ import annotations

import time

from edge.files import patient_files
from edge.jobs import disk
from edge.model.clock import TRUSTED, Stamp
from edge.settings.box_settings import Settings
from edge.store.store import Store

DAY_MS = 24 * 3_600_000


def run(store: Store, settings: Settings, now: Stamp) -> None:
    """Note what the hospital holds by now; delete it by age, or when the disk is nearly full."""
    judge(store, settings, now, disk.free_mb(settings.home) < settings.disk_low_mb)


def judge(store: Store, settings: Settings, now: Stamp, pressed: bool) -> None:
    """Delete safe files by age, or all of them when the disk is `pressed` (nearly full)."""
    patient_files.note_held(store)
    patient_files.sweep(store, settings.home, time.time())
    if pressed:
        patient_files.forget_old(store, settings.home, now.wall_ms)
    elif now.quality in TRUSTED:
        old_ms = now.wall_ms - settings.retention_days * DAY_MS
        patient_files.forget_old(store, settings.home, old_ms)
