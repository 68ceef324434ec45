"""The supervisor keeps processes alive and never outlives its welcome."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest
from eventually import eventually
from hypothesis import given
from hypothesis import strategies as st

from provisioning.run import SLOWEST_RESTART_S, Child, restart_delay_s, supervise

PATIENT = "import time; time.sleep(600)"


@contextmanager
def supervised(*children: Child) -> Iterator[None]:
    stop = Event()
    keeper = Thread(target=supervise, args=(children, stop, 0.02))
    keeper.start()
    try:
        yield
    finally:
        stop.set()
        keeper.join()


def child(code: str) -> Child:
    return Child("child", (sys.executable, "-c", code), dict(os.environ))


def pid_of(one: Child) -> int:
    return one.process.pid if one.process is not None and one.process.poll() is None else 0


def test_a_killed_process_is_started_again() -> None:
    one = child(PATIENT)
    with supervised(one):
        first = eventually(lambda: pid_of(one))
        os.kill(first, signal.SIGKILL)
        second = eventually(lambda: pid_of(one) if pid_of(one) != first else 0)
    assert second != first


def test_all_children_are_gone_afterwards() -> None:
    one, other = child(PATIENT), child(PATIENT)
    with supervised(one, other):
        eventually(lambda: pid_of(one) and pid_of(other))
    assert pid_of(one) == pid_of(other) == 0


def test_a_child_that_ignores_sigterm_is_killed(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    stubborn = (
        "import signal, time, pathlib; signal.signal(signal.SIGTERM, signal.SIG_IGN);"
        f"pathlib.Path({str(ready)!r}).touch(); time.sleep(600)"
    )
    one = child(stubborn)
    with supervised(one):
        eventually(ready.exists)
    assert one.process is not None
    assert one.process.returncode == -signal.SIGKILL


@given(st.integers(0, 500))
def test_restarts_slow_down_but_never_stop(deaths: int) -> None:
    assert 0 <= restart_delay_s(deaths) <= SLOWEST_RESTART_S
    assert restart_delay_s(deaths) <= restart_delay_s(deaths + 1)
    assert restart_delay_s(1) == 0


def test_a_final_end_is_not_repeated_until_the_settings_change(tmp_path: Path) -> None:
    settings, starts = tmp_path / "healthpost.toml", tmp_path / "starts"
    settings.write_text("wrong")
    code = f"open({str(starts)!r}, 'a').write('x'); raise SystemExit(2)"
    refusing = child(code)
    refusing.settings = settings
    other = child(PATIENT)
    with supervised(refusing, other):
        eventually(lambda: refusing.resting)
        refusing.tend(1e12)
        assert refusing.process is None
        assert starts.read_text() == "x"
        settings.write_text("mended")
        os.utime(settings, ns=(1, 1))
        eventually(lambda: starts.read_text() == "xx")
        assert pid_of(other)


def test_an_end_with_0_that_nobody_asked_for_is_said_and_waits_longer_each_time(
    caplog: pytest.LogCaptureFixture,
) -> None:
    one = child("pass")
    for now in (0.0, 100.0, 100.0, 100.0):
        one.tend(now)
        if one.process is not None:
            one.process.wait()
    assert "child ended with 0; starting it again in 0 s" in caplog.messages
    assert "child ended with 0; starting it again in 1 s" in caplog.messages
    assert (one.process, one.due) == (None, 101.0)
