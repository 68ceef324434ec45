"""What is safe: covered by a verified copy, told to the box, and there after a restore."""

from __future__ import annotations

import shutil
import sqlite3
import subprocess
import tempfile
from collections.abc import Sequence
from contextlib import closing, suppress
from pathlib import Path
from typing import Any

import pytest
from archives import open_at
from box_on_wire import NOW_MS, Desk, Sender, enrolled
from postgres import Cluster

from hospital.archive import STREAMS, Archive
from hospital.archive.disks import Disk, is_apart
from hospital.archive.errors import ArchiveDown, HospitalError
from hospital.archive.sqlite import SqliteArchive
from hospital.receiving import backup, custody, ledger
from sync.core import Fence, Receipt


@pytest.fixture
def desk(archive: Archive) -> Desk:
    return Desk(enrolled(archive))


SHARED_MEMORY = Path("/dev/shm")


@pytest.fixture
def own_disk(archive: Archive, tmp_path: Path) -> Path:
    """A folder on the disk that holds the archive."""
    folders = archive.folders()
    assert folders
    assert {folder.stat().st_dev for folder in folders} == {tmp_path.stat().st_dev}
    return tmp_path


@pytest.fixture
def box() -> Sender:
    return Sender()


def test_a_copy_moves_safe_and_the_next_receipt_tells_the_box(
    desk: Desk, box: Sender, tmp_path: Path
) -> None:
    desk.admit(box)
    desk.receipt(box.frame(1, 20))
    made = backup.back_up(desk.archive, tmp_path / "one.copy", NOW_MS, trusted=True)
    assert (made.records, made.promised) == (20, True)
    assert made.file.stat().st_mode & 0o777 == 0o600
    receipt = desk.receipt(box.frame(21, 10))
    assert (receipt.at.cum, receipt.at.safe) == (30, 20)
    assert receipt.at.safe_chain == box.chain_at(20)
    (line,) = ledger.of(desk.archive, "box-one")
    assert (line.last, line.safe) == (30, 20)


def test_a_box_at_rest_is_told_of_a_new_copy(desk: Desk, box: Sender, tmp_path: Path) -> None:
    desk.admit(box)
    desk.receipt(box.frame(1, 20))
    assert desk.receiver.news(NOW_MS) == []
    backup.back_up(desk.archive, tmp_path / "one.copy", NOW_MS, trusted=True)
    (told,) = [desk.read(out) for out in desk.receiver.news(NOW_MS)]
    assert isinstance(told, Receipt)
    assert (told.at.safe, told.gap) == (20, False)
    assert desk.receiver.news(NOW_MS) == []


def test_a_copy_on_the_archives_own_disk_promises_nothing(
    desk: Desk, box: Sender, own_disk: Path
) -> None:
    desk.admit(box)
    desk.receipt(box.frame(1, 20))
    made = backup.back_up(desk.archive, own_disk / "one.copy", NOW_MS)
    assert not made.promised
    assert backup.count(desk.archive) == 0
    assert desk.receipt(box.frame(21, 1)).at.safe == 0


@pytest.mark.skipif(not SHARED_MEMORY.is_dir(), reason="this machine has no /dev/shm")
def test_a_copy_in_memory_promises_nothing(desk: Desk, box: Sender) -> None:
    desk.admit(box)
    desk.receipt(box.frame(1, 20))
    with tempfile.TemporaryDirectory(dir=SHARED_MEMORY) as folder:
        assert not backup.back_up(desk.archive, Path(folder) / "one.copy", NOW_MS).promised


def test_a_server_whose_folders_nobody_may_know_promises_nothing(
    desk: Desk, box: Sender, own_disk: Path
) -> None:
    if desk.archive.engine != "postgresql":
        return
    desk.archive.rows("SELECT set_config('role', 'pg_database_owner', false) AS role")
    assert desk.archive.folders() is None


@pytest.mark.parametrize(
    ("copy", "apart"),
    [
        (Disk(66, "ext4", "/dev/sdb1", "/sys/block/sdb"), True),
        (Disk(65, "ext4", "/dev/sda1", "/sys/block/sda"), False),
        (Disk(66, "ext4", "/dev/sda2", "/sys/block/sda"), False),  # another partition of it
        (Disk(67, "btrfs", "/dev/sda1", ""), False),  # another volume of its file system
        (Disk(68, "tmpfs", "tmpfs", ""), False),
        (Disk(69, "nfs4", "elsewhere:/copies", ""), True),
        (Disk(70, "vfat", "/dev/sdc1", "/sys/block/sdc"), True),
    ],
)
def test_a_disk_is_another_one_by_its_hardware(copy: Disk, apart: bool) -> None:
    assert is_apart(copy, Disk(65, "ext4", "/dev/sda1", "/sys/block/sda")) is apart


def test_a_copy_never_overwrites_another(desk: Desk, tmp_path: Path) -> None:
    (tmp_path / "one.copy").write_bytes(b"last week's")
    with pytest.raises(HospitalError, match="exists already"):
        backup.back_up(desk.archive, tmp_path / "one.copy", NOW_MS, trusted=True)
    with pytest.raises(HospitalError):
        backup.back_up(desk.archive, tmp_path / "none" / "x", NOW_MS, trusted=True)
    assert (tmp_path / "one.copy").read_bytes() == b"last week's"


