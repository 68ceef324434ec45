"""Restart the processes that have loaded what was just saved, and no others.

Which modules a process loads is read from the imports in the source, those for types included.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path

import grimp
from grimp.exceptions import SourceSyntaxError

from edge.process.supervise import Child

log = logging.getLogger(__name__)

ROOT = Path(__file__).parents[1]
PACKAGES = ("edge", "web", "devices", "sync", "kiosk_ui", "provisioning", "hospital")
WATCHED = frozenset({".py", ".html", ".css", ".js", ".svg", ".toml", ".po"})
"""What people write; what programs write there (bytecode, compiled catalogs) is left out."""

Snapshot = Mapping[Path, int]


class Sources:
    """The source files of the packages below a folder, and when each was last changed."""

    def __init__(self, root: Path = ROOT, packages: Sequence[str] = PACKAGES) -> None:
        self._folders = [root / package for package in packages]
        self._seen = self._look()

    def changed(self) -> set[Path]:
        """Return the files that were changed, added or removed since the last question."""
        before, self._seen = self._seen, self._look()
        return {file for file, _ in before.items() ^ self._seen.items()}

    def _look(self) -> Snapshot:
        return {file: when for folder in self._folders for file, when in _files(folder)}


def _files(folder: Path) -> Iterator[tuple[Path, int]]:
    """Yield each watched file with its mtime in nanoseconds."""
    try:
        entries = list(os.scandir(folder))
    except FileNotFoundError:  # removed this moment
        return
    for entry in entries:
        if entry.name.startswith((".", "__pycache__")):
            continue
        if entry.is_dir():
            yield from _files(Path(entry.path))
        elif os.path.splitext(entry.name)[1] in WATCHED:
            try:
                yield Path(entry.path), entry.stat().st_mtime_ns
            except FileNotFoundError:
                continue


class Imports:
    """Which modules each process loads, from the imports in the source."""

    def __init__(self) -> None:
        self._graph = _read()

    def renew(self) -> None:
        """Read the source again; raises `SourceSyntaxError` and then keeps what it had."""
        self._graph = _read()

    def loads(self, program: str, changed: str) -> bool:
        """Whether the module `program` loads the module or package `changed`, or part of it."""
        if program not in self._graph.modules:
            return False
        loaded = {program, *self._graph.find_upstream_modules(program)}
        return any(name == changed or name.startswith(changed + ".") for name in loaded)


def _read() -> grimp.ImportGraph:
    first, *others = PACKAGES
    return grimp.build_graph(first, *others, cache_dir=None)


def name_of(file: Path, root: Path = ROOT) -> str:
    """Return the module that a file holds; for a file of another kind, the package it is in."""
    if file.suffix == ".py":
        return ".".join(file.relative_to(root).with_suffix("").parts).removesuffix(".__init__")
    folder = file.parent
    while not (folder / "__init__.py").exists() and folder.parent != root:
        folder = folder.parent
    return ".".join(folder.relative_to(root).parts)


class Reloader:
    """Restarts those children that load a file which has changed; `look` now and then."""

    def __init__(self, children: Sequence[Child]) -> None:
        self._children = children
        self._sources = Sources()
        self._imports = Imports()
        self._pending: set[Path] = set()

    def look(self) -> list[str]:
        """Restart what a change concerns; return the names of the processes.

        While a file is no Python, nothing is restarted: what runs goes on until it is mended.
        """
        changed = self._sources.changed()
        if not changed:
            return []
        self._pending |= changed
        if any(file.suffix == ".py" for file in self._pending):
            try:
                self._imports.renew()
            except SourceSyntaxError as error:
                log.error("nothing is reloaded: %s", error)
                return []
        names = {name_of(file) for file in self._pending}
        self._pending.clear()
        concerned = [child for child in self._children if self._concerns(child, names)]
        for child in concerned:
            log.info("%s: %s starts anew", ", ".join(sorted(names)), child.name)
            restart(child)
        return [child.name for child in concerned]

    def _concerns(self, child: Child, names: Iterable[str]) -> bool:
        program = _program(child)
        return program is not None and any(self._imports.loads(program, name) for name in names)


def _program(child: Child) -> str | None:
    """Return the module that `python -m` runs, or None when it is another program."""
    words = list(child.command)
    return words[words.index("-m") + 1] if "-m" in words else None


def restart(child: Child) -> None:
    """End a child, so that its supervisor starts it at once, however often it died before."""
    child.deaths, child.due = 0, 0.0
    process = child.process
    if process is not None and process.poll() is None:
        process.terminate()
