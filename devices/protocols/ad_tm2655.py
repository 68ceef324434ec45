"""A&D TM-2655, TM-2655P, TM-2657, TM-2657P: arm-in blood-pressure kiosks, serial.

8N1, usually 2400 baud (1200 to 9600 by function F07). The kiosk pushes one frame when it is done:
SYN SYN SOH "00" STX, fields ended by RS, ETX, and one byte after ETX: the exclusive or of SOH to
ETX. Commands have the same frame with two letters. Times are the kiosk's own clock, to the minute.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from devices.driver import Event, LineSettings, SerialProtocol
from devices.protocols.framing import Step, StepDecoder, error, skip, wall_clock, xor8
from devices.protocols.observations import pressure
from edge.model.reading import Measurement

_SYN, _ETX, _RS = 0x16, 0x03, "\x1e"
_RESTART = b"\x16\x16\x01"
_ADDRESS = b"\x16\x16\x0100"
_SHORT = {0x06: Event("ack"), 0x15: Event("nak")}
_STX = 0x02
_TEXT_AT = 6
_TEXT_LIMIT = 1024
"""A pulse envelope of 99 points needs 800 bytes."""

_TAG, _ERROR = 2, 4
_VITALS = ((5, "S", "sys"), (6, "M", "map"), (7, "D", "dia"), (8, "P", "pulse"))
_POINTS_AT = 4

COMMANDS = frozenset({"ST", "SP", "RB", "RP"})
"""Start (inflates a cuff: only on a person's action), stop, last result, pulse envelope."""


def command(code: str) -> bytes:
    """Return the frame of a command of `COMMANDS`."""
    if code not in COMMANDS:
        raise ValueError(f"no command of this kiosk: {code}")
    body = b"\x0100\x02" + code.encode("ascii") + bytes((_ETX,))
    return bytes((_SYN, _SYN)) + body + bytes((xor8(body),))


def measured(event: Event) -> Measurement | None:
    """Return the pressures and pulse of a result; None for everything else."""
    return pressure(event.fields, event.quality) if event.name == "reading" else None


def _take(buffer: bytearray) -> Step | None:
    return _take_frame(buffer, _result)


def _take_command(buffer: bytearray) -> Step | None:
    return _take_frame(buffer, _command)


PROTOCOL = SerialProtocol(
    name="ad_tm2655",
    title="A&D TM-2655/TM-2657 blood-pressure kiosk",
    lines=(LineSettings(2400), LineSettings(9600), LineSettings(4800), LineSettings(1200)),
    decoder=lambda: StepDecoder(_take),
    measured=measured,
    explain=lambda: StepDecoder(_take_command),
)


def _take_frame(buffer: bytearray, understand: Callable[[list[str]], Event]) -> Step | None:
    if buffer[: len(_ADDRESS)] != _ADDRESS[: len(buffer)]:
        nearest = buffer.find(_SYN, 1)
        return skip(nearest if nearest > 0 else len(buffer))
    if len(buffer) <= len(_ADDRESS):
        return None
    kind = buffer[len(_ADDRESS)]
    if kind in _SHORT:
        return Step(_TEXT_AT, (_SHORT[kind],))
    if kind != _STX:
        return skip(1)
    return _take_text(buffer, understand)


def _take_text(buffer: bytearray, understand: Callable[[list[str]], Event]) -> Step | None:
    end = buffer.find(_ETX, _TEXT_AT, _TEXT_LIMIT)
    restart = buffer.find(_RESTART, _TEXT_AT, end if end > 0 else _TEXT_LIMIT)
    if restart > 0:
        return Step(restart, (error("short_frame"),))
    if end < 0:
        return None if len(buffer) < _TEXT_LIMIT else Step(1, (error("malformed"),))
    if len(buffer) <= end + 1:
        return None  # readers that stop at ETX leave the check byte for the next frame
    if xor8(buffer[2 : end + 1]) != buffer[end + 1]:
        return Step(1, (error("bad_checksum"),))
    text = buffer[_TEXT_AT:end].decode("latin-1")
    return Step(end + 2, (understand(text.split(_RS)),))


def _command(fields: list[str]) -> Event:
    return Event("command", {"code": fields[0]}) if len(fields) == 1 else error("malformed")


def _result(fields: list[str]) -> Event:
    """Read by position: two fields start with M, and P, D come again in lower case."""
    tag = fields[_TAG] if len(fields) > _TAG else ""
    if tag == "RP":
        return _envelope(fields)
    if tag not in ("RA", "RB") or len(fields) <= _VITALS[-1][0]:
        return error("malformed")
    code = re.fullmatch(r"E\d\d", fields[_ERROR])
    if code is None:
        return error("malformed")
    if code[0] != "E00":
        return error("device_error", code=code[0])
    vitals = _vitals(fields)
    if vitals is None:
        return error("malformed")
    head = {"model": fields[0].strip(), "device_time": wall_clock(fields[1], "%y%m%d%H%M")}
    return Event("reading", {**head, **vitals}, _quality(fields))


def _vitals(fields: list[str]) -> dict[str, int] | None:
    found: dict[str, int] = {}
    for index, letter, name in _VITALS:
        match = re.fullmatch(letter + r" {0,2}(\d{1,3})", fields[index])
        if match is None:
            return None
        found[name] = int(match[1])
    return found


def _quality(fields: list[str]) -> tuple[str, ...]:
    """TM-2657 adds a count of irregular beats (i) and a movement flag (m)."""
    flags = (("m", "body_movement"), ("i", "irregular_pulse"))
    rest = fields[_VITALS[-1][0] + 1 :]
    return tuple(
        name
        for letter, name in flags
        if any(re.fullmatch(letter + r" *[1-9]\d*", field) for field in rest)
    )


def _envelope(fields: list[str]) -> Event:
    """Pairs of cuff pressure and pulse amplitude, mmHg and device units."""
    count = re.fullmatch(r"N *(\d{1,2})", fields[_POINTS_AT - 1]) if len(fields) > 3 else None
    pairs = [
        re.fullmatch(r" *(\d{1,3}), *(\d{1,3})", field) for field in fields[_POINTS_AT:] if field
    ]
    points = tuple((int(pair[1]), int(pair[2])) for pair in pairs if pair)
    if count is None or len(points) != len(pairs) or len(points) != int(count[1]):
        return error("malformed")
    return Event("envelope", {"count": len(points), "points": points})
