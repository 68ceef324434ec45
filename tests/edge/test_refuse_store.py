"""A box's file that is missing, empty or another box's is refused, and comes back from a copy."""

from __future__ import annotations

import ast
import shutil
import sqlite3
from pathlib import Path

import pytest
from hand_clock import HandClock

from edge.jobs import backup
from edge.model.errors import StoreError, StoreRefused
from edge.settings.box_settings import Settings
from edge.store import copies, journal
from edge.store.restore import put_back
from edge.store.store import Store

ROOT = Path(__file__).parents[2]
PACKAGES = ("devices", "edge", "kiosk_ui", "provisioning", "sync", "workshop")


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, "box-test", "Clinic")


def note(store: Store, text: str) -> None:
    with store.transaction():
        journal.append(store, "view", HandClock().now(), {"what": text})


def entries(file: Path) -> int:
    store = Store.open(file, "box-test")
    try:
        return store.journal_position()
    finally:
        store.close()


def kind_of_refusal(file: Path) -> str:
    with pytest.raises(StoreRefused) as refused:
        Store.open(file, "box-test")
    return refused.value.kind


def test_a_missing_file_is_refused_and_not_made(box_file: Path) -> None:
    box_file.unlink()
    assert kind_of_refusal(box_file) == "missing"
    assert not box_file.exists()


def test_an_empty_file_is_refused_and_stays_empty(box_file: Path) -> None:
    box_file.write_bytes(b"")
    assert kind_of_refusal(box_file) == "empty"
    assert box_file.read_bytes() == b""


def test_a_file_without_a_box_in_it_is_refused(box_file: Path) -> None:
    box_file.unlink()
    plain = sqlite3.connect(box_file)
    plain.execute("CREATE TABLE something (n INTEGER)")
    plain.close()
    assert kind_of_refusal(box_file) == "empty"


def test_the_file_of_another_box_is_refused_and_not_touched(box_file: Path) -> None:
    box_file.unlink()
    Store.create(box_file, "box-other").close()
    before = box_file.read_bytes()
    assert kind_of_refusal(box_file) == "foreign"
    assert box_file.read_bytes() == before


def test_what_is_no_database_is_refused(box_file: Path) -> None:
    box_file.write_bytes(b"not a database, but long enough to be looked at" * 100)
    assert kind_of_refusal(box_file) == "unreadable"


def test_the_refusal_names_the_newest_copy_and_the_command(
    store: Store, box_file: Path, settings: Settings
) -> None:
    for text in ("one", "two"):
        note(store, text)
        backup.run(store, settings, HandClock().now())
    store.close()
    box_file.unlink()
    with pytest.raises(StoreRefused) as refused:
        Store.open(box_file, "box-test")
    newest = copies.listed(settings.backup)[0].file.name
    assert refused.value.copy == newest
    assert newest in str(refused.value)
    assert "healthpost restore" in str(refused.value)


def test_every_opener_of_the_product_looks_whose_file_it_is_and_what_is_missing() -> None:
    others = set()
    for package in PACKAGES:
        for file in (ROOT / package).rglob("*.py"):
            for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
                if isinstance(call, ast.Call) and ast.unparse(call.func) == "Store.open":
                    others.add(file.relative_to(ROOT).as_posix())
    # `init` looks whose file an earlier `init` has left behind, `restore` at the copy.
    made_for_it = {"edge/store/losses.py", "edge/store/restore.py", "provisioning/box_setup.py"}
    assert others == made_for_it


def test_a_file_that_was_replaced_under_a_writer_takes_nothing_more(
    store: Store, box_file: Path
) -> None:
    box_file.unlink()
    with pytest.raises(StoreRefused, match="taken away"):
        note(store, "into nowhere")
    shutil.copy(__file__, box_file)
    with pytest.raises(StoreRefused, match="replaced"):
        note(store, "into nowhere")


# --- the copy comes back ----------------------------------------------------------------------


@pytest.fixture
def copy(store: Store, settings: Settings) -> Path:
    """A copy with one entry, of a file that went on."""
    note(store, "one")
    backup.run(store, settings, HandClock().now())
    note(store, "two")
    store.close()
    return copies.listed(settings.backup)[0].file


def test_a_copy_is_put_back_and_the_former_file_kept(box_file: Path, copy: Path) -> None:
    wal = box_file.with_name("box.db-wal")
    wal.write_bytes(b"pages of the former file")
    aside = put_back(box_file, "box-test", copy)
    assert entries(box_file) == 1
    assert aside is not None
    assert aside.with_name(f"{aside.name}-wal").read_bytes() == b"pages of the former file"
    assert entries(aside) == 2
    assert copy.exists()


def test_a_copy_replaces_a_file_that_is_gone(box_file: Path, copy: Path) -> None:
    box_file.unlink()
    assert put_back(box_file, "box-test", copy) is None
    assert entries(box_file) == 1


def test_a_second_restore_overwrites_no_former_file(box_file: Path, copy: Path) -> None:
    first, second = (put_back(box_file, "box-test", copy) for _ in range(2))
    assert first != second
    assert first is not None
    assert entries(first) == 2


def test_a_damaged_copy_changes_nothing(box_file: Path, copy: Path) -> None:
    data = bytearray(copy.read_bytes())
    data[2048:] = bytes(len(data) - 2048)
    copy.write_bytes(data)
    with pytest.raises(StoreError):
        put_back(box_file, "box-test", copy)
    assert entries(box_file) == 2


def test_another_boxs_copy_changes_nothing(box_file: Path, copy: Path) -> None:
    copy.unlink()
    Store.create(copy, "box-other").close()
    with pytest.raises(StoreRefused, match="box-other"):
        put_back(box_file, "box-test", copy)
    assert entries(box_file) == 2


def test_a_file_in_use_is_not_replaced(box_file: Path, copy: Path) -> None:
    running = Store.open(box_file, "box-test")
    with pytest.raises(StoreError, match="stop the box first"):
        put_back(box_file, "box-test", copy)
    running.close()
    assert entries(box_file) == 2


@pytest.mark.parametrize("columns", ["id TEXT, clinic TEXT", "number INTEGER"])
def test_the_file_of_another_program_is_refused_in_words(tmp_path: Path, columns: str) -> None:
    file = tmp_path / "box.db"
    plain = sqlite3.connect(file)
    plain.execute(f"CREATE TABLE box ({columns})")
    plain.close()
    before = file.read_bytes()
    with pytest.raises(StoreRefused, match="is not a box's file") as refused:
        Store.open(file, "box-test")
    assert "column" not in str(refused.value)
    assert file.read_bytes() == before
