"""What every simulated serial device shares: a line, a clock, a seeded chance, faults.

Below `Machine` stand the ways in which such devices talk: `Pusher` sends one frame when it is done,
`Streamer` samples without pause, and in `devices.simulators.wired.polled` those that answer a host.
"""

from __future__ import annotations

import asyncio
import random
from dataclasses import dataclass
from datetime import datetime
from enum import Enum, auto
from pathlib import Path
from typing import ClassVar

from devices.driver import LineSettings
from devices.simulators.bodies import Body, Saturation
from devices.simulators.clockwork import DeviceClock
from devices.simulators.faults import Fault, UnsupportedFaultError
from devices.simulators.serial_line import SerialLine, spoil
from devices.simulators.tasks import Tasks

LINE_FAULTS = frozenset(
    {
        Fault.DROP,
        Fault.TRUNCATED,
        Fault.GARBAGE_PREFIX,
        Fault.FLIPPED_BIT,
        Fault.LOST_BYTE,
        Fault.REPEATED,
        Fault.MUTE,
    }
)
"""What can happen on any cable."""

PUSH_FAULTS = LINE_FAULTS | {Fault.NAN}
STREAM_FAULTS = LINE_FAULTS | {Fault.NAN, Fault.FINGER_OUT}

FAILING = frozenset({Fault.NAN, Fault.FINGER_OUT})
"""The faults after which there is no value."""


@dataclass(frozen=True, slots=True)
class Times:
    """How long devices take, in seconds; real cuffs and analysers take ten times longer.

    `measure_s` from the start to the result, `search_s` without a pulse, `stream_s` with one,
    `out_s` after the finger has left. `silence_s` is how long a device believes in a host that
    says nothing, `answer_s` how long it waits for the answer to its own frame.
    """

    measure_s: float = 2.0
    search_s: float = 2.0
    stream_s: float = 15.0
    out_s: float = 1.5
    silence_s: float = 30.0
    answer_s: float = 15.0


class Machine:
    """One serial device. Subclasses say what it is in their class variables and how it talks."""

    link = "serial"
    slug: ClassVar[str]
    model: ClassVar[str]
    protocol: ClassVar[str]
    settings: ClassVar[LineSettings]
    faults: frozenset[Fault] = PUSH_FAULTS

    def __init__(
        self, path: Path, times: Times | None = None, seed: int = 0, name: str = ""
    ) -> None:
        self.name = name or self.slug
        self.times = times or Times()
        self.line = SerialLine(path, self.settings, self._receive, seed)
        self.clock = DeviceClock()
        self._rng = random.Random(seed)
        self._tasks = Tasks()

    def measure(self, body: Body, fault: Fault | None = None) -> None:
        """Start one act of measuring, ending one that runs; raises `UnsupportedFaultError`."""
        if fault is not None and fault not in self.faults:
            raise UnsupportedFaultError(self.name, fault)
        if fault is Fault.WRONG_CLOCK:
            self.clock.lose()
        self._begin(body, fault)

    def plug(self) -> None:
        """Put the cable in."""
        self.line.plug()
        self._plugged()

    def unplug(self) -> None:
        """Pull the cable; the device itself goes on."""
        self.line.unplug()

    async def stop(self) -> None:
        """Switch off."""
        await self._tasks.close()
        await self.line.close()

    def _begin(self, body: Body, fault: Fault | None) -> None:
        raise NotImplementedError

    def _receive(self, data: bytes) -> None:
        """Take bytes from the host; most devices do not listen."""

    def _plugged(self) -> None:
        """Take note of the cable."""

    async def _deliver(self, frame: bytes, fault: Fault | None) -> None:
        """Send a frame as the fault lets it through; an empty one is nothing to send."""
        if not frame:
            return
        self.line.send(spoil(frame, fault, self._rng))
        if fault is Fault.DROP:
            await asyncio.sleep(len(frame) / 2 / self.line.characters_per_s)
            await self.line.lose(self.times.out_s)


class Pusher(Machine):
    """Measures, then sends its result once, asked or not."""

    def encode(self, body: Body | None, when: datetime, moved: bool) -> bytes:
        """Measure and return the frame; without a body the measurement failed."""
        raise NotImplementedError

    def _begin(self, body: Body, fault: Fault | None) -> None:
        self._tasks.cancel()
        if fault is not Fault.MUTE:
            self._tasks.spawn(self._act(body, fault))

    async def _act(self, body: Body, fault: Fault | None) -> None:
        await self._before(body, fault)
        able = None if fault in FAILING else body
        frame = self.encode(able, self.clock.now(), moved=fault is Fault.MOTION)
        await self._deliver(frame, fault)

    async def _before(self, body: Body, fault: Fault | None) -> None:
        """Let the measurement take its time."""
        await asyncio.sleep(self.times.measure_s)


class Phase(Enum):
    """What an oximeter sees."""

    OUT = auto()
    SEARCHING = auto()
    PULSE = auto()
    MOVING = auto()


class Streamer(Machine):
    """Samples without pause: searching, a pulse, finger out. Bedside ones say "out" for ever."""

    faults = STREAM_FAULTS
    period_s: ClassVar[float] = 1.0
    bedside: ClassVar[bool] = True

    def sample(self, seen: Saturation | None, phase: Phase) -> bytes:
        """Return the bytes of one period; `seen` is None unless there is a pulse."""
        raise NotImplementedError

    def _plugged(self) -> None:
        if self.bedside:
            self._tasks.cancel()
            self._tasks.spawn(self._idle())

    def _begin(self, body: Body, fault: Fault | None) -> None:
        self._tasks.cancel()
        if fault is not Fault.MUTE:
            self._tasks.spawn(self._act(body, fault))

    async def _act(self, body: Body, fault: Fault | None) -> None:
        if fault in FAILING:
            failed = Phase.OUT if fault is Fault.FINGER_OUT else Phase.SEARCHING
            await self._show(self.times.stream_s, failed)
        else:
            await self._show(self.times.search_s, Phase.SEARCHING)
            await self._stream(body, fault)
        if fault is not Fault.LOW_BATTERY:
            await self._show(self.times.out_s, Phase.OUT)
            await self._idle()

    async def _stream(self, body: Body, fault: Fault | None) -> None:
        low = fault is Fault.LOW_BATTERY
        periods = self._periods(self.times.stream_s / 4 if low else self.times.stream_s)
        phase = Phase.MOVING if fault is Fault.MOTION else Phase.PULSE
        each_second = max(1, round(1 / self.period_s))
        seen = body.measure_saturation()
        for count in range(periods):
            if count and count % each_second == 0 and phase is Phase.PULSE:
                seen = body.measure_saturation()
            halfway = count == periods // 2
            await self._deliver(self.sample(seen, phase), fault if halfway else None)
            await asyncio.sleep(self.period_s)

    async def _show(self, length_s: float, phase: Phase) -> None:
        for _ in range(self._periods(length_s)):
            self.line.send(self.sample(None, phase))
            await asyncio.sleep(self.period_s)

    async def _idle(self) -> None:
        while self.bedside:
            await self._show(self.period_s, Phase.OUT)

    def _periods(self, length_s: float) -> int:
        return max(1, round(length_s / self.period_s))
