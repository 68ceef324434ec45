"""Link windows: when the link is usually up, learnt from the half-hours in which it was up."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime

from edge.store.store import Store

SLOTS = 48
"""Half-hours of a day, by the box's local time."""

KEPT_DAYS = 28
ENOUGH_DAYS = 3
UP_S = 300
"""A half-hour counts as online when the link was up so long in it."""

Slots = Mapping[tuple[int, int], int]
"""Seconds up by (day, half-hour)."""

Window = tuple[int, int]
"""First half-hour, and the one after the last; a window over midnight ends beyond 48."""


def slot_of(wall_ms: int) -> tuple[int, int]:
    """Return day and half-hour of a moment, local time."""
    local = datetime.fromtimestamp(wall_ms / 1000).astimezone()
    return local.toordinal(), local.hour * 2 + local.minute // 30


def remember(store: Store, wall_ms: int, up_s: int) -> None:
    """Add seconds of contact to the current half-hour; forget what is older than four weeks."""
    day, slot = slot_of(wall_ms)
    with store.transaction():
        store.execute(
            "INSERT INTO contact (day, hour, up_s) VALUES (?, ?, ?)"
            " ON CONFLICT (day, hour) DO UPDATE SET up_s = min(1800, up_s + excluded.up_s)",
            (day, slot, up_s),
        )
        store.execute("DELETE FROM contact WHERE day < ? OR day > ?", (day - KEPT_DAYS, day))


def known(store: Store) -> dict[tuple[int, int], int]:
    """Return the seconds of contact by day and half-hour."""
    rows = store.rows("SELECT day, hour, up_s FROM contact")
    return {(r["day"], r["hour"]): r["up_s"] for r in rows}


def windows(seen: Slots) -> list[Window]:
    """Return the usual times of contact: half-hours that were online on half of the known days.

    Empty when there is too little evidence, or no habit in it.
    """
    days = {day for day, _ in seen}
    if len(days) < ENOUGH_DAYS:
        return []
    often = [
        2 * sum(1 for day in days if seen.get((day, slot), 0) >= UP_S) >= len(days)
        for slot in range(SLOTS)
    ]
    return _runs(often)


def words(window: Window) -> str:
    """Return a window as clock times: 18:00–19:30."""
    return "–".join(f"{slot % SLOTS // 2:02}:{slot % 2 * 30:02}" for slot in window)


def _runs(often: Sequence[bool]) -> list[Window]:
    if all(often):
        return [(0, SLOTS)]
    found: list[Window] = []
    for slot in range(SLOTS):
        if often[slot] and not often[slot - 1]:
            end = slot
            while often[end % SLOTS]:
                end += 1
            found.append((slot, end))
    return found
