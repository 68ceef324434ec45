"""A device's own clock against the box's: how far ahead, and how old its readings are. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta

from edge.model.clock import Stamp

AHEAD_TOLERANCE_S = 120
"""A reading may seem to come from the near future: clocks drift and some know only minutes."""


_MINUTE_S = 60

HALF_S = 0.5
"""Devices cut off the fraction of a second: on average they seem half a second late."""


@dataclass(frozen=True, slots=True)
class KnownClock:
    """How far a device's clock is ahead of the box's, and since when by the device's own clock.

    `since` is None when the clock was read: it ran like this all the time. It is the moment of
    writing when we set it: earlier readings were stamped by a clock that nobody knows.
    """

    ahead: timedelta
    since: datetime | None = None

    def age_s(self, device_time: datetime, now: Stamp) -> int | None:
        """Return how many seconds ago the device measured; None when that cannot be told."""
        if self.since is not None and device_time < self.since:
            return None
        age_s = (local_time(now) + self.ahead - device_time).total_seconds()
        return max(0, int(age_s)) if age_s > -AHEAD_TOLERANCE_S else None


def local_time(stamp: Stamp) -> datetime:
    """Return the box's local wall clock as devices keep theirs, without a zone."""
    return stamp.wall.astimezone().replace(tzinfo=None)


def ahead_s(clock: KnownClock) -> int:
    """Return by how many seconds a clock that shows whole seconds is ahead."""
    return round(clock.ahead.total_seconds() + HALF_S)


def ahead_of_box_s(device_time: datetime, now: Stamp) -> int:
    """Return by how many seconds a clock that showed this just now is ahead of the box's.

    Many clocks tell whole minutes only: up to a minute behind is no difference then.
    """
    seconds = int((device_time - local_time(now)).total_seconds())
    minutes_only = device_time.second == 0
    return 0 if minutes_only and -_MINUTE_S <= seconds <= 0 else seconds
