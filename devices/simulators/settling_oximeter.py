"""A fingertip oximeter that sends a spot check every second while it still measures."""

from __future__ import annotations

import asyncio

from devices.simulators.bodies import Body
from devices.simulators.encodings import plx_ongoing
from devices.simulators.faults import Fault
from devices.simulators.peripherals import SpotDevice

_ESTIMATES = 8


class SettlingOximeter(SpotDevice):
    """Tells estimates, marked as ongoing, and then the value that settled, if the finger stayed."""

    _body: Body | None = None
    _left_early = False

    def measure(self, body: Body, fault: Fault | None = None) -> None:
        """Put a finger in; it leaves too early with the fault "drop"."""
        self._body, self._left_early = body, fault is Fault.DROP
        super().measure(body, None if self._left_early else fault)

    async def _hand_over(self) -> None:
        for _ in range(_ESTIMATES):
            await asyncio.sleep(self.habits.sample_s)
            if self._body is not None:
                self.value.send(plx_ongoing(self._body.measure_saturation()))
        if self._left_early:
            self.memory.clear()
            self._sleep()
            return
        await super()._hand_over()
