"""An A&D scale with the "standard format": `ST,+00065.40 kg`, no checksum.

While the person is still moving it prints unstable weights, then one stable one. `Q` asks for the
present weight. Too heavy is "OL" with a number of nines. Delivered as 2400 7E1.
"""

from __future__ import annotations

import asyncio
from datetime import datetime
from decimal import Decimal

from devices.driver import LineSettings
from devices.simulators.bodies import Body
from devices.simulators.faults import Fault
from devices.simulators.wired.machine import PUSH_FAULTS, Pusher

_STEPS = (Decimal("0.3"), Decimal("0.8"), Decimal("1.04"), Decimal("0.99"))
"""How the shown weight climbs, swings over and settles."""
_ZERO = Decimal("0.00")
_ASK = b"Q\r\n"
_INPUT_LIMIT = 16


def line(state: str, weight: Decimal, unit: str = "kg") -> bytes:
    """Return a line: ST stable, US unstable, OL overload; sign and number take nine places."""
    return f"{state},{weight:+09}{unit:>3}\r\n".encode("ascii")


OVERLOAD = line("OL", Decimal("99999.99"))


class AdScale(Pusher):
    """The scale. `NAN` is overload; with `MOTION` the person steps off before it settles."""

    slug, model, protocol = "ad-scale", "Standard format scale", "ad_scale"
    settings = LineSettings(2400, bits=7, parity="E")
    faults = PUSH_FAULTS | {Fault.MOTION}
    _shown = line("ST", _ZERO)
    _input = b""
    _weight = _ZERO

    def encode(self, body: Body | None, when: datetime, moved: bool) -> bytes:
        """Return the last line of a weighing."""
        self._shown = OVERLOAD if body is None else line("ST", self._weight)
        return line("US", _ZERO) if moved else self._shown

    async def _before(self, body: Body, fault: Fault | None) -> None:
        self._weight = body.measure_weight()
        for part in _STEPS:
            self.line.send(line("US", (self._weight * part).quantize(_ZERO)))
            await asyncio.sleep(self.times.measure_s / len(_STEPS))

    def _receive(self, data: bytes) -> None:
        self._input += data
        while _ASK in self._input:
            _, self._input = self._input.split(_ASK, 1)
            self.line.send(self._shown)
        self._input = self._input[-_INPUT_LIMIT:]
