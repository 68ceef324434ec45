"""A Bluetooth glucose meter: a memory behind the Record Access Control Point (GLS 1.0.1).

It tells nothing by itself: the host bonds, subscribes to measurement, context and control point,
then asks. One procedure at a time; only "abort" is heard while one runs. Asked to erase, it agrees
and erases nothing, but `erased` tells.
"""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Callable
from decimal import Decimal

from devices.simulators import encodings_glucose as encodings
from devices.simulators.bodies import Body
from devices.simulators.encodings_glucose import Strip
from devices.simulators.faults import Fault
from devices.simulators.gatt import (
    AttCode,
    AttError,
    Bond,
    Characteristic,
    Pairing,
    uuid128,
)
from devices.simulators.peripherals import BleDevice, BleModel, DeviceTimes

MEMORY_LIMIT = 480
FIRST_SEQUENCE = 1

_REPORT, _DELETE, _ABORT, _COUNT = 1, 2, 3, 4
_NULL, _ALL, _UP_TO, _FROM, _RANGE, _FIRST, _LAST = range(7)
_SUCCESS, _NO_OP, _BAD_OPERATOR, _NO_OPERATOR, _BAD_OPERAND, _NONE_FOUND = 1, 2, 3, 4, 5, 6
_NO_FILTER, _BUSY = 9, 10
_BY_SEQUENCE = 1
_CONTROL_VALUE = Decimal(118)
_KETONE_MMOL_L = Decimal("0.43")
_SEQUENCES = 0x10000


class _RefusedError(Exception):
    """A request that the profile answers with a code."""

    def __init__(self, code: int) -> None:
        super().__init__(f"RACP code {code}")
        self.code = code


