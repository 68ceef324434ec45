"""A command of the hospital to a box."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Command:
    """What the hospital wants done. `counter` grows with every command for this box."""

    id: str
    counter: int
    kind: str
    body: Mapping[str, object]
