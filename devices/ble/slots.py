"""Shares the adapter's few connections among the devices that wait. Pure: time is an argument.

First come, first served among those that are still heard; a device that was served goes to the
end. Streams may take only some of the slots, and one that nobody would miss gives way when another
device has waited for long.
"""

from __future__ import annotations

from dataclasses import dataclass

WAITING_LIMIT = 200


@dataclass(frozen=True, slots=True)
class Bounds:
    """Links at once, streams among them; seconds that a call stays fresh, that one must wait."""

    total: int = 3
    streaming: int = 2
    fresh_s: float = 5.0
    patience_s: float = 10.0


@dataclass(frozen=True, slots=True)
class _WaitingDevice:
    since_s: float
    heard_s: float
    streaming: bool


class Slots:
    """`want` what calls, `next` says whose turn it is, `take` and `free` as links come and go."""

    def __init__(self, bounds: Bounds | None = None) -> None:
        self._bounds = bounds or Bounds()
        self._waiting: dict[str, _WaitingDevice] = {}
        self._taken: dict[str, bool] = {}

    def __len__(self) -> int:
        return len(self._taken)

    def __contains__(self, address: str) -> bool:
        return address in self._taken

    def want(self, address: str, streaming: bool, now_s: float) -> None:
        """Take note that a device calls; it keeps its place while it goes on calling."""
        if address in self._taken:
            return
        known = self._waiting.pop(address, None)
        if known is not None and now_s - known.heard_s > self._bounds.fresh_s:
            known = None
        since_s = known.since_s if known else now_s
        self._waiting[address] = _WaitingDevice(since_s, now_s, streaming)
        self._forget(now_s)

    def next(self, now_s: float) -> str | None:
        """Return whose turn it is, or None; it waits on until it is taken or silent."""
        self._forget(now_s)
        fitting = [
            (waiting.since_s, address)
            for address, waiting in self._waiting.items()
            if self._has_room(waiting.streaming)
        ]
        return min(fitting)[1] if fitting else None

    def take(self, address: str, streaming: bool) -> None:
        """Give a device a slot."""
        self._waiting.pop(address, None)
        self._taken[address] = streaming

    def free(self, address: str) -> None:
        """Take a slot back."""
        self._taken.pop(address, None)

    def is_starving(self, now_s: float) -> bool:
        """Whether somebody has waited in vain for longer than is bearable."""
        self._forget(now_s)
        return any(
            now_s - waiting.since_s >= self._bounds.patience_s
            and not self._has_room(waiting.streaming)
            for waiting in self._waiting.values()
        )

    def _has_room(self, streaming: bool) -> bool:
        streams = sum(self._taken.values())
        full = len(self._taken) >= self._bounds.total
        return not full and not (streaming and streams >= self._bounds.streaming)

    def _forget(self, now_s: float) -> None:
        gone = [
            address
            for address, waiting in self._waiting.items()
            if now_s - waiting.heard_s > self._bounds.fresh_s
        ]
        for address in gone:
            del self._waiting[address]
        while len(self._waiting) > WAITING_LIMIT:
            del self._waiting[next(iter(self._waiting))]
