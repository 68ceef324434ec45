"""The running tasks of one simulated device, cancelled when it ends."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Coroutine
from typing import Any

_log = logging.getLogger(__name__)


class Tasks:
    """Keeps tasks alive, logs the ones that fail, cancels the rest at the end."""

    def __init__(self) -> None:
        self._running: set[asyncio.Task[None]] = set()

    def spawn(self, work: Coroutine[Any, Any, None]) -> asyncio.Task[None]:
        """Start `work` on the running loop."""
        task = asyncio.get_running_loop().create_task(work)
        self._running.add(task)
        task.add_done_callback(self._done)
        return task

    def cancel(self) -> None:
        """Cancel every task except the one that calls; do not wait for them."""
        for task in self._others():
            task.cancel()

    async def close(self) -> None:
        """Cancel every task and wait until all have ended."""
        others = self._others()
        for task in others:
            task.cancel()
        await asyncio.gather(*others, return_exceptions=True)

    def _others(self) -> list[asyncio.Task[None]]:
        current = asyncio.current_task()
        return [task for task in self._running if task is not current]

    def _done(self, task: asyncio.Task[None]) -> None:
        self._running.discard(task)
        if not task.cancelled() and (error := task.exception()) is not None:
            _log.error("a simulated device failed", exc_info=error)
