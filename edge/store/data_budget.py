"""The data budget of the link: limits, and bytes sent by day and class, kept across restarts.

Alerts are never limited, nor are the few bytes that keep a session: a box that cannot say HELLO
can send no alert. A day is one of the box's wall clock in UTC.
"""

from __future__ import annotations

from collections.abc import Mapping

from edge.store.store import Store

DAY_MS = 86_400_000
KEPT_DAYS = 60

CLASS_OF_LANE: Mapping[str, str] = {
    "a": "alerts",
    "h": "session",
    "c": "clinical",
    "f": "files",
    "t": "telemetry",
}
LIMITED = ("clinical", "files", "telemetry")
"""The classes that a budget may limit, the most important first."""


def day_of(wall_ms: int) -> int:
    """Return the number of the day since 1970."""
    return wall_ms // DAY_MS


def spend(store: Store, day: int, spent: Mapping[str, int]) -> None:
    """Add bytes by class to a day, and forget days of long ago."""
    with store.transaction():
        for kind, size in spent.items():
            store.execute(
                "INSERT INTO spent (day, class, bytes) VALUES (?, ?, ?)"
                " ON CONFLICT (day, class) DO UPDATE SET bytes = bytes + excluded.bytes",
                (day, kind, size),
            )
        store.execute("DELETE FROM spent WHERE day < ?", (day - KEPT_DAYS,))


def spent(store: Store, day: int) -> dict[str, int]:
    """Return the bytes of a day by class."""
    rows = store.rows("SELECT class, bytes FROM spent WHERE day = ?", (day,))
    return {r["class"]: r["bytes"] for r in rows}


def may_send(
    lane: str, limits: Mapping[str, int], used: Mapping[str, int], fresh: Mapping[str, int]
) -> bool:
    """Whether a lane may still send, by what is in the books of the day and not yet in them."""
    kind = CLASS_OF_LANE[lane]
    return is_open(kind, limits, {kind: used.get(kind, 0) + fresh.get(kind, 0)})


def is_open(kind: str, limits: Mapping[str, int], used: Mapping[str, int]) -> bool:
    """Whether a class may still send today. A limit of 0 bytes, or none, limits nothing."""
    limit = limits.get(kind, 0)
    return kind not in LIMITED or limit == 0 or used.get(kind, 0) < limit
