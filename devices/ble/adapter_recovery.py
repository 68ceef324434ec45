"""Recovers the Bluetooth adapter: rescan, power cycle, daemon restart; journalled and logged."""

from __future__ import annotations

import asyncio
import logging
import shlex
import shutil
from collections.abc import Awaitable, Callable

from devices.ble import agent
from devices.ble.adapter_watch import AdapterWatch, Step
from devices.ble.agent import PairingError
from devices.recording.recorder import Recorder
from edge.equipment import bluetooth_recovery

RESTART_S = 60.0

_log = logging.getLogger(__name__)


class AdapterCare:
    """Takes the recovery steps for one station; `restart` is the command for bluetoothd."""

    def __init__(self, recorder: Recorder, watch: AdapterWatch, restart: str = "") -> None:
        self.watch = watch
        self._recorder = recorder
        self._restart = shlex.split(restart)

    async def help(self, why: str) -> Step | None:
        """Take the step that is due, if any, and return it; a failure is logged."""
        now_s = asyncio.get_running_loop().time()
        step = self.watch.due(now_s)
        if step is None:
            return None
        self.watch.took(now_s)
        _log.warning("Bluetooth: %s, because: %s", step, why)
        try:
            await self._act(step)
        except (PairingError, OSError, TimeoutError) as error:
            _log.warning("Bluetooth: %s did not work: %s", step, error)
            why = f"{why}; {step}: {error}"
        taken, text = step.value, why
        self._recorder.submit(lambda store, now: bluetooth_recovery.took(store, now, taken, text))
        return step

    async def _act(self, step: Step) -> None:
        acts: dict[Step, Callable[[], Awaitable[None]]] = {
            Step.POWER_CYCLE: agent.power_cycle,
            Step.RESTART: self._start_daemon_anew,
        }
        if step in acts:  # a rescan is the caller's
            await acts[step]()

    async def _start_daemon_anew(self) -> None:
        if not self._restart or shutil.which(self._restart[0]) is None:
            raise OSError("no command to restart bluetoothd")
        process = await asyncio.create_subprocess_exec(
            *self._restart,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.DEVNULL,
            stderr=asyncio.subprocess.DEVNULL,
        )
        try:
            async with asyncio.timeout(RESTART_S):
                code = await process.wait()
        except TimeoutError:
            process.kill()
            raise
        if code:
            raise OSError(f"{self._restart[0]} ended with {code}")
