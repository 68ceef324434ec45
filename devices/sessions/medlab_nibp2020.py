"""Session with a Medlab module: see `devices.sessions.cuff`.

No public source names a command that ends a running measurement, so it is ended by the module's
reset, after which its valves are open.
"""

from __future__ import annotations

from devices.driver import Event
from devices.protocols import medlab_nibp2020 as protocol
from devices.sessions.cuff import CuffEvent, CuffSession, Module

_NAMES = {"cuff": CuffEvent.PRESSURE, "measurement_end": CuffEvent.DONE}


def session() -> CuffSession:
    """Return a session; the module is never left in its automatic mode."""
    return CuffSession(
        Module(
            starts={"start-adult": protocol.command(protocol.START)},
            abort=protocol.command(protocol.RESET),
            cuff_event=_cuff_event,
            measured=protocol.measured,
            opening=protocol.command(protocol.MANUAL_MODE),
            poll=protocol.command(protocol.STATUS),
            poll_ms=5000,
            fetch=protocol.command(protocol.STATUS),
            sample=lambda event: "spo2" in event.fields,
        )
    )


def _cuff_event(event: Event) -> CuffEvent:
    if event.name == "reading":
        return CuffEvent.RESULT
    if event.name == "error":
        return CuffEvent.FAILED if event.fields["kind"] == "device_error" else CuffEvent.NOTHING
    return _NAMES.get(event.name, CuffEvent.NOTHING)
