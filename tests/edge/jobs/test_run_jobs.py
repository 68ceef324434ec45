"""The caretaker's jobs, each alone and all in their process."""

from __future__ import annotations

import os
import resource
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from eventually import eventually
from hand_clock import HandClock

from edge.jobs import backup, clock_check, disk, idle_visits, last_known_time
from edge.model.clock import BUILD_MS, Clock, ClockQuality
from edge.model.errors import DiskFault, DiskFull
from edge.patients import register as patients_register
from edge.patients.form import PatientForm
from edge.process import caretaker
from edge.settings.box_settings import Settings
from edge.store import copies, issues
from edge.store.store import Store
from edge.visits import visits


@pytest.fixture
def hand() -> HandClock:
    return HandClock()


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, "box-test", "Clinic", disk_low_mb=500)


def kinds(store: Store) -> list[str]:
    return [c.kind for c in issues.current(store)]


def register(store: Store, clock: Clock, name: str) -> str:
    return patients_register.register(store, clock.now(), PatientForm(name), None).id


def test_a_backup_is_a_whole_box(store: Store, settings: Settings, hand: HandClock) -> None:
    register(store, hand, "Sita")
    backup.run(store, settings, hand.now())
    [copy] = copies.listed(settings.backup)
    assert copy.file.stat().st_mode & 0o777 == 0o600
    restored = Store.open(copy.file)
    assert [p.name for p in patients_register.search(restored, "sita")] == ["Sita"]
    assert restored.box_id() == "box-test"
    restored.close()


def test_backups_are_made_for_news_only_and_the_oldest_go(
    store: Store, settings: Settings, hand: HandClock
) -> None:
    (settings.backup).mkdir()
    (settings.backup / "box-000000000000.partial").write_bytes(b"the power failed here")
    for name in ("Sita", "Gita", "Rita", "Mita", "Nita"):
        register(store, hand, name)
        backup.run(store, settings, hand.now())
        backup.run(store, settings, hand.now())
    found = copies.listed(settings.backup)
    assert [(c.number, c.content.position) for c in found] == [(5, 5), (4, 4), (3, 3)]
    assert len(list(settings.backup.iterdir())) == 3


def test_a_file_that_fell_back_is_still_copied_and_the_lost_history_stays(
    settings: Settings, hand: HandClock, box_file: Path
) -> None:
    def back_up_with(*names: str) -> None:
        opened = Store.open(box_file)
        for name in names:
            register(opened, hand, name)
            backup.run(opened, settings, hand.now())
        opened.close()

    back_up_with("Sita")
    shutil.copy(box_file, settings.home / "older.db")
    back_up_with("Gita", "Rita", "Mita")
    shutil.copy(settings.home / "older.db", box_file)  # the card fell back
    back_up_with("Anna", "Berta", "Carla", "Dora")
    kept = [(c.number, c.content.position) for c in copies.listed(settings.backup)]
    assert kept == [(8, 5), (7, 4), (6, 3), (4, 4)]
    names = []
    for copy in copies.listed(settings.backup):
        opened = Store.open(copy.file)
        names.append("Mita" in [p.name for p in patients_register.search(opened, "mita")])
        opened.close()
    assert names == [False, False, False, True]


def test_copies_of_the_former_release_go_first(
    store: Store, settings: Settings, hand: HandClock
) -> None:
    settings.backup.mkdir()
    for position in (998, 999):
        (settings.backup / f"box-{position:012d}.db").write_bytes(b"as 0.2.0 named them")
    for name in ("Sita", "Gita"):
        register(store, hand, name)
        backup.run(store, settings, hand.now())
    found = copies.listed(settings.backup)
    assert [c.content.position for c in found] == [2, 1, 999]


def test_a_backup_that_does_not_fit_leaves_no_half_copy(
    store: Store, settings: Settings, hand: HandClock
) -> None:
    register(store, hand, "Sita")
    soft, hard = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (64 * 1024, hard))
    try:
        with pytest.raises(DiskFault):
            backup.run(store, settings, hand.now())
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, (soft, hard))
    assert list(settings.backup.iterdir()) == []
    backup.run(store, settings, hand.now())
    assert len(copies.listed(settings.backup)) == 1


def test_the_disk_is_judged_by_what_is_free(
    store: Store, settings: Settings, hand: HandClock
) -> None:
    for free, expected in (
        (499, ["disk-low"]),
        (29, ["disk-full"]),
        (500, []),
        (12, ["disk-full"]),
    ):
        disk.judge(store, settings, hand.now(), free)
        assert kinds(store) == expected
    disk.run(store, settings, hand.now())
    assert disk.free_mb(settings.home) > 0


