"""What a hospital does by the clock, and what is safe by other copies than its own."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from archives import open_at
from box_on_wire import NOW_MS, Desk, Sender, enrolled
from eventually import eventually
from postgres import Cluster, binaries

from edge.model.feed_item import Item
from hospital.archive import Archive
from hospital.archive.errors import HospitalError
from hospital.archive.settings import HospitalSettings
from hospital.feed import feed
from hospital.receiving import backup, ledger
from hospital.receiving.jobs import JOBS, Schedule
from hospital.receiving.jobs.compact_feeds import compact
from hospital.receiving.jobs.follow_standby import Standby

MINUTE_MS = 60_000
COMPACT_MS = next(job.every_ms for job in JOBS if job.name == "compact-feeds")


@pytest.fixture
def desk(archive: Archive) -> Desk:
    return Desk(enrolled(archive))


def safe(archive: Archive) -> int:
    (line,) = ledger.of(archive, "box-one")
    return line.safe


def remove_items(archive: Archive, count: int) -> None:
    with archive.transaction():
        for number in range(count):
            item = Item("reply", f"r{number}", 1, {"patient": "p", "text": "t"})
            feed.put(archive, "Thar", item)
            feed.remove(archive, "Thar", "reply", item.id)


def floor(archive: Archive) -> int:
    (head,) = archive.rows("SELECT floor FROM feed_head WHERE clinic = 'Thar'")
    return int(head["floor"])


def test_old_removals_are_forgotten_by_the_clock(desk: Desk) -> None:
    remove_items(desk.archive, 5)
    compact(desk.archive, NOW_MS, keep=2)
    assert floor(desk.archive) == 6
    (left,) = desk.archive.rows("SELECT count(*) AS n FROM feed")
    assert left["n"] == 2


def test_a_job_runs_when_it_is_due_and_after_a_clock_that_was_put_back(
    desk: Desk, tmp_path: Path
) -> None:
    schedule = Schedule.of(HospitalSettings(tmp_path))
    schedule.turn(desk.archive, NOW_MS)
    first = dict(schedule.due)
    schedule.turn(desk.archive, NOW_MS + COMPACT_MS - 1)
    assert schedule.due["compact-feeds"] == first["compact-feeds"]
    schedule.turn(desk.archive, NOW_MS + COMPACT_MS)
    assert schedule.due["compact-feeds"] == NOW_MS + 2 * COMPACT_MS
    schedule.turn(desk.archive, NOW_MS - 10 * COMPACT_MS)
    assert schedule.due["compact-feeds"] == NOW_MS - 9 * COMPACT_MS


def test_a_backup_by_other_means_makes_safe_what_was_there_when_it_began(desk: Desk) -> None:
    box = Sender()
    desk.admit(box)
    desk.receipt(box.frame(1, 10))
    number = backup.begin(desk.archive, NOW_MS)
    desk.receipt(box.frame(11, 10))
    assert safe(desk.archive) == 0
    assert backup.finish(desk.archive, number, "the other building", NOW_MS) == 10
    receipt = desk.receipt(box.frame(21, 1))
    assert (receipt.at.cum, receipt.at.safe) == (21, 10)
    assert receipt.at.safe_chain == box.chain_at(10)
    for wrong in (number, number + 7):
        with pytest.raises(HospitalError, match="begun"):
            backup.finish(desk.archive, wrong, "anywhere", NOW_MS)


def test_a_standby_is_followed_only_where_the_settings_name_one(tmp_path: Path) -> None:
    plain, named = HospitalSettings(tmp_path), HospitalSettings(tmp_path, standby="copy")
    always = {job.name for job, _ in Schedule.of(plain).jobs}
    assert "follow-standby" not in always
    assert {job.name for job, _ in Schedule.of(named).jobs} == always | {"follow-standby"}


def test_without_postgresql_there_is_no_standby_to_follow(tmp_path: Path) -> None:
    desk = Desk(enrolled(open_at(str(tmp_path / "archive.db"))))
    box = Sender()
    desk.admit(box)
    desk.receipt(box.frame(1, 3))
    assert not Standby("copy").follow(desk.archive, NOW_MS)
    assert safe(desk.archive) == 0
    desk.archive.close()


@contextmanager
def receiving(postgres: Cluster, folder: Path, name: str) -> Iterator[None]:
    """Let PostgreSQL's own program stand for a standby that flushes the log elsewhere."""
    folder.mkdir()
    address = f"host={postgres.folder} user=postgres application_name={name}"
    command = [str(binaries() / "pg_receivewal"), "-D", str(folder), "-d", address]
    process = subprocess.Popen([*command, "--synchronous", "--no-loop", "--no-password"])
    try:
        yield
    finally:
        process.terminate()
        process.wait()


@pytest.mark.system
def test_what_a_standby_has_flushed_is_safe_and_nothing_else(
    own_postgres: Cluster, tmp_path: Path
) -> None:
    desk, standby = Desk(enrolled(open_at(own_postgres.fresh()))), Standby("copy")
    box = Sender()
    desk.admit(box)
    desk.receipt(box.frame(1, 10))
    with receiving(own_postgres, tmp_path / "other", "stranger"):
        eventually(lambda: desk.archive.rows("SELECT * FROM pg_stat_replication"), within_s=60)
        assert not standby.follow(desk.archive, NOW_MS)
        assert safe(desk.archive) == 0
    desk.receipt(box.frame(11, 5))
    with receiving(own_postgres, tmp_path / "wal", "copy"):
        eventually(lambda: standby.follow(desk.archive, NOW_MS), within_s=120, every_s=0.2)
        assert safe(desk.archive) == 10  # where the log was looked at, not where it is by now
        eventually(lambda: standby.follow(desk.archive, NOW_MS), within_s=120, every_s=0.2)
        assert safe(desk.archive) == 15
        assert not standby.follow(desk.archive, NOW_MS + MINUTE_MS)  # nothing is new
    rows = desk.archive.rows("SELECT place FROM backup")
    assert [r["place"] for r in rows] == ["standby copy"]
    desk.archive.close()
