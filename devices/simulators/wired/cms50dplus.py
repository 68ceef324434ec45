"""Contec CMS50D+ fingertip oximeter (firmware up to 4.5): 60 frames of 5 bytes a second.

Byte 1 alone has bit 7 set. 1: 6 beep, 5 SpO2 falling, 4 searching too long, 3-0 signal strength.
2: plethysmogram. 3: 6 bit 7 of the pulse, 5 searching, 4 no finger, 3-0 bar. 4: pulse bits 6-0.
5: SpO2. Without a value SpO2 is 7F and the pulse FF.
"""

from __future__ import annotations

import asyncio
import math
import random
from dataclasses import dataclass
from pathlib import Path

from devices.driver import LineSettings
from devices.simulators.bodies import Body, Saturation
from devices.simulators.faults import Fault, UnsupportedFaultError
from devices.simulators.serial_line import SerialLine, spoil
from devices.simulators.tasks import Tasks

LINE = LineSettings(19200, parity="O")
FRAMES_PER_S = 60
FRAMES_PER_LUMP = 3
"""The adapter hands over three frames at a time, twenty times a second."""

_NO_PULSE, _NO_SPO2 = 0xFF, 0x7F
_FAULTS = frozenset(
    {
        Fault.DROP,
        Fault.TRUNCATED,
        Fault.FINGER_OUT,
        Fault.NAN,
        Fault.LOW_BATTERY,
        Fault.GARBAGE_PREFIX,
        Fault.FLIPPED_BIT,
        Fault.LOST_BYTE,
        Fault.MUTE,
    }
)


@dataclass(frozen=True, slots=True)
class StreamTimes:
    """Seconds of one measurement: searching for the pulse, showing it, finger out afterwards."""

    search_s: float = 2.0
    stream_s: float = 15.0
    out_s: float = 1.5


@dataclass(frozen=True, slots=True)
class Wave:
    """The moving part of a frame: signal strength 0-15, plethysmogram 0-127, bar 0-15, beep."""

    signal: int = 0
    pleth: int = 0
    bar: int = 0
    beep: bool = False


def live_frame(
    saturation: Saturation | None, wave: Wave, searching: bool = False, no_finger: bool = False
) -> bytes:
    """Return one 5-byte frame; without a saturation it carries the sentinels."""
    pulse = _NO_PULSE if saturation is None else int(saturation.pulse)
    spo2 = _NO_SPO2 if saturation is None else int(saturation.spo2)
    return bytes(
        [
            0x80 | wave.beep << 6 | wave.signal & 0x0F,
            wave.pleth & 0x7F,
            (pulse >> 7 & 1) << 6 | searching << 5 | no_finger << 4 | wave.bar & 0x0F,
            pulse & 0x7F,
            spo2 & 0x7F,
        ]
    )


class Cms50dPlus:
    """The oximeter: sleeps until a finger comes, searches, streams, says "no finger", sleeps."""

    slug = "cms50d-plus"
    link = "serial"
    model = "CMS50D+"
    faults = _FAULTS

    def __init__(
        self, path: Path, times: StreamTimes | None = None, seed: int = 0, name: str = ""
    ) -> None:
        self.name = name or self.slug
        self.line = SerialLine(path, LINE, seed=seed)
        self._times = times or StreamTimes()
        self._rng = random.Random(seed)
        self._tasks = Tasks()
        self._phase = 0.0

    def measure(self, body: Body, fault: Fault | None = None) -> None:
        """Put a finger in; a finger already there leaves first."""
        if fault is not None and fault not in self.faults:
            raise UnsupportedFaultError(self.name, fault)
        self._tasks.cancel()
        if fault is not Fault.MUTE:
            self._tasks.spawn(self._measure(body, fault))

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

    async def _measure(self, body: Body, fault: Fault | None) -> None:
        times = self._times
        stream_s = times.stream_s / 4 if fault is Fault.LOW_BATTERY else times.stream_s
        if fault in (Fault.FINGER_OUT, Fault.NAN):
            await self._sentinels(stream_s, no_finger=fault is Fault.FINGER_OUT)
            return
        await self._sentinels(times.search_s, no_finger=False)
        await self._values(body, stream_s, fault)
        if fault is not Fault.LOW_BATTERY:
            await self._sentinels(times.out_s, no_finger=True)

    async def _sentinels(self, length_s: float, no_finger: bool) -> None:
        frame = live_frame(None, Wave(), searching=not no_finger, no_finger=no_finger)
        for _ in range(_lumps(length_s)):
            await self._emit([frame] * FRAMES_PER_LUMP, None)

    async def _values(self, body: Body, length_s: float, fault: Fault | None) -> None:
        lumps = _lumps(length_s)
        seen = body.measure_saturation()
        for count in range(lumps):
            if count % (FRAMES_PER_S // FRAMES_PER_LUMP) == 0:
                seen = body.measure_saturation()
            frames = [live_frame(seen, self._wave(seen)) for _ in range(FRAMES_PER_LUMP)]
            halfway = count == lumps // 2
            await self._emit(frames, fault if halfway else None)
            if halfway and fault is Fault.DROP:
                await self.line.lose(self._times.out_s)

    async def _emit(self, frames: list[bytes], fault: Fault | None) -> None:
        self.line.send(b"".join([spoil(frames[0], fault, self._rng), *frames[1:]]))
        await asyncio.sleep(FRAMES_PER_LUMP / FRAMES_PER_S)

    def _wave(self, saturation: Saturation) -> Wave:
        """Advance the plethysmogram by one frame at the pulse's own pace."""
        before = self._phase
        self._phase = (before + float(saturation.pulse) / 60 / FRAMES_PER_S) % 1.0
        height = 0.5 - 0.5 * math.cos(2 * math.pi * self._phase)
        return Wave(7, round(100 * height), round(15 * height), self._phase < before)


def _lumps(length_s: float) -> int:
    return max(1, round(length_s * FRAMES_PER_S / FRAMES_PER_LUMP))
