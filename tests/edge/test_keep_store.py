"""The box's file: several writers, power cuts, full disks, and whose box it is."""

from __future__ import annotations

import random
import sqlite3
import subprocess
import sys
from pathlib import Path
from threading import Thread

import pytest
from open_files import open_files
from readings import cuff

from edge.model.clock import Clock
from edge.model.entry import GENESIS, EntryKind, Lane, chain
from edge.model.errors import DiskFull, StoreError
from edge.readings import intake
from edge.store import journal, outbox
from edge.store.store import Store

WRITER = Path(__file__).parents[1] / "support" / "box_writer.py"


def writer(file: Path, count: int) -> subprocess.Popen[str]:
    command = [sys.executable, str(WRITER), str(file), str(count)]
    return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def check_stream(store: Store) -> int:
    """Assert that the clinical stream has no gap and that its chain covers every record."""
    queued = outbox.records(store, Lane.CLINICAL, 1, 100_000)
    assert [q.seq for q in queued] == list(range(1, len(queued) + 1))
    link = GENESIS
    for one in queued:
        link = chain(link, one.record)
        assert one.chain == link
    return len(queued)


@pytest.mark.system
def test_three_writers_are_never_locked_out(tmp_path: Path) -> None:
    file = tmp_path / "box.db"
    Store.create(file, "box-test").close()
    writers = [writer(file, 80) for _ in range(3)]
    answers = [one.communicate(timeout=120) for one in writers]
    assert [(one.returncode, err) for one, (_, err) in zip(writers, answers, strict=True)] == [
        (0, "")
    ] * 3
    promised = [int(line) for out, _ in answers for line in out.split()]
    assert sorted(promised) == list(range(1, 241))
    store = Store.open(file)
    assert check_stream(store) == 240
    assert store.scalar("SELECT count(*) FROM reading") == 240
    store.close()


@pytest.mark.system
def test_a_killed_writer_loses_nothing_it_had_accepted(tmp_path: Path) -> None:
    file = tmp_path / "box.db"
    Store.create(file, "box-test").close()
    promised: set[int] = set()
    dice = random.Random(7)
    for _ in range(6):
        process = writer(file, 100_000)
        assert process.stdout is not None
        assert process.stderr is not None
        for _ in range(dice.randrange(1, 40)):
            promised.add(int(process.stdout.readline()))
        process.kill()
        rest, _ = process.communicate()
        whole_lines = rest.split("\n")[:-1]
        promised |= {int(line) for line in whole_lines}
        store = Store.open(file)
        held = {r["entry"] for r in store.rows("SELECT entry FROM reading")}
        assert promised <= held
        assert check_stream(store) == len(held) == store.scalar("SELECT count(*) FROM journal")
        assert store.row("PRAGMA integrity_check")[0] == "ok"  # type: ignore[index]
        store.close()


def test_a_full_disk_refuses_the_write_and_keeps_the_rest(store: Store, clock: Clock) -> None:
    intake.accept(store, cuff(clock.now()))
    pages = store.scalar("PRAGMA page_count")
    store.rows(f"PRAGMA max_page_count = {pages + 2}")
    accepted = [1]

    def fill() -> None:
        for _ in range(500):
            outcome = intake.accept(store, cuff(clock.now(), device=None))
            accepted.append(outcome.entry)

    with pytest.raises(DiskFull, match="no room"):
        fill()
    held = accepted[-1]
    assert store.journal_position() == held == store.scalar("SELECT count(*) FROM reading")
    assert check_stream(store) == held
    store.rows("PRAGMA max_page_count = 1000000")
    assert isinstance(intake.accept(store, cuff(clock.now())), intake.AcceptedReading)


def test_what_fails_halfway_is_undone_whole(store: Store, clock: Clock) -> None:
    def fail_inside() -> None:
        with store.transaction():
            journal.append(store, EntryKind.VIEW, clock.now(), {"patient": "p"})
            with store.transaction():
                journal.append(store, EntryKind.VIEW, clock.now(), {"patient": "q"})
            raise LookupError("changed my mind")

    with pytest.raises(LookupError, match="changed my mind"):
        fail_inside()
    assert (store.journal_position(), check_stream(store)) == (0, 0)


def test_writing_outside_a_transaction_is_refused(store: Store) -> None:
    for write in (store.execute, store.changed):
        with pytest.raises(StoreError, match="outside"):
            write("DELETE FROM journal")


def test_a_box_file_belongs_to_one_box(store: Store) -> None:
    store.name_box("box-test")
    with pytest.raises(StoreError, match="belongs to box box-test, not other"):
        store.name_box("other")
    assert store.box_id() == "box-test"


def test_a_file_that_is_no_box_says_so(tmp_path: Path) -> None:
    file = tmp_path / "box.db"
    file.write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(StoreError, match=r"box\.db cannot be used"):
        Store.open(file)


def test_a_file_that_cannot_be_used_is_not_held_open(tmp_path: Path) -> None:
    file = tmp_path / "box.db"
    file.write_bytes(b"not a database, but long enough to be looked at" * 100)
    with pytest.raises(StoreError) as refused:
        Store.open(file)
    assert file not in open_files(), refused  # whoever keeps the error keeps its frames


def before_migrations(file: Path) -> None:
    """Make a file that lacks every table."""
    plain = sqlite3.connect(file)
    plain.execute("CREATE TABLE something (n INTEGER)")
    plain.close()


def test_processes_that_start_at_once_make_the_tables_once(tmp_path: Path) -> None:
    trouble: list[BaseException] = []
    before_migrations(tmp_path / "box.db")

    def open_it() -> None:
        try:
            Store.open(tmp_path / "box.db").close()
        except BaseException as error:
            trouble.append(error)

    threads = [Thread(target=open_it) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert trouble == []


def test_another_writer_moves_the_data_version(tmp_path: Path, store: Store, clock: Clock) -> None:
    before = store.data_version()
    other = Store.open(tmp_path / "box.db")
    intake.accept(other, cuff(clock.now()))
    other.close()
    assert store.data_version() != before
    assert store.journal_position() == 1


def test_a_copy_is_whole_and_never_overwrites(tmp_path: Path, store: Store, clock: Clock) -> None:
    intake.accept(store, cuff(clock.now()))
    store.copy_to(tmp_path / "copy.db")
    copy = Store.open(tmp_path / "copy.db")
    assert check_stream(copy) == 1
    copy.close()
    with pytest.raises(StoreError):
        store.copy_to(tmp_path / "copy.db")
