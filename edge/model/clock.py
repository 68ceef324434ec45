"""Time on a machine without a trusted clock.

A stamp says which boot, how long after that boot, what the wall clock claimed, and how far that
claim can be trusted. Anchors (a hospital's signed WELCOME, a worker's confirmation) place it
later; the stamp itself is never rewritten. Order is (boot, t_ms), never the wall.
"""

from __future__ import annotations

import ctypes
import os
import time
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, date, datetime
from datetime import time as time_of_day
from enum import StrEnum
from pathlib import Path

BUILD_MS = int(datetime(2026, 11, 22, tzinfo=UTC).timestamp() * 1000)
"""No wall clock of this release can be earlier than the release itself."""

DRIFT_PPM = 100
"""Bound of a quartz oscillator's drift, used to widen an anchor's error with distance."""

_LIBC = ctypes.CDLL(None)
_TIME_ERROR = 5  # adjtimex(2): "the system clock is not synchronized"


class ClockQuality(StrEnum):
    """How far the wall clock of a stamp can be trusted, worst first."""

    FLOOR = "floor"
    UNSURE = "unsure"
    MANUAL = "manual"
    NTP = "ntp"
    HOSPITAL = "hospital"


TRUSTED = frozenset({ClockQuality.NTP, ClockQuality.HOSPITAL, ClockQuality.MANUAL})
"""Qualities of a time that somebody vouched for."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """One instant: boot counter, milliseconds since that boot, wall milliseconds UTC, quality."""

    boot: int
    t_ms: int
    wall_ms: int
    quality: ClockQuality

    @property
    def wall(self) -> datetime:
        """The wall clock's claim as an aware datetime."""
        return datetime.fromtimestamp(self.wall_ms / 1000, UTC)


@dataclass(frozen=True, slots=True)
class Anchor:
    """A moment of one boot whose true time somebody vouched for; `error_ms` is the half-width."""

    boot: int
    t_ms: int
    utc_ms: int
    error_ms: int
    source: ClockQuality


@dataclass(frozen=True, slots=True)
class PlacedStamp:
    """A stamp placed on the calendar: best time, half-width of the doubt, whether it is sure."""

    utc_ms: int
    error_ms: int
    sure: bool
    paper: bool = False
    """Only the day is true: it stood on paper and was typed in later."""

    @property
    def when(self) -> datetime:
        """The best time as an aware datetime."""
        return datetime.fromtimestamp(self.utc_ms / 1000, UTC)


def place_day(day: date) -> PlacedStamp:
    """Place what was typed in later from paper: at noon of the day that stands there."""
    noon = datetime.combine(day, time_of_day(12)).astimezone()
    return PlacedStamp(int(noon.timestamp() * 1000), 12 * 3600 * 1000, sure=True, paper=True)


def place(stamp: Stamp, anchors: Iterable[Anchor]) -> PlacedStamp:
    """Place a stamp by the nearest anchor of its own boot, else by its wall clock's claim."""
    own = [a for a in anchors if a.boot == stamp.boot]
    if own:
        near = nearest(stamp.t_ms, own)
        apart = stamp.t_ms - near.t_ms
        return PlacedStamp(near.utc_ms + apart, near.error_ms + _drift(apart), sure=True)
    return PlacedStamp(
        stamp.wall_ms, 0, sure=stamp.quality in (ClockQuality.NTP, ClockQuality.HOSPITAL)
    )


def nearest(t_ms: int, anchors: Iterable[Anchor]) -> Anchor:
    """Return the anchor that places a moment of its own boot best."""
    return min(anchors, key=lambda a: a.error_ms + _drift(t_ms - a.t_ms))


def _drift(apart_ms: int) -> int:
    return abs(apart_ms) * DRIFT_PPM // 1_000_000


class Clock:
    """Stamps instants of the running boot.

    An anchor of this boot tells the wall time, whatever the system clock says. Without one the
    wall is the system's, and never falls below `floor_ms`.
    """

    def __init__(self, boot: int, floor_ms: int, anchors: Iterable[Anchor] = ()) -> None:
        self._boot = boot
        self._floor_ms = max(floor_ms, BUILD_MS)
        self._anchors = tuple(a for a in anchors if a.boot == boot)

    @property
    def boot(self) -> int:
        """The box's own count of boots."""
        return self._boot

    def now(self) -> Stamp:
        """Stamp this instant."""
        t_ms = time.clock_gettime_ns(time.CLOCK_BOOTTIME) // 1_000_000
        wall_ms = time.time_ns() // 1_000_000
        if self._anchors:
            anchor = nearest(t_ms, self._anchors)
            return Stamp(self._boot, t_ms, anchor.utc_ms + t_ms - anchor.t_ms, anchor.source)
        if wall_ms < self._floor_ms:
            return Stamp(self._boot, t_ms, self._floor_ms, ClockQuality.FLOOR)
        self._floor_ms = wall_ms
        synchronised = system_clock_is_synchronised()
        quality = ClockQuality.NTP if synchronised else ClockQuality.UNSURE
        return Stamp(self._boot, t_ms, wall_ms, quality)


def boot_id() -> str:
    """The kernel's id of the running boot; units without /proc/sys pass HEALTHPOST_BOOT_ID."""
    given = os.environ.get("HEALTHPOST_BOOT_ID")
    text = given or Path("/proc/sys/kernel/random/boot_id").read_text(encoding="ascii")
    return text.strip().replace("-", "")


def system_clock_is_synchronised() -> bool:
    """Whether the kernel believes that its clock follows a time source (adjtimex(2))."""
    buffer = ctypes.create_string_buffer(512)  # struct timex with modes = 0: a pure question
    state: int = _LIBC.adjtimex(buffer)
    return state not in (-1, _TIME_ERROR)
