"""SD CodeFree: the meter speaks first and goes on until it is answered.

`53 direction length message xor AA`; 20 from the meter, 10 to it. After the answer to its challenge
it tells how many records it has; each is fetched, and after the last it says goodbye. A stray 00
stands before its first words.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from functools import reduce
from operator import xor

from devices.driver import LineSettings
from devices.simulators.faults import Fault
from devices.simulators.wired.polled import GlucoseMeter, Record

_STX, _ETX = 0x53, 0xAA
_FROM_METER, _TO_METER = 0x20, 0x10
_HEAD = 3
_CHALLENGE, _ANSWER, _FETCH, _GOODBYE = (bytes.fromhex(t) for t in ("1030", "1040", "1060", "1070"))
_CHALLENGE_EVERY_S = 0.5
_COUNT_FILL = b"\xaa" * 19
_RECORD_SIZE = 17


def packet(message: bytes, direction: int = _FROM_METER) -> bytes:
    """Return a packet; the length counts message, check and end."""
    head = bytes([_STX, direction, len(message) + 2])
    return head + message + bytes([reduce(xor, message, 0), _ETX])


def count_message(count: int) -> bytes:
    """Return the message that tells the number of records."""
    return b"\x30" + count.to_bytes(2, "big") + _COUNT_FILL


def record_message(record: Record) -> bytes:
    """Return a record; what its first two and last bytes mean is not known."""
    when = record.when
    date = [when.year % 100, when.month, when.day, when.hour, when.minute]
    message = bytes([0, 0, *date]) + record.value.to_bytes(2, "big") + b"\x00"
    return message.ljust(_RECORD_SIZE, b"\x00")


class Codefree(GlucoseMeter):
    """The meter. How it marks control solution is not known, so it is not measured here."""

    slug, model, protocol = "sd-codefree", "SD CodeFree", "sd_codefree"
    settings = LineSettings(38400)
    faults = GlucoseMeter.faults - {Fault.CONTROL}

    _calling: asyncio.Task[None] | None = None
    _left: Iterator[Record] = iter(())

    def cut(self, received: bytearray) -> bytes | None:
        """Take the next sound packet from the host and return its message."""
        while (at := received.find(_STX)) >= 0:
            del received[:at]
            if len(received) < _HEAD or len(received) < _HEAD + received[2]:
                return None
            found = bytes(received[: _HEAD + received[2]])
            message = found[_HEAD:-2]
            if message and found == packet(message, _TO_METER):
                del received[: len(found)]
                return message
            del received[0]
        return None

    def answer(self, request: bytes) -> None:
        """Tell the count, then record after record, then goodbye."""
        if request == _ANSWER and self._calling is not None:
            self._calling.cancel()
            self._left = iter(self.newest_first())
            self._reply(packet(count_message(len(self.memory))))
        elif request == _FETCH:
            record = next(self._left, None)
            self._reply(packet(record_message(record) if record else _GOODBYE))

    def _plugged(self) -> None:
        super()._plugged()
        if self._calling is not None:
            self._calling.cancel()
        self._calling = self._tasks.spawn(self._call())

    async def _call(self) -> None:
        self.line.send(b"\x00")
        while True:
            self.line.send(packet(_CHALLENGE))
            await asyncio.sleep(_CHALLENGE_EVERY_S)
