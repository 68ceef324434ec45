"""A power cut: what a process has done to its files, and what a cut may leave of it on the disk.

A child runs with `power_trace.c` before its C library, which writes down each write, flush, rename
and so on. `Disk` replays them up to a moment. What was flushed is there; of the rest, any subset
may be: pages of 4 KB come in any order and may be torn at a sector, and a name that was made, moved
or removed counts only after its folder was flushed. That is what POSIX allows, and harder than
what ext4 does. The shared memory beside a WAL is left out: SQLite makes it anew.
"""

from __future__ import annotations

import json
import os
import shutil
import struct
import subprocess
import sys
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import TypeVar

SOURCE = Path(__file__).with_name("power_trace.c")
PAGE, SECTOR = 4096, 512
_HEAD = struct.Struct("=c7xQQII")
_MARK = b"A"

T = TypeVar("T")

Lost = Callable[["Event"], bool]
"""Whether an event is taken as if it had not been: a flush that somebody forgot."""


@dataclass(frozen=True, slots=True)
class Event:
    """Something done to the disk: W(rite), T(runcate), S(ync of a file), D (sync of a folder),
    C(reate), R(ename), L(ink), U(nlink), M(ake a folder); or A: the child says what is promised."""

    kind: str
    inode: int
    at: int
    first: bytes
    second: bytes

    @property
    def path(self) -> str:
        """The name that it is about."""
        return os.fsdecode(self.first)

    @property
    def promise(self) -> dict[str, object]:
        """What the child has said at a mark."""
        found: dict[str, object] = json.loads(self.second)
        return found


def compiled(folder: Path) -> Path:
    """Compile the tracer; a test run does it once."""
    library = folder / "power_trace.so"
    compiler = shutil.which("cc")
    assert compiler is not None, "scripts/test installs a C compiler (gcc and libc6-dev)"
    command = [compiler, "-shared", "-fPIC", "-O1", "-Wall", "-o", str(library), str(SOURCE)]
    subprocess.run(command, check=True)
    return library


def traced(library: Path, root: Path, command: Sequence[str]) -> list[Event]:
    """Run Python with a command, and return what it does below an empty folder."""
    assert not any(root.iterdir())
    trace = root.with_name(f"{root.name}.trace")
    environment = os.environ | {
        "LD_PRELOAD": str(library),
        "POWER_ROOT": str(root),
        "PYTHONPATH": str(Path(__file__).parents[2]),
        "POWER_TRACE": str(trace),
    }
    subprocess.run([sys.executable, *command], env=environment, check=True, timeout=120)
    events = list(_read(trace.read_bytes()))
    trace.unlink()
    return events


def promise(**what: object) -> None:
    """Say, in the child, what holds from here on even when the power is cut."""
    data = json.dumps(what).encode()
    trace = os.open(os.environ["POWER_TRACE"], os.O_WRONLY | os.O_APPEND)
    try:
        os.write(trace, _HEAD.pack(_MARK, 0, 0, 0, len(data)) + data)
    finally:
        os.close(trace)


def _read(data: bytes) -> Iterator[Event]:
    at = 0
    while at < len(data):
        kind, inode, where, first, second = _HEAD.unpack_from(data, at)
        at += _HEAD.size
        one, two = data[at : at + first], data[at + first : at + first + second]
        at += first + second
        yield Event(kind.decode(), inode, where, one, two)


@dataclass(slots=True, eq=False)
class _File:
    """A file: what is surely on the disk, and what was done to it since."""

    durable: bytes = b""
    since: list[tuple[int, bytes | None]] = field(default_factory=list)
    """Writes (place, bytes), and lengths it was cut or grown to (length, None)."""

    def sync(self) -> None:
        data = bytearray(self.durable)
        for at, new in self.since:
            _apply(data, at, new)
        self.durable, self.since = bytes(data), []

    def left(self, random: Random, kept: float) -> bytes:
        """Return what a cut may leave, when about so much of what was not synced is kept."""
        data = bytearray(self.durable)
        sizes = [len(data)]
        versions: dict[int, list[bytes]] = {}
        for at, new in self.since:
            before = len(data)
            touched = _pages(at, new, before)
            for page in touched:
                versions.setdefault(page, [_page(data, page)])
            _apply(data, at, new)
            sizes.append(len(data))
            for page in touched:
                versions[page].append(_page(data, page))
        size = _chosen(sizes, random, kept)
        out = bytearray(self.durable[:size].ljust(size, b"\0"))
        for page, found in versions.items():
            one = _chosen(found, random, kept)
            if random.random() < 0.2:
                one = _torn(one, random.choice(found), random)
            start = page * PAGE
            if start < size:
                out[start : start + PAGE] = one[: size - start]
        return bytes(out)


_FOLDER = _File()


@dataclass(frozen=True, slots=True)
class _Names:
    """Names that change together: what each stands for from then on, None for nothing."""

    names: dict[str, _File | None]

    def in_folder(self, folder: str) -> bool:
        return any(os.path.dirname(name) == folder for name in self.names)


