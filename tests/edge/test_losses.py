"""A box's file that has less in it than before is noticed, told, and not said away."""

from __future__ import annotations

import os
import shutil
import time
from pathlib import Path

import pytest
from hand_clock import HandClock

from edge.jobs import checkpoint
from edge.model.entry import Lane
from edge.settings.box_settings import Settings
from edge.store import damage, issues, journal, losses, outbox
from edge.store.high_water import mark_file
from edge.store.losses import open_store
from edge.store.store import Store

COUNT = 12
FRAME_BYTES = 24 + 1024
"""A page in the log, with its header."""


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, "box-test", "Clinic")


def write(store: Store, count: int, lane: Lane = Lane.CLINICAL) -> None:
    clock = HandClock()
    for number in range(count):
        with store.transaction():
            kind = "alert" if lane is Lane.ALERT else "view"
            journal.append(
                store, kind, clock.advance(1), {"what": f"{number} {os.urandom(4).hex()}"}
            )


def wrong(store: Store) -> dict[str, str]:
    return {c.kind: c.detail for c in issues.current(store)}


def findings(store: Store) -> list[object]:
    every = [entry for _, entry in journal.since(store, 0, 10_000)]
    return [e.body for e in every if e.kind == "store-finding"]


@pytest.fixture
def after_cut(tmp_path: Path, box_file: Path, store: Store) -> Path:
    """The files as a power cut leaves them: file, log and mark, with twelve entries in the log."""
    store.checkpoint()
    write(store, COUNT)
    folder = tmp_path / "after"
    folder.mkdir()
    for file in (box_file, box_file.with_name("box.db-wal"), mark_file(box_file)):
        shutil.copy(file, folder / file.name)
    return folder / "box.db"


def flip_bit(file: Path, at: int) -> None:
    data = bytearray(file.read_bytes())
    data[at] ^= 1
    file.write_bytes(data)


def test_a_whole_log_tells_nothing(after_cut: Path) -> None:
    store = open_store(after_cut, "box-test")
    assert store.journal_position() == COUNT
    assert wrong(store) == {}
    store.close()


