"""A sample of `scripts/trials odd-machines`: what depended on a machine's past must not again."""

from __future__ import annotations

import os
import subprocess
import sys

import pytest

from trials import odd_machines

CARETAKER = "tests/edge/jobs/test_run_jobs.py::test_the_process_does_its_jobs_and_stops_when_told"
ASK_UPTIME = "import time; print(time.clock_gettime(time.CLOCK_BOOTTIME), time.monotonic())"


@pytest.fixture
def before() -> tuple[str, ...]:
    """What to put in front of a command to run it on a machine that has just booted."""
    try:
        return odd_machines.just_booted().before
    except odd_machines.Refused as refused:
        pytest.skip(f"this machine makes no time namespace: {refused}")


def test_a_machine_just_booted_is_up_for_seconds(before: tuple[str, ...]) -> None:
    command = [*before, sys.executable, "-c", ASK_UPTIME]
    said = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    up_s = [float(number) for number in said.split()]
    assert all(0 < seconds < 120 for seconds in up_s), up_s


@pytest.mark.system
def test_the_caretaker_works_on_a_machine_just_booted(before: tuple[str, ...]) -> None:
    """The test that failed on every machine that had been up for less than 27 minutes."""
    command = [*before, sys.executable, "-m", "pytest", "-p", "no:cacheprovider", CARETAKER]
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    done = subprocess.run(
        command,
        env=environment,
        cwd=odd_machines.ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout
