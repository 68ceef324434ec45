"""Forked processes: children that share the modules which their supervisor has loaded.

What is loaded before the fork lies in memory once for all of them (copy on write), and a child
that died is back without importing anything. They stay processes of their own: each is killed and
started again alone, and shares nothing but pages that nobody has changed.

The supervisor must have neither threads nor open files when it forks: SQLite's handles do not
survive it, and a lock that another thread held would be held for ever.
"""

from __future__ import annotations

import ctypes
import gc
import importlib
import logging
import os
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from edge.process.supervise import Child, Process

log = logging.getLogger(__name__)

STOP_SIGNALS = (signal.SIGTERM, signal.SIGINT)
LOOK_EVERY_S = 0.02
_PR_SET_PDEATHSIG = 1  # prctl(2)
_M_ARENA_MAX = -8  # mallopt(3)


def preload(modules: Iterable[str]) -> None:
    """Load what the children will share, and keep the garbage collector from writing to it.

    A module that cannot be loaded is left out: only the children that need it must suffer.
    """
    _allocate_in_one_place()
    for module in modules:
        try:
            importlib.import_module(module)
        except Exception:  # whatever a broken installation raises
            log.exception("%s cannot be loaded", module)
    gc.collect()
    gc.freeze()


@dataclass(slots=True)
class ForkedChild(Child):
    """A supervised process that runs `main()` of a module; `command` does the same alone."""

    module: str = ""

    def begin(self) -> Process:
        """Fork."""
        return ForkedProcess(self.name, self.module, self.environment)


class ForkedProcess:
    """A forked process with the interface of `subprocess.Popen`."""

    def __init__(self, name: str, module: str, environment: Mapping[str, str]) -> None:
        self.returncode: int | None = None
        parent = os.getpid()
        sys.stderr.flush()
        # A signal that comes before the child has put off our handlers must not be lost in them.
        mask = signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
        try:
            self.pid = os.fork()
            if self.pid == 0:
                _run_child(name, module, environment, parent)
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, mask)

    def poll(self) -> int | None:
        """Look whether it has ended."""
        if self.returncode is None:
            pid, status = os.waitpid(self.pid, os.WNOHANG)
            if pid == self.pid:
                self.returncode = os.waitstatus_to_exitcode(status)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int | None:
        """Wait for its end; raises `subprocess.TimeoutExpired`."""
        deadline = None if timeout is None else time.monotonic() + timeout
        while self.poll() is None:
            if deadline is not None and time.monotonic() > deadline:
                raise subprocess.TimeoutExpired(str(self.pid), timeout or 0)
            time.sleep(LOOK_EVERY_S)
        return self.returncode

    def terminate(self) -> None:
        """Ask it to end."""
        self._send(signal.SIGTERM)

    def kill(self) -> None:
        """End it."""
        self._send(signal.SIGKILL)

    def _send(self, number: int) -> None:
        if self.poll() is None:  # else the number may be somebody else's by now
            os.kill(self.pid, number)


def _allocate_in_one_place() -> None:
    """Give threads no heaps of their own: few of ours run at once, and each heap has its waste."""
    mallopt = getattr(ctypes.CDLL(None), "mallopt", None)  # glibc's mallopt(3); musl has none
    if mallopt is not None:
        mallopt(_M_ARENA_MAX, 1)


def _run_child(name: str, module: str, environment: Mapping[str, str], parent: int) -> NoReturn:
    """Become a process of its own, run, and end: nothing of the supervisor's is unwound."""
    code = 1
    try:
        _drop_inherited(environment)
        _set_process_name(name)
        _end_with(parent)
        code = _run(module)
    except BaseException:  # the loop of the process
        traceback.print_exc()
    finally:
        sys.stderr.flush()
        os._exit(code)


def _run(module: str) -> int:
    """Return what `python -m` would have ended with."""
    try:
        code = importlib.import_module(module).main()
    except SystemExit as ended:
        code = ended.code
    if isinstance(code, str):
        print(code, file=sys.stderr)
        return 1
    return int(code or 0)


def _drop_inherited(environment: Mapping[str, str]) -> None:
    """Keep nothing of the supervisor's but what it has loaded."""
    for name in os.listdir("/proc/self/fd"):
        if int(name) > 2:
            with suppress(OSError):  # what listed them is closed already
                os.close(int(name))
    os.dup2(2, 1)  # the supervisor's standard output belongs to what it answers
    for handler in list(logging.root.handlers):
        logging.root.removeHandler(handler)
    os.environ.clear()
    os.environ.update(environment)


def _set_process_name(name: str) -> None:
    """Show the name in ps and top."""
    with suppress(OSError):
        Path("/proc/self/comm").write_text(name, encoding="ascii")


def _end_with(parent: int) -> None:
    """End with the supervisor, as what it starts as programs does (`edge.process.supervise`)."""
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGINT, signal.default_int_handler)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)
    if os.getppid() != parent:  # it was gone before we had asked
        os.kill(os.getpid(), signal.SIGTERM)
