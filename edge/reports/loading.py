"""Taking in many facts at once: what is the same is parsed once, and nothing is collected between.

A report makes hundreds of thousands of objects that all stay until it is done; Python's cycle
collector would go through all of them again and again.
"""

from __future__ import annotations

import gc
import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from typing import Any


@contextmanager
def many_objects() -> Iterator[None]:
    """Run a block without the cycle collector, as it was before afterwards."""
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was_on:
            gc.enable()


def parse_once() -> Callable[[str], Mapping[str, Any]]:
    """Return a function that parses the data of facts; equal ones share one object."""
    known: dict[str, Mapping[str, Any]] = {}

    def parsed(text: str) -> Mapping[str, Any]:
        found = known.get(text)
        if found is None:
            found = known[text] = json.loads(text)
        return found

    return parsed


def share_texts() -> Callable[[str], str]:
    """Return a function that gives equal texts as one object."""
    known: dict[str, str] = {}
    return lambda text: known.setdefault(text, text)
