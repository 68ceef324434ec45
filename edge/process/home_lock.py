"""One process of a kind in a home: a lock that the running process holds, and nobody else.

Two couriers of one box look to the hospital like a copied card, and it shuts the box out. The lock
is flock(2) on a file in `locks/`: the kernel lets go of it when the process ends, also by kill -9
or a power cut, so that no lock is ever left over. The file stays and means nothing by itself.
"""

from __future__ import annotations

import errno
import fcntl
import os
import time
from contextlib import suppress
from pathlib import Path

from edge.model.errors import EdgeError
from edge.process.home import PRIVATE_FOLDER

FOLDER = "locks"
LOOK_EVERY_S = 0.1
ENDING_S = 12.0
"""So long a part waits for its predecessor: whose supervisor was killed has eight seconds."""
ASIDE_S = 1.0
"""So long a whole waits: `is_held` takes the lock for a moment to see whether it is free."""


class RunningAlready(EdgeError):
    """Another process does this in this home; the text names it and says what to do."""

    kind = "running"


class HomeLock:
    """A lock that this process holds until `release`, or until it ends."""

    def __init__(self, descriptor: int) -> None:
        self._descriptor = descriptor

    @classmethod
    def hold(cls, home: Path, name: str, wait_s: float = 0.0) -> HomeLock:
        """Take the lock `name` of a home; raises `RunningAlready`, or `OSError`.

        `name` is a word for people: "courier", "kiosk". Waits so long for another to end.
        """
        descriptor = _open(home, name)
        until_s = time.monotonic() + wait_s
        try:
            while not _locked(descriptor):
                if time.monotonic() >= until_s:
                    raise RunningAlready(_words(home, name, _number(descriptor)))
                time.sleep(LOOK_EVERY_S)
        except BaseException:
            os.close(descriptor)
            raise
        _write_own_number(descriptor)
        return cls(descriptor)

    def release(self) -> None:
        """Let go."""
        os.close(self._descriptor)


def is_held(home: Path, name: str) -> bool:
    """Whether a process holds the lock now; raises `OSError`."""
    return held_by(home, name) is not None


def held_by(home: Path, name: str) -> int | None:
    """Return the process that holds the lock now (0: its number is not known), None when nobody.

    Raises `OSError`.
    """
    try:
        descriptor = os.open(_file(home, name), os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC)
    except FileNotFoundError:
        return None
    try:
        return None if _locked(descriptor) else int(_number(descriptor) or 0)
    finally:
        os.close(descriptor)


def _open(home: Path, name: str) -> int:
    file = _file(home, name)
    file.parent.mkdir(mode=PRIVATE_FOLDER, exist_ok=True)
    return os.open(file, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)


def _file(home: Path, name: str) -> Path:
    return home / FOLDER / name


def _locked(descriptor: int) -> bool:
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError as error:
        if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
            return False
        raise
    return True


def _write_own_number(descriptor: int) -> None:
    with suppress(OSError):  # a full disk: the lock holds, only the number is missing
        os.ftruncate(descriptor, 0)
        os.pwrite(descriptor, str(os.getpid()).encode("ascii"), 0)


def _number(descriptor: int) -> str:
    number = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
    return number if number.isdecimal() else ""


def _words(home: Path, name: str, number: str) -> str:
    which = f" as process {number}" if number else ""
    return f"the {name} of {home} is running already{which}: stop that one first"
