"""A serial line on a pseudo-terminal that behaves like a cable: baud rate, settings, unplugging.

A pty carries bytes at memory speed and knows no baud. So bytes are paced at the line's rate, and
a client whose port is set otherwise gets noise, as from a real wire. What Linux lets a pty
remember limits the check: baud, stop bits and odd parity are seen; 7 data bits and even parity
look like 8N1 (tty/pty.c clears CSIZE and PARENB).
"""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
import termios
import tty
from collections.abc import Callable
from pathlib import Path

from devices.driver import LineSettings
from devices.simulators.faults import Fault
from devices.simulators.tasks import Tasks

TICK_S = 0.016
"""Bytes arrive in lumps, as from a USB adapter with the usual 16 ms latency timer."""

QUEUE_LIMIT = 65_536
READ_SIZE = 4096

_UNSET_SPEED = termios.B50
"""What a fresh port is set to: nobody has opened it, so nobody listens and bytes are lost."""

_CFLAG, _OSPEED = 2, 5


class SerialLine:
    """One end of a cable, the other end a tty at a published path."""

    def __init__(
        self,
        path: Path,
        settings: LineSettings,
        receive: Callable[[bytes], None] = lambda data: None,
        seed: int = 0,
    ) -> None:
        self.path = path
        self.settings = settings
        self._receive = receive
        self._rng = random.Random(seed)
        self._queue = bytearray()
        self._waiting = asyncio.Event()
        self._tasks = Tasks()
        self._master = -1
        self._slave = -1

    @property
    def plugged(self) -> bool:
        """Whether the cable is in."""
        return self._master >= 0

    @property
    def characters_per_s(self) -> float:
        """The line's rate: start, data, parity and stop bits all take their time."""
        parity = 0 if self.settings.parity == "N" else 1
        return self.settings.baud / (1 + self.settings.bits + parity + self.settings.stop)

    def plug(self) -> None:
        """Put the cable in: a fresh tty appears at the path."""
        if self.plugged:
            return
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        attributes = termios.tcgetattr(self._slave)
        attributes[4] = attributes[_OSPEED] = _UNSET_SPEED
        termios.tcsetattr(self._slave, termios.TCSANOW, attributes)
        os.set_blocking(self._master, False)
        asyncio.get_running_loop().add_reader(self._master, self._read)
        self._publish(os.ttyname(self._slave))
        self._tasks.spawn(self._pace())

    def unplug(self) -> None:
        """Pull the cable: the path is gone and whoever reads gets a hang-up."""
        if not self.plugged:
            return
        self._tasks.cancel()
        asyncio.get_running_loop().remove_reader(self._master)
        self._withdraw(os.ttyname(self._slave))
        os.close(self._slave)
        os.close(self._master)
        self._master = self._slave = -1
        self._queue.clear()

    async def lose(self, length_s: float) -> None:
        """Pull the cable and put it back after a while, even when the while is cut short."""
        self.unplug()
        try:
            await asyncio.sleep(length_s)
        finally:
            self.plug()

    async def close(self) -> None:
        """Pull the cable for good."""
        self.unplug()
        await self._tasks.close()

    def send(self, data: bytes) -> None:
        """Queue bytes for the wire; they are lost when the cable is out or the queue is full."""
        if self.plugged and len(self._queue) + len(data) <= QUEUE_LIMIT:
            self._queue += data
            self._waiting.set()

    def matches(self) -> bool | None:
        """Whether the client's port is set as the line is; None before anyone has set it."""
        attributes = termios.tcgetattr(self._slave)
        if attributes[_OSPEED] == _UNSET_SPEED:
            return None
        cflag: int = attributes[_CFLAG]
        wanted_speed = getattr(termios, f"B{self.settings.baud}")
        odd, two_stop = bool(cflag & termios.PARODD), bool(cflag & termios.CSTOPB)
        line_odd = self.settings.parity == "O"
        same_format = odd == line_odd and two_stop == (self.settings.stop == 2)
        return attributes[_OSPEED] == wanted_speed and same_format

    async def _pace(self) -> None:
        """Let the queued bytes out at the line's rate, in lumps of a tick."""
        while True:
            await self._waiting.wait()
            size = max(1, round(self.characters_per_s * TICK_S))
            lump = bytes(self._queue[:size])
            del self._queue[:size]
            await asyncio.sleep(len(lump) / self.characters_per_s)
            self._write(lump)
            if not self._queue:
                self._waiting.clear()

    def _write(self, data: bytes) -> None:
        matches = self.matches()
        if matches is None:
            return
        with contextlib.suppress(BlockingIOError):  # nobody reads: the port's buffer overruns
            os.write(self._master, data if matches else self._noise(len(data)))

    def _noise(self, size: int) -> bytes:
        return self._rng.randbytes(size)

    def _read(self) -> None:
        try:
            data = os.read(self._master, READ_SIZE)
        except (BlockingIOError, OSError):
            return
        self._receive(data if self.matches() else self._noise(len(data)))

    def _publish(self, tty_path: str) -> None:
        """Replace the link in one step, so that nobody sees a half-made one."""
        self.path.parent.mkdir(parents=True, exist_ok=True)
        fresh = self.path.with_name(f".{self.path.name}.new")
        fresh.unlink(missing_ok=True)
        fresh.symlink_to(tty_path)
        fresh.replace(self.path)

    def _withdraw(self, tty_path: str) -> None:
        """Remove the link, unless somebody else's tty has taken its place."""
        with contextlib.suppress(FileNotFoundError):
            if self.path.readlink() == Path(tty_path):
                self.path.unlink()


def spoil(frame: bytes, fault: Fault | None, rng: random.Random) -> bytes:
    """Return the frame as a bad line delivers it; other faults leave it alone."""
    if fault is Fault.TRUNCATED:
        return frame[: len(frame) // 2]
    if fault is Fault.GARBAGE_PREFIX:
        return rng.randbytes(7) + frame
    if fault is Fault.FLIPPED_BIT:
        at = rng.randrange(len(frame) * 8)
        spoilt = bytearray(frame)
        spoilt[at // 8] ^= 1 << at % 8
        return bytes(spoilt)
    if fault is Fault.LOST_BYTE:
        at = rng.randrange(len(frame))
        return frame[:at] + frame[at + 1 :]
    return frame * 2 if fault is Fault.REPEATED else frame
