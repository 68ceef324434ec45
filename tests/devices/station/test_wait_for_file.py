"""A station whose box's file cannot be used waits, says so once, and goes on when it can."""

from __future__ import annotations

import os
import subprocess
import sys
from contextlib import closing
from pathlib import Path

import pytest
from eventually import eventually
from hand_clock import HandClock

from devices.station import LONGEST_WAIT_S, wait_s
from edge.store import issues
from edge.store.store import Store


@pytest.mark.system
@pytest.mark.parametrize("fault", ["missing", "empty", "foreign", "no file of ours"])
def test_it_waits_says_so_once_and_goes_on_when_the_file_is_there(
    tmp_path: Path, fault: str
) -> None:
    file, aside = tmp_path / "box.db", tmp_path / "aside.db"
    with closing(Store.create(aside, "box-test")) as store:
        issues.note(store, HandClock().now(), "port-missing", "a scale")
    _spoil(file, fault)
    (tmp_path / "healthpost.toml").write_text(
        '[box]\nid = "box-test"\nclinic = "Test"\n[devices]\nbluetooth = false\nwatch = []\n'
    )
    station = subprocess.Popen(
        [sys.executable, "-m", "devices.station"],
        env={**os.environ, "HEALTHPOST_HOME": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
    )
    assert station.stderr is not None
    try:
        assert "no device is read: " in station.stderr.readline()
        aside.replace(file)
        eventually(lambda: _is_clear(file))
        station.terminate()
        assert station.stderr.read() == ""
        assert station.wait(timeout=60) == 0
    finally:
        station.kill()
        station.communicate()


def test_the_waits_grow_to_a_minute() -> None:
    waits = [wait_s(attempts) for attempts in range(1, 30)]
    assert waits == sorted(waits)
    assert (waits[0], waits[-1]) == (1.0, LONGEST_WAIT_S)


def _spoil(file: Path, fault: str) -> None:
    if fault == "empty":
        file.touch()
    elif fault == "foreign":
        Store.create(file, "box-other").close()
    elif fault != "missing":
        file.write_bytes(b"not a database" * 1000)


def _is_clear(file: Path) -> bool:
    with closing(Store.open(file, "box-test")) as store:
        return not issues.is_noted(store, "port-missing", "a scale")
