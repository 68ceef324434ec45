"""Berry PM6750 board: oximeter, ECG and temperature all the time, the cuff on command.

`55 AA n type content check`, n counts itself, and the check is the ones' complement of the sum.
Cuff pressures of a running measurement are halved; a result comes as systolic, mean, diastolic.
"""

from __future__ import annotations

import asyncio
from decimal import Decimal
from pathlib import Path

from devices.driver import LineSettings
from devices.simulators.bodies import Body, Pressure, Saturation
from devices.simulators.faults import Fault
from devices.simulators.serial_line import spoil
from devices.simulators.wired.cuff import Cuff, MeasurementEnd
from devices.simulators.wired.machine import LINE_FAULTS, Times
from devices.simulators.wired.polled import PolledDevice

ROUND_S = 0.25
"""Between two rounds of samples."""

_START = b"\x55\xaa"
_COMMAND_SIZE = 6
_ECG, _NIBP, _SPO2, _TEMPERATURE = 0x02, 0x03, 0x04, 0x05
_CUFF_COMMAND, _SPO2_COMMAND, _TEMPERATURE_COMMAND, _ECG_COMMAND = 0x02, 0x03, 0x04, 0x01
_SWITCHES = {_SPO2_COMMAND: _SPO2, _TEMPERATURE_COMMAND: _TEMPERATURE, _ECG_COMMAND: _ECG}
_BUSY, _STOPPED, _LOOSE, _MOTION = 1, 2, 4, 7
_FAILURES = {
    MeasurementEnd.LOOSE: _LOOSE,
    MeasurementEnd.MOTION: _MOTION,
    MeasurementEnd.ABORTED: _STOPPED,
}
_SENSOR_OFF, _NO_FINGER = 1, 2
_NO_SPO2, _NO_PULSE = 0x7F, 0xFF


def packet(kind: int, content: bytes) -> bytes:
    """Return a packet."""
    body = bytes([len(content) + 3, kind, *content])
    return _START + body + bytes([~sum(body) & 0xFF])


def spo2_packet(seen: Saturation | None) -> bytes:
    """Return an oximeter sample."""
    if seen is None:
        return packet(_SPO2, bytes([_NO_FINGER, _NO_SPO2, _NO_PULSE]))
    return packet(_SPO2, bytes([0, int(seen.spo2), int(seen.pulse)]))


def cuff_packet(cuff: int, status: int = _BUSY, seen: Pressure | None = None) -> bytes:
    """Return the state of a measurement: the cuff's pressure in mmHg, a status, a result."""
    numbers = [0, 0, 0]
    if seen is not None:
        numbers = [int(seen.systolic), int(seen.mean), int(seen.diastolic)]
    return packet(_NIBP, bytes([status << 2, cuff // 2, *numbers]))


def temperature_packet(celsius: Decimal | None) -> bytes:
    """Return a temperature sample, to a tenth of a degree."""
    if celsius is None:
        return packet(_TEMPERATURE, bytes([_SENSOR_OFF, 0, 0]))
    whole, tenths = divmod(int(celsius * 10), 10)
    return packet(_TEMPERATURE, bytes([0, whole, tenths]))


class Pm6750(PolledDevice):
    """The board. `measure` wires a person up; oximeter and temperature follow by themselves."""

    slug, model, protocol = "pm6750", "PM6750", "berry_pm6750"
    settings = LineSettings(115200)
    faults = LINE_FAULTS | {Fault.NAN, Fault.MOTION, Fault.FINGER_OUT}

    def __init__(
        self, path: Path, times: Times | None = None, seed: int = 0, name: str = ""
    ) -> None:
        super().__init__(path, times, seed, name)
        self.cuff = Cuff(self.times.measure_s, self._tasks, self._ended)
        self._on = {_SPO2, _TEMPERATURE, _ECG}
        self._finger: Body | None = None
        self._sampling: asyncio.Task[None] | None = None

    @property
    def sampling(self) -> bool:
        """Whether any of its samples is switched on."""
        return bool(self._on)

    def cut(self, received: bytearray) -> bytes | None:
        """Take the next sound command and return its number and parameter."""
        while (at := received.find(_START)) >= 0:
            del received[:at]
            if len(received) < _COMMAND_SIZE:
                return None
            found = bytes(received[:_COMMAND_SIZE])
            if found[2] == 4 and ~sum(found[2:5]) & 0xFF == found[5]:
                del received[:_COMMAND_SIZE]
                return found[3:5]
            del received[0]
        return None

    def answer(self, request: bytes) -> None:
        """Start or stop the cuff, or switch samples on and off."""
        command, on = request[0], bool(request[1])
        if command == _CUFF_COMMAND:
            if on:
                self.cuff.start()
            else:
                self.cuff.abort()
        elif command in _SWITCHES:
            kind = {_SWITCHES[command]}
            self._on = self._on | kind if on else self._on - kind

    def unplug(self) -> None:
        """Pull the cable; the arm is let go."""
        super().unplug()
        self.cuff.abort()

    def _plugged(self) -> None:
        super()._plugged()
        if self._sampling is None:
            self._sampling = self._tasks.spawn(self._sample())

    def _begin(self, body: Body, fault: Fault | None) -> None:
        self._fault = fault if fault in LINE_FAULTS else None
        self.cuff.wrap(body, fault)
        self._finger = None if fault is Fault.FINGER_OUT else body
        asyncio.get_running_loop().call_later(self.times.stream_s, self._unwire, body)

    def _unwire(self, body: Body) -> None:
        if self._finger is body:
            self._finger = None

    async def _sample(self) -> None:
        """Send a round of samples; a fault strikes the next round with a finger in."""
        while True:
            lump = self._round()
            fault = self._fault if self._finger else None
            self._fault = None if fault else self._fault
            if fault is not Fault.MUTE:
                self.line.send(spoil(lump, fault, self._rng) if lump else b"")
            if fault is Fault.DROP:
                await self.line.lose(self.times.out_s)
            await asyncio.sleep(ROUND_S)

    def _round(self) -> bytes:
        body = self._finger
        seen = body.measure_saturation() if body else None
        lump = cuff_packet(self.cuff.pressure) if self.cuff.busy else b""
        if _ECG in self._on:
            pulse = int(seen.pulse) if seen else 0
            lump += packet(_ECG, bytes([0 if seen else _SENSOR_OFF, pulse, 0, 0, 0]))
        if _SPO2 in self._on:
            lump += spo2_packet(seen)
        if _TEMPERATURE in self._on:
            lump += temperature_packet(body.measure_temperature() if body else None)
        return lump

    def _ended(self, how: MeasurementEnd) -> None:
        seen = self.cuff.result if how is MeasurementEnd.DONE else None
        self.line.send(cuff_packet(0, _FAILURES.get(how, 0), seen))
