"""Watches serial ports that nobody configured, and shows the technician which protocol it found.

Nothing is written to such a port, unless the settings allow to probe it; then only questions that
read. A port is bound by a person's word alone; from then on a supervisor has it.
"""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from devices.catalogue import SERIAL_PROTOCOLS, serial_models
from devices.driver import LineSettings, Question
from devices.recording.recorder import Recorder
from devices.serial import identify, link
from devices.serial.identify import Listener, RecognisedProtocol
from edge.equipment import serial_bindings
from edge.model.clock import Stamp
from edge.store.store import Store

PORTS_LIMIT = 16
REPORT_EVERY_S = 1.0

_log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class WatchHabits:
    """Where is looked (globs), which ports may be asked, and how patiently, in seconds."""

    patterns: tuple[str, ...] = ("/dev/ttyUSB*", "/dev/ttyACM*")
    probed: tuple[str, ...] = ()
    look_s: float = 2.0
    listen_s: float = identify.LISTEN_S
    patience_s: float = 600.0
    answer_s: float = identify.ANSWER_S


class PortWatch:
    """Finds ports without an owner and looks after each until it has one."""

    def __init__(
        self,
        recorder: Recorder,
        owned: Callable[[], Sequence[str]],
        follow: Callable[[Mapping[str, str]], Awaitable[None]],
        habits: WatchHabits | None = None,
    ) -> None:
        """Take `owned`, the ports that have a supervisor, and `follow` to give bound ones one."""
        self._recorder = recorder
        self._owned = owned
        self._follow = follow
        self._habits = habits or WatchHabits()
        self._watched: dict[str, asyncio.Task[None]] = {}

    async def run(self) -> None:
        """Watch for ever; ends only by cancellation."""
        try:
            while True:
                await self._look()
                await asyncio.sleep(self._habits.look_s)
        finally:
            for task in self._watched.values():
                task.cancel()
            await asyncio.gather(*self._watched.values(), return_exceptions=True)
            self._watched.clear()

    async def _look(self) -> None:
        bindings = await self._recorder.fetch(lambda store, _: serial_bindings.bindings(store))
        for key in [key for key in self._watched if key in bindings]:
            await self._release(key)
        await self._follow(bindings)
        loop = asyncio.get_running_loop()
        free = await loop.run_in_executor(None, self._free)
        for key in [key for key, task in self._watched.items() if key not in free or task.done()]:
            await self._release(key)
        for key, path in free.items():
            if key not in self._watched:
                may_ask = any(link.same(path, p) for p in self._allowed())
                watcher = _Watcher(self._recorder, key, path, may_ask, self._habits)
                self._watched[key] = asyncio.create_task(watcher.run())

    def _free(self) -> dict[str, str]:
        """Ports without a supervisor, by key."""
        taken = [found for pattern in self._owned() if (found := link.find(pattern))]
        paths = link.ports((*self._habits.patterns, *self._habits.probed))
        free = [p for p in paths if not any(link.same(p, other) for other in taken)]
        return {link.key_of(path): path for path in free[:PORTS_LIMIT]}

    def _allowed(self) -> list[str]:
        return link.ports(self._habits.probed)

    async def _release(self, key: str) -> None:
        task = self._watched.pop(key, None)
        if task is None:
            return
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        self._recorder.submit(lambda store, _: serial_bindings.gone(store, key))


class _Watcher:
    """Listens at one port, setting after setting, and tells what it sees."""

    def __init__(
        self, recorder: Recorder, key: str, path: str, may_ask: bool, habits: WatchHabits
    ) -> None:
        self._recorder = recorder
        self._key = key
        self._path = path
        self._may_ask = may_ask
        self._habits = habits
        self._tail = b""
        self._found: RecognisedProtocol | None = None
        self._reported_s = -math.inf
        self._thread: ThreadPoolExecutor

    async def run(self) -> None:
        """Go round for ever; ends when the port is lost or busy, or by cancellation."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix="watch")
        self._report()
        waits_s = 0.0
        try:
            while True:
                for line in identify.listening_order():
                    await self._stay(line, waits_s)
                if self._may_ask and self._found is None:
                    await self._ask_all()
                waits_s = self._habits.patience_s if self._tail else 0.0
        except link.PortError as error:
            _log.info("%s cannot be listened to: %s", self._path, error)
        finally:
            self._thread.shutdown(wait=False)

    async def _stay(self, line: LineSettings, waits_s: float) -> None:
        """Listen at a setting, and go on as long as it is the right one.

        A device that has spoken, but at another setting, may speak once in minutes: then its next
        words are waited for at each setting.
        """
        listener = Listener(line)
        async with self._open(line) as port:
            deadline = _now_s() + max(waits_s, self._habits.listen_s)
            silent = True
            while _now_s() < deadline:
                data = await self._block(port.read)
                listener.feed(data)
                self._keep(data)
                found = listener.verdict()
                if found is not None:
                    self._recognise(found)
                if data and (silent or found is not None):
                    silent = False
                    deadline = _now_s() + self._habits.listen_s

    async def _ask_all(self) -> None:
        for protocol, question in identify.QUESTIONS.items():
            for _ in range(question.tries):
                found = await self._ask(protocol, question)
                if found is not None:
                    self._recognise(found)
                    return

    async def _ask(self, protocol: str, question: Question) -> RecognisedProtocol | None:
        decoder = SERIAL_PROTOCOLS[protocol].decoder()
        async with self._open(question.line) as port:
            await self._block(lambda: port.write(question.write))
            deadline = _now_s() + self._habits.answer_s
            while _now_s() < deadline:
                data = await self._block(port.read)
                self._keep(data)
                found = identify.answered(protocol, decoder.feed(data))
                if found is not None:
                    return found
        return None

    @asynccontextmanager
    async def _open(self, line: LineSettings) -> AsyncIterator[link.Line]:
        """Hold the port; it is closed before anybody else opens it."""
        port = await self._block(lambda: link.open_line(self._path, line))
        try:
            yield port
        finally:
            await self._block(port.close)

    def _recognise(self, found: RecognisedProtocol) -> None:
        if self._found is None or self._found.protocol != found.protocol:
            _log.info("%s: %s, %s", self._path, found.protocol, found.evidence)
            self._reported_s = -math.inf
        self._found = found
        self._report_soon()

    def _keep(self, data: bytes) -> None:
        if data:
            self._tail = (self._tail + data)[-serial_bindings.TAIL_BYTES :]
            self._report_soon()

    def _report_soon(self) -> None:
        if _now_s() - self._reported_s >= REPORT_EVERY_S:
            self._report()

    def _report(self) -> None:
        self._reported_s = _now_s()
        found = self._found
        models = serial_models(found.protocol) if found else ()
        seen = serial_bindings.UnboundPort(
            port=self._key,
            path=self._path,
            models=tuple(model.label for model in models),
            evidence=found.evidence if found else "",
            tail=self._tail.hex(),
        )
        self._recorder.submit(partial(_sighted, seen))

    async def _block(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)


def _sighted(seen: serial_bindings.UnboundPort, store: Store, now: Stamp) -> None:
    serial_bindings.sighted(store, now, seen)


def _now_s() -> float:
    return asyncio.get_running_loop().time()
