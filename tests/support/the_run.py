"""What all workers of one test run share: a folder, and doing something in turn."""

from __future__ import annotations

import fcntl
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

_NAME = "HEALTHPOST_TEST_RUN"


def begin() -> None:
    """Make the folder; workers that start later know it from their environment."""
    folder = tempfile.mkdtemp(prefix="hp-run-")
    Path(folder).chmod(0o755)  # PostgreSQL runs as a user of its own
    os.environ[_NAME] = folder


def end() -> None:
    """Take the folder away."""
    shutil.rmtree(folder(), ignore_errors=True)


def folder() -> Path:
    """Return the folder of this run."""
    return Path(os.environ[_NAME])


@contextmanager
def alone(name: str) -> Iterator[None]:
    """Let no other worker be in a block of this name."""
    with (folder() / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