def test_one_flipped_bit_in_the_log_is_told(after_cut: Path) -> None:
    wal = after_cut.with_name("box.db-wal")
    flip_bit(wal, wal.stat().st_size // 4)
    store = open_store(after_cut, "box-test")
    held = outbox.state(store, Lane.CLINICAL).last - 1  # without the entry that tells of it
    assert held < COUNT
    assert wrong(store) == {"records-missing": str(COUNT - held)}
    assert findings(store) == [
        {"count": COUNT - held, "lane": "c", "last": COUNT, "what": "shorter"}
    ]
    store.close()


def test_a_log_whose_header_is_changed_takes_all_back_and_is_told(after_cut: Path) -> None:
    flip_bit(after_cut.with_name("box.db-wal"), 20)
    store = open_store(after_cut, "box-test")
    assert wrong(store) == {"records-missing": str(COUNT)}
    store.close()


def test_it_stays_said_until_a_person_knows(after_cut: Path) -> None:
    flip_bit(after_cut.with_name("box.db-wal"), 20)
    for number in range(3):
        store = open_store(after_cut, "box-test")
        assert set(wrong(store)) == {"records-missing"}
        assert len(findings(store)) == 1
        write(store, COUNT + 1)
        outbox.start_epoch(store, 2 + number, HandClock().now(), "fork")
        store.close()
    store = open_store(after_cut, "box-test")
    losses.acknowledge(store, HandClock().now())
    store.close()
    store = open_store(after_cut, "box-test")
    assert wrong(store) == {}
    store.close()


def test_a_file_of_an_earlier_epoch_is_told(store: Store, box_file: Path, tmp_path: Path) -> None:
    write(store, 3)
    write(store, 1, Lane.ALERT)
    store.copy_to(tmp_path / "older.db")
    outbox.start_epoch(store, 2, HandClock().now(), "fork")
    store.close()
    (tmp_path / "older.db").replace(box_file)
    again = open_store(box_file, "box-test")
    assert set(wrong(again)) == {"records-missing"}
    assert {str(r["lane"]) for r in again.rows("SELECT lane FROM loss")} == {"a", "c"}
    again.close()


def test_other_records_under_the_same_numbers_are_told(
    store: Store, box_file: Path, tmp_path: Path
) -> None:
    write(store, 3)
    store.copy_to(tmp_path / "older.db")
    write(store, 2)
    store.close()
    kept = mark_file(box_file).read_bytes()
    (tmp_path / "older.db").replace(box_file)
    grown = Store.open(box_file, "box-test")
    write(grown, 4)
    grown.close()
    mark_file(box_file).write_bytes(kept)
    again = open_store(box_file, "box-test")
    assert set(wrong(again)) == {"records-missing"}
    again.close()


@pytest.mark.parametrize("mark", [b"", b"nonsense", bytes(256)])
def test_a_mark_that_is_not_whole_tells_nothing(store: Store, box_file: Path, mark: bytes) -> None:
    write(store, 3)
    store.close()
    mark_file(box_file).write_bytes(mark)
    again = open_store(box_file, "box-test")
    assert wrong(again) == {}
    write(again, 1)
    assert again.mark.read()["c"].last == 4
    again.close()


def test_a_changed_record_at_the_end_is_damage_and_no_loss(store: Store, box_file: Path) -> None:
    write(store, 3)
    with store.transaction():
        store.execute("UPDATE journal SET record = replace(record, 'what', 'whit') WHERE id = 3")
        store.execute("UPDATE outbox SET chain = zeroblob(16) WHERE seq = 3")
    store.close()
    again = open_store(box_file, "box-test")
    assert wrong(again) == {}
    assert damage.check(again, HandClock().now()) == 1
    assert set(wrong(again)) == {"records-damaged"}
    again.close()


def test_two_that_open_at_once_tell_it_once(after_cut: Path) -> None:
    flip_bit(after_cut.with_name("box.db-wal"), 20)
    first, second = (Store.open(after_cut, "box-test") for _ in range(2))
    for store in (first, second):
        losses.look(store)
    assert len(findings(first)) == 1
    first.close()
    second.close()


def test_the_log_is_emptied_when_nobody_writes(
    store: Store, box_file: Path, settings: Settings
) -> None:
    wal = box_file.with_name("box.db-wal")
    write(store, 3)
    checkpoint.run(store, settings, HandClock().now())
    assert wal.stat().st_size
    past = time.time() - checkpoint.IDLE_S - 1
    os.utime(wal, (past, past))
    checkpoint.run(store, settings, HandClock().now())
    assert wal.stat().st_size == 0
    shutil.copy(box_file, box_file.with_name("alone.db"))
    alone = Store.open(box_file.with_name("alone.db"))
    assert alone.journal_position() == 3
    alone.close()


def test_a_reader_in_the_way_does_not_hold_the_checkpoint_up(store: Store, box_file: Path) -> None:
    write(store, 3)
    reader = Store.open(box_file, "box-test")
    with reader.transaction():
        assert not store.checkpoint()
    assert store.checkpoint()
    reader.close()


@pytest.mark.parametrize("content", [None, b"", b"x" * 256])
def test_a_mark_that_is_gone_or_garbled_is_told_until_a_person_knows(
    box_file: Path, store: Store, content: bytes | None
) -> None:
    write(store, 2)
    open_store(box_file, "box-test").close()  # from now on the file says that there is a mark
    if content is None:
        mark_file(box_file).unlink()
    else:
        mark_file(box_file).write_bytes(content)
    for _ in range(2):
        again = open_store(box_file, "box-test")
        assert wrong(again) == {"mark-missing": "box.mark"}
        again.close()
    losses.acknowledge(store, HandClock().now())
    again = open_store(box_file, "box-test")
    assert wrong(again) == {}
    again.close()


def test_a_box_that_never_had_a_mark_is_taken_as_it_is(box_file: Path, store: Store) -> None:
    write(store, 2)
    mark_file(box_file).unlink()
    again = open_store(box_file, "box-test")
    assert wrong(again) == {}
    again.close()
