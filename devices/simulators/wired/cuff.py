"""A cuff that a host can start and has to be able to stop: what pressure modules have in common.

The pressure climbs above the systolic, falls in steps and is gone at the end. The one law of such a
module: whatever happens, it deflates.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from enum import Enum, auto

from devices.simulators.bodies import Body, Pressure
from devices.simulators.faults import Fault
from devices.simulators.tasks import Tasks

_ABOVE_SYSTOLIC = 35
_CLIMB = 0.3
"""The part of the time that the pump takes."""
_LEAST_STEPS, _LONGEST_STEP_S = 20, 0.1


class MeasurementEnd(Enum):
    """How a measurement ended."""

    DONE = auto()
    ABORTED = auto()
    MOTION = auto()
    LOOSE = auto()


class Cuff:
    """One cuff; `ended` is told once how each measurement ended."""

    def __init__(
        self, measure_s: float, tasks: Tasks, ended: Callable[[MeasurementEnd], None]
    ) -> None:
        self._measure_s = measure_s
        self._tasks = tasks
        self._ended = ended
        self._running: asyncio.Task[None] | None = None
        self._arm: tuple[Body | None, Fault | None] = None, None
        self.pressure = 0
        self.result: Pressure | None = None

    @property
    def inflated(self) -> bool:
        """Whether the arm is under pressure."""
        return self.pressure > 0

    @property
    def busy(self) -> bool:
        """Whether a measurement runs."""
        return self._running is not None

    def wrap(self, body: Body, fault: Fault | None) -> None:
        """Put the cuff on an arm."""
        self._arm = body, fault

    def start(self) -> bool:
        """Start to measure; False while a measurement runs."""
        if self.busy:
            return False
        self._running = self._tasks.spawn(self._measure(*self._arm))
        return True

    def abort(self) -> None:
        """Stop and deflate at once."""
        if self._running is not None:
            self._running.cancel()
            self._end(MeasurementEnd.ABORTED)

    async def _measure(self, body: Body | None, fault: Fault | None) -> None:
        """Pump up and down; the last result stays until there is a new one."""
        seen = body.measure_pressure() if body else None
        peak = int(seen.systolic) + _ABOVE_SYSTOLIC if seen else _ABOVE_SYSTOLIC
        try:
            await self._pump(peak)
        finally:
            self.pressure = 0
        self._arm = body, None
        if seen is None or fault is Fault.NAN:
            self._end(MeasurementEnd.LOOSE)
        elif fault is Fault.MOTION:
            self._end(MeasurementEnd.MOTION)
        else:
            self.result = seen
            self._end(MeasurementEnd.DONE)

    async def _pump(self, peak: int) -> None:
        steps = max(_LEAST_STEPS, round(self._measure_s / _LONGEST_STEP_S))
        for step in range(1, steps + 1):
            await asyncio.sleep(self._measure_s / steps)
            part = step / steps
            climbed = part / _CLIMB if part < _CLIMB else (1 - part) / (1 - _CLIMB)
            self.pressure = round(peak * climbed)

    def _end(self, how: MeasurementEnd) -> None:
        self.pressure = 0
        self._running = None
        self._ended(how)
