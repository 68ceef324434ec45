"""HL7 v2 in MLLP, from analysers: serial or a serial server.

`0B message 1C 0D`, segments ended by CR. Only results with the status "final" count (OBX-11). The
event's `reply` is the acknowledgement code; `acknowledge` builds the message that carries it.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import cast

from devices.driver import Event, LineSettings, SerialProtocol
from devices.protocols import laboratory
from devices.protocols.framing import Step, StepDecoder, error, skip
from devices.protocols.laboratory import FINAL, Result, Test
from edge.model.reading import Measurement

_START, _END = 0x0B, b"\x1c\r"
_LONGEST = 65_536

_MESSAGE_TYPE, _MESSAGE_ID = 8, 9
_TEST, _VALUE, _UNIT, _FLAGS, _STATUS, _TIME = 3, 5, 6, 8, 11, 14


def acknowledge(message_id: str) -> bytes:
    """Return the message that tells the analyser that its message was taken."""
    text = f"MSH|^~\\&|||||||ACK|{message_id}|P|2.3\rMSA|AA|{message_id}\r"
    return bytes((_START,)) + text.encode("utf-8") + _END


def measured_with(event: Event, tests: Mapping[str, Test]) -> tuple[Measurement, ...]:
    """Return the readings of a message, by the site's map of test codes."""
    if event.name != "message":
        return ()
    rows = cast("tuple[Mapping[str, str], ...]", event.fields["results"])
    found = [laboratory.measured(_result(row), tests) for row in rows]
    return tuple(reading for reading in found if reading is not None)


def measured(event: Event) -> None:
    """Return None: without a site's map no test code has a meaning, see `measured_with`."""


def _result(row: Mapping[str, str]) -> Result:
    time = laboratory.clock(row["time"])
    return Result(row["test"], row["value"], row["unit"], row["status"], time, row["flags"])


def _take(buffer: bytearray) -> Step | None:
    if buffer[0] != _START:
        return skip(1)
    end = buffer.find(_END, 1, _LONGEST)
    restart = buffer.find(_START, 1, end if end > 0 else _LONGEST)
    if restart > 0:
        return Step(restart, (error("short_frame"),))
    if end < 0:
        return None if len(buffer) < _LONGEST else Step(1, (error("bad_length"),))
    return Step(end + len(_END), (_message(buffer[1:end].decode("utf-8", "replace")),))


def _message(text: str) -> Event:
    segments = [segment for segment in text.replace("\n", "\r").split("\r") if segment]
    if not segments or not segments[0].startswith("MSH") or len(segments[0]) < 8:
        return error("malformed", reply="AR")
    separator = segments[0][3]
    head = _padded(segments[0].split(separator), _MESSAGE_ID)
    rows = [segment.split(separator) for segment in segments if segment.startswith("OBX")]
    results = [_row(_padded(row, _TIME)) for row in rows]
    fields = {
        "type": head[_MESSAGE_TYPE],
        "id": head[_MESSAGE_ID],
        "results": tuple(row for row in results if row["status"] == FINAL),
        "reply": "AA",
    }
    return Event("message", fields)


def _row(row: list[str]) -> dict[str, str]:
    return {
        "test": row[_TEST],
        "value": row[_VALUE],
        "unit": row[_UNIT],
        "flags": row[_FLAGS],
        "status": row[_STATUS],
        "time": row[_TIME],
    }


def _padded(fields: list[str], last: int) -> list[str]:
    """MSH-1 is the separator itself, so MSH-n stands at n-1 and OBX-n at n."""
    return fields + [""] * (last + 1 - len(fields))


PROTOCOL = SerialProtocol(
    name="hl7_mllp",
    title="Laboratory analysers, HL7 v2 over MLLP",
    lines=(LineSettings(9600), LineSettings(115200)),
    decoder=lambda: StepDecoder(_take),
    measured=measured,
)
