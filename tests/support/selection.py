"""In which order the files of tests begin, and what `--quick` leaves out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence

import pytest

WHY = {
    "system": "with real servers, processes or a browser",
    "long": "long trials' samples: seeded worlds, mutants, waits for virtual devices",
    "postgresql": "the archive on PostgreSQL",
}
"""What `--quick` leaves out, each kind in words."""

EXAMPLES = 10
"""Of each property, with `--quick`."""

_LONG_S = 300.0


def in_order(items: Sequence[pytest.Item]) -> list[pytest.Item]:
    """Return tests so that files which may take long begin first.

    They mostly wait, and would keep one worker busy after the others have nothing to do. What a
    file's tests may take is told by its marks: a timeout of its own, then `system`, then `long`.
    """
    may_take: dict[str, float] = {}
    for item in items:
        may_take[_file(item)] = max(may_take.get(_file(item), 0.0), _may_take_s(item))
    return sorted(items, key=lambda item: -may_take[_file(item)])


def left_out(item: pytest.Item) -> str | None:
    """Return why `--quick` leaves a test out, None when it is run."""
    for mark in ("system", "long"):
        if item.get_closest_marker(mark) is not None:
            return mark
    return "postgresql" if _needs_postgresql(item) else None


def in_words(counts: Counter[str]) -> str:
    """Say how many tests were left out, and what they are."""
    parts = [f"{counts[kind]} {words}" for kind, words in WHY.items() if counts[kind]]
    tried = f"of each property {EXAMPLES} examples were tried"
    return f"quick: {sum(counts.values())} tests were left out: {'; '.join(parts)}; {tried}"


def _may_take_s(item: pytest.Item) -> float:
    own = item.get_closest_marker("timeout")
    if item.get_closest_marker("system") is not None:
        return float(own.args[0]) if own is not None else _LONG_S
    return 1.0 if item.get_closest_marker("long") is not None else 0.0


def _needs_postgresql(item: pytest.Item) -> bool:
    if not isinstance(item, pytest.Function):
        return False
    parameters = item.callspec.params.values() if hasattr(item, "callspec") else ()
    return "postgresql" in parameters or "postgres" in item.fixturenames


def _file(item: pytest.Item) -> str:
    return str(item.path)
