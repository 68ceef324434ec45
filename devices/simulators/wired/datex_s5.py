"""Datex-Ohmeda S/5 monitor: records in frames `7E payload sum 7E`, after a host has asked once.

A record has a header of 40 bytes and here one block of displayed values (heart rate /min, pressures
1/100 mmHg, temperature 1/100 degree, SpO2 1/100 %; -32767 for none). The order of the header is
from the vendor's interface as several programs read it; where the values stand in the block is
unverified, and no decoder of ours reads them.
"""

from __future__ import annotations

import asyncio
import struct
from datetime import UTC, datetime

from devices.driver import LineSettings
from devices.simulators.bodies import Body
from devices.simulators.faults import Fault
from devices.simulators.serial_line import spoil
from devices.simulators.wired.machine import LINE_FAULTS
from devices.simulators.wired.polled import PolledDevice

RECORD_EVERY_S = 5.0

_FLAG, _ESCAPE, _BIT = 0x7E, 0x7D, 0x20
_NONE = -32767
_HEADER = struct.Struct("<hBBHI4xh24s")
_BLOCK = struct.Struct("<I8h")
_FIRST_IS_DISPLAYED = b"\x00\x00\x01" + b"\x00\x00\xff" + bytes(18)


def frame(payload: bytes) -> bytes:
    """Return a frame; 7E and 7D inside lose bit 5 behind a 7D."""
    body = payload + bytes([sum(payload) & 0xFF])
    sent = b"".join(
        bytes([_ESCAPE, byte ^ _BIT]) if byte in (_FLAG, _ESCAPE) else bytes([byte])
        for byte in body
    )
    return bytes([_FLAG]) + sent + bytes([_FLAG])


def record(body: Body | None, number: int, now: datetime) -> bytes:
    """Return a record of displayed values; without a body all of them are missing."""
    seconds = int(now.timestamp())
    block = _BLOCK.pack(seconds, *_displayed(body))
    size = _HEADER.size + len(block)
    head = _HEADER.pack(size, number & 0xFF, 0, 0, seconds, 0, _FIRST_IS_DISPLAYED)
    return head + block


class DatexS5(PolledDevice):
    """The monitor. `measure` wires a person up for a while."""

    slug, model, protocol = "datex-s5", "S/5", "datex_s5"
    settings = LineSettings(19200, parity="E")
    faults = LINE_FAULTS | {Fault.NAN}
    period_s = RECORD_EVERY_S

    _body: Body | None = None
    _number = 0
    _sending: asyncio.Task[None] | None = None

    def cut(self, received: bytearray) -> bytes | None:
        """Take whatever stands between two flags."""
        start = received.find(_FLAG)
        end = received.find(_FLAG, start + 1)
        if start < 0 or end < 0:
            return None
        found = bytes(received[start + 1 : end])
        del received[: end + (1 if found else 0)]
        return found

    def answer(self, request: bytes) -> None:
        """Begin to send records; which ones were asked for is not looked at."""
        if request and self._sending is None:
            self._sending = self._tasks.spawn(self._send())

    def _begin(self, body: Body, fault: Fault | None) -> None:
        self._fault = fault if fault in LINE_FAULTS else None
        self._body = None if fault is Fault.NAN else body
        asyncio.get_running_loop().call_later(self.times.stream_s, self._unwire, body)

    def _unwire(self, body: Body) -> None:
        if self._body is body:
            self._body = None

    async def _send(self) -> None:
        while True:
            self._number += 1
            data = frame(record(self._body, self._number, datetime.now(UTC)))
            fault = self._fault if self._body else None
            self._fault = None if fault else self._fault
            if fault is not Fault.MUTE:
                self.line.send(spoil(data, fault, self._rng))
            if fault is Fault.DROP:
                await self.line.lose(self.times.out_s)
            await asyncio.sleep(self.period_s)


def _displayed(body: Body | None) -> list[int]:
    """Heart rate, systolic, diastolic, mean, temperature, SpO2, pulse, perfusion."""
    if body is None:
        return [_NONE] * 8
    cuff, finger = body.measure_pressure(), body.measure_saturation()
    hundredths = (cuff.systolic, cuff.diastolic, cuff.mean, body.measure_temperature(), finger.spo2)
    numbers = [int(cuff.pulse), *(int(value * 100) for value in hundredths)]
    return [*numbers, int(finger.pulse), int(finger.perfusion * 100)]
