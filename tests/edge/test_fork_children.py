"""A forked child is a process of its own: it keeps nothing of its supervisor but loaded code."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from eventually import eventually

SUPPORT = Path(__file__).parents[1] / "support"
WORK = "forked_work"


@contextmanager
def keeper(told: Path, *modules: str, **more: str) -> Iterator[subprocess.Popen[str]]:
    """A running supervisor of forked children, one a module."""
    environment = {**os.environ, "TOLD": str(told), "PYTHONPATH": str(SUPPORT), **more}
    process = subprocess.Popen(
        [sys.executable, str(SUPPORT / "forked_work.py"), *modules],
        env=environment,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.communicate(timeout=60)


def children(told: Path, wanted: int) -> dict[int, dict[str, Any]]:
    """Wait until so many children have told what they found."""
    files = eventually(lambda: found if len(found := list(told.glob("*.json"))) >= wanted else None)
    return {int(file.stem): json.loads(file.read_text(encoding="utf-8")) for file in files}


def gone(pid: int) -> bool:
    """Whether a process has ended; who inherits it may leave it lying about."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except (FileNotFoundError, ProcessLookupError):
        return True


def test_a_child_keeps_code_and_nothing_else(tmp_path: Path) -> None:
    with keeper(tmp_path, WORK, WORK) as supervisor:
        told = children(tmp_path, 2)
    assert {one["name"] for one in told.values()} == {"child-0", "child-1"}
    for pid, one in told.items():
        assert one["parent"] == supervisor.pid != pid
        assert one["preloaded"] is True
        assert (one["threads"], one["more_files"]) == (1, [])
        assert (one["log_handlers"], one["handled"], one["blocked"]) == (0, [], [])
        assert one["environment"] == "to children"


def test_children_draw_their_own_randomness(tmp_path: Path) -> None:
    with keeper(tmp_path, WORK, WORK):
        first = children(tmp_path, 2)
        os.kill(next(iter(first)), signal.SIGKILL)
        told = children(tmp_path, 3)
    for drawn in zip(*(one["drawn"] for one in told.values()), strict=True):
        assert len(set(drawn)) == 3, drawn


def test_a_killed_child_comes_back_and_the_other_never_notices(tmp_path: Path) -> None:
    with keeper(tmp_path, WORK, WORK):
        first = children(tmp_path, 2)
        victim, other = first
        os.kill(victim, signal.SIGKILL)
        told = children(tmp_path, 3)
        back = next(iter(told.keys() - first.keys()))
        assert told[back]["name"] == told[victim]["name"]
        assert gone(victim)
        assert not gone(other)


def test_all_children_are_gone_when_the_supervisor_is_told_to_stop(tmp_path: Path) -> None:
    with keeper(tmp_path, WORK, WORK) as supervisor:
        told = children(tmp_path, 2)
        supervisor.terminate()
        supervisor.communicate(timeout=60)
    assert supervisor.returncode == 0
    assert all(gone(pid) for pid in told)


def test_a_child_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    with keeper(tmp_path, WORK, STUBBORN="1") as supervisor:
        (pid,) = children(tmp_path, 1)
        eventually(lambda: ignores_sigterm(pid))
        supervisor.terminate()
        _, said = supervisor.communicate(timeout=60)
    assert "child-0 did not stop" in said
    assert gone(pid)


def test_children_do_not_outlive_a_supervisor_that_is_killed(tmp_path: Path) -> None:
    with keeper(tmp_path, WORK, WORK) as supervisor:
        told = children(tmp_path, 2)
        supervisor.kill()
        supervisor.communicate(timeout=60)
        eventually(lambda: all(gone(pid) for pid in told))


def test_what_cannot_be_loaded_is_the_trouble_of_its_own_child(tmp_path: Path) -> None:
    with keeper(tmp_path, "no_such_module", WORK) as supervisor:
        (pid,) = children(tmp_path, 1)
        assert supervisor.stderr is not None
        lines = iter(supervisor.stderr.readline, "")
        assert any("no_such_module cannot be loaded" in line for line in lines)
        assert any("child-0 ended with 1; starting it again" in line for line in lines)
        assert not gone(pid)


def ignores_sigterm(pid: int) -> bool:
    status = Path(f"/proc/{pid}/status").read_text(encoding="ascii")
    mask = next(line.split()[1] for line in status.splitlines() if line.startswith("SigIgn:"))
    return bool(int(mask, 16) & 1 << signal.SIGTERM - 1)