@pytest.mark.parametrize("by_other_means", [False, True])
def test_a_copy_from_before_a_new_epoch_promises_nothing_in_it(
    tmp_path: Path, box: Sender, by_other_means: bool
) -> None:
    """The new epoch has other records under the same numbers; its box would prune those."""
    desk = Desk(enrolled(SqliteArchive.open(tmp_path / "archive.db")))
    desk.admit(box)
    desk.receipt(box.frame(1, 20))
    covered = desk.archive.rows(STREAMS)
    number = backup.begin(desk.archive, NOW_MS)
    box.nonce = b"session2"
    assert isinstance(desk.take(box.hello(fork=True), "h")[0], Fence)
    box.nonce, box.epoch, box.records = b"session3", 2, box.records[5:]
    desk.admit(box)
    desk.receipt(box.frame(1, 25))
    if by_other_means:
        assert backup.finish(desk.archive, number, "elsewhere", NOW_MS) == 0
    else:
        told = backup.PromisedCopy(0, NOW_MS, "elsewhere")
        assert backup.promise(desk.archive, covered, told, 1) == 0
    assert desk.receipt(box.frame(26, 1)).at.safe == 0
    made = backup.back_up(desk.archive, tmp_path / "two.copy", NOW_MS, trusted=True)
    assert made.promised
    assert desk.receipt(box.frame(27, 1)).at.safe == 26
    desk.archive.close()


PAGE = 4096


def spoil(copy: Path, at: int) -> None:
    """Change one bit of a file."""
    with copy.open("r+b") as handle:
        handle.seek(at)
        (byte,) = handle.read(1)
        handle.seek(at)
        handle.write(bytes([byte ^ 1]))


def findings(copy: Path) -> list[str]:
    """Return what SQLite itself says of a file."""
    with closing(sqlite3.connect(copy)) as opened, suppress(sqlite3.DatabaseError):
        return [str(text) for (text,) in opened.execute("PRAGMA integrity_check")]
    return ["cannot be read"]


class RottingDisk:
    """A connection to SQLite on a disk that changes one bit of every copy that is made."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self.connection, self.at = connection, 0

    def __getattr__(self, name: str) -> object:
        return getattr(self.connection, name)

    def execute(self, sql: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        done = self.connection.execute(sql, values)
        if sql.startswith("VACUUM INTO"):
            spoil(Path(values[0]), self.at)
        return done


def test_a_copy_that_is_damaged_is_not_believed(tmp_path: Path, box: Sender) -> None:
    """It is neither kept nor promised, also when all that is asked of it can still be read."""
    opened = SqliteArchive.open(tmp_path / "archive.db")
    desk = Desk(enrolled(opened))
    desk.admit(box)
    desk.receipt(box.frame(1, 20))
    whole, spoilt = tmp_path / "whole", tmp_path / "spoilt"
    opened.copy_to(whole)
    disk = RottingDisk(opened._connection)
    opened._connection = disk  # type: ignore[assignment]
    noticed = 0
    for disk.at in range(PAGE - 1, whole.stat().st_size, PAGE):
        shutil.copy(whole, spoilt)
        spoil(spoilt, disk.at)
        if findings(spoilt) == ["ok"]:
            continue  # a bit of a value that no index holds: nothing could tell
        noticed += 1
        with pytest.raises(ArchiveDown):
            backup.back_up(opened, tmp_path / "one.copy", NOW_MS, trusted=True)
        assert list(tmp_path.glob("one.copy*")) == []
    assert noticed > 3
    assert backup.count(opened) == 0
    assert desk.receipt(box.frame(21, 1)).at.safe == 0
    opened.close()


def test_a_restored_file_goes_on_where_the_copy_ends(tmp_path: Path, box: Sender) -> None:
    desk = Desk(enrolled(SqliteArchive.open(tmp_path / "archive.db")))
    desk.admit(box)
    desk.receipt(box.frame(1, 20))
    backup.back_up(desk.archive, tmp_path / "one.copy", NOW_MS, trusted=True)
    desk.receipt(box.frame(21, 19))
    desk.archive.close()
    again = Desk(SqliteArchive.open(tmp_path / "one.copy"))
    assert custody.new_generation(again.archive) == 2
    box.nonce = b"session2"
    welcome = again.admit(box)
    assert (welcome.generation, welcome.lanes["c"].cum) == (2, 20)
    assert welcome.lanes["c"].chain == box.chain_at(20)
    assert again.receipt(box.frame(21, 19)).at.cum == 39
    assert again.readings() == 39
    again.archive.close()


def test_a_restored_dump_goes_on_where_the_copy_ends(
    tmp_path: Path, box: Sender, postgres: Cluster
) -> None:
    desk = Desk(enrolled(open_at(postgres.fresh())))
    desk.admit(box)
    desk.receipt(box.frame(1, 20))
    made = backup.back_up(desk.archive, tmp_path / "one.dump", NOW_MS, trusted=True)
    desk.archive.close()
    empty = postgres.fresh()
    subprocess.run(["pg_restore", f"--dbname={empty}", str(made.file)], check=True)
    again = Desk(open_at(empty))
    box.nonce = b"session2"
    assert again.admit(box).lanes["c"].cum == 20
    assert again.receipt(box.frame(21, 19)).at.cum == 39
    again.archive.close()
