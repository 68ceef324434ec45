"""Datex-Ohmeda S/5, AS/3, CARESCAPE Bx50 monitors: the frames of their record interface, serial.

19200 8E1 with hardware flow control. `7E payload sum 7E`; 7E and 7D inside are sent as 7D and the
byte without bit 5. The sum covers the unescaped payload. What the records hold is not decoded yet.
"""

from __future__ import annotations

from devices.driver import Event, LineSettings, SerialProtocol
from devices.protocols.framing import Step, StepDecoder, error, skip, sum8

_FLAG, _ESCAPE, _MASK = 0x7E, 0x7D, 0x20
_LONGEST = 4096


def measured(event: Event) -> None:
    """Return None: frames are shown, their records are not decoded."""


def _take(buffer: bytearray) -> Step | None:
    if buffer[0] != _FLAG:
        return skip(1)
    end = buffer.find(_FLAG, 1, _LONGEST)
    if end < 0:
        return None if len(buffer) < _LONGEST else Step(1, (error("bad_length"),))
    if end == 1:
        return skip(1)  # the end of a frame that was joined in its middle
    body = _unescaped(bytes(buffer[1:end]))
    if body is None or len(body) < 2:
        return Step(end, (error("malformed"),))
    if sum8(body[:-1]) != body[-1]:
        return Step(end, (error("bad_checksum"),))
    return Step(end + 1, (Event("frame", {"payload": body[:-1].hex()}),))


def _unescaped(sent: bytes) -> bytes | None:
    body = bytearray()
    escaped = False
    for byte in sent:
        if escaped:
            body.append(byte | _MASK)
        elif byte != _ESCAPE:
            body.append(byte)
        escaped = not escaped and byte == _ESCAPE
    return None if escaped else bytes(body)


PROTOCOL = SerialProtocol(
    name="datex_s5",
    title="Datex-Ohmeda S/5 monitors, frames only",
    lines=(LineSettings(19200, parity="E"),),
    decoder=lambda: StepDecoder(_take),
    measured=measured,
    experimental=True,
)
