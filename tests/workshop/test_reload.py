"""What is restarted after a change: the processes that load what was saved, and no others."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest
from eventually import eventually

from edge.process.supervise import Child, supervise
from workshop.reload import ROOT, Imports, Sources, name_of, restart

PROGRAMS = {
    "station": "devices.station",
    "courier": "sync.courier.process",
    "kiosk": "kiosk_ui.__main__",
    "caretaker": "edge.process.caretaker",
    "receive": "hospital.receiving.worker",
    "desk": "hospital.desk.server",
}


@pytest.fixture(scope="module")
def imports() -> Imports:
    return Imports()


@pytest.mark.parametrize(
    ("file", "restarted"),
    [
        ("kiosk_ui/pages/home.html", {"kiosk"}),
        ("kiosk_ui/translations/ur/LC_MESSAGES/messages.po", {"kiosk"}),
        ("web/static/base.css", {"kiosk", "desk"}),
        ("hospital/desk/templates/alerts.html", {"desk"}),
        ("hospital/receiving/worker.py", {"receive"}),
        ("devices/protocols/blood_pressure.py", {"station"}),
        ("sync/courier/courier.py", {"courier"}),
        ("edge/model/entry.py", set(PROGRAMS)),
        ("edge/__init__.py", set(PROGRAMS)),
        ("provisioning/checkup.py", set()),
    ],
)
def test_what_loads_a_file_is_restarted(imports: Imports, file: str, restarted: set[str]) -> None:
    assert (ROOT / file).exists()
    changed = name_of(ROOT / file)
    assert {name for name, p in PROGRAMS.items() if imports.loads(p, changed)} == restarted


def test_a_change_an_addition_and_a_removal_are_seen_once(tmp_path: Path) -> None:
    package = tmp_path / "edge"
    package.mkdir()
    old, gone, new = package / "old.py", package / "gone.html", package / "new.toml"
    old.touch()
    gone.touch()
    sources = Sources(tmp_path, ["edge"])
    assert sources.changed() == set()
    os.utime(old, ns=(0, old.stat().st_mtime_ns + 1))
    gone.unlink()
    new.touch()
    assert sources.changed() == {old, gone, new}
    assert sources.changed() == set()


def test_what_programs_write_is_no_change(tmp_path: Path) -> None:
    package = tmp_path / "edge"
    (package / "__pycache__").mkdir(parents=True)
    sources = Sources(tmp_path, ["edge"])
    for name in ("__pycache__/a.py", "messages.mo", ".a.py.swp", "a.py~", ".a.py"):
        (package / name).touch()
    assert sources.changed() == set()


@pytest.mark.system
def test_a_child_that_kept_dying_is_restarted_at_once(tmp_path: Path) -> None:
    mark = tmp_path / "mended"
    code = f"import pathlib, time; pathlib.Path({str(mark)!r}).exists() or exit(1); time.sleep(600)"
    child = Child("one", (sys.executable, "-c", code), dict(os.environ))
    with supervised([child]):
        eventually(lambda: child.deaths >= 3)
        mark.touch()
        child.due = float("inf")  # as after many more deaths
        restart(child)
        eventually(lambda: child.process is not None and child.process.poll() is None)


@pytest.mark.system
def test_a_running_child_is_ended_and_started_again() -> None:
    child = Child("one", (sys.executable, "-c", "import time; time.sleep(600)"), dict(os.environ))
    with supervised([child]):
        eventually(lambda: child.process)
        assert child.process is not None
        first = child.process.pid
        restart(child)
        eventually(lambda: child.process is not None and child.process.pid != first)


@contextmanager
def supervised(children: Sequence[Child]) -> Iterator[None]:
    stop = Event()
    keeper = Thread(target=supervise, args=(children, stop))
    keeper.start()
    try:
        yield
    finally:
        stop.set()
        keeper.join()
