"""Nellcor N-595: a line of columns every two seconds, headings once a page, no checksum.

Codes: PS pulse search, SO sensor off, SL SpO2 low, PH pulse high, MO motion.
"""

from __future__ import annotations

from datetime import datetime

from devices.driver import LineSettings
from devices.simulators.bodies import Saturation
from devices.simulators.faults import Fault
from devices.simulators.wired.machine import STREAM_FAULTS, Phase, Streamer

HEADING = b"TIME  %SPO2  BPM  PA  Status\r\n"
LINES_A_PAGE = 25

_CODES = {Phase.PULSE: "", Phase.SEARCHING: "PS", Phase.MOVING: "MO", Phase.OUT: "SO"}
_LOW_PERCENT, _FAST = 90, 120
_AMPLITUDE_OF_A_PERCENT = 15
"""Pulse amplitude units that one percent of perfusion makes here; the real scale is not public."""


def line(seen: Saturation | None, when: datetime, codes: str = "") -> bytes:
    """Return one line; a star marks a value beyond its alarm limit."""
    low = seen is not None and seen.spo2 < _LOW_PERCENT
    fast = seen is not None and seen.pulse > _FAST
    spo2, pulse, height = ("---",) * 3 if seen is None else _columns(seen)
    columns = f"{spo2:>5}{'*' if low else ' '}{pulse:>5}{'*' if fast else ' '}{height:>5}"
    status = " ".join(code for code in ("PH" * fast, "SL" * low, codes) if code)
    text = f"{when:%d-%b-%y %H:%M:%S}{columns}{'   ' + status if status else ''}\r\n"
    return text.encode("ascii")


def _columns(seen: Saturation) -> tuple[str, str, str]:
    height = int(seen.perfusion * _AMPLITUDE_OF_A_PERCENT)
    return str(int(seen.spo2)), str(int(seen.pulse)), str(height)


class N595(Streamer):
    """The oximeter."""

    slug, model, protocol = "n-595", "N-595", "nellcor_n595"
    settings = LineSettings(9600)
    faults = STREAM_FAULTS | {Fault.WRONG_CLOCK, Fault.MOTION}
    period_s = 2.0
    _lines = 0

    def sample(self, seen: Saturation | None, phase: Phase) -> bytes:
        """Return the next line, at the top of a page with the headings before it."""
        heading = HEADING if self._lines % LINES_A_PAGE == 0 else b""
        self._lines += 1
        return heading + line(seen, self.clock.now(), _CODES[phase])
