"""Xiaomi Mi scales: no connection, everybody in range hears the weight in the advertisements.

The weight climbs, settles and is repeated, then the person steps off. The body composition scale
adds the impedance to the settled weight of a bare foot.
"""

from __future__ import annotations

import asyncio
from decimal import Decimal

from devices.simulators.bodies import Body
from devices.simulators.encodings_scales import mi_composition, mi_weight
from devices.simulators.faults import Fault
from devices.simulators.gatt import uuid128
from devices.simulators.peripherals import BleDevice

COMPOSITION = 0x181B
_THING_KG = Decimal("9.55")
_CLIMB = (Decimal("0.4"), Decimal("0.9"), Decimal("1.02"))


class MiScale(BleDevice):
    """Either scale, by the service that its model advertises."""

    _weighing: asyncio.Task[None] | None = None

    def measure(self, body: Body, fault: Fault | None = None) -> None:
        """Let a body step on, settle and step off."""
        self._prepare(fault)
        if self._weighing is not None:
            self._weighing.cancel()
        if fault is not Fault.MUTE:
            self._weighing = self._tasks.spawn(self._weigh(body, fault))

    def _subscribed(self) -> None:
        """Send nothing: these firmwares never notify."""

    async def _weigh(self, body: Body, fault: Fault | None) -> None:
        kg = _THING_KG if fault is Fault.OBJECT else body.measure_weight()
        for part in _CLIMB:
            await self._broadcast((kg * part).quantize(Decimal("0.05")), fault)
        if fault is not Fault.NAN:
            await self._broadcast(kg, fault, stable=True)
        await self._broadcast(kg, fault, stable=fault is not Fault.NAN, removed=True)
        self._sleep()

    async def _broadcast(
        self, kg: Decimal, fault: Fault | None, stable: bool = False, removed: bool = False
    ) -> None:
        """Advertise a state for as long as it lasts: a few advertisements."""
        when, thing = self.clock.now(), fault is Fault.OBJECT
        if self.model.service == COMPOSITION:
            impedance = Decimal(486) if stable and not thing else None
            data = mi_composition(kg, when, impedance, stable, removed, thing=thing)
        else:
            data = mi_weight(kg, when, stable, removed, thing)
        if fault is Fault.TRUNCATED:
            data = data[: len(data) // 2]
        self.peripheral.service_data = {uuid128(self.model.service): data}
        self._wake()
        await asyncio.sleep(self.habits.sample_s)
