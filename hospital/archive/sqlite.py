"""The archive in one SQLite file: the embedded default, for a laptop and small hospitals.

WAL with synchronous=FULL: a receipt leaves only after a commit that survives a power cut.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

from edge.store import migrations
from hospital.archive import STREAMS, Row
from hospital.archive.errors import ArchiveDown, ArchiveRefused, RowRefused
from hospital.archive.schema import MIGRATIONS, SQLITE_WORDS

BUSY_TIMEOUT_S = 10
CHUNK = 500
"""So many values are named in one statement; SQLite takes 32,766, older builds 999."""

_MISFIT = (sqlite3.DataError, sqlite3.IntegrityError, OverflowError, UnicodeError)


class SqliteArchive:
    """An open archive file."""

    engine = "sqlite"
    for_update = ""  # BEGIN IMMEDIATE has already locked out every other writer

    def __init__(self, connection: sqlite3.Connection) -> None:
        connection.row_factory = _as_dict
        self._connection = connection

    @classmethod
    def open(cls, path: Path, *, make: bool = True) -> SqliteArchive:
        """Open (and migrate, when needed) the file; raises `ArchiveDown`.

        Without `make` a file that is missing or holds no archive is refused (`ArchiveRefused`).
        """
        if not make and not path.exists():
            raise ArchiveRefused("missing", f"the archive {path} is not there")
        address = f"file:{quote(str(path.absolute()))}?mode={'rwc' if make else 'rw'}"
        with ExitStack() as on_failure:
            try:
                connection = sqlite3.connect(
                    address, timeout=BUSY_TIMEOUT_S, isolation_level=None, uri=True
                )
                on_failure.callback(connection.close)
                if not make and not migrations.done_in_sqlite(connection):
                    raise ArchiveRefused("empty", f"there is no archive in {path}")
                for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON"):
                    connection.execute(f"PRAGMA {pragma}")
            except sqlite3.Error as error:
                raise ArchiveDown(f"the archive {path} cannot be opened: {error}") from error
            archive = cls(connection)
            archive._migrate()
            on_failure.pop_all()
        return archive

    def close(self) -> None:
        """Close the connection; safe to call twice."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run the block as one durable write; nested blocks join the outer one."""
        if self._connection.in_transaction:
            yield
            return
        try:
            self._connection.execute("BEGIN IMMEDIATE")
            yield
            self._connection.execute("COMMIT")
        except sqlite3.Error as error:
            self._rollback()
            raise ArchiveDown(f"the archive could not be written: {error}") from error
        except BaseException:
            self._rollback()
            raise

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Run a block that is undone alone; raises `RowRefused` when a value does not fit."""
        self._connection.execute("SAVEPOINT attempt")
        try:
            yield
        except _MISFIT as error:
            self._undo_attempt()
            raise RowRefused(str(error)) from error
        except sqlite3.OperationalError as error:  # a full disk is no fault of the row
            self._undo_attempt()
            raise ArchiveDown(f"the archive could not be written: {error}") from error
        except BaseException:
            self._undo_attempt()
            raise
        self._connection.execute("RELEASE attempt")

    def execute(self, sql: str, values: Sequence[object] = ()) -> int:
        """Run one write inside a transaction; return how many rows it touched."""
        if not self._connection.in_transaction:
            raise ArchiveDown("a write outside Archive.transaction()")
        return self._connection.execute(sql, values).rowcount

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Insert many rows inside a transaction."""
        if not self._connection.in_transaction:
            raise ArchiveDown("a write outside Archive.transaction()")
        marks = ", ".join("?" * len(columns))
        sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES ({marks})"
        self._connection.executemany(sql, rows)

    def insert_new(
        self, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
    ) -> set[str]:
        """Insert the rows that are not there yet; return their ids."""
        owner, key = columns[:2]
        rows = list(rows)
        fresh = {str(r[1]): r for r in reversed(rows)}
        for first in range(0, len(rows), CHUNK):
            ids = [r[1] for r in rows[first : first + CHUNK]]
            marks = ", ".join("?" * len(ids))
            # Nobody else writes between this look and the insert: the transaction is immediate.
            sql = f"SELECT {key} AS id FROM {table} WHERE {owner} = ? AND {key} IN ({marks})"
            for row in self.rows(sql, [rows[0][0], *ids]):
                fresh.pop(str(row["id"]), None)
        self.insert(table, columns, list(reversed(fresh.values())))
        return set(fresh)

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """Run a query; return its rows."""
        try:
            return self._connection.execute(sql, values).fetchall()
        except sqlite3.OperationalError as error:
            raise ArchiveDown(f"the archive could not be read: {error}") from error

    def copy_to(self, file: Path) -> list[Row]:
        """Write a copy, then check it and read from it what it covers; raises `ArchiveDown`."""
        try:
            self._connection.execute("VACUUM INTO ?", (str(file),))
            copy = sqlite3.connect(f"file:{quote(str(file))}?mode=ro", uri=True)
            copy.row_factory = _as_dict
            try:
                (verdict,) = copy.execute("PRAGMA integrity_check").fetchone().values()
                covered = copy.execute(STREAMS).fetchall()
            finally:
                copy.close()
        except sqlite3.Error as error:
            raise ArchiveDown(f"the copy {file} could not be made: {error}") from error
        if verdict != "ok":
            raise ArchiveDown(f"the copy {file} is damaged: {verdict}")
        return covered

    def folders(self) -> list[Path]:
        """Return the folder of the file; a link is followed to where the file really is."""
        names = [str(r["file"]) for r in self.rows("PRAGMA database_list") if r["file"]]
        return [Path(name).resolve().parent for name in names]

    def _migrate(self) -> None:
        done = migrations.done_in_sqlite(self._connection)
        if migrations.pending(done, MIGRATIONS, ArchiveDown):
            with self.transaction():  # BEGIN IMMEDIATE shuts out a process that starts at once
                migrations.apply_to_sqlite(self._connection, MIGRATIONS, SQLITE_WORDS)

    def _undo_attempt(self) -> None:
        if self._connection.in_transaction:  # a full disk has ended it already
            self._connection.execute("ROLLBACK TO attempt")
            self._connection.execute("RELEASE attempt")

    def _rollback(self) -> None:
        if self._connection.in_transaction:
            self._connection.execute("ROLLBACK")


def _as_dict(cursor: sqlite3.Cursor, values: tuple[Any, ...]) -> dict[str, Any]:
    return {column[0]: value for column, value in zip(cursor.description, values, strict=True)}
