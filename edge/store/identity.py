"""Whose the box's file is: a file that is missing, empty or another box's is never taken for ours.

Only `healthpost init` makes a file. Everybody else opens the one that is there, and is told where
the newest copy is when it is not.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path

from edge.model.errors import StoreRefused

_TABLES = ("box", "boot", "journal", "outbox", "stream")
_COUNT = (
    "SELECT count(*) FROM sqlite_master WHERE type = 'table'"
    f" AND name IN ({', '.join('?' * len(_TABLES))})"
)


def require_file(path: Path, newest: str) -> None:
    """Raise `StoreRefused` unless there is something to open; `newest` names the newest copy."""
    if not path.exists():
        raise _refused("missing", f"the box's file {path} is not there", newest)
    if path.stat().st_size == 0:
        raise _refused("empty", f"the box's file {path} is empty", newest)


def require_owner(connection: sqlite3.Connection, path: Path, owner: str, newest: str) -> None:
    """Raise `StoreRefused` unless the file is that of this box. Nothing is written."""
    try:
        rows = _owners(connection)
    except sqlite3.DatabaseError as error:
        if error.sqlite_errorcode != sqlite3.SQLITE_NOTADB:
            raise
        raise _refused("unreadable", f"{path} is not a box's file", newest) from error
    if rows is None:
        raise _refused("empty", f"{path} is not a box's file", newest)
    if not rows:
        raise _refused("empty", f"the box's file {path} has no box in it", newest)
    if rows != [owner]:
        text = (
            f"the file {path} is that of box {rows[0]}, and box.id in healthpost.toml is {owner}."
            f" If the settings are wrong, set box.id to {rows[0]}. If the file is wrong"
        )
        raise _refused("foreign", text, newest)


def require_same(path: Path, inode: int) -> None:
    """Raise `StoreRefused` when the open file is no longer the one at its place.

    What were written into a file that was deleted or replaced would vanish without a word.
    """
    try:
        if path.stat().st_ino == inode:
            return
    except OSError:
        pass
    raise StoreRefused("moved", f"the box's file {path} was taken away or replaced", "")


def _owners(connection: sqlite3.Connection) -> list[str] | None:
    if connection.execute(_COUNT, _TABLES).fetchone()[0] != len(_TABLES):
        return None  # an empty file, or that of another program
    return [str(row[0]) for row in connection.execute("SELECT id FROM box")]


def _refused(kind: str, what: str, newest: str) -> StoreRefused:
    if newest:
        text = f"{what}: stop the box and run `healthpost restore`; the newest copy is {newest}"
    else:
        text = f"{what}, and there is no copy of it: call who looks after the box"
    return StoreRefused(kind, text, newest)
