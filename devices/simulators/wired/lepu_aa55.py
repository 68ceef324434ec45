"""Lepu multi-parameter board: packets `AA 55 length index class token type data crc`, 5 a second.

Only the packets are public, not what their data mean: while somebody is wired up these carry the
zeros of the one published sample, so a test can see that no value comes out of them.
"""

from __future__ import annotations

from devices.driver import LineSettings
from devices.simulators.bodies import Saturation
from devices.simulators.wired.machine import Phase, Streamer

_DATA = bytes([0x02]) + bytes(16)
_CLASS, _TOKEN, _TYPE = 0xF3, 0x04, 0x01
_REFLECTED = 0x8C


def crc8(data: bytes) -> int:
    """Return the CRC-8/MAXIM."""
    crc = 0
    for byte in data:
        for bit in range(8):
            mixed = (crc ^ byte >> bit) & 1
            crc = crc >> 1 ^ (_REFLECTED if mixed else 0)
    return crc


def packet(index: int, class_: int, token: int, type_: int, data: bytes = b"") -> bytes:
    """Return a packet; its length counts all of it."""
    body = bytes([0xAA, 0x55, len(data) + 8, index & 0xFF, class_, token, type_]) + data
    return body + bytes([crc8(body)])


class LepuBoard(Streamer):
    """The board."""

    slug, model, protocol = "lepu-board", "AA55 board", "lepu_aa55"
    settings = LineSettings(460800)
    period_s = 0.2
    _index = 0

    def sample(self, seen: Saturation | None, phase: Phase) -> bytes:
        """Return the next packet."""
        self._index += 1
        return packet(self._index, _CLASS, _TOKEN, _TYPE, _DATA)
