"""SunTech Advantage OEM blood-pressure module, inside many kiosks and monitors: serial.

9600 8N1, polled. The host sends `3A command data.. sum`, the module answers `3E length data.. sum`;
the sum of a whole packet is 0 modulo 256. Starting inflates a cuff: only on a person's action, and
`abort` must be sent when the port closes.
"""

from __future__ import annotations

from collections.abc import Callable

from devices.driver import Event, LineSettings, Question, SerialProtocol
from devices.protocols.framing import Step, StepDecoder, error, skip, sum8
from devices.protocols.observations import pressure
from edge.model.reading import Measured

_HOST, _MODULE = 0x3A, 0x3E
_LEAST, _MOST = 4, 64
_REPLY, _CUFF, _RESULT = 4, 5, 24

_LENGTHS = {0x79: 5, 0x17: 5}
_PLAIN = 3
"""Length of a host packet by its command; all others are three bytes."""

START = {"adult": b"\x20", "pediatric": b"\x87", "neonate": b"\x28"}


def start(patient: str) -> bytes:
    """Return the command that inflates the cuff: "adult", "pediatric" or "neonate"."""
    return _packet(START[patient])


def abort() -> bytes:
    """Return the command that stops and deflates; also when the port closes."""
    return _packet(b"\x79\x01\x00")


def ask_cuff() -> bytes:
    """Return the harmless question for the cuff pressure; it also identifies a module."""
    return _packet(b"\x79\x05\x00")


def ask_result() -> bytes:
    """Return the question for the last result."""
    return _packet(b"\x79\x03\x00")


def measured(event: Event) -> Measured | None:
    """Return the pressures of a result without error."""
    return pressure(event.fields) if event.name == "reading" else None


def _packet(content: bytes) -> bytes:
    body = bytes((_HOST,)) + content
    return body + bytes((-sum8(body) & 0xFF,))


def _take(buffer: bytearray) -> Step | None:
    if len(buffer) < 2:
        return None
    if buffer[0] != _MODULE:
        return skip(1)
    length = buffer[1]
    if not _LEAST <= length <= _MOST:
        return Step(1, (error("bad_length"),))
    return _take_checked(buffer, length, _reply)


def _take_command(buffer: bytearray) -> Step | None:
    if len(buffer) < 2:
        return None
    if buffer[0] != _HOST:
        return skip(1)
    return _take_checked(buffer, _LENGTHS.get(buffer[1], _PLAIN), _command)


def _take_checked(
    buffer: bytearray, length: int, understand: Callable[[bytes], Event]
) -> Step | None:
    if len(buffer) < length:
        return None
    packet = bytes(buffer[:length])
    if sum8(packet):
        return Step(1, (error("bad_checksum"),))
    return Step(length, (understand(packet),))


def _command(packet: bytes) -> Event:
    return Event("command", {"code": packet[1:-1].hex()})


def _reply(packet: bytes) -> Event:
    if len(packet) == _REPLY:
        return Event("ack", {"code": chr(packet[2])})
    if len(packet) == _CUFF:
        return Event("cuff", {"pressure": _word(packet, 2)})
    if len(packet) != _RESULT:
        return Event("packet", {"data": packet[2:-1].hex()})
    if packet[20]:
        return error("device_error", code=packet[20])
    return Event(
        "reading",
        {
            "sys": _word(packet, 2),
            "dia": _word(packet, 4),
            "pulse": packet[16],
            "map": _word(packet, 18),
        },
    )


def _word(packet: bytes, at: int) -> int:
    return int.from_bytes(packet[at : at + 2], "little")


PROTOCOL = SerialProtocol(
    name="suntech_nibp",
    title="SunTech Advantage blood-pressure module",
    lines=(LineSettings(9600),),
    decoder=lambda: StepDecoder(_take),
    measured=measured,
    explain=lambda: StepDecoder(_take_command),
)

QUESTION = Question(
    order=1,
    line=LineSettings(9600),
    write=ask_cuff(),
    wanted=lambda event: event.name == "cuff",
    words="the question for its cuff pressure",
)
