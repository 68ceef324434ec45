"""Field cases about commands, staff and what a technician does."""

from __future__ import annotations

from collections.abc import Callable

CASES: dict[str, Callable[..., None]] = {}
"""The function of each row of `workflow.jsonl`; its parameters are fixtures."""
