"""Omron HBP-9030, HBP-9031C, HBP-9020: arm-in blood-pressure kiosks, USB CDC or serial.

9600 or 2400 8N1 (USB: any). One line when done, no checksum: a strict grammar is the only defence.
Format 5 has the order SYS, DIA, PR; lines that begin with "bp," have SYS, MAP, DIA, PR, and reading
one as the other gives a plausible wrong number. Other formats are malformed. The 20-byte ID may
name a patient: it is decoded for the person at the device and never becomes part of a reading.
"""

from __future__ import annotations

import re

from devices.driver import Event, LineSettings, SerialProtocol
from devices.protocols.framing import StepDecoder, error, lines, wall_clock
from devices.protocols.observations import UNCHECKED, pressure
from edge.model.reading import Measurement

_LONGEST = 128

_FORMAT_5 = re.compile(
    r"(?P<time>\d{4},\d\d,\d\d,\d\d,\d\d),(?P<id>[^,]{20}),(?P<error>\d),"
    r"(?P<sys>\d{3}|   ),(?P<dia>\d{3}|   ),(?P<pulse>\d{3}|   ),(?P<movement>\d)"
)
_PREFIXED = re.compile(
    r"bp,(?P<id>[^,]{20}),(?P<time>\d{4}/\d\d/\d\d,\d\d:\d\d),"
    r"(?P<sys>\d{3}),(?P<map>\d{3}),(?P<dia>\d{3}),(?P<pulse>\d{3}),(?P<tail>\d)"
)
_RANGES = {"sys": (60, 260), "dia": (30, 215), "pulse": (40, 180)}
"""What the kiosk can measure: mmHg, mmHg, /min."""


def measured(event: Event) -> Measurement | None:
    """Return the pressures of a result, to be compared with the kiosk's display."""
    if event.name != "reading":
        return None
    moved = bool(event.fields.get("movement"))
    return pressure(event.fields, ("body_movement", UNCHECKED) if moved else (UNCHECKED,))


def _understand(line: str) -> tuple[Event, ...]:
    match = _PREFIXED.fullmatch(line)
    if match:
        return (_prefixed(match),)
    match = _FORMAT_5.fullmatch(line)
    return (_format_5(match),) if match else (error("malformed"),)


def _format_5(match: re.Match[str]) -> Event:
    time = wall_clock(match["time"], "%Y,%m,%d,%H,%M")
    if time is None:
        return error("invalid_timestamp")
    if match["error"] != "0":
        return error("device_error", code=match["error"], device_time=time)
    if not (match["sys"] + match["dia"] + match["pulse"]).isdigit():
        return error("malformed")
    vitals = {name: int(match[name]) for name in ("sys", "dia", "pulse")}
    extra = {"movement": int(match["movement"])}
    return _reading({**vitals, **extra}, {"subject_id": match["id"], "device_time": time})


def _prefixed(match: re.Match[str]) -> Event:
    time = wall_clock(match["time"], "%Y/%m/%d,%H:%M")
    if time is None:
        return error("invalid_timestamp")
    vitals = {name: int(match[name]) for name in ("sys", "map", "dia", "pulse")}
    return _reading(vitals, {"tail": match["tail"], "subject_id": match["id"], "device_time": time})


def _reading(vitals: dict[str, int], rest: dict[str, object]) -> Event:
    possible = all(low <= vitals[name] <= high for name, (low, high) in _RANGES.items())
    if not possible or vitals["dia"] >= vitals["sys"]:
        return error("out_of_range")
    return Event("reading", {**vitals, **rest})


PROTOCOL = SerialProtocol(
    name="omron_hbp",
    title="Omron HBP-9030/9020 blood-pressure kiosk",
    lines=(LineSettings(9600), LineSettings(2400)),
    decoder=lambda: StepDecoder(lines(_understand, _LONGEST)),
    measured=measured,
)
