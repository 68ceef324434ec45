"""OneTouch Ultra2: text lines with a sum of 16 bits, asked for by `11 0D command 0D`."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime

from devices.driver import LineSettings
from devices.simulators.wired.polled import GlucoseMeter, Record

_WAKE = b"\x11\r"
_SERIAL = "C176WA3ZZ"


def line(text: str) -> bytes:
    """Return a line with its sum."""
    data = text.encode("ascii")
    return data + f" {sum(data) & 0xFFFF:04X}\r\n".encode("ascii")


def clock_text(when: datetime) -> str:
    """Return weekday, date and time as the meter prints them."""
    return f'"{when:%a}","{when:%m/%d/%y}","{when:%H:%M:%S}   "'.upper()


def record_text(record: Record) -> str:
    """Return a record of the memory dump; C marks control solution."""
    mark = "C" if record.control else " "
    return f'P {clock_text(record.when)},"{mark}{record.value:>4} ","N","00", 00'


class Ultra2(GlucoseMeter):
    """The meter."""

    slug, model, protocol = "onetouch-ultra2", "OneTouch Ultra2", "onetouch_ultra2"
    settings = LineSettings(9600)

    def cut(self, received: bytearray) -> bytes | None:
        """Take the next command: what stands between the wake-up and CR."""
        start = received.find(_WAKE)
        end = received.find(b"\r", start + len(_WAKE))
        if start < 0 or end < 0:
            return None
        code = bytes(received[start + len(_WAKE) : end])
        del received[: end + 1]
        return code

    def answer(self, request: bytes) -> None:
        """Answer version, serial number, clock, unit and the memory dump."""
        answers: dict[bytes, Callable[[], bytes]] = {
            b"DM?": lambda: line("?P02.00.00  25/05/07"),
            b"DM@": lambda: line(f'@ "{_SERIAL}"'),
            b"DMF": lambda: line(f"F {clock_text(self.clock.now())}"),
            b"DMSU?": lambda: line('SU?,"MG/DL "'),
            b"DMP": self._dump,
            b"DMZ": lambda: line("Z"),
        }
        self.erased |= request == b"DMZ"
        if (answer := answers.get(request)) is not None:
            self._reply(answer())

    def _dump(self) -> bytes:
        header = line(f'P {len(self.memory):03d},"{_SERIAL}","MG/DL "')
        return header + b"".join(line(record_text(record)) for record in self.newest_first())
