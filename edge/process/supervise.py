"""Keeping a machine's processes running: a child that dies is started again.

At once the first time and slower when it keeps dying; the others never notice. One that ends with
`FINAL` says that its settings or its home are wrong: it rests until the settings change, because
to start it again and again would mend nothing. Children are tied to us: when the supervisor itself
is killed, the kernel ends them, so that the next start finds ports and files free.
"""

from __future__ import annotations

import logging
import shutil
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from threading import Condition, Event, RLock
from typing import Protocol

log = logging.getLogger(__name__)

FINAL = 2
"""The exit code of a process that a new start would not help: its settings or its home are wrong.

systemd does not start such a service again (`RestartPreventExitStatus`). Any other end, also with
0 that nobody asked for, is followed by a new start after a wait that grows.
"""

STEADY_S = 30
SLOWEST_RESTART_S = 30
GRACE_S = 8


class Stop(Event):
    """An event that a signal's handler may set while the same thread waits for it.

    The lock of a plain Event is not reentrant: a handler that interrupts `wait` at the wrong moment
    waits for itself for ever. Whoever waits looks again now and then, as `supervise` does.
    """

    def __init__(self) -> None:
        super().__init__()
        self._cond = Condition(RLock())


class Process(Protocol):
    """What a supervisor asks of a running process; `subprocess.Popen` is one."""

    @property
    def pid(self) -> int:
        """Its number."""

    @property
    def returncode(self) -> int | None:
        """How it ended, as `poll` or `wait` last saw it; minus the signal's number by a signal."""

    def poll(self) -> int | None:
        """Look whether it has ended."""

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for its end; raises `subprocess.TimeoutExpired`."""

    def terminate(self) -> None:
        """Ask it to end."""

    def kill(self) -> None:
        """End it."""


def restart_delay_s(deaths_in_a_row: int) -> float:
    """Return how long to wait before the next start: 0, 1, 2, 4 … at most 30 s."""
    return (
        0.0 if deaths_in_a_row <= 1 else float(min(2 ** (deaths_in_a_row - 2), SLOWEST_RESTART_S))
    )


@dataclass(slots=True)
class Child:
    """One supervised process; `settings` is the file whose change wakes it after a final end."""

    name: str
    command: Sequence[str]
    environment: Mapping[str, str]
    process: Process | None = None
    started: float = 0.0
    deaths: int = 0
    due: float = field(default=0.0)
    settings: Path | None = None
    resting: bool = field(default=False, init=False)
    _settings_ns: int = field(default=0, init=False)

    def begin(self) -> Process:
        """Start a process."""
        # Our standard output belongs to what we answer; children write to standard error.
        return subprocess.Popen(
            _ending_with_us(self.command), env=dict(self.environment), stdout=sys.stderr
        )

    def tend(self, now: float) -> None:
        """Start it when it is not running and its time has come."""
        if self.process is not None and self.process.poll() is None:
            return
        if self.process is not None:
            self._note_end(now)
        if self.resting and self._changed_ns() != self._settings_ns:
            self.resting, self.deaths, self.due = False, 0, now
        if now >= self.due and not self.resting:
            self._settings_ns = self._changed_ns()
            self.process = self.begin()
            self.started = now

    def stop(self) -> None:
        """Ask it to end, wait, and end it."""
        if self.process is None or self.process.poll() is not None:
            return
        self.process.terminate()
        try:
            self.process.wait(GRACE_S)
        except subprocess.TimeoutExpired:
            log.warning("%s did not stop in %s s and was killed", self.name, GRACE_S)
            self.process.kill()
            self.process.wait()

    def _note_end(self, now: float) -> None:
        assert self.process is not None
        ended_with = self.process.returncode
        self.process = None
        if ended_with == FINAL:
            self.resting = True
            log.error("%s cannot work with these settings and rests until they change", self.name)
            return
        steady = now - self.started > STEADY_S
        self.deaths = 1 if steady else self.deaths + 1
        delay_s = restart_delay_s(self.deaths)
        self.due = now + delay_s
        log.warning("%s ended with %s; starting it again in %.0f s", self.name, ended_with, delay_s)

    def _changed_ns(self) -> int:
        try:
            return 0 if self.settings is None else self.settings.stat().st_mtime_ns
        except OSError:  # gone for a moment while somebody saves it
            return self._settings_ns


def supervise(children: Sequence[Child], stop: Event, every_s: float = 0.25) -> None:
    """Keep the children running until `stop` is set, then stop them all."""
    try:
        while not stop.is_set():
            for child in list(children):
                child.tend(time.monotonic())
            stop.wait(every_s)
    finally:
        for child in children:
            if child.process is not None and child.process.poll() is None:
                child.process.terminate()
        for child in children:
            child.stop()


def _ending_with_us(command: Sequence[str]) -> Sequence[str]:
    """Ask the kernel to end the child with us (prctl(2), PR_SET_PDEATHSIG), where it can."""
    setpriv = shutil.which("setpriv")
    return command if setpriv is None else (setpriv, "--pdeathsig", "TERM", "--", *command)
