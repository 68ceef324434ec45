"""Forward migrations of a database: numbered scripts, each run once and recorded in the database.

One form serves the box's file and the hospital's archive. SQLite files are migrated by
sqlite-utils; PostgreSQL, which it does not know, by `hospital.archive.postgres`. A migration that a
release has carried is never changed again: each change on disk is a new one, with the next number.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

ADDS = "add_"


@dataclass(frozen=True, slots=True)
class Migration:
    """A change of the tables: its name, like 0001_initial, and its SQL.

    Each statement ends with a semicolon at the end of a line. `{words}` in it are filled in by the
    engine. One named 0002_add_… only adds: a release that does not know it can use the tables.
    """

    name: str
    script: str

    def statements(self, words: Mapping[str, str]) -> Iterator[str]:
        """Yield the statements for an engine."""
        script = self.script
        for word, filling in words.items():
            script = script.replace(f"{{{word}}}", filling)
        for text in script.split(";\n"):
            if text.strip():
                yield text.strip()


def pending(
    done: Collection[str], migrations: Sequence[Migration], wrong: type[Exception]
) -> list[Migration]:
    """Return the migrations that a database with these names done still lacks, in their order.

    Raises `wrong`, in plain words, when a newer release has changed the database in a way that
    this one cannot live with.
    """
    newer = sorted(set(done) - {m.name for m in migrations})
    if not all(name[5:].startswith(ADDS) for name in newer):
        raise wrong(
            f"these data were changed by a newer release ({', '.join(newer)}): install it again"
        )
    return [m for m in migrations if m.name not in done]


def done_in_sqlite(connection: sqlite3.Connection) -> list[str]:
    """Return the names of the migrations that a SQLite file has had; reads only."""
    table = "SELECT 1 FROM sqlite_master WHERE type = 'table' AND name = '_sqlite_migrations'"
    if connection.execute(table).fetchone() is None:
        return []
    cursor = connection.cursor()
    cursor.row_factory = None
    return [name for (name,) in cursor.execute("SELECT name FROM _sqlite_migrations ORDER BY id")]


def apply_to_sqlite(
    connection: sqlite3.Connection, migrations: Sequence[Migration], words: Mapping[str, str]
) -> None:
    """Run what a SQLite file still lacks, inside the caller's transaction.

    The transaction must shut out other writers: of two processes that start at once, the second
    finds it done.
    """
    # Not at the top: it brings 80 modules that no process needs once its file is made.
    from sqlite_utils import Database, Migrations

    known = Migrations("healthpost")
    for migration in migrations:
        statements = tuple(migration.statements(words))

        @known(name=migration.name)
        def _run(db: Database, statements: tuple[str, ...] = statements) -> None:
            for statement in statements:
                db.execute(statement)

    rows, connection.row_factory = connection.row_factory, None
    try:
        known.apply(Database(connection, execute_plugins=False))
    finally:
        connection.row_factory = rows
