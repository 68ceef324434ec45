"""Raise an issue when the box does not know the date."""

from __future__ import annotations

from edge.model.clock import ClockQuality, Stamp
from edge.settings.box_settings import Settings
from edge.store import issues
from edge.store.store import Store


def run(store: Store, settings: Settings, now: Stamp) -> None:
    """Raise or clear "clock-unset" by the quality of the clock."""
    if now.quality is ClockQuality.FLOOR:
        issues.note(store, now, "clock-unset")
    else:
        issues.clear(store, "clock-unset")
