"""Counts the bytes sent today, by class; the data budget is in `edge.store.data_budget`."""

from __future__ import annotations

from collections.abc import Mapping

from edge.model.clock import Stamp
from edge.store import data_budget, link_windows
from edge.store.store import Store


class SentBytes:
    """One day's use of the budget; `fresh` are bytes by class that are not stored yet."""

    def __init__(
        self, store: Store, limits: Mapping[str, int], fresh: dict[str, int], now: Stamp
    ) -> None:
        self._store, self._limits, self._fresh = store, limits, fresh
        self._day = data_budget.day_of(now.wall_ms)
        self._used = data_budget.spent(store, self._day)

    def may_send(self, lane: str) -> bool:
        """Whether today's budget has room for more of a lane."""
        return data_budget.may_send(lane, self._limits, self._used, self._fresh)

    def settle(self, now: Stamp, up_s: int = 0) -> None:
        """Store the bytes sent and for how many seconds the link was up."""
        with self._store.transaction():
            if self._fresh:
                data_budget.spend(self._store, self._day, self._fresh)
            if up_s:
                link_windows.remember(self._store, now.wall_ms, up_s)
        self._fresh.clear()
        self._day = data_budget.day_of(now.wall_ms)
        self._used = data_budget.spent(self._store, self._day)
