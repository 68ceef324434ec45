"""Weighing processes: what they share counts once, what each has for itself counts for each."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack

import pytest

from benchmarks.memory import together_mb

HELD = 20_000_000
WAITS = f"held = bytearray(b'x' * {HELD}); print(flush=True); input()"


@pytest.fixture
def pids() -> Iterator[list[int]]:
    """Two like processes that each hold 20 MB of their own."""
    with ExitStack() as stack:
        found = []
        for _ in range(2):
            command = [sys.executable, "-c", WAITS]
            process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
            stack.callback(process.communicate, b"\n")
            assert process.stdout is not None
            process.stdout.readline()
            found.append(process.pid)
        yield found


def test_libraries_count_once_and_memory_of_their_own_twice(pids: list[int]) -> None:
    one, other = (together_mb([pid]) for pid in pids)
    both = together_mb(pids)
    assert max(one, other) + HELD / 1e6 < both < one + other
