"""Medlab NIBP2020 pressure module: ASCII between STX and ETX, CR after each frame.

Commands `dd;;XX` with the sum of the text; while it measures it sends the cuff's pressure without a
sum, "999" at the end, and then the status on request. An error status still shows the pressures of
the arm before. With the oximeter, the marks are FD and FE and binary samples come between.
"""

from __future__ import annotations

import asyncio
import re
from pathlib import Path

from devices.driver import LineSettings
from devices.simulators.bodies import Body, Pressure, Saturation
from devices.simulators.faults import Fault
from devices.simulators.wired.cuff import Cuff, MeasurementEnd
from devices.simulators.wired.machine import PUSH_FAULTS, Times
from devices.simulators.wired.polled import PolledDevice

LIVE_EVERY_S = 0.2
_PLAIN, _WITH_OXIMETER = (b"\x02", b"\x03"), (b"\xfd", b"\xfe")
_COMMAND = re.compile(rb"\x02(\d\d);;([0-9A-F]{2})\x03")
_START, _MANUAL, _STATUS, _RESET = b"01", b"03", b"18", b"16"
_MESSAGES = {
    MeasurementEnd.DONE: "00",
    MeasurementEnd.LOOSE: "06",
    MeasurementEnd.MOTION: "11",
    MeasurementEnd.ABORTED: "00",
}
_NEXT = "0005"
_NO_SPO2, _NO_PULSE, _NO_FINGER = 0x7F, 0xFF, 0x02
_SPO2_LENGTH = 7
_SPO2_EVERY_S = 1.0


def status_text(
    seen: Pressure | None, message: str = "00", state: int = 1, cycle: str = "03"
) -> str:
    """Return a status; dashes where there never was a result."""
    numbers = ["---"] * 4
    if seen is not None:
        values = (seen.systolic, seen.diastolic, seen.mean, seen.pulse)
        numbers = [f"{int(value):03d}" for value in values]
    vitals = f"P{''.join(numbers[:3])};R{numbers[3]};T{_NEXT}"
    text = f"S{state};A0;C{cycle};M{message};{vitals};;"
    return text + f"{sum(text.encode()) & 0xFF:02X}"


def spo2_packet(seen: Saturation | None, index: int = 0) -> bytes:
    """Return an oximeter sample; its sum is a plain one, unlike Berry's."""
    numbers = [_NO_SPO2, _NO_PULSE, 0]
    if seen is not None:
        numbers = [int(seen.spo2), int(seen.pulse), int(seen.perfusion * 10)]
    body = bytes([_SPO2_LENGTH, index, 0 if seen else _NO_FINGER, *numbers])
    return b"\x55\xaa" + body + bytes([sum(body) & 0xFF])


class MedlabNibp(PolledDevice):
    """The module. `measure` puts the cuff on an arm; the host starts it."""

    slug, model, protocol = "medlab-nibp", "NIBP2020", "medlab_nibp2020"
    settings = LineSettings(4800)
    faults = PUSH_FAULTS | {Fault.MOTION}
    marks = _PLAIN

    def __init__(
        self, path: Path, times: Times | None = None, seed: int = 0, name: str = ""
    ) -> None:
        super().__init__(path, times, seed, name)
        self.cuff = Cuff(self.times.measure_s, self._tasks, self._ended)
        self._message = "00"
        self._showing: asyncio.Task[None] | None = None

    def frame(self, text: str) -> bytes:
        """Return a frame around a text."""
        start, end = self.marks
        return start + text.encode("ascii") + end + b"\r"

    def cut(self, received: bytearray) -> bytes | None:
        """Take the next sound command and return its two digits."""
        while (match := _COMMAND.search(bytes(received))) is not None:
            text = received[match.start() + 1 : match.start() + 5]
            del received[: match.end()]
            if sum(text) & 0xFF == int(match[2], 16):
                return match[1]
        return None

    def answer(self, request: bytes) -> None:
        """Start, stop, or tell the status."""
        if request == _START and self.cuff.start():
            self._showing = self._tasks.spawn(self._show())
        elif request == _RESET:
            self.cuff.abort()
        elif request == _STATUS:
            state = 1 if self._message == "00" else 2
            busy = self.cuff.busy
            text = status_text(
                self.cuff.result, "03" if busy else self._message, 3 if busy else state
            )
            self._reply(self.frame(text))

    def unplug(self) -> None:
        """Pull the cable; the arm is let go."""
        super().unplug()
        self.cuff.abort()

    def _begin(self, body: Body, fault: Fault | None) -> None:
        self._fault = fault if fault not in (Fault.NAN, Fault.MOTION) else None
        self.cuff.wrap(body, fault)

    async def _show(self) -> None:
        while self.cuff.busy:
            self.line.send(self.frame(f"{self.cuff.pressure:03d}C0S3"))
            await asyncio.sleep(LIVE_EVERY_S)

    def _ended(self, how: MeasurementEnd) -> None:
        if self._showing is not None:
            self._showing.cancel()
        self._message = _MESSAGES[how]
        self.line.send(self.frame("999"))


class MedlabWithOximeter(MedlabNibp):
    """The module with its oximeter option: samples come all the time."""

    slug, model = "medlab-nibp-spo2", "NIBP2020 SpO2"
    faults = MedlabNibp.faults | {Fault.FINGER_OUT}
    marks = _WITH_OXIMETER
    _finger: Body | None = None
    _sampling: asyncio.Task[None] | None = None

    def _plugged(self) -> None:
        super()._plugged()
        if self._sampling is None:
            self._sampling = self._tasks.spawn(self._sample())

    def _begin(self, body: Body, fault: Fault | None) -> None:
        super()._begin(body, fault)
        self._finger = None if fault is Fault.FINGER_OUT else body
        asyncio.get_running_loop().call_later(self.times.stream_s, self._finger_out, body)

    def _finger_out(self, body: Body) -> None:
        if self._finger is body:
            self._finger = None

    async def _sample(self) -> None:
        index = 0
        while True:
            seen = self._finger.measure_saturation() if self._finger else None
            self.line.send(spo2_packet(seen, index))
            index = (index + 1) & 0xFF
            await asyncio.sleep(min(_SPO2_EVERY_S, self.times.search_s))
