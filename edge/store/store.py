"""The box's one SQLite file, the only thing its processes share.

Every write goes through `Store.transaction()`, which is BEGIN IMMEDIATE: a deferred transaction
that upgrades to a write fails at once under three writers. WAL with synchronous=FULL: when
`transaction()` has returned, the entry survives a power cut. A store belongs to one thread.
"""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from urllib.parse import quote

from edge.model.clock import BUILD_MS, TRUSTED, Anchor, Clock, ClockQuality, Stamp, boot_id
from edge.model.entry import Lane
from edge.model.errors import DiskFault, DiskFull, StoreError
from edge.store import copies, durable, identity, migrations
from edge.store.high_water import Head, HighWaterMark
from edge.store.migrations import Migration
from edge.store.schema import MIGRATIONS

BUSY_TIMEOUT_S = 10
PRAGMAS = (
    # A reading touches six pages and each goes to the WAL whole: small pages write less than half
    # as much to a memory card as SQLite's 4 KB. A file that exists keeps the size it has.
    "page_size = 1024",
    "journal_mode = WAL",
    "synchronous = FULL",
    "foreign_keys = ON",
    "wal_autocheckpoint = 4000",  # 4 MB, as by default
)
SET_UP_AGAIN_S = 0.02
NO_ROOM_BYTES = 256 * 1024
"""With less than this an error of the disk is told as a full disk."""

LITTLE_CACHE_KB = 500
"""What a process needs that looks at some pages and writes little: the kiosk, the caretaker."""

CHECKPOINT_WAIT_MS = 200
MARKED_LANES = (Lane.ALERT.value, Lane.CLINICAL.value)
"""The lanes in the file of the high-water mark, in the order of its lines."""

UNNAMED = "unnamed"
"""The id of a file that no box has named yet."""

Row = sqlite3.Row


