"""The supervisor keeps processes alive and never outlives its welcome."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

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
