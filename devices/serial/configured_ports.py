"""Runs a supervisor for each serial port that the settings or a technician bound to a model."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field

from devices.catalogue import SERIAL_PROTOCOLS, model_named
from devices.driver import SerialProtocol
from devices.model import Model
from devices.protocols.laboratory import Site
from devices.recording.recorder import Recorder
from devices.serial.supervisor import PortHabits, PortSupervisor

RESTART_S = 2.0
LOOK_S = 0.5

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Cable:
    """A port as `devices.serial.link.find` takes it, what hangs there, and what is the site's own.

    `site` is what was written down for an analyser, `protocol` that of a template.
    """

    port: str
    model: Model
    site: Site = field(default_factory=Site)
    protocol: SerialProtocol | None = None


class Cables:
    """Runs a supervisor for each cable; `run` ends with all of them.

    `supervisors` is one list for ever, though its members come and go.
    """

    def __init__(
        self, recorder: Recorder, cables: Sequence[Cable], habits: PortHabits | None = None
    ) -> None:
        self._recorder = recorder
        self._habits = habits
        self.supervisors: list[PortSupervisor] = []
        self._configured = [cable.port for cable in cables]
        self._bound: dict[str, tuple[str, PortSupervisor | None]] = {}
        self._tasks: dict[PortSupervisor, asyncio.Task[None]] = {}
        for cable in cables:
            self._add(cable)

    async def run(self) -> None:
        """Supervise for ever; ends only by cancellation."""
        try:
            while True:
                for supervisor in self.supervisors:
                    if supervisor not in self._tasks:
                        self._tasks[supervisor] = asyncio.create_task(for_ever(supervisor.run))
                await asyncio.sleep(LOOK_S)
        finally:
            for task in self._tasks.values():
                task.cancel()
            await asyncio.gather(*self._tasks.values(), return_exceptions=True)
            self._tasks.clear()

    def owned(self) -> list[str]:
        """Return the ports that have an owner."""
        return [*self._configured, *self._bound]

    async def follow(self, bindings: Mapping[str, str]) -> None:
        """Have a supervisor for each port that a technician bound, and for no other one."""
        for port in [p for p, (name, _) in self._bound.items() if bindings.get(p) != name]:
            _, supervisor = self._bound.pop(port)
            await self._drop(supervisor)
        for port, name in bindings.items():
            if port not in self.owned():
                self._bound[port] = (name, self._bind(port, name))

    def wake(self) -> None:
        """Let all look again: a port may have come or gone."""
        for supervisor in self.supervisors:
            supervisor.wake()

    def _bind(self, port: str, name: str) -> PortSupervisor | None:
        model = model_named(name)
        if model is None or model.protocol not in SERIAL_PROTOCOLS:
            _log.error("%s is bound to %r, which is no serial device", port, name)
            return None
        return self._add(Cable(port, model))

    def _add(self, cable: Cable) -> PortSupervisor:
        supervisor = PortSupervisor(
            self._recorder, cable.port, cable.model, self._habits, cable.site, cable.protocol
        )
        self.supervisors.append(supervisor)
        return supervisor

    async def _drop(self, supervisor: PortSupervisor | None) -> None:
        if supervisor is None:
            return
        self.supervisors.remove(supervisor)
        task = self._tasks.pop(supervisor, None)
        if task is not None:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)


async def for_ever(part: Callable[[], Awaitable[None]]) -> None:
    """Run a part again and again; what fails is logged."""
    while True:
        try:
            await part()
        except Exception:
            _log.exception("a part of the station failed; it starts anew")
        await asyncio.sleep(RESTART_S)
