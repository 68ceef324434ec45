"""Session with a OneTouch Ultra2: the whole memory, then the clock, once a connection.

While it hangs on the cable the meter does not measure, so there is nothing to read again until it
was away. A dump with a broken line is asked for a second time.
"""

from __future__ import annotations

from collections.abc import Generator
from datetime import datetime

from devices.driver import Event, Turn
from devices.protocols import onetouch_ultra2 as protocol
from devices.sessions.copies import Copies
from devices.sessions.script import Ask, NoAnswerError, Rest, Script, ScriptedSession

STILL_THERE_MS = 30_000
LINE_MS = 1500
DUMPS = 2


def session() -> ScriptedSession:
    """Return a session."""
    return ScriptedSession(_play)


def _play() -> Script:
    yield Ask(protocol.command("DM?"), _is_version, tries=2)
    yield Turn(state="connected")
    for _ in range(DUMPS):
        if (yield from _dump()):
            break
    clock = yield Ask(protocol.command("DMF"), lambda event: event.name == "clock")
    time = clock.fields["device_time"] if clock else None
    yield Turn(clock=time if isinstance(time, datetime) else None)
    while True:
        yield Rest(STILL_THERE_MS)
        yield Ask(protocol.command("DM?"), _is_version)


def _dump() -> Generator[Ask | Rest | Turn, Event | None, bool]:
    header = yield Ask(protocol.command("DMP"), lambda event: event.name == "header", wait_ms=2000)
    assert header is not None
    records, copies = int(str(header.fields["count"])), Copies()
    yield Turn(serial=str(header.fields["serial"]), held=records)
    whole = True
    for _ in range(records):
        try:
            line = yield Ask(b"", _is_line, wait_ms=LINE_MS, tries=1)
        except NoAnswerError:
            return False
        assert line is not None
        whole = whole and line.name == "reading"
        found = protocol.measured(line)
        control = protocol.control(line)
        yield Turn(
            measured=(copies.numbered(found),) if found else (),
            controls=(control,) if control is not None else (),
        )
    return whole


def _is_line(event: Event) -> bool:
    return event.name in ("reading", "error")


def _is_version(event: Event) -> bool:
    return event.name == "text" and str(event.fields["text"]).startswith("?")
