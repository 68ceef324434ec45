"""LifeScan OneTouch Ultra2: blood glucose, serial.

9600 8N1, polled: `11 0D command 0D`. Every reply line ends with a blank and the sum of its bytes as
four hexadecimal digits. Values are always mg/dL; `C` marks control solution. The meter's year has
two digits. `DMZ` erases its memory and is not among the commands here.
"""

from __future__ import annotations

import re

from devices.driver import Event, LineSettings, Question, SerialProtocol
from devices.protocols.framing import (
    Step,
    StepDecoder,
    error,
    lines,
    skip,
    sum16,
    wall_clock,
)
from devices.protocols.observations import glucose
from edge.model.reading import Measurement

COMMANDS = frozenset({"DM?", "DM@", "DMF", "DMSU?", "DMP"})
"""Version, serial number, clock, unit, memory dump."""

_WAKE = b"\x11\r"
_LONGEST = 128
_COMMAND_LONGEST = 40
_CHECKED = re.compile(r"(?P<text>.+) (?P<sum>[0-9A-F]{4})")
_TIME = r'"[A-Z]{3}","(?P<date>\d\d/\d\d/\d\d)","(?P<time>\d\d:\d\d:\d\d) *"'
_CLOCK = re.compile("[FT] " + _TIME)
_HEADER = re.compile(r'P (?P<count>\d{3}),"(?P<serial>[0-9A-Z]*)","(?P<unit>[^"]*)"')
_RECORD = re.compile(
    "P " + _TIME + r',"(?P<control>[C ]) *(?P<value>\d{1,3}|HI|LO)[A-Z]{0,2}(?P<parity>[? ]?) *",'
    r'"(?P<meal>[NBA])","(?P<comment>\d\d)", ?\d\d'
)
_MEALS = {"B": "before_meal", "A": "after_meal"}


def command(code: str) -> bytes:
    """Return the bytes of a command of `COMMANDS`."""
    if code not in COMMANDS:
        raise ValueError(f"no command that a box sends: {code}")
    return _WAKE + code.encode("ascii") + b"\r"


def measured(event: Event) -> Measurement | None:
    """Return a stored glucose value; None for control solution."""
    if event.name != "reading" or event.fields["control"]:
        return None
    return glucose(event.fields, event.quality)


def control(event: Event) -> Measurement | None:
    """Return a value of control solution; None for blood."""
    if event.name != "reading" or not event.fields["control"]:
        return None
    return glucose(event.fields, event.quality)


def _understand(line: str) -> tuple[Event, ...]:
    match = _CHECKED.fullmatch(line)
    if match is None:
        return (error("malformed"),)
    if sum16(match["text"].encode("latin-1")) != int(match["sum"], 16):
        return (error("bad_checksum"),)
    return (_reply(match["text"]),)


def _reply(text: str) -> Event:
    record = _RECORD.fullmatch(text)
    if record:
        return _record(record)
    header = _HEADER.fullmatch(text)
    if header:
        fields = {"serial": header["serial"], "unit": header["unit"].strip()}
        return Event("header", {"count": int(header["count"]), **fields})
    clock = _CLOCK.fullmatch(text)
    if clock:
        return Event("clock", {"device_time": _clock(clock)})
    return Event("text", {"text": text})


def _record(match: re.Match[str]) -> Event:
    value = match["value"]
    fields = {
        "glucose_mgdl": int(value) if value.isdigit() else value,
        "control": match["control"] == "C",
        "meal": match["meal"],
        "device_time": _clock(match),
    }
    doubts = ("parity_error",) if match["parity"] == "?" else ()
    meal = _MEALS.get(match["meal"])
    return Event("reading", fields, doubts + ((meal,) if meal else ()))


def _clock(match: re.Match[str]) -> object:
    return wall_clock(f"{match['date']} {match['time']}", "%m/%d/%y %H:%M:%S")


def _take_command(buffer: bytearray) -> Step | None:
    if buffer[: len(_WAKE)] != _WAKE[: len(buffer)]:
        return skip(1)
    end = buffer.find(b"\r", len(_WAKE), _COMMAND_LONGEST)
    if end < 0:
        return None if len(buffer) < _COMMAND_LONGEST else Step(1, (error("malformed"),))
    code = buffer[len(_WAKE) : end].decode("latin-1")
    return Step(end + 1, (Event("command", {"code": code}),))


PROTOCOL = SerialProtocol(
    name="onetouch_ultra2",
    title="OneTouch Ultra2 glucose meter",
    lines=(LineSettings(9600),),
    decoder=lambda: StepDecoder(lines(_understand, _LONGEST)),
    measured=measured,
    control=control,
    explain=lambda: StepDecoder(_take_command),
)

QUESTION = Question(
    order=5,
    line=LineSettings(9600),
    write=command("DM?"),
    wanted=lambda event: event.name == "text" and str(event.fields["text"]).startswith("?"),
    words="the question for its version",
    tries=2,
)
