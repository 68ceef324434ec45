"""Raise an issue before the disk is full, and measure its growth."""

from __future__ import annotations

from pathlib import Path

from edge.model.clock import Stamp
from edge.settings.box_settings import Settings
from edge.store import durable, issues, ledger
from edge.store.store import Store

FULL_MB = 30
"""With less than this, SQLite's log may not fit and writes begin to fail."""

SAMPLE_EVERY_MS = 3_600_000
SAMPLES_FOR_MS = 14 * 24 * 3_600_000


def run(store: Store, settings: Settings, now: Stamp) -> None:
    """Raise or clear "disk-low" and "disk-full" by the free space where the box's file is."""
    judge(store, settings, now, free_mb(settings.home))
    measured = ledger.samples(store)
    if not measured or abs(now.wall_ms - measured[-1].at_ms) >= SAMPLE_EVERY_MS:
        sample = ledger.Sample(now.wall_ms, taken(settings.home))
        ledger.take_sample(store, sample, SAMPLES_FOR_MS)


def judge(store: Store, settings: Settings, now: Stamp, free: int) -> None:
    """Raise or clear the issues for so many free megabytes."""
    kind = None
    if free < FULL_MB:
        kind = "disk-full"
    elif free < settings.disk_low_mb:
        kind = "disk-low"
    for other in {"disk-low", "disk-full"} - {kind}:
        issues.clear(store, other)
    if kind:
        issues.note(store, now, kind, detail=f"{free // 10 * 10} MB")


def free_mb(folder: Path) -> int:
    """Return the megabytes that an ordinary process may still write there."""
    return durable.free_bytes(folder) // 1_000_000


def taken(folder: Path) -> int:
    """Return the bytes that the box's files take on the disk."""
    return sum(f.lstat().st_blocks * 512 for f in folder.rglob("*") if f.is_file())
