"""Session with a Berry board: its oximeter streams, its cuff waits for a person.

See `devices.sessions.cuff`. The board sends its last pressure for as long as it likes, so only the
first result after the cuff's rise counts.
"""

from __future__ import annotations

from devices.driver import Event
from devices.protocols import berry_pm6750 as protocol
from devices.sessions.cuff import CuffEvent, CuffSession, Module


def session() -> CuffSession:
    """Return a session."""
    return CuffSession(
        Module(
            starts={"start-adult": protocol.start_pressure()},
            abort=protocol.stop_pressure(),
            cuff_event=_cuff_event,
            measured=protocol.measured,
            opening=protocol.enable_oximeter(),
            sample=lambda event: not protocol.aside(event),
        )
    )


def _cuff_event(event: Event) -> CuffEvent:
    if event.name == "cuff":
        return CuffEvent.PRESSURE
    if event.name == "reading" and "sys" in event.fields:
        return CuffEvent.RESULT
    if event.name == "error" and event.fields["kind"] == "device_error":
        return CuffEvent.FAILED
    return CuffEvent.NOTHING
