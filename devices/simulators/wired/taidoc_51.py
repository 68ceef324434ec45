"""TaiDoc 0x51 meters: pressure, glucose, temperature, oximetry; one frame of 8 bytes each way.

`51 command p0 p1 p2 p3 direction sum`. A meter that sleeps wakes at the first command and says that
it has entered its communication mode (54) instead of answering: the host has to ask again. What a
record means depends on the model.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from devices.driver import LineSettings
from devices.simulators.bodies import Body
from devices.simulators.faults import Fault
from devices.simulators.wired.machine import LINE_FAULTS, Times
from devices.simulators.wired.polled import MEMORY_LIMIT, PolledDevice

_SIZE = 8
_TO_METER, _FROM_METER = 0xA3, 0xA5
_CONNECT, _READ_CLOCK, _MODEL, _TIME, _VALUE = 0x22, 0x23, 0x24, 0x25, 0x26
_SERIAL_1, _SERIAL_2, _COUNT, _SET_CLOCK = 0x27, 0x28, 0x2B, 0x33
_LIVE, _SLEEP, _ERASE, _ENTERED = 0x49, 0x50, 0x52, 0x54
_CONTROL = 0xC0
_KETONE_MARK, _KETONE_STEPS = 7 << 2, 13
_NOTHING = bytes(4)


def frame(command: int, payload: bytes = _NOTHING, direction: int = _FROM_METER) -> bytes:
    """Return a frame with its sum."""
    body = bytes([0x51, command, *payload, direction])
    return body + bytes([sum(body) & 0xFF])


def time_payload(when: datetime) -> bytes:
    """Return a moment: a word of year, month and day, then minute and hour."""
    day = (when.year - 2000) << 9 | when.month << 5 | when.day
    return day.to_bytes(2, "little") + bytes([when.minute, when.hour])


class TaiDoc(PolledDevice):
    """What the meters share. `number` is the model's number, told in binary-coded decimals."""

    protocol = "taidoc_51"
    settings = LineSettings(19200)
    faults = LINE_FAULTS | {Fault.WRONG_CLOCK}
    number = 0

    def __init__(
        self, path: Path, times: Times | None = None, seed: int = 0, name: str = ""
    ) -> None:
        super().__init__(path, times, seed, name)
        self.memory: deque[tuple[datetime, bytes]] = deque(maxlen=MEMORY_LIMIT)
        self._awake = False
        self._answers: dict[int, Callable[[bytes], bytes]] = {
            _CONNECT: lambda _: _NOTHING,
            _READ_CLOCK: lambda _: time_payload(self.clock.now()),
            _MODEL: lambda _: bytes.fromhex(f"{self.number:04d}")[::-1] + bytes(2),
            _TIME: lambda asked: self._record(asked)[0],
            _VALUE: lambda asked: self._record(asked)[1],
            _SERIAL_1: lambda _: bytes.fromhex("01000000"),
            _SERIAL_2: lambda _: bytes.fromhex("00003128"),
            _COUNT: lambda _: len(self.memory).to_bytes(2, "little") + bytes(2),
            _SET_CLOCK: self._set_clock,
            _LIVE: lambda _: self._live(),
            _SLEEP: lambda _: _NOTHING,
            _ERASE: lambda _: _NOTHING,
        }

    def result(self, body: Body, fault: Fault | None) -> bytes:
        """Measure and return the four bytes of the record."""
        raise NotImplementedError

    def cut(self, received: bytearray) -> bytes | None:
        """Take the next sound command."""
        while (at := received.find(0x51)) >= 0:
            del received[:at]
            if len(received) < _SIZE:
                return None
            found = bytes(received[:_SIZE])
            if sum(found[:-1]) & 0xFF == found[-1] and found[6] == _TO_METER:
                del received[:_SIZE]
                return found
            del received[0]
        return None

    def answer(self, request: bytes) -> None:
        """Answer a command that the meter knows."""
        command, asked = request[1], request[2:6]
        if not self._awake:
            self._awake = True
            self._reply(frame(_ENTERED))
            return
        self._awake = command != _SLEEP
        self.erased |= command == _ERASE
        if (answer := self._answers.get(command)) is not None:
            self._reply(frame(command, answer(asked)))

    def _begin(self, body: Body, fault: Fault | None) -> None:
        self._fault = fault if fault in LINE_FAULTS else None
        self.memory.append((self.clock.now(), self.result(body, fault)))

    def _plugged(self) -> None:
        super()._plugged()
        self._awake = False

    def _record(self, asked: bytes) -> tuple[bytes, bytes]:
        """Return time and value of a record, 0 the newest; zeros where there is none."""
        index = int.from_bytes(asked[:2], "little")
        if index >= len(self.memory):
            return _NOTHING, _NOTHING
        when, value = self.memory[-1 - index]
        return time_payload(when), value

    def _set_clock(self, asked: bytes) -> bytes:
        day = int.from_bytes(asked[:2], "little")
        date = 2000 + (day >> 9), day >> 5 & 0x0F, day & 0x1F
        self.clock.set(datetime(*date, asked[3] & 0x1F, asked[2]))  # noqa: DTZ001 - device clock
        return asked

    def _live(self) -> bytes:
        return _NOTHING


class Td3128(TaiDoc):
    """A blood-pressure meter."""

    slug, model, number = "td-3128", "TD-3128", 3128

    def result(self, body: Body, fault: Fault | None) -> bytes:
        """Return systolic, diastolic, pulse."""
        seen = body.measure_pressure()
        rest = bytes([int(seen.diastolic), int(seen.pulse)])
        return int(seen.systolic).to_bytes(2, "little") + rest


class Td4279(TaiDoc):
    """A glucose meter."""

    slug, model, number = "td-4279", "TD-4279", 4279
    faults = TaiDoc.faults | {Fault.CONTROL, Fault.KETONE}

    def result(self, body: Body, fault: Fault | None) -> bytes:
        """Return mg/dL, of a ketone mmol/L times 30, and the marks of meal and analyte."""
        if fault is Fault.KETONE:
            return _KETONE_STEPS.to_bytes(2, "little") + bytes([0, _KETONE_MARK])
        mark = _CONTROL if fault is Fault.CONTROL else 0
        return int(body.measure_glucose()).to_bytes(2, "little") + bytes([0, mark])


class Td1241(TaiDoc):
    """A thermometer; this one sends tenths of a degree."""

    slug, model, number = "td-1241", "TD-1241", 1241

    def result(self, body: Body, fault: Fault | None) -> bytes:
        """Return the temperature."""
        return int(body.measure_temperature() * 10).to_bytes(2, "little") + bytes(2)


class Td8255(TaiDoc):
    """An oximeter: live while the finger is in, and a record of it."""

    slug, model, number = "td-8255", "TD-8255", 8255
    faults = TaiDoc.faults | {Fault.FINGER_OUT}
    _finger: tuple[Body, float] | None = None

    def result(self, body: Body, fault: Fault | None) -> bytes:
        """Return SpO2 and pulse."""
        seen = body.measure_saturation()
        return bytes([int(seen.spo2), 0, 0, int(seen.pulse)])

    def _begin(self, body: Body, fault: Fault | None) -> None:
        until_s = asyncio.get_running_loop().time() + self.times.stream_s
        self._finger = None if fault is Fault.FINGER_OUT else (body, until_s)
        if self._finger:
            super()._begin(body, fault)

    def _live(self) -> bytes:
        if self._finger is None or asyncio.get_running_loop().time() > self._finger[1]:
            return _NOTHING
        return self.result(self._finger[0], None)
