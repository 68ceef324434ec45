"""Masimo Rad-8 and Rad-87 set to ASCII-1: one line a second, sensor or not, no checksum.

EXC bits: 8 searching, 10 interference, 20 sensor off, 400 low signal, 800 running. ALARM bits: 2
SpO2 low, 10 active. The Rad-87 adds SPCO and SPMET, the older Rad-8 has neither them nor PI.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from devices.driver import LineSettings
from devices.simulators.bodies import Saturation
from devices.simulators.faults import Fault
from devices.simulators.wired.machine import STREAM_FAULTS, Phase, Streamer

_RUNNING = 0x800
_EXCEPTIONS = {
    Phase.PULSE: _RUNNING,
    Phase.SEARCHING: _RUNNING | 0x08,
    Phase.MOVING: _RUNNING | 0x400 | 0x10,
    Phase.OUT: 0x20,
}
_LOW_PERCENT = 90
_LOW, _ACTIVE = 0x02, 0x10


@dataclass(frozen=True, slots=True)
class State:
    """What an oximeter says about itself: serial number, exceptions, whether it knows PI."""

    serial: str = "0000056661"
    exceptions: int = _RUNNING
    rainbow: bool = True


def line(seen: Saturation | None, when: datetime, state: State) -> bytes:
    """Return one line; dashes where there is no value."""
    spo2 = "---" if seen is None else f"{int(seen.spo2):03d}"
    pulse = "---" if seen is None else f"{int(seen.pulse):03d}"
    index = "--.--" if seen is None else f"{seen.perfusion:05.2f}"
    low = seen is not None and seen.spo2 < _LOW_PERCENT
    extra = f" PI={index}% SPCO=--.-% SPMET=--.-%" if state.rainbow else ""
    text = (
        f"{when:%m/%d/%y %H:%M:%S} SN={state.serial} SPO2={spo2}% BPM={pulse}{extra}"
        f" DESAT=-- PIDELTA=+-- ALARM={(_LOW | _ACTIVE) * low:04X} EXC={state.exceptions:06X}\r\n"
    )
    return text.encode("ascii")


class Rad87(Streamer):
    """The newer oximeter."""

    slug, model, protocol = "rad-87", "Rad-87", "masimo_ascii1"
    settings = LineSettings(9600)
    faults = STREAM_FAULTS | {Fault.WRONG_CLOCK, Fault.MOTION, Fault.LOW_BATTERY}
    rainbow = True

    def sample(self, seen: Saturation | None, phase: Phase) -> bytes:
        """Return the line of a second."""
        state = State(exceptions=_EXCEPTIONS[phase], rainbow=self.rainbow)
        return line(seen, self.clock.now(), state)


class Rad8(Rad87):
    """The older oximeter."""

    slug, model = "rad-8", "Rad-8"
    rainbow = False
