"""What a run costs: processor seconds, bytes written, memory of processes, bytes on a wire."""

from __future__ import annotations

import os
import re
import signal
import socket
import statistics
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

TICKS = os.sysconf("SC_CLK_TCK")
POLL_S = 0.02


class Overdue(Exception):
    """A piece of work took longer than it may; no `OSError`, which some work shrugs off."""


@dataclass(frozen=True, slots=True)
class Cost:
    """Processor seconds and bytes handed to the disk, of a process and its children."""

    cpu_s: float
    written: int

    def since(self, before: Cost) -> Cost:
        """Return what was added after `before`."""
        return Cost(self.cpu_s - before.cpu_s, self.written - before.written)


def cost(pids: Iterable[int]) -> Cost:
    """Return what processes and their living children have cost so far."""
    cpu, written = 0.0, 0
    for pid in tree(pids):
        with suppress(OSError):
            fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
            cpu += (int(fields[11]) + int(fields[12])) / TICKS
            written += int(_field(Path(f"/proc/{pid}/io").read_text(), "write_bytes"))
    return Cost(cpu, written)


def memory_mb(pids: Iterable[int], key: str = "Pss") -> float:
    """Return the proportional memory of processes and their children, in MB of 10^6 bytes."""
    total = 0
    for pid in tree(pids):
        with suppress(OSError):
            total += int(_field(Path(f"/proc/{pid}/smaps_rollup").read_text(), key))
    return total * 1024 / 1e6


def tree(pids: Iterable[int]) -> list[int]:
    """Return processes and all that they started, as far as it lives."""
    found: list[int] = []
    for pid in pids:
        found.append(pid)
        with suppress(OSError):
            below = Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            found += tree(map(int, below))
    return found


def wait(ready: Callable[[], bool], within_s: float, what: str) -> float:
    """Wait until something is so; return the seconds that took, raise `TimeoutError`."""
    begin = time.monotonic()
    while not ready():
        if time.monotonic() - begin > within_s:
            raise TimeoutError(f"{what}: not within {within_s:.0f} s")
        time.sleep(POLL_S)
    return time.monotonic() - begin


@contextmanager
def limit(within_s: float, what: str) -> Iterator[None]:
    """Raise `Overdue` out of a block that takes too long; for the main thread, not nested."""

    def end(*_: object) -> None:
        raise Overdue(f"{what}: not within {within_s:.0f} s")

    before = signal.signal(signal.SIGALRM, end)
    signal.setitimer(signal.ITIMER_REAL, within_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def free_port() -> int:
    """Return a port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def listens(port: int) -> bool:
    """Return whether somebody accepts connections on a local port."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def median(values: Iterable[float]) -> float:
    """Return the median."""
    return statistics.median(values)


class Relay:
    """A relay to a local port that counts the bytes of both ways above TCP."""

    def __init__(self, to: int) -> None:
        self.up = self.down = 0
        self._to = to
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        self.port = int(self._listener.getsockname()[1])
        threading.Thread(target=self._accept, daemon=True).start()

    @property
    def total(self) -> int:
        """Bytes of both ways so far."""
        return self.up + self.down

    def close(self) -> None:
        """Take no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            try:
                far = socket.create_connection(("127.0.0.1", self._to))
            except OSError:  # nobody is there yet: the next one who asks may have more luck
                near.close()
                continue
            threading.Thread(target=self._join, args=(near, far), daemon=True).start()

    def _join(self, near: socket.socket, far: socket.socket) -> None:
        with near, far:
            near.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            far.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            back = threading.Thread(target=self._pump, args=(far, near, False), daemon=True)
            back.start()
            self._pump(near, far, True)
            back.join()

    def _pump(self, source: socket.socket, to: socket.socket, up: bool) -> None:
        with suppress(OSError):
            while data := source.recv(65_536):
                if up:
                    self.up += len(data)
                else:
                    self.down += len(data)
                to.sendall(data)
        with suppress(OSError):
            to.shutdown(socket.SHUT_WR)


def _field(text: str, key: str) -> str:
    found: Any = re.search(rf"^{key}:\s+(\d+)", text, re.MULTILINE)
    return str(found[1]) if found else "0"
