"""`healthpost run`: four processes and a supervisor that holds nothing but shared code."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from eventually import eventually

from edge.process.supervise import FINAL
from provisioning.box_setup import init_box
from provisioning.demo import free_port
from provisioning.run import CONCERNS, SHARED

pytestmark = [pytest.mark.system, pytest.mark.timeout(300)]


@pytest.fixture
def port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture
def box(tmp_path: Path, port: int) -> Iterator[subprocess.Popen[bytes]]:
    """A running box without a hospital; its Bluetooth is nowhere."""
    init_box(tmp_path, "Chak 12", kiosk_port=port)
    nowhere = {"DBUS_SYSTEM_BUS_ADDRESS": f"unix:path={tmp_path}/nowhere"}
    environment = {**os.environ, **nowhere, "HEALTHPOST_HOME": str(tmp_path)}
    command = [sys.executable, "-m", "provisioning.cli", "run"]
    with (tmp_path / "log").open("wb") as log:
        process = subprocess.Popen(command, env=environment, stderr=log)
    try:
        yield process
    finally:
        if process.poll() is None:
            process.terminate()
        process.wait(timeout=60)


def concerns(box: subprocess.Popen[bytes]) -> dict[str, int]:
    """Return the numbers of the children by the names that ps shows; empty until all are there."""
    proc = Path("/proc")
    try:
        below = (proc / f"{box.pid}/task/{box.pid}/children").read_text(encoding="ascii")
        names = {(proc / pid / "comm").read_text().strip(): int(pid) for pid in below.split()}
    except OSError:  # one has ended meanwhile
        return {}
    return names if names.keys() == CONCERNS.keys() else {}


def answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=20) as page:
            return bool(page.status == 200)
    except OSError:
        return False


def test_each_concern_is_killed_and_comes_back_alone(
    box: subprocess.Popen[bytes], port: int
) -> None:
    before = eventually(lambda: concerns(box))
    eventually(lambda: answers(port))
    for name in CONCERNS:
        os.kill(before[name], signal.SIGKILL)
        after = eventually(lambda old=before[name]: new_one(concerns(box), old))
        assert {n for n in CONCERNS if after[n] != before[n]} == {name}
        before = after
    eventually(lambda: answers(port))
    box.terminate()
    assert box.wait(timeout=60) == 0


def new_one(found: dict[str, int], old: int) -> dict[str, int]:
    return found if old not in found.values() else {}


def test_the_supervisor_holds_no_file_of_the_box_and_no_thread(
    box: subprocess.Popen[bytes], tmp_path: Path, port: int
) -> None:
    eventually(lambda: concerns(box) and answers(port))
    proc = Path(f"/proc/{box.pid}")
    held = [os.readlink(fd) for fd in (proc / "fd").iterdir()]
    own = sorted(name for name in held if name.startswith(str(tmp_path)))
    assert own == [str(tmp_path / "locks/box"), str(tmp_path / "log")]
    assert len(list((proc / "task").iterdir())) == 1


def test_what_is_loaded_before_the_fork_is_what_concerns_share() -> None:
    loaded = [modules_of(module) for module in CONCERNS.values()]
    for shared in SHARED:
        assert sum(shared in modules for modules in loaded) >= 2, shared
    for modules in loaded:  # they make tables and catalogs, once; megabytes in every process
        assert not modules & {"sqlite_utils", "babel"}


def modules_of(module: str) -> set[str]:
    """Return what a process has loaded that has loaded a module."""
    code = f"import sys, {module}; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], stdout=subprocess.PIPE, check=True)
    return set(done.stdout.decode().split())


def test_what_a_child_logs_has_the_form_that_it_has_alone(
    box: subprocess.Popen[bytes], tmp_path: Path
) -> None:
    log = tmp_path / "log"
    said = "INFO edge.jobs.backup: backed up"
    eventually(lambda: any(x.startswith(said) for x in log.read_text("utf-8").splitlines()))


def run_again(home: Path) -> subprocess.CompletedProcess[str]:
    """Call `healthpost run` on a home where it will not begin."""
    command = [sys.executable, "-m", "provisioning.cli", "run"]
    environment = {**os.environ, "HEALTHPOST_HOME": str(home)}
    return subprocess.run(
        command, env=environment, capture_output=True, text=True, timeout=120, check=False
    )


def test_a_second_run_on_one_home_is_refused_and_the_first_goes_on(
    box: subprocess.Popen[bytes], tmp_path: Path, port: int
) -> None:
    before = eventually(lambda: concerns(box))
    eventually(lambda: answers(port))
    second = run_again(tmp_path)
    assert (second.returncode, len(second.stderr.splitlines())) == (1, 1)
    assert f"is running already as process {box.pid}: stop that one first" in second.stderr
    alone = subprocess.Popen(
        [sys.executable, "-m", "sync.courier"],
        env={**os.environ, "HEALTHPOST_HOME": str(tmp_path)},
        stderr=subprocess.PIPE,
        text=True,
    )
    _, told = alone.communicate(timeout=120)
    assert (alone.returncode, "the courier of" in told) == (1, True)
    assert concerns(box) == before


def test_after_ctrl_c_the_next_start_gets_the_same_port(
    box: subprocess.Popen[bytes], tmp_path: Path, port: int
) -> None:
    eventually(lambda: answers(port))
    with socket.create_connection(("127.0.0.1", port), timeout=20) as visitor:
        visitor.sendall(b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n")
        assert visitor.recv(12) == b"HTTP/1.1 200"
        box.send_signal(signal.SIGINT)  # the kiosk closes first: its end of it rests in TIME_WAIT
        assert box.wait(timeout=60) == 0
    environment = {**os.environ, "HEALTHPOST_HOME": str(tmp_path)}
    again = subprocess.Popen([sys.executable, "-m", "kiosk_ui"], env=environment)
    try:
        eventually(lambda: answers(port))
        assert free_port(port) != port
    finally:
        again.terminate()
        again.wait(timeout=60)
    assert free_port(port) == port


def test_a_home_without_a_box_is_named_and_not_tried_again(tmp_path: Path) -> None:
    done = run_again(tmp_path)
    assert done.returncode == FINAL
    assert done.stderr == (
        f"healthpost: no box in {tmp_path}: run `healthpost init --clinic NAME` first\n"
    )
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("wrong", ["port = 70000", "not toml"])
def test_a_wrong_setting_is_named_and_not_tried_again(tmp_path: Path, wrong: str) -> None:
    settings = init_box(tmp_path, "Chak 12")
    settings.file.write_text(settings.file.read_text().replace("port = 8600", wrong))
    done = run_again(tmp_path)
    assert (done.returncode, len(done.stderr.splitlines())) == (FINAL, 1)


def test_a_home_that_cannot_be_written_is_named_and_not_tried_again(tmp_path: Path) -> None:
    init_box(tmp_path, "Chak 12")
    (tmp_path / "locks").write_text("in the way")
    done = run_again(tmp_path)
    assert (done.returncode, len(done.stderr.splitlines())) == (FINAL, 1)
    assert f"{tmp_path} cannot be written" in done.stderr


def test_systemd_leaves_alone_what_a_new_start_would_not_mend() -> None:
    deploy = Path(__file__).parents[2] / "deploy"
    for unit in deploy.glob("*.service"):
        assert f"RestartPreventExitStatus={FINAL}" in unit.read_text().splitlines()
