"""What a signal sets: at any moment, also while the same thread is about to wait."""

from __future__ import annotations

import signal

import pytest

from edge.process.supervise import Stop

TIMES = 3000


@pytest.mark.timeout(60)
def test_a_signal_may_set_it_at_any_moment_of_waiting() -> None:
    stop, heard = Stop(), 0

    def ask(*_: object) -> None:
        nonlocal heard
        heard += 1
        stop.set()

    before = signal.signal(signal.SIGALRM, ask)
    signal.setitimer(signal.ITIMER_REAL, 0.0002, 0.0002)
    try:
        while heard < TIMES:  # a plain Event stands still within a few hundred
            stop.wait(0.001)
            stop.clear()
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)
    assert heard >= TIMES