class Disk:
    """The disk below a folder, after some events."""

    def __init__(self, root: Path) -> None:
        self._root = str(root)
        self._inodes: dict[int, _File] = {}
        self._now: dict[str, _File] = {}
        self._durable: dict[str, _File | None] = {}
        self._since: list[_Names] = []

    def take(self, event: Event) -> None:
        """Let one more event happen."""
        if event.kind == "D":
            self._sync_folder(event.path)
        elif event.kind in "WTS":
            self._take_bytes(event)
        elif event.kind != "A":
            self._name(self._names(event))

    def _take_bytes(self, event: Event) -> None:
        file = self._inodes[event.inode]
        if event.kind == "S":
            file.sync()
        else:
            file.since.append((event.at, event.second if event.kind == "W" else None))

    def _names(self, event: Event) -> dict[str, _File | None]:
        other = os.fsdecode(event.second)
        match event.kind:
            case "C":
                self._inodes[event.inode] = _File()  # a number is used again after a removal
                return {event.path: self._inodes[event.inode]}
            case "M":
                return {event.path: _FOLDER}
            case "R":
                return {other: self._now[event.path], event.path: None}
            case "L":
                return {other: self._now[event.path]}
            case _:
                return {event.path: None}

    def leave(self, to: Path, random: Random) -> None:
        """Write what a cut may leave to an empty folder."""
        kept = random.choice((0.0, 0.1, 0.5, 0.9, 1.0))
        names = self._names_left(random, kept)
        places = {to / os.path.relpath(name, self._root): file for name, file in names.items()}
        for place in sorted(place for place, file in places.items() if file is _FOLDER):
            if place.parent.is_dir():
                place.mkdir()
        contents: dict[_File, bytes] = {}
        for place, file in places.items():
            if file is None or file is _FOLDER or place.name.endswith("-shm"):
                continue
            if file not in contents:
                contents[file] = file.left(random, kept)
            if place.parent.is_dir():
                place.write_bytes(contents[file])

    def _names_left(self, random: Random, kept: float) -> dict[str, _File | None]:
        names = dict(self._durable)
        for change in self._since:
            if random.random() < kept:
                names |= change.names
        return names

    def _name(self, names: dict[str, _File | None]) -> None:
        for name, file in names.items():
            if file is None:
                self._now.pop(name, None)
            else:
                self._now[name] = file
        self._since.append(_Names(names))

    def _sync_folder(self, folder: str) -> None:
        for change in self._since:
            if change.in_folder(folder):
                self._durable |= change.names
        self._since = [change for change in self._since if not change.in_folder(folder)]


@dataclass(frozen=True, slots=True)
class Cut:
    """A moment at which the power goes: what was promised before, and what it left in `folder`.

    `promised` counts the marks before it; `name` says which cut of which seed it is.
    """

    folder: Path
    promised: int
    name: str


def cuts(
    events: Sequence[Event], root: Path, work: Path, many: int, seed: int, lost: Lost | None = None
) -> Iterator[Cut]:
    """Give a seeded sample of cuts: half of them right after something was promised.

    `lost` leaves out events, as if the code had forgotten a flush.
    """
    random = Random(seed)
    marks = [at + 1 for at, event in enumerate(events) if event.kind == "A"]
    chosen = [random.choice(marks) for _ in range(many // 2)]
    chosen += [random.randrange(len(events) + 1) for _ in range(many - len(chosen))]
    disk, promised, done = Disk(root), 0, 0
    for number, at in enumerate(sorted(chosen)):
        for event in events[done:at]:
            promised += event.kind == "A"
            if lost is None or not lost(event):
                disk.take(event)
        done = at
        name = f"{seed}:{number}:{at}"
        shutil.rmtree(work, ignore_errors=True)
        work.mkdir(parents=True)
        disk.leave(work, Random(name))
        yield Cut(work, promised, name)
    shutil.rmtree(work, ignore_errors=True)


def _apply(data: bytearray, at: int, new: bytes | None) -> None:
    if new is None:
        del data[at:]
        data.extend(bytes(at - len(data)))
        return
    data.extend(bytes(max(0, at - len(data))))
    data[at : at + len(new)] = new


def _pages(at: int, new: bytes | None, size: int) -> range:
    """Return the pages that a change touches; a cut touches those behind its length."""
    if new is None:
        return range(min(at, size) // PAGE, -(-max(at, size) // PAGE))
    return range(min(at, size) // PAGE if at > size else at // PAGE, -(-(at + len(new)) // PAGE))


def _page(data: bytearray, page: int) -> bytes:
    return bytes(data[page * PAGE : (page + 1) * PAGE]).ljust(PAGE, b"\0")


def _chosen(versions: Sequence[T], random: Random, kept: float) -> T:
    """Choose the newest version with the share that is kept, else an older one or the first."""
    if random.random() < kept:
        return versions[-1]
    return versions[0] if random.random() < 0.7 else random.choice(versions)


def _torn(one: bytes, other: bytes, random: Random) -> bytes:
    at = random.randrange(0, PAGE + 1, SECTOR)
    return one[:at] + other[at:]
