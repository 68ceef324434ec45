"""OneTouch UltraEasy and UltraMini: packets that both ends number and acknowledge.

`02 length link message 03 crc crc`. Link bits: 1 the packet's own number, 2 the number expected of
the other end, 4 acknowledgement, 8 disconnect. Each end toggles its number when its packet was
acknowledged; a packet with the old number came again and is acknowledged again, nothing more.
"""

from __future__ import annotations

import asyncio
from binascii import crc_hqx
from collections.abc import Iterator
from datetime import datetime

from devices.driver import LineSettings
from devices.simulators.faults import Fault
from devices.simulators.wired.polled import GlucoseMeter, Record

_STX, _ETX = 0x02, 0x03
_LEAST = 6
_NUMBER, _EXPECTED, _ACK, _DISCONNECT = 1, 2, 4, 8
_COUNT_INDEX = 501
_ATTEMPTS = 3
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 - a device's clock has no zone

_VERSION, _RECORD, _ERASE = b"\x05\x0d", b"\x05\x1f", b"\x05\x1a"
_FOUND, _COUNTED = b"\x05\x06", b"\x05\x0f"


def packet(message: bytes, link: int) -> bytes:
    """Return a packet with its CRC-16 CCITT from FFFF."""
    body = bytes([_STX, len(message) + _LEAST, link, *message, _ETX])
    return body + crc_hqx(body, 0xFFFF).to_bytes(2, "little")


def record_message(record: Record) -> bytes:
    """Return the answer that carries a record: seconds since 1970, mg/dL."""
    seconds = int((record.when - _EPOCH).total_seconds())
    return _FOUND + seconds.to_bytes(4, "little") + record.value.to_bytes(4, "little")


class UltraEasy(GlucoseMeter):
    """The meter. Control solution is not marked in its records, so it is not measured here."""

    slug, model, protocol = "onetouch-ultraeasy", "OneTouch UltraEasy", "onetouch_ultraeasy"
    settings = LineSettings(9600)
    faults = GlucoseMeter.faults - {Fault.CONTROL}

    _own = _expected = 0
    _unacknowledged: asyncio.Task[None] | None = None

    def cut(self, received: bytearray) -> bytes | None:
        """Take the next sound packet."""
        while (at := received.find(_STX)) >= 0:
            del received[:at]
            if len(received) < 2 or len(received) < received[1]:
                return None
            found = bytes(received[: received[1]])
            sound = len(found) >= _LEAST and found[-3] == _ETX
            if sound and found == packet(found[3:-3], found[2]):
                del received[: len(found)]
                return found
            del received[0]
        return None

    def answer(self, request: bytes) -> None:
        """Follow the link's rules; a new message is acknowledged, then answered."""
        link, message = request[2], request[3:-3]
        if link & _DISCONNECT:
            self._forget_link()
            self._reply(packet(b"", _DISCONNECT | _ACK))
        elif link & _ACK:
            self._acknowledged()
        elif link & _NUMBER != self._expected:
            self.line.send(self._acknowledgement())
        else:
            self._acknowledged()
            self._expected ^= 1
            self._own = int(bool(link & _EXPECTED))
            self.line.send(self._acknowledgement())
            self._answer(message)

    def _answer(self, message: bytes) -> None:
        answer = next(self._answers(message), None)
        if answer is not None:
            self._unacknowledged = self._tasks.spawn(self._insist(answer))

    def _answers(self, message: bytes) -> Iterator[bytes]:
        index = int.from_bytes(message[2:4], "little")
        if message.startswith(_VERSION):
            yield _FOUND + b"\x11P02.00.0030/05/07"
        elif message.startswith(_RECORD) and index == _COUNT_INDEX:
            yield _COUNTED + len(self.memory).to_bytes(2, "little")
        elif message.startswith(_RECORD) and index < len(self.memory):
            yield record_message(self.newest_first()[index])
        elif message.startswith(_ERASE):
            self.erased = True
            yield _FOUND

    async def _insist(self, answer: bytes) -> None:
        """Send until it is acknowledged, a few times; a fault strikes the first time."""
        for _ in range(_ATTEMPTS):
            self._reply(packet(answer, self._own | self._expected * _EXPECTED))
            await asyncio.sleep(self.times.answer_s)
        self._forget_link()

    def _acknowledged(self) -> None:
        if self._unacknowledged is not None and not self._unacknowledged.done():
            self._unacknowledged.cancel()
            self._own ^= 1
        self._unacknowledged = None

    def _acknowledgement(self) -> bytes:
        return packet(b"", _ACK | self._own | self._expected * _EXPECTED)

    def _forget_link(self) -> None:
        self._own = self._expected = 0
        if self._unacknowledged is not None:
            self._unacknowledged.cancel()
            self._unacknowledged = None
