"""A&D UA-767PC home monitor: ten hexadecimal characters when the cuff is done.

State (80 fine), systolic minus diastolic, diastolic, pulse, and a byte that may be the mean. Line
settings and error frames are unconfirmed: one source, see the decoder.
"""

from __future__ import annotations

from datetime import datetime

from devices.driver import LineSettings
from devices.simulators.bodies import Body, Pressure
from devices.simulators.wired.machine import PUSH_FAULTS, Pusher

_FINE, _FAILED = 0x80, 0x81


def result_frame(pressure: Pressure | None) -> bytes:
    """Return a frame; without a pressure it has an error state and zeros."""
    if pressure is None:
        return bytes([_FAILED, 0, 0, 0, 0]).hex().upper().encode("ascii")
    above = int(pressure.systolic - pressure.diastolic)
    numbers = [_FINE, above, *map(int, (pressure.diastolic, pressure.pulse, pressure.mean))]
    return bytes(numbers).hex().upper().encode("ascii")


class Ua767Pc(Pusher):
    """The monitor."""

    slug, model, protocol = "ua-767pc", "UA-767PC", "ad_ua767pc"
    settings = LineSettings(9600)
    faults = PUSH_FAULTS

    def encode(self, body: Body | None, when: datetime, moved: bool) -> bytes:
        """Return a result or an error; it sends no time."""
        return result_frame(body.measure_pressure() if body else None)