class GlucoseMeter(BleDevice):
    """The meter. `memory` holds its strips, oldest first."""

    def __init__(
        self, model: BleModel, habits: DeviceTimes | None = None, bond: Bond | None = None
    ) -> None:
        secure = (bond or Bond()).pairing is not Pairing.NONE
        self._context = Characteristic(uuid128(0x2A34), ("notify",), secure=secure)
        self._control = Characteristic(
            uuid128(0x2A52), ("write", "indicate"), on_write=self._asked, secure=secure
        )
        super().__init__(model, habits, bond)
        self.memory: list[Strip] = []
        self.erased = False
        self._next = FIRST_SEQUENCE
        self._fault: Fault | None = None
        self._running: asyncio.Task[None] | None = None

    def measure(self, body: Body, fault: Fault | None = None) -> None:
        """Measure a drop of blood, remember it, and call for a host."""
        self._prepare(fault)
        self._fault = fault
        status = encodings.BATTERY_LOW if fault is Fault.LOW_BATTERY else 0
        value: Decimal | None = body.measure_glucose()
        if fault is Fault.KETONE:
            value = encodings.ketone_as_glucose(_KETONE_MMOL_L)
        if fault is Fault.NAN:
            value, status = None, encodings.STRIP_ERROR
        control = fault is Fault.CONTROL
        meal = self._next % 3
        strip = Strip(
            self._next,
            self.clock.now(),
            _CONTROL_VALUE if control else value,
            control,
            status,
            meal,
            ketone=fault is Fault.KETONE,
        )
        self.memory = [*self.memory, strip][-MEMORY_LIMIT:]
        self._next = (self._next + 1) % _SEQUENCES
        self._wake()

    def reset(self) -> None:
        """Take the battery out: the memory is empty, numbers and clock begin anew."""
        self.memory = []
        self._next = FIRST_SEQUENCE
        self.clock.lose()

    def _own(self) -> list[Characteristic]:
        return [self._context, self._control]

    def _subscribed(self) -> None:
        """Wait to be asked."""

    def _disconnected(self) -> None:
        self._running = None

    def _asked(self, data: bytes) -> None:
        """Take a request; raises `AttError` as the profile says."""
        if not (self._control.subscribed and self.value.subscribed):
            raise AttError(AttCode.CCCD_IMPROPER)
        if len(data) < 2:
            raise AttError(AttCode.INVALID_LENGTH)
        if self._running is not None:
            if data[0] != _ABORT:
                raise AttError(AttCode.IN_PROGRESS)
            self._running.cancel()
        self._running = self._serve(self._procedure(data))

    async def _procedure(self, data: bytes) -> None:
        """Carry out one request and say how it ended; then the link may rest."""
        await asyncio.sleep(self.habits.settle_s)
        if self._fault is Fault.MUTE:
            self._rest()
            return
        try:
            answer = await self._carry_out(data)
        except _RefusedError as refused:
            answer = encodings.response(data[0], refused.code)
        self._running = None
        if self._control.subscribed:
            self._control.send(answer)
        self._rest()

    def _rest(self) -> None:
        """Be idle again until the next request."""
        self._idle = self.peripheral.tasks.spawn(self._hang_up_when_idle())

    async def _carry_out(self, data: bytes) -> bytes:
        request = data[0]
        if self._fault is Fault.BUSY:
            self._fault = None
            raise _RefusedError(_BUSY)
        if request == _COUNT:
            return encodings.count_response(len(self._chosen(data)))
        if request == _ABORT:
            return encodings.response(request, _SUCCESS)
        if request not in (_REPORT, _DELETE):
            raise _RefusedError(_NO_OP)
        chosen = self._chosen(data)
        if not chosen:
            raise _RefusedError(_NONE_FOUND)
        if request == _DELETE:
            self.erased = True
        else:
            await self._report(chosen)
        return encodings.response(request, _SUCCESS)

    async def _report(self, strips: list[Strip]) -> None:
        fault = self._fault if self._fault in (Fault.DROP, Fault.TRUNCATED) else None
        for at, strip in enumerate(strips):
            frame = encodings.measurement(strip)
            if fault and at == len(strips) // 2:
                self._fault = None
                if fault is Fault.DROP:
                    self.peripheral.hang_up()
                    raise asyncio.CancelledError  # the link's end ends all that ran on it
                frame = frame[: len(frame) // 2]
            self.value.send(frame)
            if strip.meal and self._context.subscribed:
                self._context.send(encodings.context(strip))
            await asyncio.sleep(self.habits.gap_s)

    def _chosen(self, data: bytes) -> list[Strip]:
        """Return the records that operator and operand choose; raises `_RefusedError`."""
        operator, operand = data[1], data[2:]
        if operator in (_ALL, _FIRST, _LAST):
            if operand:
                raise _RefusedError(_BAD_OPERAND)
            return _whole(operator, self.memory)
        if operator == _NULL:
            raise _RefusedError(_BAD_OPERATOR)
        if operator not in (_UP_TO, _FROM, _RANGE):
            raise _RefusedError(_NO_OPERATOR)
        return [strip for strip in self.memory if _filter(operator, operand)(strip.sequence)]


def _whole(operator: int, memory: list[Strip]) -> list[Strip]:
    if operator == _ALL:
        return list(memory)
    return memory[:1] if operator == _FIRST else memory[-1:]


def _filter(operator: int, operand: bytes) -> Callable[[int], bool]:
    if not operand:
        raise _RefusedError(_BAD_OPERAND)
    if operand[0] != _BY_SEQUENCE:
        raise _RefusedError(_NO_FILTER)
    wanted = 5 if operator == _RANGE else 3
    if len(operand) != wanted:
        raise _RefusedError(_BAD_OPERAND)
    numbers = struct.unpack(f"<{len(operand) // 2}H", operand[1:])
    low = 0 if operator == _UP_TO else numbers[0]
    high = _SEQUENCES if operator == _FROM else numbers[-1]
    if low > high:
        raise _RefusedError(_BAD_OPERAND)
    return lambda sequence: low <= sequence <= high
