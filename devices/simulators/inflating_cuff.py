"""A Bluetooth cuff that shows how it inflates: 2A36 while it measures, 2A35 when it is done."""

from __future__ import annotations

import asyncio

from devices.simulators.bodies import Body
from devices.simulators.encodings_circulation import intermediate_cuff_pressure
from devices.simulators.faults import Fault
from devices.simulators.gatt import Bond, Characteristic, Pairing, uuid128
from devices.simulators.peripherals import BleModel, DeviceTimes, SpotDevice

_RISE = (30, 60, 90, 120, 150, 165, 150, 130, 110, 90, 70)


class InflatingCuff(SpotDevice):
    """The cuff: on the air from the first stroke of its pump."""

    def __init__(
        self, model: BleModel, habits: DeviceTimes | None = None, bond: Bond | None = None
    ) -> None:
        secure = (bond or Bond()).pairing is not Pairing.NONE
        self._pressing = Characteristic(uuid128(0x2A36), ("notify",), secure=secure)
        super().__init__(model, habits, bond)
        self._pumping: asyncio.Task[None] | None = None

    def measure(self, body: Body, fault: Fault | None = None) -> None:
        """Start to pump; the result follows when the cuff is empty."""
        self._prepare(fault)
        if self._pumping is not None:
            self._pumping.cancel()
        self._wake()
        self._pumping = self._tasks.spawn(self._pump(body, fault))

    def _own(self) -> list[Characteristic]:
        return [self._pressing]

    async def _pump(self, body: Body, fault: Fault | None) -> None:
        for mmhg in _RISE:
            await asyncio.sleep(self.habits.sample_s / 2)
            if self._pressing.subscribed:
                self._pressing.send(intermediate_cuff_pressure(mmhg))
        super().measure(body, fault)
