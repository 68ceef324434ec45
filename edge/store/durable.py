"""Files that a power cut leaves whole: the old one or the new one, and never a part of either."""

from __future__ import annotations

import os
from contextlib import suppress
from pathlib import Path

OWNER_ONLY = 0o600
EVERYBODY_READS = 0o644


def replace(file: Path, data: bytes, mode: int = OWNER_ONLY) -> None:
    """Write a file in one durable step, in place of the one that is there; raises `OSError`."""
    draft = file.with_name(f".{file.name}.new")
    draft.unlink(missing_ok=True)
    try:
        _write_new(draft, data, mode)
        draft.replace(file)
    finally:
        draft.unlink(missing_ok=True)
    flush(file.parent)


def create(file: Path, data: bytes, mode: int = OWNER_ONLY) -> None:
    """Write a file that must not exist yet; raises `FileExistsError`, other `OSError`s.

    Its name appears when it is whole: a power cut leaves it, or nothing under this name.
    """
    draft = file.with_name(f".{file.name}.new")
    draft.unlink(missing_ok=True)
    try:
        _write_new(draft, data, mode)
        os.link(draft, file)
    finally:
        draft.unlink(missing_ok=True)
    flush(file.parent)


def publish(draft: Path, file: Path) -> None:
    """Give a complete draft its name in one durable step, for the owner alone; raises `OSError`."""
    draft.chmod(OWNER_ONLY)
    flush(draft)
    draft.replace(file)
    flush(file.parent)


def make_folder(folder: Path, mode: int = 0o700) -> None:
    """Make a folder, and those above it, that a power cut does not take away; raises `OSError`."""
    if folder.is_dir():
        return
    make_folder(folder.parent)
    folder.mkdir(mode=mode, exist_ok=True)
    flush_if_possible(folder.parent)


def flush(path: Path) -> None:
    """Wait until a file, or the names in a folder, are on the disk; raises `OSError`."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def flush_if_possible(folder: Path) -> None:
    """As `flush`, where it may be refused: some USB sticks cannot, some folders are not ours."""
    with suppress(OSError):
        flush(folder)


def free_bytes(folder: Path) -> int:
    """Return how much an ordinary process may still write there; raises `OSError`."""
    disk = os.statvfs(folder)
    return disk.f_bavail * disk.f_frsize


def _write_new(file: Path, data: bytes, mode: int) -> None:
    with os.fdopen(os.open(file, os.O_WRONLY | os.O_CREAT | os.O_EXCL, mode), "wb") as target:
        target.write(data)
        target.flush()
        os.fsync(target.fileno())
