"""Lepu multi-parameter boards, serial: 460800 8N1, experimental.

`AA 55 length index class token type data crc`, length of the whole packet, CRC-8/MAXIM over all
before it. Only the packets are public, not what their data mean.
"""

from __future__ import annotations

from devices.driver import Event, LineSettings, SerialProtocol
from devices.protocols.framing import Step, StepDecoder, error, skip

_START = b"\xaa\x55"
_LEAST = 8


def crc8(data: bytes) -> int:
    """Return the CRC-8/MAXIM of data: polynomial 31 reflected, from 0."""
    crc = 0
    for byte in data:
        crc ^= byte
        for _ in range(8):
            crc = crc >> 1 ^ (0x8C if crc & 1 else 0)
    return crc


def measured(event: Event) -> None:
    """Return None: what the packets measure is not public."""


def _take(buffer: bytearray) -> Step | None:
    if buffer[: len(_START)] != _START[: len(buffer)]:
        return skip(1)
    if len(buffer) <= len(_START):
        return None
    length = buffer[2]
    if length < _LEAST:
        return Step(1, (error("bad_length"),))
    if len(buffer) < length:
        return None
    packet = bytes(buffer[:length])
    if crc8(packet[:-1]) != packet[-1]:
        return Step(1, (error("bad_checksum"),))
    fields = {"cls": packet[4], "token": packet[5], "type": packet[6], "length": length}
    return Step(length, (Event("packet", fields),))


PROTOCOL = SerialProtocol(
    name="lepu_aa55",
    title="Lepu multi-parameter boards, packets only",
    lines=(LineSettings(460800),),
    decoder=lambda: StepDecoder(_take),
    measured=measured,
    experimental=True,
)
