"""The process that turns devices' bytes into accepted readings: `python -m devices.station`.

It opens the store in the recorder's thread, then supervises each configured serial port and
Bluetooth, until SIGTERM. A part that fails is logged and started anew; the others go on.
"""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
from collections.abc import Awaitable, Callable
from contextlib import suppress
from functools import partial

from devices.ble.supervisor import BleSupervisor, RadioHabits
from devices.catalogue import SERIAL_PROTOCOLS, model_named
from devices.protocols.laboratory import Site, Test
from devices.protocols.laboratory_places import wrong_setting
from devices.protocols.line_template import PREFIX, TemplateError
from devices.recording.recorder import Recorder
from devices.serial import link, templates
from devices.serial.configured_ports import Cable, Cables, for_ever
from devices.serial.port_watch import PortWatch, WatchHabits
from devices.serial.supervisor import PortSupervisor
from edge.equipment import device_requests, registry, serial_bindings
from edge.model.clock import Stamp
from edge.model.errors import SettingsError, StoreError
from edge.process.start import run_box_process
from edge.settings.box_settings import Port, Settings
from edge.store import issues
from edge.store.store import Store

ENDING_S = 2.0
REQUESTS_EVERY_S = 0.3
END_ATTEMPTS = 5
LONGEST_WAIT_S = 60.0
"""A file of the box that cannot be used is looked at again after 1, 2, 4 … at most 60 s."""
OWN_CONDITIONS = (
    "port-busy",
    "port-missing",
    "line-settings",
    "device-silent",
    "bluetooth-off",
    "bond-stale",
    "not-paired",
    "not-added",
    "tells-nothing",
    "device-refuses",
    "disk-full",
    "disk-fault",
)

log = logging.getLogger(__name__)


def main() -> int:
    """Run the box's station; return its exit code."""
    logging.basicConfig(level=logging.INFO, format="%(name)s %(levelname)s %(message)s")
    return run_box_process("station", lambda settings: asyncio.run(run(settings)))


async def run(settings: Settings) -> None:
    """Take readings until SIGTERM or SIGINT; raises `SettingsError`.

    Waits while the box's file cannot be used, and says so once.
    """
    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    ports = cables_of(settings)
    recorder = Recorder(settings.database, settings.box_id)
    if not await _opened(recorder, stop):
        return
    recorder.submit(_clear_former_states)
    cables = Cables(recorder, ports)
    work: list[Callable[[], Awaitable[None]]] = [recorder.work, cables.run]
    work.append(lambda: carry_requests(recorder, cables.supervisors))
    work.append(PortWatch(recorder, cables.owned, cables.follow, _watch_habits(settings)).run)
    if settings.bluetooth:
        work.append(BleSupervisor(recorder, _radio_habits(settings)).run)
    tasks = [asyncio.create_task(for_ever(part)) for part in work]
    unwatch = link.watch_ports(cables.wake)
    await stop.wait()
    unwatch()
    await _end(tasks[1:])
    recorder.submit(_set_all_absent)
    await recorder.close()
    await _end(tasks[:1])


def wait_s(attempts: int) -> float:
    """Return how long to wait for a file that could not be used so many times in a row."""
    return float(min(2 ** min(attempts - 1, 10), LONGEST_WAIT_S))


async def _opened(recorder: Recorder, stop: asyncio.Event) -> bool:
    """Open the box's file as soon as it can be used; return False when told to stop before."""
    attempts, said = 0, ""
    while not stop.is_set():
        try:
            await recorder.open()
        except StoreError as error:  # what a person must mend is said once, not every time
            if str(error) != said:
                log.error("no device is read: %s", error)
            attempts, said = attempts + 1, str(error)
        else:
            return True
        with suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), wait_s(attempts))
    return False


async def carry_requests(recorder: Recorder, supervisors: list[PortSupervisor]) -> None:
    """Bring what people ask of devices to their ports, for ever."""
    while True:
        request = await recorder.fetch(device_requests.take)
        if request is None:
            await asyncio.sleep(REQUESTS_EVERY_S)
        elif not any(
            supervisor.request(request.device_id, request.kind) for supervisor in supervisors
        ):
            device = request.device_id
            await recorder.fetch(partial(_not_there, device))


def _not_there(device: str, store: Store, _: Stamp) -> None:
    device_requests.done(store, device, "the device is not connected")


def _radio_habits(settings: Settings) -> RadioHabits:
    """On a bus of its own (a simulated ward) the system's bluetoothd is nobody's business."""
    private = "DBUS_SYSTEM_BUS_ADDRESS" in os.environ
    return RadioHabits(restart="" if private else settings.bluetooth_restart)


def cables_of(settings: Settings) -> list[Cable]:
    """Match the configured ports with the catalogue; raises `SettingsError`."""
    return [_cable(settings, port) for port in settings.ports if port.model]


def _cable(settings: Settings, port: Port) -> Cable:
    if port.model.startswith(PREFIX):
        try:
            template = templates.find(settings.home, port.model)
        except TemplateError as error:
            raise SettingsError(f"devices.port: {error}") from error
        return Cable(port.path, template.model, protocol=template.protocol)
    model = model_named(port.model)
    if model is None or model.protocol not in SERIAL_PROTOCOLS:
        raise SettingsError(f"devices.port: no serial device {port.model!r} in the catalogue")
    return Cable(port.path, model, site_of(port))


def site_of(port: Port) -> Site:
    """Return what was written down for the analyser at a port; raises `SettingsError`."""
    tests = {name: Test(code, unit) for name, (code, unit) in port.tests.items()}
    site = Site(tests, port.encoding, port.sample, port.time, port.controls)
    wrong = wrong_setting(site)
    if wrong:
        raise SettingsError(f"devices.port: {wrong}")
    return site


def _watch_habits(settings: Settings) -> WatchHabits:
    probed = tuple(port.path for port in settings.ports if port.probe)
    return WatchHabits(settings.watch, probed)


def _clear_former_states(store: Store, now: Stamp) -> None:
    """Clear what a former process noted about devices and ports: it need not be true any more."""
    for condition in issues.current(store):
        if condition.kind in OWN_CONDITIONS:
            issues.clear(store, condition.kind, condition.subject)
    device_requests.abandon(store)
    serial_bindings.forget_all(store)
    for device in registry.devices(store):
        state = "listening" if device.link == "ble" else "absent"
        registry.set_state(store, now, device.id, state)


def _set_all_absent(store: Store, now: Stamp) -> None:
    for device in registry.devices(store):
        registry.set_state(store, now, device.id, "absent", "the station is not running")


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel until it is done: libraries have been seen to swallow a cancellation."""
    for _ in range(END_ATTEMPTS):
        running = [task for task in tasks if not task.done()]
        if not running:
            return
        for task in running:
            task.cancel()
        await asyncio.wait(running, timeout=ENDING_S)


if __name__ == "__main__":
    sys.exit(main())
