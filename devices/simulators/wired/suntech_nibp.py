"""SunTech Advantage pressure module: `3A command data sum` asked, `3E length data sum` answered.

The sum of a whole packet is 0. It measures only when the host starts it, keeps its result until the
next one, and deflates when the host aborts, falls silent or loses its cable.
"""

from __future__ import annotations

import asyncio
from pathlib import Path

from devices.driver import LineSettings
from devices.simulators.bodies import Body, Pressure
from devices.simulators.faults import Fault
from devices.simulators.wired.cuff import Cuff, MeasurementEnd
from devices.simulators.wired.machine import PUSH_FAULTS, Times
from devices.simulators.wired.polled import PolledDevice

_HOST, _MODULE = 0x3A, 0x3E
_LENGTHS = {0x79: 5, 0x17: 5}
_PLAIN = 3
_START = (b"\x20", b"\x87", b"\x28")
_ABORT, _CUFF, _RESULT = b"\x79\x01\x00", b"\x79\x05\x00", b"\x79\x03\x00"

_BEATS, _TEST_CODES = 30, bytes.fromhex("0000000000003107")
_MOTION, _LEAK, _ABORTED, _SAFETY = 2, 0x57, 0x56, 0x58
_ERRORS = {
    MeasurementEnd.DONE: 0,
    MeasurementEnd.MOTION: _MOTION,
    MeasurementEnd.LOOSE: _LEAK,
    MeasurementEnd.ABORTED: _ABORTED,
}


def packet(data: bytes, lead: int = _MODULE) -> bytes:
    """Return a packet; the module's own carry their length."""
    body = bytes([lead, len(data) + 3, *data]) if lead == _MODULE else bytes([lead, *data])
    return body + bytes([-sum(body) & 0xFF])


def result_packet(seen: Pressure | None, error: int = 0) -> bytes:
    """Return the last result; an error may stand beside the numbers of the arm before."""
    numbers = (0,) * 4 if seen is None else _numbers(seen)
    systolic, diastolic, mean, pulse = numbers
    words = systolic.to_bytes(2, "little") + diastolic.to_bytes(2, "little")
    body = words + bytes([_BEATS, 1]) + _TEST_CODES + bytes([pulse, 0]) + mean.to_bytes(2, "little")
    return packet(body + bytes([error, 0, 0]))


class SuntechNibp(PolledDevice):
    """The module. `measure` puts the cuff on an arm; the host starts it."""

    slug, model, protocol = "suntech-nibp", "Advantage", "suntech_nibp"
    settings = LineSettings(9600)
    faults = PUSH_FAULTS | {Fault.MOTION, Fault.BUSY}

    def __init__(
        self, path: Path, times: Times | None = None, seed: int = 0, name: str = ""
    ) -> None:
        super().__init__(path, times, seed, name)
        self.cuff = Cuff(self.times.measure_s, self._tasks, self._ended)
        self._error = 0
        self._watchdog: asyncio.TimerHandle | None = None

    def cut(self, received: bytearray) -> bytes | None:
        """Take the next sound packet and return what it asks."""
        while (at := received.find(_HOST)) >= 0:
            del received[:at]
            if len(received) < 2 or len(received) < _LENGTHS.get(received[1], _PLAIN):
                return None
            found = bytes(received[: _LENGTHS.get(received[1], _PLAIN)])
            if sum(found) & 0xFF == 0:
                del received[: len(found)]
                return found[1:-1]
            del received[0]
        return None

    def answer(self, request: bytes) -> None:
        """Start, abort, or tell pressure and result."""
        self._rest()
        busy = self._fault is Fault.BUSY
        if busy:
            self._fault = None
        if request in _START:
            started = not busy and self.cuff.start()
            self._reply(packet(b"O" if started else b"B"))
        elif request == _ABORT:
            self.cuff.abort()
            self._reply(packet(b"A"))
        elif request == _CUFF:
            self._reply(packet(self.cuff.pressure.to_bytes(2, "little")))
        elif request == _RESULT:
            self._reply(packet(b"B") if self.cuff.busy else self._result())
        else:
            self._reply(packet(b"E"))

    def unplug(self) -> None:
        """Pull the cable; the arm is let go."""
        super().unplug()
        self.cuff.abort()

    async def stop(self) -> None:
        """Switch off; without power the valve opens."""
        self._calm()
        await super().stop()

    def _begin(self, body: Body, fault: Fault | None) -> None:
        self._fault = fault if fault not in (Fault.NAN, Fault.MOTION) else None
        self.cuff.wrap(body, fault)

    def _result(self) -> bytes:
        return result_packet(self.cuff.result, self._error)

    def _ended(self, how: MeasurementEnd) -> None:
        self._calm()
        self._error = _ERRORS[how]
        self.line.send(packet(b"A" if how is MeasurementEnd.ABORTED else b"K"))

    def _rest(self) -> None:
        """Believe in the host again for a while."""
        self._calm()
        loop = asyncio.get_running_loop()
        self._watchdog = loop.call_later(self.times.silence_s, self._let_go)

    def _calm(self) -> None:
        if self._watchdog is not None:
            self._watchdog.cancel()

    def _let_go(self) -> None:
        """Deflate: nobody watches any more."""
        if self.cuff.busy:
            self.cuff.abort()
            self._error = _SAFETY


def _numbers(seen: Pressure) -> tuple[int, int, int, int]:
    return int(seen.systolic), int(seen.diastolic), int(seen.mean), int(seen.pulse)
