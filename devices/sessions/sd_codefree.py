"""Session with an SD CodeFree: answers the meter's challenge, then reads its new records.

Fetching moves the meter on, so a record that came broken is not asked for again: it comes with the
next connection.
"""

from __future__ import annotations

from devices.driver import Event, Turn
from devices.protocols import sd_codefree as protocol
from devices.sessions.script import Ask, Rest, Script, ScriptedSession


def session() -> ScriptedSession:
    """Return a session."""
    return ScriptedSession(_play)


def _play() -> Script:
    while True:
        yield Rest(None, lambda event: _says(event, protocol.CHALLENGE))
        count = yield Ask(
            protocol.answer_challenge(),
            lambda event: event.name == "count",
            again=lambda event: _says(event, protocol.CHALLENGE),
        )
        yield Turn(state="connected")
        for _ in range(int(str(count.fields["n"])) if count else 0):
            record = yield Ask(protocol.fetch(), _is_record)
            found = protocol.measured(record) if record else None
            yield Turn(measured=(found,) if found else ())
        yield Ask(protocol.fetch(), lambda event: _says(event, protocol.GOODBYE))


def _is_record(event: Event) -> bool:
    return event.name in ("reading", "error")


def _says(event: Event, message: bytes) -> bool:
    return event.name == "packet" and event.fields["message"] == message.hex()
