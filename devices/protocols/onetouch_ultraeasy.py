"""LifeScan OneTouch UltraEasy, UltraMini: blood glucose, serial.

9600 8N1, polled: `02 length link message 03 crc-low crc-high`, CRC-16 CCITT from FFFF over STX to
ETX. Link bits: 1 sequence, 2 expected, 4 acknowledge, 8 disconnect. Values are mg/dL, times are
seconds since 1970 on the meter's own clock.
"""

from __future__ import annotations

import struct
from binascii import crc_hqx
from datetime import datetime, timedelta

from devices.driver import Event, LineSettings, SerialProtocol
from devices.protocols.framing import Step, StepDecoder, error, skip
from devices.protocols.observations import glucose
from edge.model.reading import Measurement

COUNT_INDEX = 501
"""Asking for this record returns how many there are."""

VERSION = bytes.fromhex("050d02")
CLOCK = bytes.fromhex("05200200000000")
"""Reads the clock; the same message with 01 as its third byte would set it."""

SERIAL = bytes.fromhex("050b0200000000846ae87300")
_ANSWER = "0506"

_STX, _ETX = 0x02, 0x03
_LEAST, _MOST = 6, 64
_SEQUENCE, _EXPECT, _ACK, _DISCONNECT = 1, 2, 4, 8
_READING = struct.Struct("<2sII")
_COUNT = struct.Struct("<2sH")
_EPOCH = datetime(1970, 1, 1)  # noqa: DTZ001 device clock


def packet(message: bytes, link: int) -> bytes:
    """Return a packet around a message with the given link bits."""
    body = bytes((_STX, len(message) + _LEAST, link)) + message + bytes((_ETX,))
    return body + crc_hqx(body, 0xFFFF).to_bytes(2, "little")


def record_message(index: int) -> bytes:
    """Return the message that asks for a record of the memory."""
    return bytes((0x05, 0x1F)) + index.to_bytes(2, "little")


def acknowledge(sequence: int, expect: int) -> bytes:
    """Return the acknowledgement that every data packet needs."""
    return packet(b"", _ACK | (sequence & 1) | (expect & 1) << 1)


def reset_link() -> bytes:
    """Return the packet that resets the link."""
    return packet(b"", _DISCONNECT)


def text_answer(event: Event) -> str | None:
    """Return the text that a packet answers with, such as a serial number; None for others."""
    message = str(event.fields.get("message", ""))
    if event.name != "packet" or not message.startswith(_ANSWER):
        return None
    text = bytes.fromhex(message[len(_ANSWER) :]).decode("latin-1").strip("\0 ")
    return text if text.isascii() and text.isprintable() else ""


def clock_answer(event: Event) -> datetime | None:
    """Return the clock that a packet answers with; None for others."""
    message = str(event.fields.get("message", ""))
    if event.name != "packet" or len(message) != 12 or not message.startswith(_ANSWER):
        return None
    seconds = int.from_bytes(bytes.fromhex(message[len(_ANSWER) :]), "little")
    return _EPOCH + timedelta(seconds=seconds)


def measured(event: Event) -> Measurement | None:
    """Return a stored glucose value."""
    return glucose(event.fields) if event.name == "reading" else None


def _take(buffer: bytearray) -> Step | None:
    """A length that cannot be is no frame at all: 02 is a common data byte."""
    if buffer[0] != _STX or (len(buffer) > 1 and not _LEAST <= buffer[1] <= _MOST):
        return skip(1)
    if len(buffer) < 2 or len(buffer) < buffer[1]:
        return None
    frame = bytes(buffer[: buffer[1]])
    crc = int.from_bytes(frame[-2:], "little")
    if crc_hqx(frame[:-2], 0xFFFF) != crc or frame[-3] != _ETX:
        return Step(1, (error("bad_checksum"),))
    return Step(len(frame), (_understand(frame[2], frame[3:-3]),))


def _understand(link: int, message: bytes) -> Event:
    if len(message) == _READING.size and message[:2] == b"\x05\x06":
        _, seconds, value = _READING.unpack(message)
        time = _EPOCH + timedelta(seconds=seconds)
        return Event("reading", {"glucose_mgdl": value, "device_time": time})
    if len(message) == _COUNT.size and message[:2] == b"\x05\x0f":
        return Event("count", {"n": _COUNT.unpack(message)[1]})
    fields = {
        "ack": bool(link & _ACK),
        "disconnect": bool(link & _DISCONNECT),
        "seq": link & _SEQUENCE,
        "expect": bool(link & _EXPECT),
        "message": message.hex(),
    }
    return Event("packet", fields)


PROTOCOL = SerialProtocol(
    name="onetouch_ultraeasy",
    title="OneTouch UltraEasy and UltraMini glucose meters",
    lines=(LineSettings(9600),),
    decoder=lambda: StepDecoder(_take),
    measured=measured,
    explain=lambda: StepDecoder(_take),
)
