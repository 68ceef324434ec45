"""Session with a SunTech module: see `devices.sessions.cuff`."""

from __future__ import annotations

from devices.driver import Event
from devices.protocols import suntech_nibp as protocol
from devices.sessions.cuff import CuffEvent, CuffSession, Module

_ACKS = {
    "K": CuffEvent.DONE,
    "A": CuffEvent.ABORTED,
    "B": CuffEvent.BUSY,
    "E": CuffEvent.REFUSED,
    "N": CuffEvent.REFUSED,
}
"""What else a module may answer (received, sleep) changes nothing."""

_NAMES = {"cuff": CuffEvent.PRESSURE, "reading": CuffEvent.RESULT}


def session() -> CuffSession:
    """Return a session."""
    return CuffSession(
        Module(
            starts={
                "start-adult": protocol.start("adult"),
                "start-child": protocol.start("pediatric"),
                "start-newborn": protocol.start("neonate"),
            },
            abort=protocol.abort(),
            cuff_event=_cuff_event,
            measured=protocol.measured,
            poll=protocol.ask_cuff(),
            watch=protocol.ask_cuff(),
            fetch=protocol.ask_result(),
        )
    )


def _cuff_event(event: Event) -> CuffEvent:
    if event.name == "ack":
        return _ACKS.get(str(event.fields["code"]), CuffEvent.NOTHING)
    if event.name == "error":
        return CuffEvent.FAILED if event.fields["kind"] == "device_error" else CuffEvent.NOTHING
    return _NAMES.get(event.name, CuffEvent.NOTHING)
