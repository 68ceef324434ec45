"""Terumo ES-P2020, BP-500 blood-pressure kiosks, serial: 9600 8N1, experimental.

`STX R1,id,yyMMdd,HHmmss,SYS,MAP,DIA,PR,.. ETX` and one byte whose rule nobody published: it is
taken with the frame and not checked. The id may name a patient and never becomes part of a reading.
"""

from __future__ import annotations

import re

from devices.driver import Event, LineSettings, SerialProtocol
from devices.protocols.framing import Step, StepDecoder, error, skip, wall_clock
from devices.protocols.observations import UNCHECKED, pressure
from edge.model.reading import Measurement

_STX, _ETX = 0x02, 0x03
_LONGEST = 160
_TEXT = re.compile(
    r"R1,(?P<id>[^,]{1,20}),(?P<time>\d{6},\d{6}),"
    r"(?P<sys>\d{3}),(?P<map>\d{3}),(?P<dia>\d{3}),(?P<pulse>\d{3})(?:,.*)?"
)


def measured(event: Event) -> Measurement | None:
    """Return the pressures of a result, to be compared with the kiosk's display."""
    return pressure(event.fields, (UNCHECKED,)) if event.name == "reading" else None


def _take(buffer: bytearray) -> Step | None:
    if buffer[0] != _STX:
        return skip(1)
    for at in range(1, min(len(buffer), _LONGEST)):
        if buffer[at] == _STX:
            return Step(at, (error("short_frame"),))
        if buffer[at] == _ETX:
            if len(buffer) < at + 2:
                return None
            return Step(at + 2, (_understand(buffer[1:at].decode("latin-1")),))
    return None if len(buffer) < _LONGEST else Step(1, (error("malformed"),))


def _understand(text: str) -> Event:
    match = _TEXT.fullmatch(text)
    if match is None:
        return error("malformed")
    time = wall_clock(match["time"], "%y%m%d,%H%M%S")
    if time is None:
        return error("invalid_timestamp")
    vitals = {name: int(match[name]) for name in ("sys", "map", "dia", "pulse")}
    if vitals["dia"] >= vitals["sys"]:
        return error("out_of_range")
    return Event("reading", {**vitals, "subject_id": match["id"], "device_time": time})


PROTOCOL = SerialProtocol(
    name="terumo_bp500",
    title="Terumo ES-P2020 and BP-500 blood-pressure kiosks",
    lines=(LineSettings(9600),),
    decoder=lambda: StepDecoder(_take),
    measured=measured,
    experimental=True,
)
