"""A&D TM-2657 kiosk sphygmomanometer on its RS-232 port, pushing RA frames.

Frame: SYN SYN SOH "00" STX fields, each ended by RS, ETX BCC; BCC is the XOR of SOH..ETX.
Commands: SYN SYN SOH "00" STX c c ETX BCC with ST start, SP stop, RB last result; answered by
SYN SYN SOH "00" ACK or NAK.
"""

from __future__ import annotations

import asyncio
import random
from collections.abc import Sequence
from datetime import datetime
from functools import reduce
from operator import xor
from pathlib import Path

from devices.driver import LineSettings
from devices.simulators.bodies import Body, Pressure
from devices.simulators.clockwork import DeviceClock
from devices.simulators.faults import Fault, UnsupportedFaultError
from devices.simulators.serial_line import SerialLine, spoil
from devices.simulators.tasks import Tasks

LINE = LineSettings(2400)
MEASURE_S = 2.0
"""Seconds from the start to the result; the real machine takes 25 to 45."""

_SYN = b"\x16\x16"
_HEAD = b"\x0100"
_STX, _ETX, _RS = b"\x02", b"\x03", b"\x1e"
_ACK, _NAK = b"\x06", b"\x15"
_COMMAND_SIZE = len(_SYN + _HEAD + _STX) + 2 + len(_ETX) + 1
_INPUT_LIMIT = 64
_ERROR_FIELD = "E02"

_FAULTS = frozenset(
    {
        Fault.DROP,
        Fault.TRUNCATED,
        Fault.WRONG_CLOCK,
        Fault.NAN,
        Fault.GARBAGE_PREFIX,
        Fault.FLIPPED_BIT,
        Fault.LOST_BYTE,
        Fault.REPEATED,
        Fault.MUTE,
    }
)


def bcc(checked: bytes) -> int:
    """Return the block check character: XOR over SOH..ETX."""
    return reduce(xor, checked, 0)


def command(code: str) -> bytes:
    """Return a host's command frame."""
    checked = _HEAD + _STX + code.encode("ascii") + _ETX
    return _SYN + checked + bytes([bcc(checked)])


_COMMANDS = {command(code): code for code in ("ST", "SP", "RB")}


def data_frame(fields: Sequence[str]) -> bytes:
    """Return a frame of text fields with its block check."""
    text = b"".join(field.encode("ascii") + _RS for field in fields)
    checked = _HEAD + _STX + text + _ETX
    return _SYN + checked + bytes([bcc(checked)])


def result_frame(pressure: Pressure | None, when: datetime) -> bytes:
    """Return an RA frame; without a pressure it carries an error code and blank values."""
    fields = ["TM2657", when.strftime("%y%m%d%H%M"), "RA", "M", *_result_fields(pressure)]
    fields += ["m0", "r0", "t 35", "cN", "l  ", "d", "h     ", "s     "]
    fields += ["w      ", "f      ", "e      ", "b     "]
    return data_frame(fields)


def _result_fields(pressure: Pressure | None) -> list[str]:
    if pressure is None:
        return [_ERROR_FIELD, "S   ", "M   ", "D   ", "P   ", "I 0", "L   ", "p   ", "i 0"]
    peak = int(pressure.systolic) + 40
    return [
        "E00",
        f"S{int(pressure.systolic):3d}",
        f"M{int(pressure.mean):3d}",
        f"D{int(pressure.diastolic):3d}",
        f"P{int(pressure.pulse):3d}",
        "I00",
        f"L{peak:3d}",
        f"p{peak - 5:3d}",
        f"i{2 if pressure.irregular else 0:2d}",
    ]


class Tm2657:
    """The machine: measures whoever sits there, prints its frame on the line, obeys a host."""

    slug = "tm-2657"
    link = "serial"
    model = "TM-2657"
    faults = _FAULTS

    def __init__(
        self, path: Path, measure_s: float = MEASURE_S, seed: int = 0, name: str = ""
    ) -> None:
        self.name = name or self.slug
        self.line = SerialLine(path, LINE, self._receive, seed)
        self.clock = DeviceClock()
        self._measure_s = measure_s
        self._rng = random.Random(seed)
        self._tasks = Tasks()
        self._input = bytearray()
        self._seated: Body | None = None
        self._running: asyncio.Task[None] | None = None
        self._last: bytes | None = None

    def measure(self, body: Body, fault: Fault | None = None) -> None:
        """Seat a body and start; the frame follows after `measure_s`."""
        if fault is not None and fault not in self.faults:
            raise UnsupportedFaultError(self.name, fault)
        self._seated = body
        self._start(fault)

    def plug(self) -> None:
        """Put the cable in."""
        self.line.plug()

    def unplug(self) -> None:
        """Pull the cable."""
        self.line.unplug()

    async def stop(self) -> None:
        """Switch off."""
        await self._tasks.close()
        await self.line.close()

    def _start(self, fault: Fault | None) -> None:
        self._abort()
        self._running = self._tasks.spawn(self._measure(fault))

    def _abort(self) -> None:
        if self._running is not None:
            self._running.cancel()
            self._running = None

    async def _measure(self, fault: Fault | None) -> None:
        await asyncio.sleep(self._measure_s)
        body = self._seated
        if fault is Fault.MUTE or body is None:
            return
        if fault is Fault.WRONG_CLOCK:
            self.clock.lose()
        pressure = None if fault is Fault.NAN else body.measure_pressure()
        frame = result_frame(pressure, self.clock.now())
        self._last = frame
        self.line.send(spoil(frame, fault, self._rng))
        if fault is Fault.DROP:
            await asyncio.sleep(len(frame) / 2 / self.line.characters_per_s)
            await self.line.lose(self._measure_s)

    def _receive(self, data: bytes) -> None:
        """Collect a host's bytes and answer each complete command."""
        self._input += data
        while (start := self._input.find(_SYN + _HEAD + _STX)) >= 0:
            frame = bytes(self._input[start : start + _COMMAND_SIZE])
            if len(frame) < _COMMAND_SIZE:
                break
            del self._input[: start + _COMMAND_SIZE]
            self._answer(frame)
        del self._input[:-_INPUT_LIMIT]

    def _answer(self, frame: bytes) -> None:
        code = _COMMANDS.get(frame)
        understood = code is not None and (code != "RB" or self._last is not None)
        self.line.send(_SYN + _HEAD + (_ACK if understood else _NAK))
        if code == "ST":
            self._start(None)
        elif code == "SP":
            self._abort()
        elif code == "RB" and self._last is not None:
            self.line.send(self._last)
