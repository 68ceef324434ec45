"""The courier's purse: counts what the link costs, and says which lane may still be spent on."""

from __future__ import annotations

from collections.abc import Mapping

from edge import contact, spending
from edge.clock import Stamp
from edge.store import Store


class Purse:
    """Holds `fresh`, the bytes by class that are not in the box's file yet."""

    def __init__(
        self, store: Store, limits: Mapping[str, int], fresh: dict[str, int], now: Stamp
    ) -> None:
        self._store, self._limits, self._fresh = store, limits, fresh
        self._day = spending.day_of(now.wall_ms)
        self._used = spending.spent(store, self._day)

    def may_send(self, lane: str) -> bool:
        """Whether today's budget has room for more of a lane."""
        return spending.may_send(lane, self._limits, self._used, self._fresh)

    def settle(self, now: Stamp, up_s: int = 0) -> None:
        """Write the books: what was spent, and for how many seconds the link was up."""
        with self._store.transaction():
            if self._fresh:
                spending.spend(self._store, self._day, self._fresh)
            if up_s:
                contact.remember(self._store, now.wall_ms, up_s)
        self._fresh.clear()
        self._day = spending.day_of(now.wall_ms)
        self._used = spending.spent(self._store, self._day)
