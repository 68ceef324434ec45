"""A private D-Bus: its daemon, and connections that survive a full socket."""

from __future__ import annotations

import asyncio
import ctypes
import signal
import socket
import sys
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, cast

from dbus_fast.aio.message_bus import MessageBus

START_TIMEOUT_S = 10.0

_CONFIG = """<!DOCTYPE busconfig PUBLIC "-//freedesktop//DTD D-Bus Bus Configuration 1.0//EN"
 "http://www.freedesktop.org/standards/dbus/1.0/busconfig.dtd">
<busconfig>
  <type>session</type>
  <listen>unix:path={path}</listen>
  <auth>EXTERNAL</auth>
  <policy context="default">
    <allow send_destination="*" eavesdrop="true"/>
    <allow eavesdrop="true"/>
    <allow own="*"/>
  </policy>
</busconfig>
"""

_PR_SET_PDEATHSIG = 1
_libc = ctypes.CDLL(None)


class BusError(RuntimeError):
    """The private bus did not start."""


class PrivateBus:
    """A dbus-daemon of our own in a directory of its own; dies with this process."""

    def __init__(self) -> None:
        self._home: TemporaryDirectory[str] | None = None
        self._daemon: asyncio.subprocess.Process | None = None
        self.address = ""

    async def start(self) -> str:
        """Start the daemon and return its address; raises `BusError`."""
        self._home = TemporaryDirectory(prefix="healthpost-bus-")
        home = Path(self._home.name)
        config = home / "bus.conf"
        config.write_text(_CONFIG.format(path=home / "bus"), encoding="utf-8")
        try:
            self._daemon = await _spawn(config)
            await _ready(self._daemon)
        except (OSError, BusError, TimeoutError) as error:
            await self.stop()
            raise BusError(f"dbus-daemon did not start: {error}") from error
        self.address = f"unix:path={home / 'bus'}"
        return self.address

    async def stop(self) -> None:
        """End the daemon and remove its files."""
        if self._daemon is not None:
            if self._daemon.returncode is None:
                self._daemon.terminate()
            await self._daemon.communicate()
            self._daemon = None
        if self._home is not None:
            self._home.cleanup()
            self._home = None


async def connect(address: str) -> MessageBus:
    """Open a connection whose writer waits for a full socket instead of giving up."""
    bus = MessageBus(bus_address=address, negotiate_unix_fd=True)
    await bus.connect()
    writer: Any = bus._writer
    writer.sock = _PatientSocket(writer.sock)
    return bus


async def disconnect(bus: MessageBus) -> None:
    """Close a connection and wait until it is closed; one whose daemon has gone is closed."""
    untyped: Any = bus
    untyped.disconnect()
    with suppress(EOFError, ConnectionError):
        await untyped.wait_for_disconnect()


async def _spawn(config: Path) -> asyncio.subprocess.Process:
    return await asyncio.create_subprocess_exec(
        "dbus-daemon",
        f"--config-file={config}",
        "--nofork",
        "--nopidfile",
        "--print-address=1",
        stdin=asyncio.subprocess.DEVNULL,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.DEVNULL,  # an unprivileged daemon grumbles about its fd limit
        start_new_session=True,  # Ctrl-C is for us; we end the daemon when we are done with it
        preexec_fn=_die_with_parent if sys.platform == "linux" else None,
    )


async def _ready(daemon: asyncio.subprocess.Process) -> None:
    stdout = cast(asyncio.StreamReader, daemon.stdout)
    line = await asyncio.wait_for(stdout.readline(), START_TIMEOUT_S)
    if not line:
        raise BusError(f"exit code {await daemon.wait()}")


def _die_with_parent() -> None:
    """Ask the kernel to end the daemon when the simulators are killed (prctl(2))."""
    _libc.prctl(_PR_SET_PDEATHSIG, signal.SIGTERM)


class _PatientSocket:
    """Answers EAGAIN as "nothing sent yet".

    dbus-fast 5.2 takes EAGAIN on a full socket for a dead bus (as in python-dbus-next #153);
    told that 0 bytes went out, its writer waits until the socket is writable again.
    """

    def __init__(self, sock: socket.socket) -> None:
        self._sock = sock

    def send(self, data: memoryview) -> int:
        try:
            return self._sock.send(data)
        except BlockingIOError:
            return 0

    def sendmsg(self, buffers: Iterable[memoryview], ancillary: Iterable[Any]) -> int:
        return self._sock.sendmsg(buffers, ancillary)
