"""Omron HBP-9030 and HBP-9020 kiosks: one line of text when the cuff is done, no checksum.

The HBP-9030 sends format 5, `YYYY,MM,DD,HH,mm,ID(20),error,SYS,DIA,PR,movement`; the HBP-9020 sends
`bp,ID(20),YYYY/MM/DD,HH:mm,SYS,MAP,DIA,PR,n`. A failed measurement of the first shows its error
code and may still show the numbers of the person before; how the second fails is not known.
"""

from __future__ import annotations

from datetime import datetime

from devices.driver import LineSettings
from devices.simulators.bodies import Body, Pressure
from devices.simulators.faults import Fault
from devices.simulators.wired.machine import LINE_FAULTS, PUSH_FAULTS, Pusher

NO_CARD = "0" * 20
"""The ID of somebody who showed no card."""

_ERROR = 7
_RANGES = ((60, 260), (30, 215), (40, 180))
"""What the kiosks can measure: systolic, diastolic in mmHg, pulse in /min."""


def format_5(
    pressure: Pressure | None,
    when: datetime,
    error: int = 0,
    movement: int = 0,
    subject: str = NO_CARD,
) -> bytes:
    """Return a line of format 5; without a pressure its fields are blank."""
    numbers = [" " * 3] * 3 if pressure is None else [f"{n:03d}" for n in _numbers(pressure)]
    fields = [when.strftime("%Y,%m,%d,%H,%M"), subject, str(error), *numbers, str(movement)]
    return ",".join(fields).encode("ascii") + b"\r\n"


def prefixed(pressure: Pressure, when: datetime, subject: str = NO_CARD) -> bytes:
    """Return a line that begins with "bp,"; the mean stands before the diastolic pressure."""
    systolic, diastolic, pulse = _numbers(pressure)
    vitals = f"{systolic:03d},{int(pressure.mean):03d},{diastolic:03d},{pulse:03d}"
    return f"bp,{subject},{when:%Y/%m/%d,%H:%M},{vitals},3\r\n".encode("ascii")


class Hbp9030(Pusher):
    """The kiosk with format 5, on USB or serial."""

    slug, model, protocol = "hbp-9030", "HBP-9030", "omron_hbp"
    settings = LineSettings(9600)
    faults = PUSH_FAULTS | {Fault.WRONG_CLOCK, Fault.MOTION}
    _last: Pressure | None = None

    def encode(self, body: Body | None, when: datetime, moved: bool) -> bytes:
        """Return a result, or an error beside the numbers of the last person."""
        pressure = body.measure_pressure() if body else None
        if pressure is None or not _measurable(pressure):
            return format_5(self._last, when, error=_ERROR)
        self._last = pressure
        return format_5(pressure, when, movement=int(moved))


class Hbp9020(Pusher):
    """The older kiosk, with the other order of columns."""

    slug, model, protocol = "hbp-9020", "HBP-9020", "omron_hbp"
    settings = LineSettings(2400)
    faults = LINE_FAULTS | {Fault.WRONG_CLOCK}

    def encode(self, body: Body | None, when: datetime, moved: bool) -> bytes:
        """Return a result; nothing is sent for what the kiosk cannot measure."""
        pressure = body.measure_pressure() if body else None
        if pressure is None or not _measurable(pressure):
            return b""
        return prefixed(pressure, when)


def _numbers(pressure: Pressure) -> tuple[int, int, int]:
    return int(pressure.systolic), int(pressure.diastolic), int(pressure.pulse)


def _measurable(pressure: Pressure) -> bool:
    pairs = zip(_numbers(pressure), _RANGES, strict=True)
    return all(low <= number <= high for number, (low, high) in pairs)
