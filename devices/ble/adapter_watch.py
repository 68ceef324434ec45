"""Decides when a silent or failing Bluetooth adapter is recovered, and by which step. Pure.

    failing (off, NotReady): rescan -> power-cycle -> restart bluetoothd -> in turn, rarer
    silent (hears nothing):  rescan -> power-cycle -> again -> restart -> power-cycles, rarer

Nothing to hear is also what a clinic at night is like, so help for silence is patient and grows
rarer: about ten steps in a night, and the daemon is restarted once. Hearing anything ends an
episode.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from enum import StrEnum


class Step(StrEnum):
    """What can be done to an adapter, the gentlest first."""

    RESCAN = "rescan"
    POWER_CYCLE = "power-cycle"
    RESTART = "restart-daemon"


class Trouble(StrEnum):
    """What is wrong with the adapter."""

    FAILING = "failing"
    SILENT = "silent"


@dataclass(frozen=True, slots=True)
class StepTimes:
    """Seconds before each step since the one before, by trouble, and the longest of all."""

    failing: tuple[float, ...] = (2, 20, 60)
    silent: tuple[float, ...] = (60, 600, 1200, 2400)
    recovered_s: float = 30
    longest_failing_s: float = 3600
    longest_silent_s: float = 14400


_LADDERS = {
    Trouble.FAILING: (Step.RESCAN, Step.POWER_CYCLE, Step.RESTART),
    Trouble.SILENT: (Step.RESCAN, Step.POWER_CYCLE, Step.POWER_CYCLE, Step.RESTART),
}


@dataclass(frozen=True, slots=True)
class Episode:
    """One trouble without a sign of life in between: how many steps were taken, the last when."""

    trouble: Trouble
    since_s: float
    last_s: float
    taken: int = 0


def planned(trouble: Trouble, taken: int, times: StepTimes) -> tuple[Step, float]:
    """Return the next step after so many, and how long to wait for it since the last one."""
    ladder = _LADDERS[trouble]
    waits = times.failing if trouble is Trouble.FAILING else times.silent
    longest_s = times.longest_failing_s if trouble is Trouble.FAILING else times.longest_silent_s
    if taken < len(ladder):
        return ladder[taken], min(waits[taken], longest_s)
    rounds = taken - len(ladder) + 1
    restarts = trouble is Trouble.FAILING and rounds % 2 == 0
    wait_s = min(waits[-1] * 2 ** min(rounds, 20), longest_s)
    return (Step.RESTART if restarts else Step.POWER_CYCLE), wait_s


class AdapterWatch:
    """Tell it what happens; `due` says what to do now, `took` that it was done."""

    def __init__(self, times: StepTimes | None = None) -> None:
        self._times = times or StepTimes()
        self._failed_s = 0.0
        self.episode: Episode | None = None

    def alive(self) -> None:
        """Something was heard, or a connection works."""
        self.episode = None

    def fails(self, now_s: float) -> None:
        """The adapter, the daemon or the scan does not work."""
        self._failed_s = now_s
        self._begin(Trouble.FAILING, now_s)

    def scans(self, now_s: float) -> None:
        """The scan runs; whether it hears anything is to be seen.

        One that runs for a moment and fails again has not recovered.
        """
        failing = self.episode is not None and self.episode.trouble is Trouble.FAILING
        if failing and now_s - self._failed_s < self._times.recovered_s:
            return
        self._begin(Trouble.SILENT, now_s)

    def due(self, now_s: float) -> Step | None:
        """Return the step that is due now, or None."""
        if self.episode is None:
            return None
        step, wait_s = planned(self.episode.trouble, self.episode.taken, self._times)
        return step if now_s - self.episode.last_s >= wait_s else None

    def took(self, now_s: float) -> None:
        """Take note that the step that was due was taken."""
        if self.episode is not None:
            self.episode = replace(self.episode, last_s=now_s, taken=self.episode.taken + 1)

    def _begin(self, trouble: Trouble, now_s: float) -> None:
        if self.episode is None or self.episode.trouble is not trouble:
            self.episode = Episode(trouble, now_s, now_s)
