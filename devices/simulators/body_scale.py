"""A Bluetooth body composition scale that knows its users: nothing without a consent code.

It asks for a bond, for the time, and for the code that it shows on its display (User Data Service
1.1, 2A9F). Only then it hands over what that user measured: weight (2A9D) and composition (2A9C,
two packets), and forgets them once sent. Told to delete a user it agrees and deletes nothing.
"""

from __future__ import annotations

import asyncio
import struct
from collections import deque

from devices.simulators import encodings_scales
from devices.simulators.bodies import Body
from devices.simulators.encodings import weight
from devices.simulators.faults import Fault
from devices.simulators.gatt import (
    AttCode,
    AttError,
    Bond,
    Characteristic,
    Pairing,
    Service,
    uuid128,
)
from devices.simulators.peripherals import MEMORY_LIMIT, BleDevice, BleModel, DeviceTimes

USER = 1
CODE = 4711
"""The user and the code that the display shows."""

_REGISTER, _CONSENT, _DELETE, _RESPONSE = 1, 2, 3, 0x20
_SUCCESS, _NO_OP, _BAD_PARAMETER, _NOT_AUTHORISED = 1, 2, 3, 5
_NO_USER = 0xFF


class BodyScale(BleDevice):
    """The scale. `memory` holds pairs: the weight and the packets of the composition."""

    def __init__(
        self, model: BleModel, habits: DeviceTimes | None = None, bond: Bond | None = None
    ) -> None:
        secure = (bond or Bond()).pairing is not Pairing.NONE
        self._weight = Characteristic(uuid128(0x2A9D), ("indicate",), secure=secure)
        self._users = Characteristic(
            uuid128(0x2A9F), ("write", "indicate"), on_write=self._asked, secure=secure
        )
        self._index = Characteristic(uuid128(0x2A9A), ("read",), bytes([_NO_USER]), secure=secure)
        self._change = Characteristic(uuid128(0x2A99), ("read", "write", "notify"), bytes(4))
        super().__init__(model, habits, bond)
        self.code = CODE
        self.erased = False
        self.memory: deque[tuple[bytes, tuple[bytes, ...]]] = deque(maxlen=MEMORY_LIMIT)
        self._timed = self._agreed = False
        self._fault: Fault | None = None
        self._handing: asyncio.Task[None] | None = None

    def measure(self, body: Body, fault: Fault | None = None) -> None:
        """Weigh a body that is known as the scale's user."""
        self._prepare(fault)
        self._fault = fault
        seen = None if fault is Fault.NAN else body.measure_composition()
        when = self.clock.now()
        packets = encodings_scales.composition(seen, when, USER)
        if fault is Fault.TRUNCATED:
            packets = tuple(packet[: len(packet) // 2] for packet in packets)
        if fault is not Fault.MUTE:
            self.memory.append((weight(seen.weight if seen else None, when), packets))
        self._wake()
        self._hand_over_if_free()

    def _others(self) -> list[Service]:
        return [
            Service(uuid128(0x181D), (self._weight,)),
            Service(uuid128(0x181C), (self._users, self._index, self._change)),
        ]

    def _subscribed(self) -> None:
        self._hand_over_if_free()

    def _disconnected(self) -> None:
        self._timed = self._agreed = False
        self._handing = None
        self._index.value = bytes([_NO_USER])

    def _set_clock(self, data: bytes) -> None:
        super()._set_clock(data)
        self._timed = True
        self._hand_over_if_free()

    def _asked(self, data: bytes) -> None:
        if not self._users.subscribed:
            raise AttError(AttCode.CCCD_IMPROPER)
        self._serve(self._answer(data))

    async def _answer(self, data: bytes) -> None:
        await asyncio.sleep(self.habits.settle_s)
        request = data[0] if data else 0
        code, more = self._carry_out(request, data[1:])
        self._users.send(bytes([_RESPONSE, request, code]) + more)
        self._hand_over_if_free()

    def _carry_out(self, request: int, operand: bytes) -> tuple[int, bytes]:
        """Register with a code, agree by user and code, or pretend to delete."""
        if request == _REGISTER and len(operand) == 2:
            self.code = int.from_bytes(operand, "little")
            return _SUCCESS, bytes([USER])
        if request == _CONSENT and len(operand) == 3:
            self._agreed = struct.unpack("<BH", operand) == (USER, self.code)
            self._index.value = bytes([USER if self._agreed else _NO_USER])
            return (_SUCCESS if self._agreed else _NOT_AUTHORISED), b""
        if request == _DELETE:
            self.erased = True
            return _SUCCESS, b""
        known = request in (_REGISTER, _CONSENT)
        return (_BAD_PARAMETER if known else _NO_OP), b""

    def _hand_over_if_free(self) -> None:
        waiting = self.memory and self.value.subscribed and self._handing is None
        if waiting and self._timed and self._agreed:
            self._handing = self._serve(self._hand_over())

    async def _hand_over(self) -> None:
        await asyncio.sleep(self.habits.settle_s)
        if self._fault is Fault.DROP:
            self._fault = None
            self.peripheral.hang_up()
            return
        while self.memory and self.value.subscribed:
            weighed, packets = self.memory[0]
            if self._weight.subscribed:
                self._weight.send(weighed)
            for packet in packets:
                await asyncio.sleep(self.habits.gap_s)
                self.value.send(packet)
            self.memory.popleft()
        await asyncio.sleep(self.habits.hang_up_s)
        self._handing = None
        if not self.memory:
            self._sleep()
