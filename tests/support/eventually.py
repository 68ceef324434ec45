"""Wait for a condition instead of sleeping a guess."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from threading import Event
from typing import TypeVar

T = TypeVar("T")

_never = Event()


def eventually(ask: Callable[[], T], *, within_s: float = 60, every_s: float = 0.05) -> T:
    """Return the first truthy answer of `ask`; fail loudly when none comes in time."""
    deadline = time.monotonic() + within_s
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"still {answer!r} after {within_s} s: {ask}")
        _never.wait(every_s)


async def eventually_async(
    ask: Callable[[], T], *, within_s: float = 60, every_s: float = 0.05
) -> T:
    """Like `eventually`, letting the event loop turn meanwhile."""
    deadline = time.monotonic() + within_s
    while True:
        answer = ask()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"still {answer!r} after {within_s} s: {ask}")
        await asyncio.sleep(every_s)
