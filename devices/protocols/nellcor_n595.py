"""Nellcor N-595 pulse oximeter, serial: 9600 8N1, one text line every two seconds, no checksum.

`dd-MMM-yy HH:mm:ss  SpO2[*] BPM[*] PA  [codes]`; a star marks an alarm, headings repeat on every
page.
"""

from __future__ import annotations

import re

from devices.driver import Event, LineSettings, SerialProtocol
from devices.protocols.framing import StepDecoder, error, lines, wall_clock
from devices.protocols.observations import oximetry
from edge.model.reading import Measurement

_LONGEST = 160
_LINE = re.compile(
    r"(?P<time>\d\d-[A-Za-z]{3}-\d\d \d\d:\d\d:\d\d) +(?P<spo2>\d{1,3}|-+)(?P<low>\*?)"
    r" +(?P<pulse>\d{1,3}|-+)(?P<fast>\*?) +(?P<amplitude>\d{1,3}|-+)(?P<codes>(?: +[A-Z]{2})*) *"
)
_DATED = re.compile(r" *\d\d-[A-Za-z]{3}-\d\d")
_NO_READING = frozenset({"SD", "SO", "LP", "LM", "PS"})
"""Sensor disconnected or off, loss of pulse, pulse search."""
_DOUBTS = {"MO": "motion"}


def measured(event: Event) -> Measurement | None:
    """Return one sample; None while the sensor is off or there is no pulse."""
    codes = event.fields.get("status")
    if event.name != "reading" or not isinstance(codes, tuple):
        return None
    if _NO_READING.intersection(codes):
        return None
    return oximetry(event.fields, event.quality)


def aside(event: Event) -> bool:
    """Whether an event is no sample: the headings of a page."""
    return event.name == "text"


def _understand(line: str) -> tuple[Event, ...]:
    match = _LINE.fullmatch(line)
    if match is None:
        return (error("malformed") if _DATED.match(line) else Event("text"),)
    codes = tuple(match["codes"].split())
    fields = {
        **{name: _number(match[name]) for name in ("spo2", "pulse", "amplitude")},
        "status": codes,
        "alarm": bool(match["low"] or match["fast"]),
        "device_time": wall_clock(match["time"], "%d-%b-%y %H:%M:%S"),
    }
    doubts = tuple(_DOUBTS[code] for code in codes if code in _DOUBTS)
    return (Event("reading", fields, doubts),)


def _number(text: str) -> int | None:
    return int(text) if text.isdigit() else None


PROTOCOL = SerialProtocol(
    name="nellcor_n595",
    title="Nellcor N-595 pulse oximeter",
    lines=(LineSettings(9600),),
    decoder=lambda: StepDecoder(lines(_understand, _LONGEST)),
    measured=measured,
    streaming=True,
    aside=aside,
)
