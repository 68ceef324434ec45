"""Medlab/PAR NIBP2010, NIBP2020 UP, UN300C blood-pressure modules: serial.

4800 8N1, polled ASCII: `STX text ETX CR`, or FD and FE as delimiters when the oximeter option is
on; then binary packets `55 AA 07 ..` come between. Status frames end with the sum of their text as
two hexadecimal digits; live cuff pressures and the end mark have none. A status with an error may
still carry the pressures of the patient before: they are never read.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from devices.driver import Event, LineSettings, Question, SerialProtocol
from devices.protocols.framing import Step, StepDecoder, error, skip, sum8
from devices.protocols.observations import oximetry, pressure
from edge.model.reading import Measured

_PAIRS = {0x02: 0x03, 0xFD: 0xFE}
_LONGEST = 64
_SPO2_START, _SPO2_LENGTH = b"\x55\xaa", 7
_NO_SPO2, _NO_PULSE, _NO_FINGER = 0x7F, 0xFF, 0x02

_LIVE = re.compile(r"(\d{3})C\dS\d")
_END = "999"
_STATUS = re.compile(
    r"S(?P<state>.);A(?P<mode>.);C(?P<cycle>..);M(?P<message>..);"
    r"P(?P<sys>.{3})(?P<dia>.{3})(?P<map>.{3});R(?P<pulse>.{3});T(?P<next>.{4});;"
)
_FINE = frozenset({"00", "03"})
_FAILED = "2"

START, MANUAL_MODE, STATUS, RESET = "01", "03", "18", "16"
_ALLOWED = frozenset({START, MANUAL_MODE, STATUS, RESET})


def command(code: str) -> bytes:
    """Return a command; `START` inflates a cuff, only on a person's action."""
    if code not in _ALLOWED:
        raise ValueError(f"no command that a box sends: {code}")
    text = f"{code};;".encode("ascii")
    return b"\x02" + text + f"{sum8(text):02X}".encode("ascii") + b"\x03"


def measured(event: Event) -> Measured | None:
    """Return the pressures of a result, or one oximeter sample."""
    if event.name != "reading":
        return None
    return pressure(event.fields) if "sys" in event.fields else oximetry(event.fields)


def _take(buffer: bytearray) -> Step | None:
    if buffer[: len(_SPO2_START)] == _SPO2_START[: len(buffer)]:
        return _take_spo2(buffer)
    return _take_text(buffer, _understand)


def _take_command(buffer: bytearray) -> Step | None:
    return _take_text(buffer, _understand_command)


def _take_text(buffer: bytearray, understand: Callable[[str], Event]) -> Step | None:
    end_mark = _PAIRS.get(buffer[0])
    if end_mark is None:
        return skip(1)
    for at in range(1, min(len(buffer), _LONGEST)):
        if buffer[at] == end_mark:
            event = understand(buffer[1:at].decode("latin-1"))
            # One byte only: the header of a whole frame may lie inside a broken one.
            return Step(1 if event.name == "error" and _broken(event) else at + 1, (event,))
        if not 0x20 <= buffer[at] < 0x7F:
            return Step(at, (error("short_frame"),))
    return None if len(buffer) < _LONGEST else Step(1, (error("malformed"),))


def _broken(event: Event) -> bool:
    return event.fields["kind"] in ("bad_checksum", "malformed")


def _understand(text: str) -> Event:
    if text == _END:
        return Event("measurement_end")
    live = _LIVE.fullmatch(text)
    if live:
        return Event("cuff", {"pressure": int(live[1])})
    status = _STATUS.fullmatch(text[:-2])
    if status is None:
        return error("malformed")
    if not _checked(text):
        return error("bad_checksum")
    return _status(status)


def _understand_command(text: str) -> Event:
    match = re.fullmatch(r"(\d\d);;[0-9A-F]{2}", text)
    if match is None:
        return error("malformed")
    return Event("command", {"code": match[1]}) if _checked(text) else error("bad_checksum")


def _checked(text: str) -> bool:
    return f"{sum8(text[:-2].encode('latin-1')):02X}" == text[-2:]


def _status(match: re.Match[str]) -> Event:
    if match["message"] not in _FINE or match["state"] == _FAILED:
        return error("device_error", code=match["message"])
    names = ("sys", "dia", "map", "pulse")
    vitals = {name: int(match[name]) if match[name].isdigit() else None for name in names}
    if vitals["sys"] is None:
        return Event("status", {"state": match["state"], "code": match["message"]})
    return Event("reading", vitals)


def _take_spo2(buffer: bytearray) -> Step | None:
    if len(buffer) < len(_SPO2_START) + 1:
        return None
    if buffer[2] != _SPO2_LENGTH:
        return Step(1, (error("bad_length"),))
    if len(buffer) < len(_SPO2_START) + _SPO2_LENGTH:
        return None
    packet = bytes(buffer[2 : 2 + _SPO2_LENGTH])
    if sum8(packet[:-1]) != packet[-1]:
        return Step(1, (error("bad_checksum"),))
    status, spo2, pulse = packet[2], packet[3], packet[4]
    fields = {
        "spo2": None if spo2 == _NO_SPO2 else spo2,
        "pulse": None if pulse == _NO_PULSE else pulse,
        "status": status,
        "no_finger": bool(status & _NO_FINGER),
    }
    return Step(len(_SPO2_START) + _SPO2_LENGTH, (Event("reading", fields),))


PROTOCOL = SerialProtocol(
    name="medlab_nibp2020",
    title="Medlab NIBP2010/2020 blood-pressure module",
    lines=(LineSettings(4800),),
    decoder=lambda: StepDecoder(_take),
    measured=measured,
    explain=lambda: StepDecoder(_take_command),
)


def _is_answer(event: Event) -> bool:
    device_error = event.name == "error" and event.fields["kind"] == "device_error"
    return event.name in ("status", "reading") or device_error


QUESTION = Question(
    order=3,
    line=LineSettings(4800),
    write=command(STATUS),
    wanted=_is_answer,
    words="the question for its status",
)
