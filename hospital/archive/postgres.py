"""The archive in PostgreSQL, for a hospital with many boxes or several workers.

The stream's and the box's rows are locked by SELECT … FOR UPDATE, so several workers keep order.
A receipt leaves only after a commit with synchronous_commit=on, whatever the server's default.
"""

from __future__ import annotations

import subprocess
from collections.abc import Iterable, Iterator, Sequence
from contextlib import ExitStack, contextmanager
from functools import cache
from itertools import chain, islice
from pathlib import Path

import psycopg
from psycopg.pq import TransactionStatus
from psycopg.rows import DictRow, dict_row

from edge.store import migrations
from hospital.archive import STREAMS, Row
from hospital.archive.disks import is_this_machine
from hospital.archive.errors import ArchiveDown, ArchiveRefused, RowRefused
from hospital.archive.schema import MIGRATIONS, POSTGRES_WORDS

CONNECT_TIMEOUT_S = 10
WORTH_A_COPY = 50
MIGRATION_LOCK = 7_305_114_001
"""An arbitrary number: whoever holds this advisory lock changes the schema."""

_MISFIT = (psycopg.DataError, psycopg.IntegrityError, UnicodeError, OverflowError)


class PostgresArchive:
    """An open connection to the archive's database."""

    engine = "postgresql"
    for_update = " FOR UPDATE"

    def __init__(self, connection: psycopg.Connection[DictRow], address: str) -> None:
        self._connection = connection
        self._address = address

    @classmethod
    def open(cls, address: str, *, make: bool = True) -> PostgresArchive:
        """Connect (and migrate, when needed); raises `ArchiveDown`.

        Without `make` a database that holds no archive is refused (`ArchiveRefused`).
        """
        with ExitStack() as on_failure:
            try:
                connection = psycopg.connect(
                    address,
                    autocommit=True,
                    row_factory=dict_row,
                    connect_timeout=CONNECT_TIMEOUT_S,
                    application_name="healthpost",
                )
                on_failure.callback(connection.close)
                connection.execute("SET synchronous_commit = on")
            except psycopg.Error as error:
                raise ArchiveDown(f"the archive's database does not answer: {error}") from error
            archive = cls(connection, address)
            if not make and not archive._done():
                name = connection.info.dbname
                raise ArchiveRefused("empty", f"there is no archive in the database {name}")
            archive._migrate()
            on_failure.pop_all()
        return archive

    def close(self) -> None:
        """Close the connection; safe to call twice."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Run the block as one durable write; nested blocks join the outer one."""
        if self._in_transaction():
            yield
            return
        try:
            with self._connection.transaction():
                yield
        except psycopg.Error as error:
            raise ArchiveDown(f"the archive could not be written: {error}") from error

    @contextmanager
    def attempt(self) -> Iterator[None]:
        """Run a block that is undone alone when a value does not fit; raises `RowRefused`."""
        try:
            with self._connection.transaction():  # inside another one: a savepoint
                yield
        except _MISFIT as error:
            raise RowRefused(str(error)) from error
        except psycopg.OperationalError as error:  # a full disk is no fault of the row
            raise ArchiveDown(f"the archive could not be written: {error}") from error

    def execute(self, sql: str, values: Sequence[object] = ()) -> int:
        """Run one write inside a transaction; return how many rows it touched."""
        if not self._in_transaction():
            raise ArchiveDown("a write outside Archive.transaction()")
        return self._connection.execute(_own(sql), values or None).rowcount

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Insert many rows inside a transaction: by COPY, unless they are few."""
        if not self._in_transaction():
            raise ArchiveDown("a write outside Archive.transaction()")
        if len(rows) < WORTH_A_COPY:
            self._insert_few(table, columns, rows, "")
        else:
            self._copy(table, columns, rows)

    def _copy(self, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]) -> None:
        into = f"COPY {table} ({', '.join(columns)}) FROM STDIN".encode()
        with self._connection.cursor() as cursor, cursor.copy(into) as copy:
            for row in rows:
                copy.write_row(row)

    def insert_new(
        self, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
    ) -> set[str]:
        """Insert the rows that are not there yet; return their ids."""
        if not self._in_transaction():
            raise ArchiveDown("a write outside Archive.transaction()")
        key, more = columns[1], iter(rows)
        known = f" ON CONFLICT DO NOTHING RETURNING {key} AS id"
        made = list(islice(more, WORTH_A_COPY))
        if len(made) < WORTH_A_COPY:
            return {str(r["id"]) for r in self._insert_few(table, columns, made, known)}
        try:  # mostly none is there yet, and then nothing is as fast as a plain COPY
            with self._connection.transaction():
                self._copy(table, columns, chain(tuple(made), _noted(more, made)))
            return {str(row[1]) for row in made}
        except psycopg.errors.UniqueViolation:
            return self._insert_unknown(table, columns, [*made, *more], known)

    def _insert_unknown(
        self, table: str, columns: Sequence[str], rows: Sequence[Sequence[object]], known: str
    ) -> set[str]:
        """Insert the rows that are not there yet, by a table of their own; return their ids."""
        staging, named = f"came_{table}", ", ".join(columns)
        self.execute(
            f"CREATE TEMP TABLE IF NOT EXISTS {staging} ON COMMIT DELETE ROWS AS"
            f" SELECT {named} FROM {table} WITH NO DATA"
        )
        self.insert(staging, columns, rows)
        fresh = self.rows(f"INSERT INTO {table} ({named}) SELECT {named} FROM {staging}{known}")
        self.execute(f"DELETE FROM {staging}")
        return {str(r["id"]) for r in fresh}

    def _insert_few(
        self, table: str, columns: Sequence[str], rows: Sequence[Sequence[object]], ending: str
    ) -> list[Row]:
        if not rows:
            return []
        marks = f"({', '.join('?' * len(columns))})"
        sql = f"INSERT INTO {table} ({', '.join(columns)}) VALUES {', '.join([marks] * len(rows))}"
        values = [value for row in rows for value in row]
        if not ending:
            self.execute(sql, values)
            return []
        return self.rows(sql + ending, values)

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """Run a query; return its rows."""
        try:
            return list(self._connection.execute(_own(sql), values or None).fetchall())
        except psycopg.OperationalError as error:
            raise ArchiveDown(f"the archive could not be read: {error}") from error

    def copy_to(self, file: Path) -> list[Row]:
        """Dump one snapshot, read the whole dump back, and return what it covers.

        The streams are read in the very snapshot that is dumped, so the copy holds exactly them.
        """
        try:
            with self._connection.transaction():
                self._connection.execute(
                    "SET TRANSACTION ISOLATION LEVEL REPEATABLE READ READ ONLY"
                )
                exported = self._connection.execute("SELECT pg_export_snapshot() AS id").fetchone()
                covered = self.rows(STREAMS)
                snapshot = exported["id"] if exported else ""
                _run("pg_dump", "-Fc", f"--snapshot={snapshot}", f"--file={file}", self._address)
        except psycopg.Error as error:
            raise ArchiveDown(f"the copy {file} could not be made: {error}") from error
        _run("pg_restore", "--file=/dev/null", str(file))
        return covered

    def folders(self) -> list[Path] | None:
        """Return the server's folders when it runs here and lets us know them.

        Needs the role `pg_read_all_settings`, which `pg_monitor` has in it.
        """
        info = self._connection.info
        if not is_this_machine(info.hostaddr or info.host):
            return []
        try:
            named = self._connection.execute("SHOW data_directory").fetchone()
            spaces = self.rows(
                "SELECT pg_tablespace_location(oid) AS folder FROM pg_tablespace"
                " WHERE pg_tablespace_location(oid) <> ''"
            )
        except psycopg.Error:
            return None
        texts = [*(named or {}).values(), *(r["folder"] for r in spaces)]
        folders = [Path(str(text)) for text in texts]
        # One that is not here belongs to a server in a container, whose disk nobody can know.
        return folders if all(folder.is_dir() for folder in folders) else None

    def _in_transaction(self) -> bool:
        return self._connection.info.transaction_status != TransactionStatus.IDLE

    def _migrate(self) -> None:
        if migrations.pending(self._done(), MIGRATIONS, ArchiveDown):
            with self.transaction():
                self.rows("SELECT pg_advisory_xact_lock(?)", (MIGRATION_LOCK,))
                self.execute("CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY)")
                for migration in migrations.pending(self._done(), MIGRATIONS, ArchiveDown):
                    for statement in migration.statements(POSTGRES_WORDS):
                        self.execute(statement)
                    self.execute("INSERT INTO migration (name) VALUES (?)", (migration.name,))

    def _done(self) -> list[str]:
        """Return the names of the migrations that the database has had."""
        if not self.rows("SELECT 1 AS n WHERE to_regclass('migration') IS NOT NULL"):
            return []
        return [r["name"] for r in self.rows("SELECT name FROM migration ORDER BY name")]


def _noted(
    rows: Iterable[Sequence[object]], made: list[Sequence[object]]
) -> Iterator[Sequence[object]]:
    for row in rows:
        made.append(row)
        yield row


def _run(program: str, *arguments: str) -> None:
    """Run one of PostgreSQL's own programs; raises `ArchiveDown` with its last words."""
    try:
        subprocess.run([program, *arguments], check=True, capture_output=True)
    except FileNotFoundError as error:
        raise ArchiveDown(f"{program} is not installed on this machine") from error
    except subprocess.CalledProcessError as error:
        words = error.stderr.decode("utf-8", "replace").strip().splitlines()
        raise ArchiveDown(
            f"{program} failed: {words[-1] if words else 'no reason given'}"
        ) from error


@cache
def _own(sql: str) -> bytes:
    """Turn our placeholders into psycopg's; no statement of ours holds a literal ? or %."""
    return sql.replace("?", "%s").encode("utf-8")
