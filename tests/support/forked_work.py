"""What forked children run in tests: they tell what they find themselves to be, then wait.

Run as a program it is their supervisor: `forked_work.py MODULE …` keeps one child a module. It has
drawn from every source of randomness and opened a file before it forks.
"""

from __future__ import annotations

import json
import logging
import os
import random
import secrets
import signal
import sqlite3
import sys
import tempfile
import threading
from contextlib import closing
from pathlib import Path
from typing import Any

from uuid_utils import uuid7

from edge.process.fork import ForkedChild, preload
from edge.process.supervise import Stop, supervise
from sync.keys.keys import BoxKeys

_USUAL = {signal.SIGTERM: signal.SIG_DFL, signal.SIGINT: signal.default_int_handler}
"""What a Python that has just started does about them."""


def main() -> int:
    """Tell, and wait for a signal; the default is to die of it."""
    place = Path(os.environ["TOLD"])
    draft = place / f"{os.getpid()}.new"
    draft.write_text(json.dumps({**found(), "drawn": drawn()}), encoding="utf-8")
    draft.rename(place / f"{os.getpid()}.json")
    if os.environ.get("STUBBORN"):
        signal.signal(signal.SIGTERM, signal.SIG_IGN)
    while True:
        signal.pause()


def found() -> dict[str, Any]:
    """Return what of a supervisor might have come along."""
    return {
        "parent": os.getppid(),
        "name": Path("/proc/self/comm").read_text(encoding="ascii").strip(),
        "threads": threading.active_count(),
        "files": sorted(os.readlink(f"/proc/self/fd/{fd}") for fd in (0, 1, 2)),
        "more_files": _files(),
        "log_handlers": len(logging.root.handlers),
        "handled": [n for n, usual in _USUAL.items() if signal.getsignal(n) is not usual],
        "blocked": [int(n) for n in signal.pthread_sigmask(signal.SIG_BLOCK, ())],
        "environment": os.environ.get("GIVEN"),
        "preloaded": "edge.store.store" in sys.modules,
    }


def drawn() -> list[str]:
    """Return something from every source of randomness that the box draws from."""
    with closing(sqlite3.connect(Path(os.environ["TOLD"]) / "a.db")) as connection:
        in_sql = connection.execute("SELECT random()").fetchone()[0]
    keys = str(BoxKeys.generate().public)
    return [str(random.random()), secrets.token_hex(), str(uuid7()), str(in_sql), keys]


def _files() -> list[str]:
    """Return the open files beyond the first three, without the one that listed them."""
    names = [n for n in os.listdir("/proc/self/fd") if int(n) > 2]
    return [n for n in names if Path(f"/proc/self/fd/{n}").exists()]


def keep(modules: list[str]) -> None:
    """Supervise until SIGTERM."""
    logging.basicConfig(level=logging.INFO, format="keeper %(message)s")
    stop = Stop()
    signal.signal(signal.SIGTERM, lambda *_: stop.set())
    preload([*modules, "edge.store.store"])
    drawn()
    with tempfile.TemporaryFile():
        environment = {**os.environ, "GIVEN": "to children"}
        children = [
            ForkedChild(f"child-{i}", (sys.executable, "-m", module), environment, module=module)
            for i, module in enumerate(modules)
        ]
        supervise(children, stop, 0.02)


if __name__ == "__main__":
    keep(sys.argv[1:])
