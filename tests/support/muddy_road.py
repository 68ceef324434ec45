"""A muddy road between a box and its broker: it delays, crawls, stalls, cuts, and remembers.

A userspace TCP relay on an event loop of its own. Its buffers are small, as a radio's are, so that
what waits for the road waits at the box, where an alert can overtake it.
"""

from __future__ import annotations

import asyncio
import socket
import threading
from contextlib import suppress
from dataclasses import dataclass, field

KBIT_40 = 40_000 // 8
PIECE = 512
"""So many bytes pass at a time; at 40 kbit/s that is a tenth of a second."""
BUFFER = 4096
SEGMENT = 1200


@dataclass(slots=True)
class Going:
    """How the road is now; change it while the relay runs.

    `bytes_s` each way (0: no limit), `delay_s` for each piece, `stalled` lets nothing through and
    keeps connections open, `closed` takes no new ones, `cut_after` ends the next connection that
    has brought so many more bytes up, in the middle of whatever it carries.
    """

    bytes_s: int = 0
    delay_s: float = 0
    stalled: bool = False
    closed: bool = False
    cut_after: int = 0


@dataclass(slots=True)
class Passed:
    """What passed, byte for byte when `whole`."""

    up: int = 0
    down: int = 0
    whole: bool = True
    bytes_up: list[bytes] = field(default_factory=list)
    bytes_down: list[bytes] = field(default_factory=list)

    def note(self, data: bytes, up: bool) -> None:
        if up:
            self.up += len(data)
        else:
            self.down += len(data)
        if self.whole:
            (self.bytes_up if up else self.bytes_down).append(data)


class MuddyRoad:
    """The relay, on a port of this machine, to (`host`, `to`); `port` stays when it is reopened."""

    def __init__(
        self, to: int, *, host: str = "127.0.0.1", listen: str = "127.0.0.1", whole: bool = True
    ) -> None:
        self.going = Going()
        self.passed = Passed(whole=whole)
        self.connections = self.cuts = 0
        self._to = (host, to)
        self._writers: set[asyncio.StreamWriter] = set()
        self._listener = socket.create_server((listen, 0))
        # Before the first connection, because an accepted socket inherits it. With the loopback's
        # huge segments a small window would close for seconds at a time.
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2 * BUFFER)
        self._listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, SEGMENT)
        self.port: int = self._listener.getsockname()[1]
        self._loop = asyncio.new_event_loop()
        self._ended = asyncio.Event()
        self._thread = threading.Thread(target=self._run, name="muddy-road")
        self._thread.start()

    def mend(self) -> None:
        """Make it a good road again."""
        self.going = Going()

    def cut(self) -> None:
        """End every connection now, without a goodbye."""
        self._loop.call_soon_threadsafe(self._cut)

    def close(self) -> None:
        """Take the road away."""
        self._loop.call_soon_threadsafe(self._ended.set)
        self._thread.join()

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        try:
            self._loop.run_until_complete(self._serve())
        finally:
            self._loop.close()

    async def _serve(self) -> None:
        server = await asyncio.start_server(self._carry, sock=self._listener, limit=BUFFER)
        await self._ended.wait()
        server.close()
        self.going = Going(closed=True)
        mine = asyncio.current_task()
        while others := [task for task in asyncio.all_tasks() if task is not mine]:
            self._cut()  # also a connection that was only just accepted
            await asyncio.wait(others, timeout=0.05)

    def _cut(self) -> None:
        self.cuts += bool(self._writers)
        for writer in list(self._writers):
            writer.transport.abort()

    async def _carry(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        self._writers.add(back)
        try:
            if not self.going.closed:
                await self._join(near, back)
        except OSError:
            pass  # the far end is down: the near one is hung up on
        finally:
            back.transport.abort()
            self._writers.discard(back)

    async def _join(self, near: asyncio.StreamReader, back: asyncio.StreamWriter) -> None:
        far, forth = await asyncio.open_connection(*self._to, limit=BUFFER)
        self._writers.add(forth)
        self.connections += 1
        ways = [
            asyncio.create_task(self._pass(near, forth, up=True)),
            asyncio.create_task(self._pass(far, back, up=False)),
        ]
        try:
            await asyncio.wait(ways, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for way in ways:
                way.cancel()
            await asyncio.gather(*ways, return_exceptions=True)
            forth.transport.abort()
            self._writers.discard(forth)

    async def _pass(
        self, source: asyncio.StreamReader, to: asyncio.StreamWriter, *, up: bool
    ) -> None:
        while data := await source.read(PIECE):
            while self.going.stalled:  # noqa: ASYNC110 - another thread sets it
                await asyncio.sleep(0.02)
            going = self.going
            wait_s = going.delay_s + (len(data) / going.bytes_s if going.bytes_s else 0)
            if wait_s:
                await asyncio.sleep(wait_s)
            if up and going.cut_after and self._tears(data):
                return
            self.passed.note(data, up)
            to.write(data)
            with suppress(ConnectionError):
                await to.drain()

    def _tears(self, data: bytes) -> bool:
        """Whether the line breaks within this piece."""
        self.going.cut_after -= min(len(data), self.going.cut_after)
        if self.going.cut_after:
            return False
        self.cuts += 1
        return True
