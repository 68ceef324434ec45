"""A box's file is brought up to date once, by whoever opens it first, and never back."""

from __future__ import annotations

import sqlite3
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import pytest

from edge.model.errors import StoreError
from edge.store.migrations import Migration
from edge.store.schema import MIGRATIONS
from edge.store.store import Store

ADD = Migration("0002_add_shoe_size", "ALTER TABLE patient ADD COLUMN shoe_size INTEGER;\n")
DROP = Migration("0003_no_shoe_size", "ALTER TABLE patient DROP COLUMN shoe_size;\n")
BROKEN = Migration("0002_broken", "CREATE TABLE half (one INTEGER);\nCREATE TABEL typo;\n")


@pytest.fixture
def file(tmp_path: Path) -> Path:
    store = Store.create(tmp_path / "box.db", "box-1")
    store.close()
    return tmp_path / "box.db"


def migrate(file: Path, *more: Migration) -> None:
    """Open a file as a release with more migrations does."""
    store = Store.open(file)
    try:
        store.migrate([*MIGRATIONS, *more])
    finally:
        store.close()


def names(file: Path) -> list[str]:
    with closing(sqlite3.connect(file)) as plain:
        return [
            name for (name,) in plain.execute("SELECT name FROM _sqlite_migrations ORDER BY id")
        ]


def test_a_new_file_records_every_migration(file: Path) -> None:
    assert names(file) == [m.name for m in MIGRATIONS]


def test_migrations_are_numbered_in_the_order_in_which_they_run() -> None:
    assert [m.name[:5] for m in MIGRATIONS] == [f"{n:04}_" for n in range(1, len(MIGRATIONS) + 1)]


def test_a_file_that_is_up_to_date_is_opened_without_a_write(file: Path) -> None:
    with closing(sqlite3.connect(file)) as plain:
        before = plain.execute("PRAGMA data_version").fetchone()
        Store.open(file).close()
        assert plain.execute("PRAGMA data_version").fetchone() == before


def test_only_what_a_file_lacks_is_run(file: Path) -> None:
    migrate(file, ADD)
    migrate(file, ADD)
    assert names(file)[-1] == ADD.name
    migrate(file, ADD, DROP)
    with closing(sqlite3.connect(file)) as plain:
        columns = {row[1] for row in plain.execute("PRAGMA table_info(patient)")}
    assert "shoe_size" not in columns


def test_a_file_that_a_newer_release_only_added_to_is_still_opened(file: Path) -> None:
    migrate(file, ADD)
    store = Store.open(file)
    assert store.box_id() == "box-1"
    store.close()


def test_a_file_that_a_newer_release_changed_is_refused_by_name(file: Path) -> None:
    migrate(file, ADD, DROP)
    with pytest.raises(StoreError, match=r"newer release \(0002_add_shoe_size, 0003_no"):
        Store.open(file)


def test_a_migration_that_fails_leaves_the_file_as_it_was(file: Path) -> None:
    with pytest.raises(StoreError):
        migrate(file, BROKEN)
    assert names(file) == [m.name for m in MIGRATIONS]
    with closing(sqlite3.connect(file)) as plain:
        assert plain.execute("SELECT 1 FROM sqlite_master WHERE name = 'half'").fetchone() is None


def test_of_many_that_migrate_one_file_at_once_each_finds_it_whole(tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "box.db")) as plain:
        plain.execute("CREATE TABLE something (n INTEGER)")

    def opened(_: int) -> str:
        store = Store.open(tmp_path / "box.db")
        try:
            return store.box_id()
        finally:
            store.close()

    with ThreadPoolExecutor(6) as pool:
        assert list(pool.map(opened, range(12))) == ["unnamed"] * 12
    assert names(tmp_path / "box.db") == [m.name for m in MIGRATIONS]
