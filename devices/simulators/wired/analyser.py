"""What laboratory analysers share: results that wait until the host has acknowledged them."""

from __future__ import annotations

import asyncio
from collections import deque
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import ClassVar

from devices.simulators.bodies import Body
from devices.simulators.faults import Fault
from devices.simulators.serial_line import spoil
from devices.simulators.wired.machine import LINE_FAULTS, Machine, Times

ATTEMPTS = 6
_WAITING_LIMIT = 100


@dataclass(frozen=True, slots=True)
class Result:
    """A result: number of the sample, value (None: failed), when.

    `message` counts the messages since the analyser was switched on; `control`: control material
    was measured instead of somebody's blood. `tube` is what stands on the tube, if anything does.
    """

    number: int
    value: Decimal | str | None
    when: datetime
    message: int = 1
    control: bool = False
    tube: str = ""

    @property
    def sample(self) -> str:
        """The number of the sample, or of the control."""
        if self.control:
            return f"QC-{self.number}"
        return self.tube or str(self.number)


class Analyser(Machine):
    """Measures haemoglobin and sends each result until somebody has acknowledged it.

    Samples are numbered for ever, messages anew after each start: see `restart`. `encoding` is the
    character set that it writes.
    """

    faults = LINE_FAULTS | {Fault.NAN, Fault.WRONG_CLOCK, Fault.CONTROL}
    encoding: ClassVar[str] = "ascii"

    def __init__(
        self, path: Path, times: Times | None = None, seed: int = 0, name: str = ""
    ) -> None:
        super().__init__(path, times, seed, name)
        self.waiting: deque[Result] = deque(maxlen=_WAITING_LIMIT)
        self._count = self._messages = 0
        self._tubes: deque[str] = deque(maxlen=_WAITING_LIMIT)
        self._fault: Fault | None = None
        self._on_wire_s = 0.0
        self._heard_now = asyncio.Event()
        self._input = bytearray()
        self._sending: asyncio.Task[None] | None = None

    def restart(self) -> None:
        """Switch it off and on: its messages are numbered from 1 again, its samples are not."""
        self._messages = 0

    def label(self, tube: str) -> None:
        """Let the next drop of somebody's blood come from a tube with this number."""
        self._tubes.append(tube)

    def find(self, body: Body) -> Decimal | str:
        """Return what is found in a drop of blood."""
        return body.measure_haemoglobin()

    async def deliver(self, result: Result) -> bool:
        """Send one result by the rules of the protocol; True when it was acknowledged."""
        raise NotImplementedError

    def _begin(self, body: Body, fault: Fault | None) -> None:
        self._tasks.spawn(self._measure(body, fault))

    async def _measure(self, body: Body, fault: Fault | None) -> None:
        await asyncio.sleep(self.times.measure_s)
        self._fault = fault if fault in LINE_FAULTS else None
        value = None if fault is Fault.NAN else self.find(body)
        self._count += 1
        self._messages += 1
        control, now = fault is Fault.CONTROL, self.clock.now()
        tube = self._tubes.popleft() if self._tubes and not control else ""
        self.waiting.append(Result(self._count, value, now, self._messages, control, tube))
        if self._sending is None:
            self._sending = self._tasks.spawn(self._send_all())

    async def _send_all(self) -> None:
        """Send what waits, oldest first; try again later when nobody takes it."""
        while self.waiting:
            if await self.deliver(self.waiting[0]):
                self.waiting.popleft()
            else:
                await asyncio.sleep(self.times.answer_s)
        self._sending = None

    def _receive(self, data: bytes) -> None:
        self._input += data
        self._heard_now.set()

    async def _send_frame(self, frame: bytes) -> None:
        """Send one frame; a fault strikes once."""
        fault, self._fault = self._fault, None
        self._input.clear()
        self._on_wire_s = len(frame) / self.line.characters_per_s
        if fault is not Fault.MUTE:
            self.line.send(spoil(frame, fault, self._rng))
        if fault is Fault.DROP:
            await self.line.lose(self.times.out_s)

    async def _answer(self, wanted: bytes, within_s: float) -> bytes:
        """Wait for bytes that contain one of `wanted`, once the frame is out; return what came."""
        try:
            async with asyncio.timeout(self._on_wire_s + within_s):
                while not set(wanted) & set(self._input):
                    self._heard_now.clear()
                    await self._heard_now.wait()
        except TimeoutError:
            pass
        return bytes(self._input)