class Store:
    """An open box file."""

    def __init__(self, connection: sqlite3.Connection, path: Path) -> None:
        connection.row_factory = sqlite3.Row
        self._connection, self._path = connection, path
        self._inode = path.stat().st_ino
        self.noted: dict[str, object] = {}
        """What the running transaction has looked up and need not look up again."""
        self.heads: dict[str, Head] = {}
        """Where the lanes end that the running transaction has moved."""
        self.mark = HighWaterMark(path, MARKED_LANES)

    @classmethod
    def create(cls, path: Path, box_id: str) -> Store:
        """Make the file of a new box, and open it; raises `StoreError` when there is one."""
        if path.exists():
            raise StoreError(f"there is already a file {path}")
        try:
            with ExitStack() as on_failure:
                store = cls(_connected(path, "rwc", on_failure, cache_kb=2000), path)
                store.migrate()
                store.name_box(box_id)
                on_failure.pop_all()
        except sqlite3.Error as error:
            raise _plain(error, path) from error
        return store

    @classmethod
    def open(cls, path: Path, owner: str | None = None, *, cache_kb: int = 2000) -> Store:
        """Open (and migrate, when needed) the file that is there; raises `StoreError` in words.

        It is refused (`StoreRefused`) when it is not the file of box `owner`; a file of nobody in
        particular is for tools. Whoever only looks does with less cache than whoever keeps
        readings by the thousand.
        """
        newest = copies.newest(path)
        identity.require_file(path, newest)
        try:
            with ExitStack() as on_failure:
                connection = _connected(path, "rw", on_failure, cache_kb, (owner, newest))
                store = cls(connection, path)
                store.migrate()
                on_failure.pop_all()
        except sqlite3.Error as error:
            raise _plain(error, path) from error
        return store

    def close(self) -> None:
        """Close the connection; safe to call twice."""
        self._connection.close()
        self.mark.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run the block as one durable write; nested blocks join the outer one.

        Raises `StoreRefused` when another file stands in the place of the one that is open.
        """
        if self._connection.in_transaction:
            yield
            return
        identity.require_same(self._path, self._inode)
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield
            self._connection.execute("COMMIT")
            if self.heads:
                self.mark.write(self.heads)
        except sqlite3.Error as error:
            self._rollback()
            raise _plain(error, self._path) from error
        except BaseException:
            self._rollback()
            raise
        finally:
            self.noted.clear()
            self.heads.clear()

    def execute(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Run one write inside a transaction; return the last row id (inserts) or 0."""
        if not self._connection.in_transaction:
            raise StoreError("a write outside Store.transaction()")
        return self._connection.execute(sql, parameters).lastrowid or 0

    def changed(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Run one write inside a transaction; return how many rows it touched."""
        if not self._connection.in_transaction:
            raise StoreError("a write outside Store.transaction()")
        return self._connection.execute(sql, parameters).rowcount

    def rows(self, sql: str, parameters: Sequence[object] = ()) -> list[Row]:
        """Run a query; return its rows."""
        try:
            return self._connection.execute(sql, parameters).fetchall()
        except sqlite3.Error as error:
            raise _plain(error, self._path) from error

    def row(self, sql: str, parameters: Sequence[object] = ()) -> Row | None:
        """Run a query; return its first row or None."""
        return next(iter(self.rows(sql, parameters)), None)

    def scalar(self, sql: str, parameters: Sequence[object] = ()) -> int:
        """Run a query for one whole number (0 when there is none)."""
        row = self.row(sql, parameters)
        return int(row[0]) if row is not None and row[0] is not None else 0

    @property
    def home(self) -> Path:
        """The folder of the file: the box's home."""
        return self._path.parent

    def box_id(self) -> str:
        """The box's id, as enrolled; "unnamed" before `init`."""
        row = self.row("SELECT id FROM box")
        return UNNAMED if row is None else str(row["id"])

    def name_box(self, box_id: str) -> None:
        """Give the file its box id, once; raises `StoreError` when it already has another."""
        with self.transaction():
            if self.box_id() not in (UNNAMED, box_id):
                raise StoreError(f"this file belongs to box {self.box_id()}, not {box_id}")
            self.execute("INSERT OR IGNORE INTO box (one, id) VALUES (1, ?)", (box_id,))

    def data_version(self) -> int:
        """A number that moves when another connection has written: a cheap check for changes."""
        return self.scalar("PRAGMA data_version")

    def journal_position(self) -> int:
        """The id of the last journal entry, 0 when there is none."""
        return self.scalar("SELECT max(id) FROM journal")

    def checkpoint(self) -> bool:
        """Move the log into the file and empty it; False when somebody is in the way just now."""
        self.rows(f"PRAGMA busy_timeout = {CHECKPOINT_WAIT_MS}")
        try:
            row = self.row("PRAGMA wal_checkpoint(TRUNCATE)")
        finally:
            self.rows(f"PRAGMA busy_timeout = {BUSY_TIMEOUT_S * 1000}")
        self.mark.flush()
        return row is not None and row[0] == 0

    def copy_to(self, path: Path) -> None:
        """Write a consistent copy of the file to `path` (must not exist)."""
        try:
            self._connection.execute("VACUUM INTO ?", (str(path),))
        except sqlite3.Error as error:
            raise _plain(error, path) from error

    def clock(self) -> Clock:
        """Return the clock of the running boot, counting the boot when it is new."""
        this_boot = boot_id()
        with self.transaction():
            row = self.row("SELECT counter, floor_ms FROM boot WHERE boot_id = ?", (this_boot,))
            if row is None:
                floor = self._last_known_ms()
                counter = self.execute(
                    "INSERT INTO boot (boot_id, floor_ms) VALUES (?, ?)", (this_boot, floor)
                )
            else:
                counter, floor = int(row["counter"]), int(row["floor_ms"])
        return Clock(counter, floor, self.anchors(counter))

    def save_floor(self, now: Stamp) -> None:
        """Remember the time, so that the next boot's wall does not begin before it.

        A time that somebody vouched for also takes back what an unsure clock had run ahead.
        """
        with self.transaction():
            self.execute(
                "UPDATE boot SET floor_ms = CASE WHEN ? THEN ? ELSE max(floor_ms, ?) END"
                " WHERE counter = ?",
                (now.quality in TRUSTED, now.wall_ms, now.wall_ms, now.boot),
            )

    def anchors(self, boot: int) -> list[Anchor]:
        """Return the anchors of one boot."""
        rows = self.rows("SELECT * FROM anchor WHERE boot = ?", (boot,))
        return [
            Anchor(r["boot"], r["t_ms"], r["utc_ms"], r["error_ms"], ClockQuality(r["source"]))
            for r in rows
        ]

    def _last_known_ms(self) -> int:
        last = self.row("SELECT counter, floor_ms FROM boot ORDER BY counter DESC LIMIT 1")
        if last is None:
            return BUILD_MS
        if self.anchors(last["counter"]):
            return max(BUILD_MS, int(last["floor_ms"]))  # its readings may bear a wilder time
        reading = self.scalar("SELECT wall_ms FROM reading ORDER BY entry DESC LIMIT 1")
        return max(BUILD_MS, int(last["floor_ms"]), reading)

    def migrate(self, known: Sequence[Migration] = MIGRATIONS) -> None:
        """Bring the file up to date; raises `StoreError` when a newer release has changed it."""
        if migrations.pending(migrations.done_in_sqlite(self._connection), known, StoreError):
            with self.transaction():  # BEGIN IMMEDIATE shuts out a process that starts at once
                migrations.apply_to_sqlite(self._connection, known, {})

    def _rollback(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


def _connected(
    path: Path,
    mode: str,
    on_failure: ExitStack,
    cache_kb: int,
    expected: tuple[str | None, str] = (None, ""),
) -> sqlite3.Connection:
    """Return a connection that makes a file only in mode "rwc"; `expected`: owner, newest copy."""
    connection = sqlite3.connect(
        f"file:{quote(str(path.absolute()))}?mode={mode}",
        timeout=BUSY_TIMEOUT_S,
        isolation_level=None,
        uri=True,
    )
    on_failure.callback(connection.close)
    owner, newest = expected
    if owner is not None:
        identity.require_owner(connection, path, owner, newest)
    _set_up(connection, (*PRAGMAS, f"cache_size = -{cache_kb:d}"))
    return connection


def _set_up(connection: sqlite3.Connection, pragmas: Sequence[str]) -> None:
    """Set a connection up; of two that turn a new file to WAL, SQLite makes none wait by itself."""
    until = time.monotonic() + BUSY_TIMEOUT_S
    while True:
        try:
            for pragma in pragmas:
                connection.execute(f"PRAGMA {pragma}")
            return
        except sqlite3.OperationalError as error:
            busy = error.sqlite_errorcode & 0xFF == sqlite3.SQLITE_BUSY
            if not busy or time.monotonic() > until:
                raise
            time.sleep(SET_UP_AGAIN_S)


def _plain(error: sqlite3.Error, path: Path) -> StoreError:
    text, code = str(error), getattr(error, "sqlite_errorcode", 0) & 0xFF
    if code == sqlite3.SQLITE_FULL:
        return DiskFull("the disk has no room for another record")
    if code == sqlite3.SQLITE_IOERR:
        # A log that cannot grow for want of room is an input or output error, too.
        if durable.free_bytes(path.parent) < NO_ROOM_BYTES:
            return DiskFull("the disk has no room for another record")
        return DiskFault("the disk answers with an error of its own")
    return StoreError(f"the box's file {path} cannot be used: {text}")
