"""A long trial in parts: what is done is kept, so that a trial that was stopped goes on from there.

A part is a command of its own process. When all have run, one row goes into `docs/trials.md`.
The state stands in `.trials/`, which git ignores; it counts only for the same plan and commit.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path

ROOT = Path(__file__).parents[1]

Figures = Mapping[str, float]
Read = Callable[[str], Figures]
"""The figures in what a part printed; raises `ValueError` when there are none."""


@dataclass(frozen=True, slots=True)
class Part:
    """One command: its name in the state, its arguments for Python, and how its output is read."""

    name: str
    arguments: tuple[str, ...]
    read: Read
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Trial:
    """All parts of a trial; `plan` says in words which seeds and how many."""

    name: str
    plan: str
    parts: Sequence[Part]
    workers: int = 1


@dataclass(frozen=True, slots=True)
class Places:
    """Where the commands run, where the state is kept, and which page gets the row."""

    root: Path = ROOT

    @property
    def page(self) -> Path:
        """The page of results."""
        return self.root / "docs" / "trials.md"

    def state(self, trial: str) -> Path:
        """The state of one trial."""
        return self.root / ".trials" / f"{trial}.json"


def carry_out(trial: Trial, places: Places | None = None) -> int:
    """Run the parts that are not done yet, then write the row; return 0 when all passed."""
    places = places or Places()
    state = _State(places.state(trial.name), trial.plan, _commit(places.root))
    todo = [part for part in trial.parts if part.name not in state.done]
    print(f"{trial.name}: {trial.plan}; {len(todo)} of {len(trial.parts)} parts to do", flush=True)
    for part, figures in _run(todo, trial.workers, places.root):
        state.keep(part.name, figures)
        print(f"{part.name}: {_words(figures)}", flush=True)
    row = f"| {trial.name} | {state.commit} | {trial.plan} | {_words(_sum(state.done.values()))} |"
    _append(places.page, f"| {datetime.now(UTC):%Y-%m-%d} {row}\n")
    state.forget()
    return 1 if any(figures.get("failed") for figures in state.done.values()) else 0


class _State:
    """What is done of a plan at a commit, in a file that is replaced whole."""

    def __init__(self, file: Path, plan: str, commit: str) -> None:
        self.commit = commit
        self.done: dict[str, Figures] = {}
        self._file, self._of = file, {"plan": plan, "commit": commit}
        if file.exists():
            kept = json.loads(file.read_text(encoding="utf-8"))
            if {name: kept.get(name) for name in self._of} == self._of:
                self.done = kept["done"]

    def keep(self, part: str, figures: Figures) -> None:
        self.done[part] = figures
        self._file.parent.mkdir(exist_ok=True)
        beside = self._file.with_suffix(".new")
        beside.write_text(json.dumps(self._of | {"done": self.done}), encoding="utf-8")
        beside.replace(self._file)

    def forget(self) -> None:
        self._file.unlink(missing_ok=True)


def _run(parts: Sequence[Part], workers: int, root: Path) -> Iterator[tuple[Part, Figures]]:
    with ThreadPoolExecutor(workers) as pool:
        running = {pool.submit(_figures, part, root): part for part in parts}
        try:
            for done in as_completed(running):
                yield running[done], done.result()
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise


def _figures(part: Part, root: Path) -> Figures:
    """Run one part; what failed is shown, and counts as one failure unless it says how many."""
    done = subprocess.run(
        [sys.executable, *part.arguments],
        env=os.environ | part.environment,
        cwd=root,
        capture_output=True,
        text=True,
        check=False,
    )
    try:
        figures = part.read(done.stdout)
    except ValueError:
        figures = {}
    if done.returncode:
        print(f"{part.name} failed:\n{done.stdout}{done.stderr}", file=sys.stderr, flush=True)
        return {**figures, "failed": figures.get("failed") or 1}
    return {"failed": 0, **figures}


def _sum(all_figures: Iterable[Figures]) -> Figures:
    total: dict[str, float] = {}
    for figures in all_figures:
        for name, value in figures.items():
            total[name] = round(total.get(name, 0) + value, 1)
    return total


def _words(figures: Figures) -> str:
    return ", ".join(f"{value:,g} {name}" for name, value in figures.items())


def _commit(root: Path) -> str:
    """Return the commit, with a plus sign when the tree differs from it; "unknown" without git."""
    command = ["git", "describe", "--always", "--dirty=+", "--exclude=*"]
    found = subprocess.run(command, cwd=root, capture_output=True, text=True, check=False)
    return found.stdout.strip() or "unknown"


def _append(page: Path, row: str) -> None:
    text = page.read_text(encoding="utf-8")
    page.write_text(text + row, encoding="utf-8")
