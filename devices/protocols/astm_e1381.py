"""ASTM E1381 / CLSI LIS01-A2: how analysers send their records, serial.

9600 8N1 by default. ENQ, then frames `STX number text ETX|ETB sum sum CR LF`, each to be answered
with ACK or NAK, then EOT. Events carry that answer in `reply`; who holds the port writes it. ETB
means that the record goes on in the next frame. A frame that repeats the last number is the same
frame again: it is acknowledged and not taken twice. Records end with CR; LF ends one only where no
CR stands. `query_refusal` are the frames by which a host says that it has no orders.
"""

from __future__ import annotations

from dataclasses import replace

from devices.driver import Event, LineSettings, SerialProtocol
from devices.protocols import character_sets
from devices.protocols.astm_records import GRAMMAR
from devices.protocols.framing import Step, StepDecoder, error, skip, sum8
from devices.protocols.laboratory_ends import rows_of

REPLIES = {"ACK": b"\x06", "NAK": b"\x15"}
ENQ, EOT = b"\x05", b"\x04"

_STX, _ETX, _EOT, _ENQ, _ETB = 0x02, 0x03, 0x04, 0x05, 0x17
_ANSWERS = {0x06: "ack", 0x15: "nak"}
_CONTROLS = (_STX, _EOT, _ENQ)
_ENDS = (_ETX, _ETB)
_TAIL = 5  # the end mark, two digits, CR, LF
_LONGEST_FRAME = 4096
"""The standard allows 240 characters; some analysers send more."""
_LONGEST_RECORD = 65_536
_NUMBERS = 8


def measured(event: Event) -> None:
    """Return None: without a site's map no test code has a meaning, see `devices.sessions`."""


class _Session:
    """The receiving end: which frame number comes next, and the record that grows over frames."""

    def __init__(self) -> None:
        self._restart()

    def _restart(self) -> None:
        self._next = 1
        self._last: int | None = None
        self._text = b""

    def take(self, buffer: bytearray) -> Step | None:
        first = buffer[0]
        if first == _ENQ:
            self._restart()
            return Step(1, (Event("enq", {"reply": "ACK"}),))
        if first == _EOT:
            self._restart()
            return Step(1, (Event("eot"),))
        if first in _ANSWERS:
            return Step(1, (Event(_ANSWERS[first]),))
        return self._take_frame(buffer) if first == _STX else skip(1)

    def _take_frame(self, buffer: bytearray) -> Step | None:
        for at in range(1, min(len(buffer), _LONGEST_FRAME)):
            if buffer[at] in _CONTROLS:
                return Step(at, (_refused("short_frame"),))
            if buffer[at] in _ENDS:
                return self._complete(buffer, at)
        return None if len(buffer) < _LONGEST_FRAME else Step(1, (_refused("bad_length"),))

    def _complete(self, buffer: bytearray, end: int) -> Step | None:
        if len(buffer) < end + _TAIL:
            return None
        if f"{sum8(buffer[1 : end + 1]):02X}".encode("ascii") != buffer[end + 1 : end + 3].upper():
            return Step(1, (_refused("bad_checksum"),))
        number = buffer[1] - ord("0")
        if end < 2 or not 0 <= number < _NUMBERS or buffer[end + 3 : end + _TAIL] != b"\r\n":
            return Step(1, (_refused("malformed"),))
        text = bytes(buffer[2:end])
        return Step(end + _TAIL, self._accept(number, text, last=buffer[end] == _ETX))

    def _accept(self, number: int, text: bytes, last: bool) -> tuple[Event, ...]:
        if number == self._last:
            return (Event("duplicate", {"reply": "ACK"}),)
        if number != self._next:
            return (_refused("bad_frame_number"),)
        if len(self._text) + len(text) > _LONGEST_RECORD:
            return (_refused("bad_length"),)
        self._last, self._next = number, (number + 1) % _NUMBERS
        self._text += text
        if not last:
            return (Event("partial", {"reply": "ACK"}),)
        rows = rows_of(self._text.decode("latin-1"), GRAMMAR)
        records = [row.encode("latin-1") for row in rows]
        self._text = b""
        if not records:
            return (Event("partial", {"reply": "ACK"}),)
        *firsts, last_one = (_record(raw) for raw in records)
        return (*(replace(event, more=True) for event in firsts), last_one)


def frame(number: int, text: str) -> bytes:
    """Return one last frame with a record in ASCII."""
    body = f"{number % _NUMBERS}{text}\r".encode("ascii", "replace") + bytes((_ETX,))
    return bytes((_STX,)) + body + f"{sum8(body):02X}\r\n".encode("ascii")


def query_refusal(delimiters: str) -> tuple[bytes, ...]:
    """Return the frames of a message that says that there is no information (LIS02-A2, L-3 I)."""
    separator = delimiters[0]
    head = f"H{delimiters}" + separator * 10 + separator.join(("P", "LIS2-A2"))
    return frame(1, head), frame(2, separator.join(("L", "1", "I")))


def _record(raw: bytes) -> Event:
    fields = {"text": character_sets.decode(raw), "reply": "ACK"}
    return Event("record", fields, raw=raw)


def _refused(kind: str) -> Event:
    return error(kind, reply="NAK")


PROTOCOL = SerialProtocol(
    name="astm_e1381",
    title="Laboratory analysers, ASTM E1381 / LIS01-A2",
    lines=(LineSettings(9600),),
    decoder=lambda: StepDecoder(_Session().take),
    measured=measured,
)
