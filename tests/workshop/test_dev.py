"""`scripts/dev`: what is saved is reloaded, and devices fail by a button of the panel."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

import pytest
from eventually import eventually

from devices.simulators.faults import Fault
from edge.model.entry import Lane
from edge.settings.box_settings import Settings
from edge.store import outbox
from edge.store.store import Store
from workshop.panel import FAULTS

ROOT = Path(__file__).parents[2]
pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]


@dataclass(frozen=True, slots=True)
class Dev:
    """A running `scripts/dev`: its process, its addresses, the folder of its temporary files."""

    process: subprocess.Popen[str]
    kiosk: str
    desk: str
    panel: str
    scratch: Path

    def state(self) -> str:
        """What the panel shows of processes, people, readings and what is wrong."""
        with urllib.request.urlopen(f"{self.panel}/live", timeout=30) as answer:
            return str(answer.read().decode())

    def pids(self) -> dict[str, str]:
        """The processes' numbers by name; empty for one that is about to be started."""
        return dict(re.findall(r'data-name="(\w+)" data-pid="(\d*)"', self.state()))

    def press(self, path: str, origin: str | None = None, **fields: str) -> int:
        """Press a button; return the status of the answer."""
        data = urllib.parse.urlencode(fields).encode()
        headers = {"Origin": origin or self.panel}
        request = urllib.request.Request(self.panel + path, data, headers)
        try:
            with urllib.request.urlopen(request, timeout=30) as answer:
                return int(answer.status)
        except urllib.error.HTTPError as error:
            with error:
                return error.code


@pytest.fixture(scope="module")
def dev(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dev]:
    scratch = tmp_path_factory.mktemp("scratch")
    command = [sys.executable, "-m", "workshop", "--free-ports", "--json"]
    environment = {**os.environ, "TMPDIR": str(scratch)}
    with subprocess.Popen(
        command,
        cwd=ROOT,
        env=environment,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:
        try:
            assert process.stdout is not None
            yield Dev(process, **json.loads(process.stdout.readline()), scratch=scratch)
        finally:
            process.terminate()


def test_it_begins_with_people_whose_records_the_hospital_has(dev: Dev) -> None:
    assert "Muhammad Imran Khan" in dev.state()
    assert re.search(r"<td>weight</td><td>[\d.]+ kg</td><td>Imran Ahmed</td>", dev.state())

    home = next(dev.scratch.glob("healthpost-demo-*")) / "box"
    with closing(Store.open(Settings.load(home).database)) as store:

        def confirmed() -> bool:
            lane = outbox.state(store, Lane.CLINICAL)
            return bool(lane.cum == lane.last)

        eventually(confirmed, within_s=90)


def test_a_changed_template_restarts_the_kiosk_alone(dev: Dev) -> None:
    before = dev.pids()
    os.utime(ROOT / "kiosk_ui" / "pages" / "home.html")
    after = eventually(lambda: (now := dev.pids())["kiosk"] not in ("", before["kiosk"]) and now)
    assert isinstance(after, dict)
    assert {name for name in before if before[name] != after[name]} == {"kiosk"}

    def answers() -> bool:
        try:
            with urllib.request.urlopen(dev.kiosk, timeout=30) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False

    eventually(answers)


def test_a_cuff_that_fails_is_noted_at_the_box(dev: Dev) -> None:
    assert "A&amp;D UA-651BLE" not in dev.state()
    assert dev.press("/devices/ua-651ble/measure", fault="nan") == 200
    noted = r'data-why="no-measurement"><b>A&amp;D UA-651BLE</b>'
    eventually(lambda: re.search(noted, dev.state()), within_s=90)


def test_a_device_that_measures_gives_the_patient_of_the_visit_a_reading(dev: Dev) -> None:
    patient = re.search(r'action="/patients/([\w-]+)/visit"', dev.state())
    assert patient is not None
    assert dev.press(f"/patients/{patient[1]}/visit") == 200
    assert dev.press("/devices/tm-2657/measure") == 200
    reading = r"<td>blood-pressure</td><td>[^<]*/min</td><td>(?!tray)[^<]+</td>"
    eventually(lambda: re.search(reading, dev.state()), within_s=90)


def test_a_fault_that_the_device_cannot_have_is_refused(dev: Dev) -> None:
    assert dev.press("/devices/ua-651ble/measure", fault="flipped-bit") == 404
    assert dev.press("/devices/no-such/measure") == 404


def test_another_site_presses_no_button(dev: Dev) -> None:
    assert dev.press("/devices/ua-651ble/measure", origin="http://elsewhere.example") == 403


def test_ctrl_c_leaves_nothing_behind(dev: Dev) -> None:
    pids = [int(pid) for pid in dev.pids().values() if pid]
    os.killpg(dev.process.pid, signal.SIGINT)  # a terminal tells every process of the group
    assert dev.process.wait(60) == 0
    assert list(dev.scratch.iterdir()) == []
    assert not [pid for pid in pids if Path(f"/proc/{pid}").exists()]


def test_every_fault_has_a_button_in_words() -> None:
    assert set(FAULTS) == set(Fault)
    assert len({words for words, _ in FAULTS.values()}) == len(FAULTS)
