"""Open files on media that somebody else wrote, like USB sticks.

A stick may hold anything: a symbolic link in place of a bundle or of its draft, a named pipe that
never ends, a device. Only regular files are opened, no link is followed, and a file to write is
always a new one.
"""

from __future__ import annotations

import errno
import os
import stat
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from edge.store import durable

_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
_CREATE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC

NO_FILE = "it is a link, a pipe or another thing that is not a file"


def open_to_read(file: Path) -> BinaryIO:
    """Open a regular file; raises `OSError`, with `NO_FILE` for anything else."""
    try:
        handle = os.open(file, _READ)
    except OSError as error:
        if error.errno in (errno.ELOOP, errno.ENXIO, errno.EISDIR):
            raise OSError(error.errno, NO_FILE, str(file)) from error
        raise
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise OSError(errno.EINVAL, NO_FILE, str(file))
    return os.fdopen(handle, "rb")


def create(file: Path) -> BinaryIO:
    """Create a file in place of whatever has its name, and open it to write; raises `OSError`.

    What had the name is removed, not what it may point to. Everybody may read the new file: what
    goes on a stick is sealed, and who reads it elsewhere is another user.
    """
    file.unlink(missing_ok=True)
    handle = os.open(file, _CREATE, durable.EVERYBODY_READS)
    with suppress(OSError):  # some file systems of sticks have no rights
        os.fchmod(handle, durable.EVERYBODY_READS)
    return os.fdopen(handle, "wb")


def replace(file: Path, data: bytes) -> None:
    """Write a file in place of the one that has its name; raises `OSError`.

    As `durable.replace`, on media that may be unable to flush a folder.
    """
    draft = file.with_name(f"{file.name}.part")
    try:
        with create(draft) as opened:
            opened.write(data)
            opened.flush()
            os.fsync(opened.fileno())
        draft.replace(file)
    finally:
        with suppress(OSError):
            draft.unlink(missing_ok=True)
    durable.flush_if_possible(file.parent)
