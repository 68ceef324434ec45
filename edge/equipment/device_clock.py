"""What the box saw of each device's own clock: whether it has run without a jump, and since when.

A device's time tells its measurements apart only while its clock runs. Many fall back to one date
at each switch-on, stand with an empty battery, or are set by hand. So what a clock showed is
compared with the box's own count of seconds; where the two disagree, a new run begins, and what
was stamped in an earlier run proves nothing any more.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from edge.model.clock import ClockQuality, Stamp
from edge.store.store import Store

SLACK_S = 1.5
"""Clocks show whole seconds, and an answer takes a while."""

DRIFT = 0.001
"""More than a minute a day: wider than any clock that is worth the name."""

BASE_S = 60.0
"""A base of comparison is kept so long, that many short steps cannot hide a clock that stands."""

BEFORE = timedelta(hours=1)
"""A stamp from so shortly before a run was first seen still belongs to it."""

SET_BACK = timedelta(seconds=5)
"""A clock set back by less shows no time twice: no two measurements are so close."""


@dataclass(frozen=True, slots=True)
class ClockRun:
    """One uninterrupted run of a device's clock.

    `began` is what it showed at first; `base` what it showed at `base_at`, which
    later sights are compared with; `seen` when it was last read and agreed.
    """

    number: int
    began: datetime
    base: datetime
    base_at: Stamp
    seen: Stamp

    def at(self, moment: Stamp) -> datetime | None:
        """Return what the clock shows at a moment; None when the box cannot count up to it."""
        elapsed_s = elapsed(self.base_at, moment)
        return None if elapsed_s is None else self.base + timedelta(seconds=elapsed_s)

    def covers(self, stamp: datetime) -> bool:
        """Whether a measurement with this stamp was stamped in this run."""
        return stamp >= self.began - BEFORE


def elapsed(first: Stamp, second: Stamp) -> float | None:
    """Return the seconds between two stamps; None when a restart without a clock lies between."""
    if first.boot == second.boot:
        return (second.t_ms - first.t_ms) / 1000
    if ClockQuality.FLOOR in (first.quality, second.quality):
        return None
    return (second.wall_ms - first.wall_ms) / 1000


def sighted(run: ClockRun | None, shown: datetime, now: Stamp) -> ClockRun:
    """Return the run after the clock was read and showed this."""
    if run is None or not _agrees(run, shown, now):
        return _begun(run, shown, now)
    apart_s = elapsed(run.base_at, now) or 0.0
    if apart_s < BASE_S:
        return replace(run, seen=now)
    return replace(run, base=shown, base_at=now, seen=now)


def adjusted(run: ClockRun | None, to: datetime, now: Stamp) -> ClockRun:
    """Return the run after the box set the clock: one that is set back shows some times twice."""
    shown = None if run is None else run.at(now)
    if run is None or shown is None or shown - to > SET_BACK:
        return _begun(run, to, now)
    return replace(run, base=to, base_at=now)  # to be set is not to be seen running


def _begun(run: ClockRun | None, shown: datetime, now: Stamp) -> ClockRun:
    number = 1 if run is None else run.number + 1
    return ClockRun(number, shown, shown, now, now)


def _agrees(run: ClockRun, shown: datetime, now: Stamp) -> bool:
    elapsed_s = elapsed(run.base_at, now)
    if elapsed_s is None or elapsed_s < 0:
        return False
    moved_s = (shown - run.base).total_seconds()
    return abs(moved_s - elapsed_s) <= SLACK_S + DRIFT * elapsed_s


def of(store: Store, device_id: str) -> ClockRun | None:
    """Return the run that a device's clock is in; None before anything was seen of it."""
    row = store.row("SELECT * FROM device_clock WHERE device_id = ?", (device_id,))
    if row is None:
        return None
    return ClockRun(
        row["run"],
        datetime.fromisoformat(row["began"]),
        datetime.fromisoformat(row["base"]),
        _stamp(row["base_at"]),
        _stamp(row["seen"]),
    )


def note_shown(store: Store, now: Stamp, device_id: str, shown: datetime) -> None:
    """Take note of what a device's clock showed just now."""
    _keep(store, device_id, sighted(of(store, device_id), shown, now))


def note_set(store: Store, now: Stamp, device_id: str, to: datetime) -> None:
    """Take note that the box set a device's clock just now."""
    _keep(store, device_id, adjusted(of(store, device_id), to, now))


def _keep(store: Store, device_id: str, run: ClockRun) -> None:
    with store.transaction():
        store.execute(
            "INSERT OR REPLACE INTO device_clock"
            " (device_id, run, began, base, base_at, seen)"
            " VALUES (?, ?, ?, ?, ?, ?)",
            (device_id, run.number, run.began.isoformat(), run.base.isoformat())
            + (_text(run.base_at), _text(run.seen)),
        )


def _text(stamp: Stamp) -> str:
    return f"{stamp.boot} {stamp.t_ms} {stamp.wall_ms} {stamp.quality}"


def _stamp(text: str) -> Stamp:
    boot, t_ms, wall_ms, quality = text.split()
    return Stamp(int(boot), int(t_ms), int(wall_ms), ClockQuality(quality))
