"""Forward migrations of a database: numbered scripts, each run once and recorded in the database.

They serve the box's file and the hospital's archive, in SQLite and in PostgreSQL. A migration that
a release has carried is never changed again; whatever changes on disk is a new one, with the next
number.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

_RECORD = "CREATE TABLE migration (name TEXT PRIMARY KEY, additive INTEGER NOT NULL)"


@dataclass(frozen=True, slots=True)
class Migration:
    """A change of the tables: its name, like 0001_initial, and its SQL.

    Each statement ends with a semicolon at the end of a line. `{words}` in it are filled in by the
    engine. An additive migration leaves the tables usable for a release that does not know it.
    """

    name: str
    script: str
    additive: bool = False

    def statements(self, words: Mapping[str, str]) -> Iterator[str]:
        """Yield the statements for an engine."""
        script = self.script
        for word, filling in words.items():
            script = script.replace(f"{{{word}}}", filling)
        for text in script.split(";\n"):
            if text.strip():
                yield text.strip()


class Database(Protocol):
    """What a migration needs of a database; `Store` and both archives have it."""

    def has_table(self, name: str) -> bool:
        """Whether a table exists."""

    def rows(self, sql: str) -> Sequence[Any]:
        """Run a query; return its rows, whose values are found by their column's name."""

    def execute(self, sql: str, values: Sequence[object] = ()) -> int:
        """Run one write inside a transaction."""


def pending(
    database: Database, migrations: Sequence[Migration], wrong: type[Exception]
) -> list[Migration]:
    """Return the migrations that a database still lacks, in their order.

    Raises `wrong`, in plain words, when a newer release has changed the database in a way that
    this one cannot live with.
    """
    if not database.has_table("migration"):
        return list(migrations)
    rows = database.rows("SELECT name, additive FROM migration")
    done = {row["name"]: row["additive"] for row in rows}
    newer = sorted(done.keys() - {m.name for m in migrations})
    if not all(done[name] for name in newer):
        raise wrong(
            f"these data were changed by a newer release ({', '.join(newer)}): install it again"
        )
    return [m for m in migrations if m.name not in done]


def apply(
    database: Database,
    migrations: Sequence[Migration],
    wrong: type[Exception],
    words: Mapping[str, str],
) -> None:
    """Run what a database still lacks, inside the caller's transaction.

    The transaction must shut out other writers: of two processes that start at once, the second
    finds it done.
    """
    if not database.has_table("migration"):
        database.execute(_RECORD)
    for migration in pending(database, migrations, wrong):
        for statement in migration.statements(words):
            database.execute(statement)
        database.execute(
            "INSERT INTO migration (name, additive) VALUES (?, ?)",
            (migration.name, int(migration.additive)),
        )
