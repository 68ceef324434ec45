"""HL7 v2 in MLLP, from analysers: serial or a serial server.

`0B message 1C 0D`; `1C` ends a message also where no `0D` follows. Segments end with CR, see
`devices.protocols.hl7_message`; how it is answered stands in `devices.protocols.hl7_answers`.
"""

from __future__ import annotations

from devices.driver import Event, LineSettings, SerialProtocol
from devices.protocols import character_sets, hl7_message
from devices.protocols.framing import Step, StepDecoder, error, skip
from devices.protocols.hl7_message import Message

_START, _END = 0x0B, 0x1C
_LONGEST = 65_536
_CHARACTER_SET = 18


def message_of(raw: bytes, encoding: str = "") -> Message | None:
    """Return the message in these bytes: by MSH-18, the site's encoding or a guess."""
    head = hl7_message.parse(raw.decode("latin-1"))
    if head is None:
        return None
    declared = head.plain(head.head.of(_CHARACTER_SET))
    return hl7_message.parse(character_sets.decode(raw, declared, encoding))


def measured(event: Event) -> None:
    """Return None: without a site's map no test code has a meaning, see `devices.sessions`."""


def _take(buffer: bytearray) -> Step | None:
    if buffer[0] != _START:
        return skip(1)
    end = buffer.find(_END, 1, _LONGEST)
    restart = buffer.find(_START, 1, end if end > 0 else _LONGEST)
    if restart > 0:
        return Step(restart, (error("short_frame"),))
    if end < 0:
        return None if len(buffer) < _LONGEST else Step(1, (error("bad_length"),))
    return Step(end + 1, (_message(bytes(buffer[1:end])),))


def _message(raw: bytes) -> Event:
    message = message_of(raw)
    if message is None:
        return error("malformed", reply="AR")
    fields = {
        "type": message.type,
        "id": message.id,
        "results": tuple(_row(message, row.fields) for row in _results(message)),
        "reply": "AA",
    }
    return Event("message", fields, raw=raw)


def _results(message: Message) -> list[hl7_message.Segment]:
    return [segment for segment in message.segments if segment.name == "OBX"]


def _row(message: Message, fields: tuple[str, ...]) -> dict[str, str]:
    segment = hl7_message.Segment("OBX", fields)
    numbers = {"test": 3, "value": 5, "unit": 6, "flags": 8, "status": 11, "time": 14}
    return {name: message.plain(segment.of(number)) for name, number in numbers.items()}


PROTOCOL = SerialProtocol(
    name="hl7_mllp",
    title="Laboratory analysers, HL7 v2 over MLLP",
    lines=(LineSettings(9600), LineSettings(115200)),
    decoder=lambda: StepDecoder(_take),
    measured=measured,
)
