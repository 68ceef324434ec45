"""Session with an SD CodeFree: answers the meter's challenge, then reads its new records.

Fetching moves the meter on, so a record that came broken is not asked for again: it comes with the
next connection.
"""

from __future__ import annotations

from devices.driver import Event, Turn
from devices.protocols import sd_codefree as protocol
from devices.sessions.copies import Copies
from devices.sessions.script import Ask, Rest, Script, ScriptedSession


def session() -> ScriptedSession:
    """Return a session."""
    return ScriptedSession(_play)


def _play() -> Script:
    while True:
        yield Rest(None, lambda event: _is_message(event, protocol.CHALLENGE))
        count = yield Ask(
            protocol.answer_challenge(),
            lambda event: event.name == "count",
            again=lambda event: _is_message(event, protocol.CHALLENGE),
        )
        records, copies = int(str(count.fields["n"])) if count else 0, Copies()
        yield Turn(state="connected", held=records)
        for _ in range(records):
            record = yield Ask(protocol.fetch(), _is_record)
            found = protocol.measured(record) if record else None
            yield Turn(measured=(copies.numbered(found),) if found else ())
        yield Ask(protocol.fetch(), lambda event: _is_message(event, protocol.GOODBYE))


def _is_record(event: Event) -> bool:
    return event.name in ("reading", "error")


def _is_message(event: Event, message: bytes) -> bool:
    return event.name == "packet" and event.fields["message"] == message.hex()
