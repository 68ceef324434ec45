"""Abbott FreeStyle Optium, Optium Xceed: blood glucose and ketone, serial.

19200 8N1, never software flow control, polled: `$xmem CR LF` dumps the memory as text: serial
number, version, clock, count, records, then `0xSSSS  END`, the sum of all bytes before it. Glucose
is mg/dL whatever the meter displays; ketone is stored as mmol/L times 18, as if it were glucose.
"""

from __future__ import annotations

import re
from decimal import Decimal

from devices.driver import Event, LineSettings, SerialProtocol
from devices.protocols.framing import Step, StepDecoder, error, sum16, wall_clock
from devices.protocols.observations import device_time, glucose, ketone
from edge.model.reading import Measurement

DUMP = b"$xmem\r\n"

_LONGEST = 32_768
"""450 records of 36 bytes, twice."""

_END = b"END\r\n"
_SUM = re.compile(rb"0x([0-9A-F]{4})  END\r\n\Z")
_RECORD = re.compile(
    r"(?P<value>HI|LO|\d{3}) {1,3}(?P<month>[A-Z][a-z]{2})[a-z]? {1,2}(?P<day>\d\d) "
    r"(?P<year>\d{4}) (?P<time>\d\d:\d\d) (?P<type>[GK]) 0x[0-9A-F]{2}"
)
_HEADER_LINES = 4
_KETONE_STEPS = 18
"""8 is shown as 0.4 mmol/L, verified on a device (tidepool uploader 62 and 63)."""
_HIGHEST_KETONE = Decimal(8)
"""mmol/L; above it the meter shows HI (FreeStyle Optium user guide)."""
_NAMES = {"G": "glucose_mgdl", "K": "ketone_raw"}


def measured(event: Event) -> Measurement | None:
    """Return a stored glucose or ketone."""
    if event.name != "reading":
        return None
    raw = event.fields.get("ketone_raw")
    if raw is None:
        return glucose(event.fields)
    time = device_time(event.fields)
    if raw == "HI":
        return ketone(_HIGHEST_KETONE, time, comparator=">")
    return ketone(Decimal(raw) / _KETONE_STEPS, time) if isinstance(raw, int) else None


def _take(buffer: bytearray) -> Step | None:
    end = buffer.find(_END, 0, _LONGEST)
    if end < 0:
        return _wait(buffer)
    whole = bytes(buffer[: end + len(_END)])
    match = _SUM.search(whole)
    if match is None:
        return Step(len(whole), (error("malformed"),))
    if sum16(whole[: match.start()]) != int(match[1], 16):
        return Step(len(whole), (error("bad_checksum"),))
    return Step(len(whole), _dump(whole[: match.start()].decode("latin-1")))


def _wait(buffer: bytearray) -> Step | None:
    """Wait for the end of the dump, but not for ever."""
    return Step(_LONGEST, (error("malformed"),)) if len(buffer) >= _LONGEST else None


def _dump(text: str) -> tuple[Event, ...]:
    lines = [line.strip() for line in text.split("\r\n") if line.strip()]
    if len(lines) < _HEADER_LINES or not lines[3].isdigit():
        return (error("malformed"),)
    records = [_record(line) for line in lines[_HEADER_LINES:]]
    return (_header(lines), *records)


def _header(lines: list[str]) -> Event:
    clock = re.sub(r" +", " ", lines[2])
    return Event(
        "header",
        {
            "serial": lines[0],
            "version": lines[1],
            "device_time": wall_clock(clock, "%b %d %Y %H:%M:%S"),
            "count": int(lines[3]),
        },
    )


def _record(line: str) -> Event:
    """June and July are written in full, with one letter more."""
    match = _RECORD.fullmatch(line)
    if match is None:
        return error("malformed")
    time = f"{match['month']} {match['day']} {match['year']} {match['time']}"
    value = match["value"]
    fields = {
        _NAMES[match["type"]]: int(value) if value.isdigit() else value,
        "device_time": wall_clock(time, "%b %d %Y %H:%M"),
    }
    return Event("reading", fields)


PROTOCOL = SerialProtocol(
    name="freestyle_optium",
    title="FreeStyle Optium glucose and ketone meter",
    lines=(LineSettings(19200),),
    decoder=lambda: StepDecoder(_take),
    measured=measured,
)
