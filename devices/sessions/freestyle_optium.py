"""Session with a FreeStyle Optium: its whole memory as one text, then a pause.

The dump carries one sum for everything, so a broken one gives nothing and is asked for again.
"""

from __future__ import annotations

from datetime import datetime

from devices.driver import Event, Turn
from devices.protocols import freestyle_optium as protocol
from devices.sessions.copies import Copies
from devices.sessions.script import Ask, Rest, Script, ScriptedSession

DUMP_MS = 12_000
"""450 records at 19200 baud take nine seconds."""

LOOK_AGAIN_MS = 120_000


def session() -> ScriptedSession:
    """Return a session."""
    return ScriptedSession(_play)


def _play() -> Script:
    while True:
        header = yield Ask(protocol.DUMP, _is_header, DUMP_MS, tries=1, again=_is_broken)
        assert header is not None
        time = header.fields["device_time"]
        clock = time if isinstance(time, datetime) else None
        records, copies = int(str(header.fields["count"])), Copies()
        serial = str(header.fields["serial"])
        yield Turn(state="connected", clock=clock, serial=serial, held=records)
        for _ in range(records):
            record = yield Ask(b"", lambda event: event.name in ("reading", "error"), tries=1)
            found = protocol.measured(record) if record else None
            yield Turn(measured=(copies.numbered(found),) if found else ())
        yield Rest(LOOK_AGAIN_MS)


def _is_header(event: Event) -> bool:
    return event.name == "header"


def _is_broken(event: Event) -> bool:
    return event.name == "error"
