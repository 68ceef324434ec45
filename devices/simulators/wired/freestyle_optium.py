"""FreeStyle Optium: `$xmem` dumps the memory as text, ended by the sum of all its bytes."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

from devices.driver import LineSettings
from devices.simulators.bodies import Body
from devices.simulators.faults import Fault
from devices.simulators.wired.polled import GlucoseMeter, Record

_SERIAL, _VERSION = "XCMT123-P4567", "3.2"
_KETONE = 8
_LONG_MONTHS = {6: "June", 7: "July"}
"""All others are cut to three letters and a blank."""


def dump(records: Sequence[Record], now: datetime) -> bytes:
    """Return the whole dump: serial number, version, clock, count, records, sum."""
    clock = f"{_date(now)} {now:%H:%M:%S}"
    head = ["", _SERIAL, _VERSION, clock, f"{len(records):03d}"]
    rows = [f"{record.value:03d}  {_date(record.when)} {record.when:%H:%M} {_type(record)} 0x00"
            for record in records]  # fmt: skip
    text = "".join(f"{row}\r\n" for row in head + rows).encode("ascii")
    return text + f"0x{sum(text) & 0xFFFF:04X}  END\r\n".encode("ascii")


def _type(record: Record) -> str:
    return "K" if record.ketone else "G"


def _date(when: datetime) -> str:
    month = _LONG_MONTHS.get(when.month) or f"{when:%b} "
    return f"{month} {when:%d %Y}"


class FreestyleOptium(GlucoseMeter):
    """The meter. How it marks control solution is not known, so it is not measured here."""

    slug, model, protocol = "freestyle-optium", "FreeStyle Optium", "freestyle_optium"
    settings = LineSettings(19200)
    faults = GlucoseMeter.faults - {Fault.CONTROL} | {Fault.KETONE}

    def cut(self, received: bytearray) -> bytes | None:
        """Take the next command: from a dollar sign to the end of its line."""
        start = received.find(b"$")
        end = received.find(b"\r\n", start)
        if start < 0 or end < 0:
            return None
        command = bytes(received[start:end])
        del received[: end + 2]
        return command

    def _begin(self, body: Body, fault: Fault | None) -> None:
        if fault is Fault.KETONE:  # 0.4 mmol/L on the display
            self.memory.append(Record(self.clock.now(), _KETONE, ketone=True))
        else:
            super()._begin(body, fault)

    def answer(self, request: bytes) -> None:
        """Answer the memory dump."""
        if request == b"$xmem":
            self._reply(dump(self.newest_first(), self.clock.now()))
