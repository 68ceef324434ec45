"""Equipment that works: devices that gave readings in a month, and those that fell silent."""

from __future__ import annotations

from typing import Final

from edge.reports.core import months
from edge.reports.core.settled import Settled

SILENT_AFTER: Final = 3
"""A device that gave something in the three months before, and nothing in the month, is silent."""


def indicators(settled: Settled, month: str) -> dict[str, int]:
    """Return how many devices work, are silent, and how many readings came from them."""
    since = months.first_day(months.before(month, SILENT_AFTER))
    until = months.last_day(month)
    gave: set[str] = set()
    before: set[str] = set()
    readings = 0
    for row in settled.kind("sent"):
        device = str(row.data.get("device", ""))
        if not device or not since <= row.day <= until:
            continue
        if row.day.startswith(month):
            gave.add(device)
            readings += 1
        else:
            before.add(device)
    return {"working": len(gave), "silent": len(before - gave), "readings": readings}
