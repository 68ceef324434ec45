"""A&D UA-767PC, UA-851 home blood-pressure monitors, serial: experimental.

Ten hexadecimal characters: a state (80 is fine), systolic minus diastolic, diastolic, pulse, and a
byte that may be the mean. Line settings are not confirmed and there is no checksum.
"""

from __future__ import annotations

from devices.driver import Event, LineSettings, SerialProtocol
from devices.protocols.framing import Step, StepDecoder, error, skip
from devices.protocols.observations import UNCHECKED, pressure
from edge.model.reading import Measurement

_FRAME = 10
_DIGITS = frozenset(b"0123456789ABCDEF")
_FINE = 0x80


def measured(event: Event) -> Measurement | None:
    """Return the pressures of a result, to be compared with the monitor's display."""
    return pressure(event.fields, (UNCHECKED,)) if event.name == "reading" else None


def _take(buffer: bytearray) -> Step | None:
    if buffer[0] != ord("8"):
        return skip(1)
    for at in range(1, min(len(buffer), _FRAME)):
        if buffer[at] not in _DIGITS:
            return Step(at, (error("short_frame"),))
    if len(buffer) < _FRAME:
        return None
    return Step(_FRAME, (_understand(bytes.fromhex(buffer[:_FRAME].decode("ascii"))),))


def _understand(frame: bytes) -> Event:
    state, above, diastolic, pulse, unknown = frame
    if state != _FINE:
        return error("device_error", code=f"{state:02X}")
    fields = {"sys": above + diastolic, "dia": diastolic, "pulse": pulse, "unknown": unknown}
    return Event("reading", fields)


PROTOCOL = SerialProtocol(
    name="ad_ua767pc",
    title="A&D UA-767PC blood-pressure monitor",
    lines=(LineSettings(9600),),
    decoder=lambda: StepDecoder(_take),
    measured=measured,
    experimental=True,
)
