"""A mistake put into the real code, and how soon the simulator notices it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import pytest

from sync.simulation import Violation

Apply = Callable[[pytest.MonkeyPatch], Any]
Trial = Callable[[int, Any, Mapping[str, float] | None], object]


@dataclass(frozen=True, slots=True)
class Mutant:
    """One mistake: which invariants it breaks, how it is applied, the first seed that shows it.

    `apply` patches the code, or returns the ends with which a world is to run. `often` makes some
    misfortunes more frequent; without it, `first` is a seed of everyday weather.
    """

    breaks: str
    apply: Apply
    first: int
    often: Mapping[str, float] | None = None


def first_caught(mutant: Mutant, trial: Trial, monkeypatch: pytest.MonkeyPatch) -> int | None:
    """Return the first seed that fails with the mistake in, None when none does in time."""
    ends = mutant.apply(monkeypatch)
    for seed in range(4 * mutant.first + 40):
        try:
            trial(seed, ends, mutant.often)
        except Violation as violation:
            name = str(violation).partition(":")[0]
            if name not in mutant.breaks.split():
                raise
            return seed
    return None


def put(target: Any, name: str, value: Any) -> Apply:
    """Return how to replace one function or table of the code."""

    def apply(monkeypatch: pytest.MonkeyPatch) -> None:
        monkeypatch.setattr(target, name, value)

    return apply


def table(mutants: Mapping[str, Mutant]) -> str:
    """Return mutants as a table for the documentation."""
    rows = ["| mistake | breaks | first seed |", "|---|---|--:|"]
    for name, one in mutants.items():
        more = f" (more often: {', '.join(one.often)})" if one.often else ""
        rows.append(f"| {name} | {one.breaks} | {one.first}{more} |")
    return "\n".join(rows)
