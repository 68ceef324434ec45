"""Masimo ASCII-1: Rad-8, Rad-87, Radical-5, Radical-7 pulse oximeters, serial.

9600 8N1, one line each second, no checksum. Keys differ by firmware, so values are found by key
and never by position; dashes mean "no value".
"""

from __future__ import annotations

import re
from decimal import Decimal

from devices.driver import Event, LineSettings, SerialProtocol
from devices.protocols.framing import StepDecoder, error, lines, wall_clock
from devices.protocols.observations import oximetry
from edge.model.reading import Measurement

_LONGEST = 400
_LINE = re.compile(r"(\d\d/\d\d/\d\d \d\d:\d\d:\d\d) (.*)")
_PAIR = re.compile(r"([A-Z0-9]+)=(\S*)")
_PERCENT = re.compile(r"(\d{1,3})%")
_RATE = re.compile(r"\d{1,3}")
_INDEX = re.compile(r"(\d{1,2}\.\d{1,2})%")
_WORD = re.compile(r"[0-9A-F]{4,6}")
_DASHES = re.compile(r"[-.+]+%?")

_PROBE_OFF = 0x01 | 0x20
_NO_READING = _PROBE_OFF | 0x02 | 0x80
"""No sensor, sensor off, defective sensor, unrecognised sensor."""

_DOUBTS = (
    (0x04, "low_perfusion"),
    (0x08, "pulse_search"),
    (0x10, "sensor_interference"),
    (0x40, "ambient_light"),
    (0x400, "poor_signal"),
)


def measured(event: Event) -> Measurement | None:
    """Return one sample with its doubts; None without a usable sensor."""
    exceptions = event.fields.get("exc")
    if event.name != "reading" or not isinstance(exceptions, int) or exceptions & _NO_READING:
        return None
    return oximetry(event.fields, event.quality)


def _understand(line: str) -> tuple[Event, ...]:
    match = _LINE.fullmatch(line.strip(" "))
    if match is None:
        return (error("malformed"),)
    pairs: dict[str, str] = dict(_PAIR.findall(match[2]))
    exceptions, alarm = _word(pairs.get("EXC")), _word(pairs.get("ALARM"))
    vitals = _vitals(pairs)
    if vitals is None or exceptions is None or alarm is None or "SN" not in pairs:
        return (error("malformed"),)
    fields = {
        **vitals,
        "exc": exceptions,
        "alarm": alarm,
        "serial": pairs["SN"],
        "device_time": wall_clock(match[1], "%m/%d/%y %H:%M:%S"),
        "probe_off": bool(exceptions & _PROBE_OFF),
    }
    doubts = tuple(name for bit, name in _DOUBTS if exceptions & bit)
    return (Event("reading", fields, doubts),)


def _vitals(pairs: dict[str, str]) -> dict[str, object] | None:
    """Return the three values; None when one of them is neither a number nor dashes."""
    shapes = (("spo2", "SPO2", _PERCENT), ("pulse", "BPM", _RATE), ("pi", "PI", _INDEX))
    vitals: dict[str, object] = {}
    for name, key, shape in shapes:
        text = pairs.get(key, "-" if key == "PI" else "")
        match = shape.fullmatch(text)
        if match is None and not _DASHES.fullmatch(text):
            return None
        vitals[name] = _number(match) if match else None
    return vitals


def _number(match: re.Match[str]) -> int | Decimal:
    text = match[1] if match.re.groups else match[0]
    return Decimal(text) if "." in text else int(text)


def _word(text: str | None) -> int | None:
    return int(text, 16) if text and _WORD.fullmatch(text) else None


PROTOCOL = SerialProtocol(
    name="masimo_ascii1",
    title="Masimo Rad and Radical pulse oximeters, ASCII-1",
    lines=(LineSettings(9600),),
    decoder=lambda: StepDecoder(lines(_understand, _LONGEST)),
    measured=measured,
    streaming=True,
)
