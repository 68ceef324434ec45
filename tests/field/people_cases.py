"""Field cases about people: ages, names, identifiers, search, units as typed."""

from __future__ import annotations

from collections.abc import Callable

CASES: dict[str, Callable[..., None]] = {}
"""The function of each row of `workflow.jsonl`; its parameters are fixtures."""
