"""A clock that a test turns by hand: time passes and the box restarts when it says so."""

from __future__ import annotations

from edge.model.clock import BUILD_MS, Clock, ClockQuality, Stamp


class HandClock(Clock):
    """A `Clock` that stands still until `advance` or `restart`."""

    def __init__(self, boot: int = 1, t_ms: int = 1_000_000, wall_ms: int = BUILD_MS + 1) -> None:
        super().__init__(boot, BUILD_MS)
        self._hand_boot, self._t_ms, self._wall_ms = boot, t_ms, wall_ms
        self.quality = ClockQuality.NTP

    @property
    def boot(self) -> int:
        return self._hand_boot

    def now(self) -> Stamp:
        return Stamp(self._hand_boot, self._t_ms, self._wall_ms, self.quality)

    def advance(self, seconds: float) -> Stamp:
        """Let time pass."""
        self._t_ms += int(seconds * 1000)
        self._wall_ms += int(seconds * 1000)
        return self.now()

    def restart(self, t_ms: int = 20_000) -> Stamp:
        """Begin the next boot, `t_ms` after it came up; the wall clock does not move."""
        self._hand_boot += 1
        self._t_ms = t_ms
        return self.now()
