"""Puts a copy of the box's file in its place; what was there is kept beside it.

The log files of the former file must go with it: SQLite would write their pages into the copy.
Every step can be repeated after a power cut.
"""

from __future__ import annotations

import shutil
from contextlib import closing, suppress
from pathlib import Path

from edge.model.errors import StoreError
from edge.store import durable
from edge.store.store import Store

LOGS = ("-wal", "-shm")
SET_ASIDE = "box.db.aside-{}"


def put_back(database: Path, owner: str, copy: Path) -> Path | None:
    """Put a copy in; return where the former file is now, None when there was none.

    Raises `StoreError` when somebody has the file open, or the copy is not whole or not of box
    `owner`; then nothing has changed.
    """
    if users(database):
        raise StoreError(f"{database} is in use: stop the box first")
    draft = database.with_name("box.db.part")
    try:
        for left_over in (draft, *_logs(draft)):
            left_over.unlink(missing_ok=True)
        shutil.copyfile(copy, draft)
        draft.chmod(durable.OWNER_ONLY)
        with closing(Store.open(draft, owner)) as store:
            verdict = store.row("PRAGMA integrity_check")
        if verdict is None or verdict[0] != "ok":
            raise StoreError(f"{copy} is damaged: {verdict[0] if verdict else 'no answer'}")
        for log in _logs(draft):
            log.unlink(missing_ok=True)
        aside = _set_aside(database)
        durable.publish(draft, database)
    except OSError as error:
        raise StoreError(f"{copy} cannot be put back: {error.strerror}") from error
    return aside


def users(database: Path) -> list[int]:
    """Return the numbers of the processes that have the file open, as far as we may look."""
    found = set()
    for handle in Path("/proc").glob("[0-9]*/fd/*"):
        with suppress(OSError):  # it has ended, or is another user's
            if handle.readlink() == database.resolve():
                found.add(int(handle.parts[2]))
    return sorted(found)


def _set_aside(database: Path) -> Path | None:
    """Move the former file and its logs to names of their own: they may be read by an expert."""
    number = 1
    while (aside := database.with_name(SET_ASIDE.format(number))).exists():
        number += 1
    moved = None
    for source, target in zip((database, *_logs(database)), (aside, *_logs(aside)), strict=True):
        if source.exists():
            source.rename(target)
            moved = aside
    return moved


def _logs(file: Path) -> tuple[Path, ...]:
    return tuple(file.with_name(file.name + ending) for ending in LOGS)
