"""How a process of a home begins: as the home's owner, and only once."""

from __future__ import annotations

import errno
import os
import socket
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from edge.model.errors import EdgeError, SettingsError
from edge.process.home import act_as_owner, user_name
from edge.process.home_lock import ENDING_S, HomeLock
from edge.process.supervise import FINAL
from edge.settings.box_settings import Settings, home_folder

FAILED = 1

_WORDS = {
    errno.EROFS: "its file system can only be read",
    errno.ENOSPC: "the disk is full",
    errno.EDQUOT: "the disk is full",
    errno.EIO: "the disk answers with errors",
}


def held(home: Path, name: str, wait_s: float = 0.0) -> HomeLock:
    """Hold the lock of a process; raises `EdgeError`, also when the home cannot be written."""
    if not home.is_dir():
        raise SettingsError(f"there is no folder {home}")
    try:
        return HomeLock.hold(home, name, wait_s)
    except OSError as error:
        raise SettingsError(f"{home} cannot be written: {os_words(error)}") from error


def os_words(error: OSError) -> str:
    """Say what the system refuses, without its number."""
    if isinstance(error, socket.gaierror):
        return "no such host is known"
    if error.errno in (errno.EACCES, errno.EPERM):
        return f"the user {user_name(os.geteuid())} is not allowed to"
    return _WORDS.get(error.errno or 0, error.strerror or str(error))


def resolve(host: str, port: int) -> tuple[socket.AddressFamily, Any]:
    """Return the family and address to listen on; raises `OSError` where no such host is known."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE)
    except UnicodeError as error:  # what could be no host's name
        raise socket.gaierror(socket.EAI_NONAME, "no host's name") from error
    family, _, _, _, address = found[0]
    return family, address


def file_words(error: OSError) -> str:
    """Say of which file the system refuses what."""
    where = error.filename if error.filename is not None else "a file"
    return f"{where} cannot be used: {os_words(error)}"


def run_box_process(name: str, work: Callable[[Settings], None]) -> int:
    """Do the work of a process of the box, alone of its kind in this home; return the exit code.

    What it refuses is one sentence on standard error.
    """

    def begun() -> None:
        act_as_owner(home_folder())
        settings = Settings.load()
        held(settings.home, name, ENDING_S)
        work(settings)

    return run_process(begun)


def run_process(work: Callable[[], None]) -> int:
    """Do the work; return the exit code, after one sentence on standard error when it refuses."""
    try:
        work()
    except SettingsError as error:
        print(error, file=sys.stderr)
        return FINAL
    except EdgeError as error:
        print(error, file=sys.stderr)
        return FAILED
    return 0
