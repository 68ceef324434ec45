"""Simulated serial devices that answer commands, and meters that keep a memory to be read."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from devices.simulators.bodies import Body
from devices.simulators.faults import Fault
from devices.simulators.serial_line import spoil
from devices.simulators.wired.machine import LINE_FAULTS, Machine, Times

INPUT_LIMIT = 256
MEMORY_LIMIT = 500


class PolledDevice(Machine):
    """Answers requests. A fault asked for strikes the next answer.

    `erased` tells whether a host ever asked for the memory to be erased: nothing is erased, but a
    test can be sure that it never happened.
    """

    faults = LINE_FAULTS

    def __init__(
        self, path: Path, times: Times | None = None, seed: int = 0, name: str = ""
    ) -> None:
        super().__init__(path, times, seed, name)
        self.erased = False
        self._input = bytearray()
        self._fault: Fault | None = None

    def cut(self, received: bytearray) -> bytes | None:
        """Take the next whole request off the front, and any noise before it; None for none."""
        raise NotImplementedError

    def answer(self, request: bytes) -> None:
        """Carry out one request, replying by `_reply`."""
        raise NotImplementedError

    def _receive(self, data: bytes) -> None:
        self._input += data
        while (request := self.cut(self._input)) is not None:
            self.answer(request)
        del self._input[:-INPUT_LIMIT]

    def _plugged(self) -> None:
        self._input.clear()

    def _reply(self, frame: bytes) -> None:
        fault, self._fault = self._fault, None
        if fault is Fault.DROP:
            self._tasks.spawn(self._deliver(frame, fault))
        elif fault is not Fault.MUTE:
            self.line.send(spoil(frame, fault, self._rng))


@dataclass(frozen=True, slots=True)
class Record:
    """One measurement in a meter's memory: the meter's own time, mg/dL, control solution or not.

    The value of a ketone is mmol/L times the meter's own factor.
    """

    when: datetime
    value: int
    control: bool = False
    ketone: bool = False


class GlucoseMeter(PolledDevice):
    """A strip meter: measures at once, remembers, and tells its memory to whoever asks."""

    faults = LINE_FAULTS | {Fault.WRONG_CLOCK, Fault.CONTROL}

    def __init__(
        self, path: Path, times: Times | None = None, seed: int = 0, name: str = ""
    ) -> None:
        super().__init__(path, times, seed, name)
        self.memory: deque[Record] = deque(maxlen=MEMORY_LIMIT)

    def newest_first(self) -> list[Record]:
        """The memory as most meters tell it."""
        return list(reversed(self.memory))

    def _begin(self, body: Body, fault: Fault | None) -> None:
        self._fault = fault if fault in LINE_FAULTS else None
        control = fault is Fault.CONTROL
        value = 118 if control else int(body.measure_glucose())
        self.memory.append(Record(self.clock.now(), value, control))
