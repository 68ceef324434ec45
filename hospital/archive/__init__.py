"""The interface of the archive: what a database engine must offer to keep a hospital's records.

The other packages write their SQL once, in what SQLite and PostgreSQL both understand, with `?` for
values. An engine brings transactions, locks and types; one contract test runs against both. An
archive belongs to one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Any, Protocol

Row = Mapping[str, Any]


class Archive(Protocol):
    """An open archive. Every method may raise `ArchiveDown`."""

    @property
    def engine(self) -> str:
        """The engine's name: "sqlite" or "postgresql"."""

    @property
    def for_update(self) -> str:
        """What a SELECT ends with to lock its rows until the transaction ends."""

    def transaction(self) -> AbstractContextManager[None]:
        """Run a block as one durable write; nested blocks join the outer one."""

    def attempt(self) -> AbstractContextManager[None]:
        """Run a block inside a transaction that is undone alone when a value does not fit.

        Raises `RowRefused` then; the outer transaction goes on.
        """

    def execute(self, sql: str, values: Sequence[object] = ()) -> int:
        """Run one write inside a transaction; return how many rows it touched."""

    def insert(self, table: str, columns: Sequence[str], rows: Sequence[Sequence[object]]) -> None:
        """Insert many rows inside a transaction, as fast as the engine can."""

    def insert_new(
        self, table: str, columns: Sequence[str], rows: Iterable[Sequence[object]]
    ) -> set[str]:
        """Insert the rows that are not there yet; return their second columns, the ids.

        Inside a transaction. The table's key is its first two columns; the first is one for all.
        The rows may be made while the first of them are on their way.
        """

    def rows(self, sql: str, values: Sequence[object] = ()) -> list[Row]:
        """Run a query (or a write with RETURNING, inside a transaction); return its rows."""

    def copy_to(self, file: Path) -> list[Row]:
        """Write a complete, verified copy to a file that does not exist yet.

        Returns the rows (box, epoch, lane, cum, chain) of the streams as the copy holds them.
        """

    def folders(self) -> Sequence[Path] | None:
        """Return the folders on this machine that hold the data: none when another machine does.

        None: nobody here can tell.
        """

    def close(self) -> None:
        """Close the connection; safe to call twice."""


OpenArchive = Callable[[], Archive]
"""Opens an archive for the calling thread, as the desk does for each request."""


STREAMS = "SELECT box, epoch, lane, cum, chain FROM stream"
"""What a copy covers."""


def row(archive: Archive, sql: str, values: Sequence[object] = ()) -> Row | None:
    """Run a query; return its first row or None."""
    return next(iter(archive.rows(sql, values)), None)


def scalar(archive: Archive, sql: str, values: Sequence[object] = ()) -> int:
    """Run a query for one whole number named `n`; 0 when there is none."""
    found = row(archive, sql, values)
    return 0 if found is None or found["n"] is None else int(found["n"])
