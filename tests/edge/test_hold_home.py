"""One process of a kind works in a home, and it acts as the home's owner."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from edge.process import home_lock
from edge.process.home import HomeRefused, Service, close_to_others, make_home, open_to_others
from edge.process.home_lock import HomeLock, RunningAlready

HOLD = """
import sys
from pathlib import Path
from edge.process.home_lock import HomeLock
HomeLock.hold(Path(sys.argv[1]), "courier")
print("held", flush=True)
sys.stdin.read()
"""
ACT = """
import os, sys
from pathlib import Path
from edge.process.home import act_as_owner
os.setgroups([])
if sys.argv[2] != "0":
    os.setuid(int(sys.argv[2]))
home = Path(sys.argv[1])
act_as_owner(home)
(home / "made").write_text("-")
"""
NOBODY, OTHER = 65_534, 54_321

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="to become another user takes root")


@contextmanager
def holder(home: Path) -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", HOLD, str(home)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    with process:
        assert process.stdout is not None
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_the_second_is_refused_and_told_of_the_first(tmp_path: Path) -> None:
    with holder(tmp_path) as first:
        with pytest.raises(RunningAlready, match=f"courier of .* already as process {first.pid}:"):
            HomeLock.hold(tmp_path, "courier")
        assert home_lock.is_held(tmp_path, "courier")
        HomeLock.hold(tmp_path, "kiosk").release()


def test_a_lock_does_not_outlive_a_killed_process(tmp_path: Path) -> None:
    with holder(tmp_path) as first:
        first.send_signal(signal.SIGKILL)
        first.wait()
        HomeLock.hold(tmp_path, "courier").release()
    assert not home_lock.is_held(tmp_path, "courier")


def test_a_successor_waits_for_a_predecessor_that_is_ending(tmp_path: Path) -> None:
    with holder(tmp_path) as first:
        ending = subprocess.Popen(["sh", "-c", f"sleep 0.3; kill -9 {first.pid}"])
        HomeLock.hold(tmp_path, "courier", wait_s=30).release()
        ending.wait()


def test_a_lock_file_that_a_power_cut_left_holds_nothing(tmp_path: Path) -> None:
    (tmp_path / "locks").mkdir()
    (tmp_path / "locks" / "courier").write_text("1")
    assert not home_lock.is_held(tmp_path, "courier")
    HomeLock.hold(tmp_path, "courier").release()


@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077, 0o277])
def test_a_new_home_is_for_its_owner_alone_whatever_the_umask(tmp_path: Path, umask: int) -> None:
    before = os.umask(umask)
    try:
        make_home(tmp_path / "var" / "box", Service(tmp_path, "nobody"))
        (tmp_path / "var" / "box" / "file").write_text("-")
    finally:
        os.umask(before)
    assert open_to_others(tmp_path / "var" / "box") == []
    assert os.access(tmp_path / "var" / "box", os.R_OK | os.W_OK | os.X_OK)


def test_a_home_that_was_open_is_closed(tmp_path: Path) -> None:
    (tmp_path / "keys").mkdir(mode=0o755)
    (tmp_path / "keys" / "pepper").write_text("-")
    (tmp_path / "keys" / "pepper").chmod(0o644)
    assert tmp_path / "keys" / "pepper" in open_to_others(tmp_path)
    close_to_others(tmp_path)
    assert open_to_others(tmp_path) == []


def act(home: Path, user: int) -> subprocess.CompletedProcess[str]:
    home.parent.chmod(0o755)
    code = [sys.executable, "-c", ACT, str(home), str(user)]
    return subprocess.run(code, capture_output=True, text=True, check=False)


@pytest.fixture
def owned() -> Iterator[Path]:
    """A home that belongs to `nobody`, in a folder that everybody may pass."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(folder) / "home"
        home.mkdir(mode=0o700)
        os.chown(home, NOBODY, NOBODY)
        yield home


@needs_root
def test_root_becomes_the_owner_and_leaves_no_file_of_its_own(owned: Path) -> None:
    assert act(owned, 0).returncode == 0
    made = (owned / "made").stat()
    assert (made.st_uid, made.st_gid, made.st_mode & 0o077) == (NOBODY, NOBODY, 0)


@needs_root
def test_a_stranger_is_refused_by_name(owned: Path) -> None:
    done = act(owned, OTHER)
    assert done.returncode != 0
    assert "belongs to the user nobody: run this as that user or as root" in done.stderr
    assert not (owned / "made").exists()


def test_the_refusal_is_a_wrong_setting_not_a_crash() -> None:
    assert HomeRefused.kind == "owner"
