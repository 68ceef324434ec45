"""The station as a process, killed while readings flow: what the file had, it still has."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from eventually import eventually
from station_kit import raws, wrong

from edge.equipment import registry
from edge.store.store import Store

pytestmark = pytest.mark.system
KILLS = 3


class Ward:
    """The simulators as a process of their own, told what to do line by line."""

    def __init__(self, directory: Path) -> None:
        command = [sys.executable, "-m", "devices.simulators", "--every", "0", "--dir", directory]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        self.where = self._answer()

    def do(self, **command: object) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(command) + "\n")
        self._process.stdin.flush()
        assert self._answer()["ok"], command

    def end(self) -> None:
        self._process.terminate()
        self._process.communicate(timeout=20)

    def _answer(self) -> dict[str, Any]:
        assert self._process.stdout is not None
        answer: dict[str, Any] = json.loads(self._process.stdout.readline())
        return answer


class Station:
    """`python -m devices.station` on a box in `home`."""

    def __init__(self, home: Path, bus: str) -> None:
        environment = {**os.environ, "HEALTHPOST_HOME": str(home), "DBUS_SYSTEM_BUS_ADDRESS": bus}
        self._command = [sys.executable, "-m", "devices.station"]
        self._environment = environment
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command, env=self._environment, stderr=subprocess.DEVNULL
        )

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()

    def end(self) -> int:
        self._process.send_signal(signal.SIGTERM)
        return self._process.wait(timeout=20)


@pytest.fixture
def ward(tmp_path: Path) -> Iterator[Ward]:
    running = Ward(tmp_path / "ttys")
    yield running
    running.end()


@pytest.fixture
def station(tmp_path: Path, ward: Ward, store: Store) -> Iterator[Station]:
    kiosk = ward.where["serial"]["tm-2657"]
    (tmp_path / "healthpost.toml").write_text(
        '[box]\nid = "box-test"\nclinic = "Test"\n[[devices.port]]\n'
        f'path = "{kiosk}"\nmodel = "TM-2657"\n',
        encoding="utf-8",
    )
    running = Station(tmp_path, ward.where["bus"])
    yield running
    running.kill()


def measure_something(store: Store, ward: Ward, rng: random.Random) -> None:
    """Let two devices measure and wait for the first reading, so that the other is on its way."""
    before = len(raws(store))
    ward.do(measure="tm-2657")
    ward.do(measure=rng.choice(["ua-651ble", "ut-201ble", "uc-352ble"]))
    eventually(lambda: len(raws(store)) > before)


def test_what_was_accepted_survives_kills_and_nothing_is_doubled(
    store: Store, ward: Ward, station: Station
) -> None:
    rng = random.Random(7)
    eventually(lambda: registry.devices(store))
    for _ in range(KILLS):
        measure_something(store, ward, rng)
        held = raws(store)
        station.kill()
        assert raws(store)[: len(held)] == held
        station.start()
    measure_something(store, ward, rng)
    every = raws(store)
    assert len(every) == len(set(every))
    assert wrong(store) == set()
    assert station.end() == 0
    assert {device.state for device in registry.devices(store)} == {"absent"}


def test_wrong_settings_end_with_one_sentence(tmp_path: Path, store: Store) -> None:
    (tmp_path / "healthpost.toml").write_text(
        '[box]\nid = "b"\nclinic = "c"\n[[devices.port]]\npath = "/dev/x"\nmodel = "TM-1"\n',
        encoding="utf-8",
    )
    done = subprocess.run(
        [sys.executable, "-m", "devices.station"],
        env={**os.environ, "HEALTHPOST_HOME": str(tmp_path)},
        capture_output=True,
        text=True,
        timeout=30,
        check=False,
    )
    assert done.returncode == 2
    assert "'TM-1'" in done.stderr
    assert "Traceback" not in done.stderr
