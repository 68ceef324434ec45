"""Serial ports: found, opened for ourselves alone, read, and noticed when they come and go.

The only file that knows pyserial and pyudev. Calls on a `Line` block; each port has its own
thread. pyserial raises SerialException for some lost ports and a bare OSError for others, and
termios.error for settings that a tty cannot have: all become a `PortError` here.
"""

from __future__ import annotations

import asyncio
import errno
import glob
import logging
import os
import termios
from collections.abc import Callable, Iterable
from dataclasses import dataclass

import pyudev
import serial

from devices.driver import LineSettings

READ_TIMEOUT_S = 0.25
WRITE_TIMEOUT_S = 2.0
READ_LIMIT = 4096

_BUSY = (errno.EAGAIN, errno.EBUSY, errno.EACCES, errno.EPERM)
_PORT_ERRORS = (serial.SerialException, OSError, termios.error)

_log = logging.getLogger(__name__)


class PortError(Exception):
    """The port cannot be used (any more)."""


class PortBusyError(PortError):
    """Another program holds the port, or we may not open it."""


@dataclass(frozen=True, slots=True)
class Line:
    """An open port."""

    port: serial.Serial

    def read(self) -> bytes:
        """Return what has come, waiting up to `READ_TIMEOUT_S` for it; raises `PortError`."""
        try:
            return bytes(self.port.read(min(self.port.in_waiting or 1, READ_LIMIT)))
        except _PORT_ERRORS as error:
            raise PortError(str(error)) from error

    def write(self, data: bytes) -> None:
        """Send bytes; raises `PortError` when the port is lost or takes nothing for a while."""
        try:
            self.port.write(data)
        except _PORT_ERRORS as error:
            raise PortError(str(error)) from error

    def retune(self, settings: LineSettings) -> None:
        """Set the line otherwise and forget what came before; raises `PortError`."""
        try:
            self.port.apply_settings(
                {
                    "baudrate": settings.baud,
                    "bytesize": settings.bits,
                    "parity": settings.parity,
                    "stopbits": settings.stop,
                }
            )
            self.port.reset_input_buffer()
        except _PORT_ERRORS as error:
            raise PortError(str(error)) from error

    def close(self) -> None:
        """Close the port, also one that is gone."""
        try:
            self.port.close()
        except _PORT_ERRORS as error:
            _log.info("closing a lost port: %s", error)


def open_line(path: str, settings: LineSettings) -> Line:
    """Open a port exclusively, without flow control; raises `PortError`, `PortBusyError`.

    DTR and RTS stay raised: isolated cables are powered from them.
    """
    try:
        port = serial.Serial(
            path,
            settings.baud,
            bytesize=settings.bits,
            parity=settings.parity,
            stopbits=settings.stop,
            timeout=READ_TIMEOUT_S,
            write_timeout=WRITE_TIMEOUT_S,
            xonxoff=False,
            rtscts=False,
            exclusive=True,
        )
    except _PORT_ERRORS as error:
        if getattr(error, "errno", None) in _BUSY:
            raise PortBusyError(str(error)) from error
        raise PortError(str(error)) from error
    return Line(port)


BY_SERIAL = "serial:"
"""Before a USB serial number, where else a path or a glob of paths stands."""

BY_PATH = "/dev/serial/by-path"


def find(pattern: str) -> str | None:
    """Return the first existing port of a path, a glob or "serial:NUMBER", or None."""
    if pattern.startswith(BY_SERIAL):
        number = pattern.removeprefix(BY_SERIAL)
        return next((path for path in _usb_ports() if usb_serial(path) == number), None)
    return next(iter(ports((pattern,))), None)


def ports(patterns: Iterable[str]) -> list[str]:
    """Return the existing ports of some paths and globs."""
    found = {path for pattern in patterns for path in glob.glob(pattern)}
    return sorted(path for path in found if os.path.exists(path))


def key_of(path: str) -> str:
    """Name a port for ever, as `find` understands it: by adapter, else by place, else by path."""
    number = usb_serial(path)
    if number:
        return BY_SERIAL + number
    real = os.path.realpath(path)
    places = sorted(glob.glob(f"{BY_PATH}/*"))
    return next((place for place in places if os.path.realpath(place) == real), path)


def same(path: str, other: str) -> bool:
    """Whether two paths lead to one port."""
    return os.path.realpath(path) == os.path.realpath(other)


def _usb_ports() -> list[str]:
    return ports(("/dev/ttyUSB*", "/dev/ttyACM*"))


def usb_serial(path: str) -> str | None:
    """Return the serial number of the USB adapter behind a port; many cables have none."""
    try:
        device = pyudev.Devices.from_device_file(pyudev.Context(), os.path.realpath(path))
    except (OSError, ValueError, ImportError, pyudev.DeviceNotFoundError):
        return None
    number: str | None = device.properties.get("ID_SERIAL_SHORT")
    return number


def watch_ports(changed: Callable[[], None]) -> Callable[[], None]:
    """Call `changed` on the running loop when the kernel adds or removes a tty; return the end.

    Without udev (a container) nothing is called: the supervisors look for themselves too.
    """
    try:
        monitor = pyudev.Monitor.from_netlink(pyudev.Context())
        monitor.filter_by("tty")
        monitor.start()
        descriptor = monitor.fileno()
    except (OSError, ImportError) as error:
        _log.info("no udev here (%s): ports are looked for every few seconds", error)
        return lambda: None
    loop = asyncio.get_running_loop()
    loop.add_reader(descriptor, _drain, monitor, changed)
    return lambda: _stop_watching(loop, descriptor)


def _drain(monitor: pyudev.Monitor, changed: Callable[[], None]) -> None:
    while monitor.poll(timeout=0) is not None:
        pass
    changed()


def _stop_watching(loop: asyncio.AbstractEventLoop, descriptor: int) -> None:
    loop.remove_reader(descriptor)
