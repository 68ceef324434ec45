"""Terumo ES-P2020 and BP-500 kiosks: `STX R1,id,yyMMdd,HHmmss,SYS,MAP,DIA,PR,.. ETX` and a byte.

Nobody published the rule of the byte after ETX; the only public frame shows "?", so does this one.
How an error looks is not known either.
"""

from __future__ import annotations

from datetime import datetime

from devices.driver import LineSettings
from devices.simulators.bodies import Body, Pressure
from devices.simulators.faults import Fault
from devices.simulators.wired.machine import LINE_FAULTS, Pusher

_NO_CARD = "0" * 9
_REST = "0000,0000,00000,000"


def result_frame(pressure: Pressure, when: datetime) -> bytes:
    """Return the frame of a result."""
    numbers = (pressure.systolic, pressure.mean, pressure.diastolic, pressure.pulse)
    vitals = ",".join(f"{int(number):03d}" for number in numbers)
    text = f"R1,{_NO_CARD},{when:%y%m%d,%H%M%S},{vitals},{_REST}"
    return b"\x02" + text.encode("ascii") + b"\x03?"


class EsP2020(Pusher):
    """The kiosk."""

    slug, model, protocol = "es-p2020", "ES-P2020", "terumo_bp500"
    settings = LineSettings(9600)
    faults = LINE_FAULTS | {Fault.WRONG_CLOCK}

    def encode(self, body: Body | None, when: datetime, moved: bool) -> bytes:
        """Return the result."""
        return result_frame(body.measure_pressure(), when) if body else b""
