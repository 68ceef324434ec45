"""A box behind a real queue: a network namespace of its own, and `tc tbf` on both ends of the way.

Needs root, iproute2 and a kernel with these; where one is missing the test is skipped and says so.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

RATE = "40kbit"
BURST = "1600"
LATENCY = "2s"
_SBIN = "/usr/sbin:/usr/bin:/sbin:/bin"


@dataclass(frozen=True, slots=True)
class ShapedLink:
    """The way between a namespace and us: our address, and how to run something on the far side."""

    host: str
    inside: tuple[str, ...]
    device: str

    def bytes_up(self) -> int:
        """Bytes that came out of the namespace so far, with everything below TCP."""
        counter = Path(f"/sys/class/net/{self.device}/statistics/rx_bytes")
        return int(counter.read_text(encoding="ascii"))

    def bytes_down(self) -> int:
        counter = Path(f"/sys/class/net/{self.device}/statistics/tx_bytes")
        return int(counter.read_text(encoding="ascii"))


@contextmanager
def shaped_link() -> Iterator[ShapedLink]:
    """Make the namespace and its way, at 40 kbit/s each way; skip the test where that cannot be."""
    number = os.getpid()
    space, near, far = f"post{number}", f"hpn{number}", f"hpf{number}"
    ours, theirs = (f"10.{200 + number // 250 % 50}.{number % 250}.{end}" for end in (1, 2))
    try:
        _ip("netns", "add", space)
    except subprocess.CalledProcessError as error:
        pytest.skip(f"this machine gives no network namespace: {error.stderr.strip()}")
    try:
        try:
            _lay(space, near, far, (ours, theirs))
        except subprocess.CalledProcessError as error:
            pytest.skip(f"this machine shapes no traffic: {error.stderr.strip()}")
        yield ShapedLink(ours, _inside(space), near)
    finally:
        # Its end of the pair goes with it, as soon as nobody runs inside any more.
        _ip("netns", "del", space)
        subprocess.run([_program("ip"), "link", "del", near], capture_output=True, check=False)


def _lay(space: str, near: str, far: str, addresses: tuple[str, str]) -> None:
    """Lay the way between us and a namespace, and shape both of its ends."""
    inside, (ours, theirs) = _inside(space), addresses
    _ip("link", "add", near, "type", "veth", "peer", "name", far)
    _ip("link", "set", far, "netns", space)
    _ip("addr", "add", f"{ours}/30", "dev", near)
    _ip("link", "set", near, "up")
    # The MQTT client wakes itself through the loopback.
    _run(*inside, _program("ip"), "link", "set", "lo", "up")
    _run(*inside, _program("ip"), "addr", "add", f"{theirs}/30", "dev", far)
    _run(*inside, _program("ip"), "link", "set", far, "up")
    _shape(near)
    _shape(far, *inside)


def _inside(space: str) -> tuple[str, ...]:
    return (_program("ip"), "netns", "exec", space)


def _shape(device: str, *inside: str) -> None:
    queue = ("rate", RATE, "burst", BURST, "latency", LATENCY)
    _run(*inside, _program("tc"), "qdisc", "add", "dev", device, "root", "tbf", *queue)


def _ip(*arguments: str) -> None:
    _run(_program("ip"), *arguments)


def _run(*command: str) -> None:
    subprocess.run(command, check=True, capture_output=True, text=True)


def _program(name: str) -> str:
    found = shutil.which(name, path=_SBIN)
    if found is None:
        pytest.skip(f"{name} of iproute2 is not installed")
    return found
