"""Say when the box does not know the date."""

from __future__ import annotations

from edge import conditions
from edge.clock import ClockQuality, Stamp
from edge.settings import Settings
from edge.store import Store


def run(store: Store, settings: Settings, now: Stamp) -> None:
    """Raise or clear "clock-unset" by the quality of the clock."""
    if now.quality is ClockQuality.FLOOR:
        conditions.note(store, now, "clock-unset")
    else:
        conditions.clear(store, "clock-unset")
