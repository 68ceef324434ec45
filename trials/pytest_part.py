"""A part of a trial that is a test of the suite, made longer by its environment."""

from __future__ import annotations

import json
from collections.abc import Mapping

from trials.parts import Figures, Part, Read


def pytest_part(name: str, tests: str, environment: Mapping[str, str], read: Read) -> Part:
    """Return a part that runs tests in one process and shows what they print."""
    return Part(name, ("-m", "pytest", "-n", "0", "-s", tests), read, environment)


def last_json(text: str) -> dict[str, object]:
    """Return the last JSON object that was printed as a line; raises `ValueError` without one."""
    for line in reversed(text.splitlines()):
        if line.startswith("{"):
            found: dict[str, object] = json.loads(line)
            return found
    raise ValueError("no JSON object was printed")


def counted(name: str, many: int) -> Read:
    """Return a reader of output that says no more than whether it passed."""

    def read(_text: str) -> Figures:
        return {name: many}

    return read
