"""SD Biosensor SD CodeFree: blood glucose, serial.

38400 8N1. The meter speaks first; a stray 00 may stand before its challenge. Both sides send
`53 direction length message xor AA`; length counts message, xor and AA. Reading records are fetched
one by one with the same command; values are mg/dL.
"""

from __future__ import annotations

from datetime import datetime

from devices.driver import Event, LineSettings, SerialProtocol
from devices.protocols.framing import Step, StepDecoder, error, skip, xor8
from devices.protocols.observations import glucose
from edge.model.reading import Measurement

_STX, _ETX = 0x53, 0xAA
_IN, _OUT = 0x20, 0x10
_DIRECTIONS = {_IN: "in", _OUT: "out"}
_HEAD = 3
_LEAST, _MOST = 3, 64
_COUNT = 0x30
_COUNT_SIZE = 22
_RECORD_LEAST, _RECORD_MOST = 10, 17
_MEALS = {0x10: "before_meal", 0x20: "after_meal"}

CHALLENGE = bytes.fromhex("1030")
GOODBYE = bytes.fromhex("1070")
_RESPONSE = bytes.fromhex("1040")
_FETCH = bytes.fromhex("1060")


def answer_challenge() -> bytes:
    """Return the answer that makes the meter send its count of records."""
    return _packet(_RESPONSE)


def fetch() -> bytes:
    """Return the command for the next record; after the last one it says goodbye."""
    return _packet(_FETCH)


def measured(event: Event) -> Measurement | None:
    """Return a stored glucose value."""
    return glucose(event.fields, event.quality) if event.name == "reading" else None


def _packet(message: bytes) -> bytes:
    head = bytes((_STX, _OUT, len(message) + 2))
    return head + message + bytes((xor8(message), _ETX))


def _take(buffer: bytearray) -> Step | None:
    if buffer[0] != _STX or (len(buffer) > 1 and buffer[1] not in _DIRECTIONS):
        return skip(1)
    if len(buffer) < _HEAD:
        return None
    size = buffer[2]
    if not _LEAST <= size <= _MOST:
        return Step(1, (error("bad_length"),))
    if len(buffer) < _HEAD + size:
        return None
    message = bytes(buffer[_HEAD : _HEAD + size - 2])
    if xor8(message) != buffer[_HEAD + size - 2]:
        return Step(1, (error("bad_checksum"),))
    if buffer[_HEAD + size - 1] != _ETX:
        return Step(1, (error("malformed"),))
    return Step(_HEAD + size, (_understand(buffer[1], message),))


def _understand(direction: int, message: bytes) -> Event:
    if direction == _IN and message[0] == _COUNT and len(message) == _COUNT_SIZE:
        return Event("count", {"n": int.from_bytes(message[1:3], "big")})
    if direction == _IN and _RECORD_LEAST <= len(message) <= _RECORD_MOST:
        return _record(message)
    return Event("packet", {"direction": _DIRECTIONS[direction], "message": message.hex()})


def _record(message: bytes) -> Event:
    """Two bytes whose meaning is unknown stand before the date."""
    year, month, day, hour, minute = message[2:7]
    try:
        time = datetime(2000 + year, month, day, hour, minute)  # noqa: DTZ001 device clock
    except ValueError:
        time = None
    fields = {
        "glucose_mgdl": int.from_bytes(message[7:9], "big"),
        "device_time": time,
        "meal": message[9],
    }
    meal = _MEALS.get(message[9])
    return Event("reading", fields, (meal,) if meal else ())


PROTOCOL = SerialProtocol(
    name="sd_codefree",
    title="SD CodeFree glucose meter",
    lines=(LineSettings(38400),),
    decoder=lambda: StepDecoder(_take),
    measured=measured,
    explain=lambda: StepDecoder(_take),
)