def test_an_unset_clock_is_said_until_it_is_set(
    store: Store, settings: Settings, hand: HandClock
) -> None:
    hand.quality = ClockQuality.FLOOR
    clock_check.run(store, settings, hand.now())
    assert kinds(store) == ["clock-unset"]
    hand.quality = ClockQuality.MANUAL
    clock_check.run(store, settings, hand.now())
    assert kinds(store) == []


def test_only_idle_visits_are_closed(store: Store, settings: Settings, hand: HandClock) -> None:
    here, there = register(store, hand, "Sita"), register(store, hand, "Ram")
    idle = visits.open_visit(store, hand.now(), here, actor="w1")
    hand.advance(500)
    busy = visits.open_visit(store, hand.now(), there, actor="w1", station="second")
    hand.advance(101)
    idle_visits.run(store, settings, hand.now())
    rows = store.rows("SELECT id, closed_why FROM visit ORDER BY entry")
    assert [tuple(r) for r in rows] == [(idle.id, "idle"), (busy.id, None)]
    hand.restart()
    idle_visits.run(store, settings, hand.now())
    assert visits.close_idle(store, hand.now()) == 0


def test_the_last_known_time_only_grows_unless_somebody_vouches(
    store: Store, settings: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEALTHPOST_BOOT_ID", "one")
    hand = HandClock(boot=store.clock().boot)

    def saved(wall_ms: int, quality: ClockQuality) -> int:
        hand._wall_ms, hand.quality = wall_ms, quality
        last_known_time.run(store, settings, hand.now())
        return store.scalar("SELECT floor_ms FROM boot WHERE counter = ?", (hand.boot,))

    later = BUILD_MS + 10_000_000_000
    assert saved(later, ClockQuality.UNSURE) == later
    assert saved(later - 5, ClockQuality.UNSURE) == later
    assert saved(later - 5, ClockQuality.HOSPITAL) == later - 5


def test_a_job_that_fails_is_logged_in_one_line(
    settings: Settings, store: Store, caplog: pytest.LogCaptureFixture
) -> None:
    def fail(*_: object) -> None:
        raise DiskFull("no room for another record")

    caretaker.do(caretaker.Job("backup", lambda s: 1, fail), settings)
    assert [r.getMessage() for r in caplog.records] == ["backup: no room for another record"]
    assert caplog.records[0].exc_info is None


@pytest.mark.system
def test_the_process_does_its_jobs_and_stops_when_told(
    tmp_path: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "healthpost.toml").write_text(
        '[box]\nid = "box-test"\nclinic = "Clinic"\nbackup_every_s = 1\n'
    )
    monkeypatch.setenv("HEALTHPOST_BOOT_ID", "the boot before")
    before = store.clock()
    patient = register(store, before, "Sita")
    visits.open_visit(store, before.now(), patient, actor="w1")
    monkeypatch.delenv("HEALTHPOST_BOOT_ID")
    environment = os.environ | {"HEALTHPOST_HOME": str(tmp_path)}
    process = subprocess.Popen([sys.executable, "-m", "edge.process.caretaker"], env=environment)
    try:
        eventually(lambda: store.row("SELECT 1 FROM visit WHERE closed_why = 'idle'"))
        eventually(lambda: copies.listed(tmp_path / "backup"))
        register(store, before, "Gita")
        eventually(lambda: len(copies.listed(tmp_path / "backup")) >= 2)
        process.send_signal(signal.SIGTERM)
        assert process.wait(60) == 0
    finally:
        process.kill()
        process.wait()


def test_the_process_says_plainly_that_there_is_no_box(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "edge.process.caretaker"],
        env=os.environ | {"HEALTHPOST_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stderr.strip() == f"no box in {tmp_path}: run `healthpost init --clinic NAME` first"


def test_a_file_that_cannot_be_used_is_said_once_and_not_for_each_job(
    tmp_path: Path, settings: Settings, caplog: pytest.LogCaptureFixture
) -> None:
    nowhere = Settings(tmp_path / "nowhere", "box-test", "Clinic")
    for _ in range(2):
        for job in caretaker.JOBS:
            caretaker.do(job, nowhere)
    assert len(caplog.records) == 1
    assert "no job is done" in caplog.text
