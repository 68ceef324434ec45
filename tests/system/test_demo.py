"""`scripts/demo --once --json`: the whole system, headless, and one JSON object."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from devices.catalogue import MODELS
from devices.simulators.roster import simulated

WITHIN_S = 270  # a busy machine may take its time
pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> dict[str, object]:
    """The object that one run prints; its temporary files must be gone with it."""
    scratch = tmp_path_factory.mktemp("scratch")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "provisioning.cli",
            "demo",
            "--once",
            f"--within={WITHIN_S}",
            "--json",
        ],
        env={**os.environ, "TMPDIR": str(scratch)},
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert list(scratch.iterdir()) == []
    answer: dict[str, object] = json.loads(done.stdout)
    return answer


def test_every_device_of_the_demo_is_confirmed(told: dict[str, object]) -> None:
    devices, demo = told["devices"], simulated()
    assert isinstance(devices, list)
    assert {(d["model"], d["link"]) for d in devices} == {
        (model.label, model.link) for model in MODELS if demo.get(model.name) == "in the demo"
    }
    assert all(d["readings"] >= 1 for d in devices)


def test_what_is_captured_is_confirmed_and_archived(told: dict[str, object]) -> None:
    assert told["captured"] == told["confirmed"] == told["archive"]["readings"]  # type: ignore[index]
    assert told["unconfirmed"] == 0


def test_it_says_when_and_through_what(told: dict[str, object]) -> None:
    assert (
        0 < float(str(told["first_reading_s"])) <= float(str(told["last_confirmed_s"])) < WITHIN_S
    )
    assert (told["broker"], told["archive"]["engine"]) == ("iotcore", "sqlite")  # type: ignore[index]


def test_the_folder_of_a_failed_start_is_taken_away(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "provisioning.cli", "demo", "--once", "--json"],
        env={**os.environ, "TMPDIR": str(tmp_path), "PATH": "/nonexistent"},
        capture_output=True,
        check=False,
        text=True,
    )
    assert done.returncode == 1
    assert set(json.loads(done.stdout)) == {"kind", "message"}
    assert list(tmp_path.iterdir()) == []
    assert tempfile.gettempdir() != str(tmp_path)
