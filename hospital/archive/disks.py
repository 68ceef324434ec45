"""Which disk a file is on, as far as this machine can tell: a copy there may outlive another one.

Two partitions, or two volumes of one file system, are one disk. What is held in memory is no disk.
A place on the network is another machine's.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path

IN_MEMORY = frozenset({"tmpfs", "ramfs", "devtmpfs"})
"""File systems that a power cut empties."""

MOUNTS = Path("/proc/self/mountinfo")
BLOCK_DEVICES = Path("/sys/dev/block")


@dataclass(frozen=True, slots=True)
class Disk:
    """Where a path is kept: number of the file system's device, kind, what is mounted, hardware.

    `hardware` is the whole disk below a partition, empty when nobody can tell.
    """

    device: int
    kind: str = ""
    source: str = ""
    hardware: str = ""


def is_apart(copy: Disk, original: Disk) -> bool:
    """Whether a copy outlives the disk of its original."""
    if copy.kind in IN_MEMORY or copy.device == original.device:
        return False
    if copy.source.startswith("/dev/") and copy.source == original.source:
        return False
    return not copy.hardware or copy.hardware != original.hardware


def disk_of(path: Path) -> Disk:
    """Return the disk of a file or folder; raises `OSError`."""
    device = path.stat().st_dev
    number = f"{os.major(device)}:{os.minor(device)}"
    kind, source = _mounted(MOUNTS.read_text(encoding="utf-8", errors="replace"), number)
    if source.startswith("/dev/") and Path(source).is_block_device():
        behind = Path(source).stat().st_rdev
        number = f"{os.major(behind)}:{os.minor(behind)}"
    return Disk(device, kind, source, _hardware(BLOCK_DEVICES / number))


def is_this_machine(address: str) -> bool:
    """Whether a numerical network address, or the folder of a local socket, is of this machine."""
    if not address or address.startswith(("/", "@")):
        return True
    family = socket.AF_INET6 if ":" in address else socket.AF_INET
    with socket.socket(family, socket.SOCK_DGRAM) as probe:
        try:
            probe.bind((address, 0))
        except OSError:
            return False
    return True


def _mounted(mountinfo: str, number: str) -> tuple[str, str]:
    """Return kind and source of the file system of a device, by proc(5); empty when unknown."""
    for line in mountinfo.splitlines():
        head, found, tail = line.partition(" - ")
        words = tail.split()
        if found and head.split()[2:3] == [number] and len(words) >= 2:
            return words[0], words[1]
    return "", ""


def _hardware(device: Path) -> str:
    """Return the whole disk that holds a partition, as the kernel names it."""
    if not device.exists():
        return ""
    folder = device.resolve()
    return str(folder.parent if (folder / "partition").exists() else folder)
