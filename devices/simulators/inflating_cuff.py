"""Bluetooth cuffs that show how they inflate: on 2A36, or like their result on 2A35."""

from __future__ import annotations

import asyncio

from devices.simulators.bodies import Body
from devices.simulators.encodings_circulation import (
    intermediate_cuff_pressure,
    running_pressure,
)
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


class RunningCuff(SpotDevice):
    """Sends the pressure in the cuff on 2A35, with a diastolic of 0, and then the result there.

    Whoever is not connected while it inflates gets nothing. A lost link ends the measurement.
    """

    def __init__(
        self, model: BleModel, habits: DeviceTimes | None = None, bond: Bond | None = None
    ) -> None:
        super().__init__(model, habits, bond)
        self._patient: tuple[Body, Fault | None] | None = None

    def measure(self, body: Body, fault: Fault | None = None) -> None:
        """Start to pump as soon as somebody listens."""
        self._prepare(fault)
        self._patient = (body, fault)
        self._wake()
        if self.value.subscribed:
            self._subscribed()

    def _subscribed(self) -> None:
        if self._patient is not None:
            (body, fault), self._patient = self._patient, None
            self._serve(self._pump(body, fault))

    async def _pump(self, body: Body, fault: Fault | None) -> None:
        for mmhg in _RISE:
            await asyncio.sleep(self.habits.sample_s / 2)
            self.value.send(running_pressure(mmhg))
            if fault in (Fault.DROP, Fault.MUTE) and mmhg == max(_RISE):
                self._sleep()
                return
        self.value.send(self._frame(body, fault))
        await asyncio.sleep(self.habits.hang_up_s)
        self._sleep()
