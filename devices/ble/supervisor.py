"""Supervises Bluetooth: scans always, connects to devices that advertise, recovers the adapter.

One scanner, one connect at a time, a few sessions at once. The detection callback only takes note;
this loop decides. When the adapter goes away everything is built anew as soon as it is back.

    off --powered--> listening --advertisement of a model--> connecting --> session --> listening
     ^                   |
     +--- radio gone ----+        meanwhile the adapter is helped, see `devices.ble.adapter_watch`
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass, field, replace

from devices.ble import link
from devices.ble.adapter_recovery import AdapterCare
from devices.ble.adapter_watch import AdapterWatch, Step, StepTimes
from devices.ble.bonds import ConnectionEnd
from devices.ble.broadcasts import Broadcasts
from devices.ble.link import Advertisement, BondError, Connection, LinkError
from devices.ble.pairing import Pairer, PairingTimes, UnpairedDevices
from devices.ble.reconnect import ReconnectPolicy, ReconnectTimes, SessionEnd
from devices.ble.session import Session, SessionTimes
from devices.ble.session_ends import SessionEnds
from devices.ble.slots import WAITING_LIMIT, Bounds, Slots
from devices.catalogue import BLE_CHARACTERISTICS, MODELS, recognised
from devices.catalogue.ble_models import identified
from devices.driver import DecodeError
from devices.model import Model
from devices.recording.device_readings import DeviceReadings, Source
from devices.recording.device_time import KnownClock
from devices.recording.recorder import Recorder, Refusal
from devices.recording.stable_value import Stability
from edge.equipment import registry
from edge.store import issues

CONNECT_DELAYS_S = (0.0, 0.25)
HEARD_LIMIT = 100
MODELS_LIMIT = 500
LONGEST_STREAM_S = 120.0
"""How long a stream may keep a slot that another device needs, though a finger is in."""

BROADCAST = "mi_"
"""How the characteristics are named that come as service data, without a connection."""

SERVICES = frozenset(service for model in MODELS for service in model.services)

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class RadioHabits:
    """Seconds: between looks at the adapter, retries without one, silence before a fresh scan."""

    watch_s: float = 0.5
    retry_s: float = 1.0
    longest_retry_s: float = 15.0
    rescan_s: float = 60.0
    times: SessionTimes = field(default_factory=SessionTimes)
    reconnect: ReconnectTimes = field(default_factory=ReconnectTimes)
    bounds: Bounds = field(default_factory=Bounds)
    steps: StepTimes = field(default_factory=StepTimes)
    pairing: PairingTimes = field(default_factory=PairingTimes)
    stability: Stability | None = None
    restart: str = ""


@dataclass(slots=True)
class _RunningSession:
    session: Session
    task: asyncio.Task[None]
    since_s: float


class BleSupervisor:
    """Takes readings from every Bluetooth device of the catalogue that comes near."""

    def __init__(self, recorder: Recorder, habits: RadioHabits | None = None) -> None:
        self._recorder = recorder
        self._habits = habits or RadioHabits()
        self._reconnect = ReconnectPolicy(self._habits.reconnect)
        self._slots = Slots(self._habits.bounds)
        self._care = AdapterCare(recorder, AdapterWatch(self._habits.steps), self._habits.restart)
        self._pairer = Pairer(recorder, self._habits.pairing)
        self._ends = SessionEnds(recorder, self._pairer)
        self._broadcasts = Broadcasts()
        self._unpaired = UnpairedDevices(recorder)
        self._heard: OrderedDict[str, Advertisement] = OrderedDict()
        self._calling: dict[str, tuple[Advertisement, Model]] = {}
        self._called = asyncio.Event()
        self._readings: dict[str, DeviceReadings] = {}
        self._clocks: dict[str, KnownClock] = {}
        self._models: dict[str, Model] = {}
        self._running: dict[str, _RunningSession] = {}
        self._off = False

    async def run(self) -> None:
        """Supervise for ever; ends only by cancellation."""
        failures = 0
        try:
            while True:
                try:
                    await self._listen()
                    failures = 0
                except LinkError as error:
                    self._report_off(str(error))
                    failures = 0 if self._running else failures + 1
                    self._care.watch.fails(asyncio.get_running_loop().time())
                    if await self._care.help(str(error)) is not None:
                        failures = 0  # see soon whether it helped
                    retry_s = self._habits.retry_s * 2 ** min(failures, 8)
                    await asyncio.sleep(min(retry_s, self._habits.longest_retry_s))
        finally:
            await self._end_sessions()

    # --- listening -----------------------------------------------------------------------------

    async def _listen(self) -> None:
        """Scan until the radio fails (`LinkError`) or was silent so long that it may hang."""
        await link.check_radio()
        if not self._running:
            await link.disconnect_leftovers(SERVICES)
        async with link.Scanner(SERVICES, self._take_note):
            self._report_on()
            last_s = asyncio.get_running_loop().time()
            while asyncio.get_running_loop().time() - last_s < self._habits.rescan_s:
                await link.check_radio()
                await self._pairer.refresh()
                self._unpaired.forget(asyncio.get_running_loop().time())
                if await self._wait_for_call():
                    last_s = asyncio.get_running_loop().time()
                elif await self._help_silence() is not None:
                    return
                await self._answer()

    async def _help_silence(self) -> Step | None:
        """Take the next step when nothing was heard for long; with a session open all is well."""
        if self._running:
            self._care.watch.alive()
        self._care.watch.scans(asyncio.get_running_loop().time())
        return await self._care.help("nothing is heard")

    def _take_note(self, advertisement: Advertisement) -> None:
        self._heard[advertisement.address] = advertisement
        while len(self._heard) > HEARD_LIMIT:
            self._heard.popitem(last=False)
        self._called.set()

    async def _wait_for_call(self) -> bool:
        try:
            async with asyncio.timeout(self._habits.watch_s):
                await self._called.wait()
        except TimeoutError:
            return False
        self._called.clear()
        self._care.watch.alive()
        return True

    async def _answer(self) -> None:
        """Take note of who calls, then serve them in turn."""
        if self._heard:  # somebody may have been taken back while nothing was heard
            await self._pairer.refresh()
        while self._heard:
            _, advertisement = self._heard.popitem(last=False)
            guessed = recognised(
                advertisement.name,
                advertisement.services,
                advertisement.service_data,
                advertisement.companies,
            )
            if guessed is not None:
                await self._sort(advertisement, self._known(advertisement.address, guessed))
        now_s = asyncio.get_running_loop().time()
        while (address := self._slots.next(now_s)) is not None:
            advertisement, model = self._calling.pop(address)
            await self._connect(advertisement, model)
            now_s = asyncio.get_running_loop().time()
        self._make_room(now_s)

    def _known(self, address: str, guessed: Model) -> Model:
        """Return what an address turned out to be; who broadcasts does not say so each time."""
        if guessed.broadcast is not None:
            self._models[address] = guessed
            if len(self._models) > MODELS_LIMIT:
                del self._models[next(iter(self._models))]
        return self._models.get(address, guessed)

    async def _sort(self, advertisement: Advertisement, model: Model) -> None:
        if (
            self._pairer.is_asked_for(advertisement.address)
            and advertisement.address not in self._slots
        ):
            await self._pair(advertisement, model)
            return
        if not (advertisement.paired or self._may_be_read(advertisement.address, model)):
            self._unpaired.heard(advertisement, model)
            return
        self._unpaired.paired(advertisement.address)
        if model.broadcast is not None:
            self._take_broadcast(advertisement, model)
        elif self._reconnect.due(advertisement.address, advertisement.data, advertisement.at_s):
            self._call(advertisement, model)

    def _may_be_read(self, address: str, model: Model) -> bool:
        """Whether a device without a bond is read: one that needs none, if a person added it."""
        return model.quirks.needs_adding and self._pairer.belongs_here(address)

    def _call(self, advertisement: Advertisement, model: Model) -> None:
        self._slots.want(advertisement.address, _streams(model), advertisement.at_s)
        if advertisement.address not in self._slots:
            self._calling.pop(advertisement.address, None)
            self._calling[advertisement.address] = (advertisement, model)
        if len(self._calling) > WAITING_LIMIT:
            del self._calling[next(iter(self._calling))]

    def _make_room(self, now_s: float) -> None:
        """Let a stream go that nobody would miss, or that had its time, when others starve."""
        if not self._slots.is_starving(now_s):
            return
        for running in self._running.values():
            had_its_time = now_s - running.since_s >= LONGEST_STREAM_S
            if running.session.yields or (running.session.streaming and had_its_time):
                running.session.leave()
                return

    def _take_broadcast(self, advertisement: Advertisement, model: Model) -> None:
        """Take what a device broadcasts; it is not connected with."""
        readings = self._readings_of(advertisement, model, "listening")
        for service, raw in advertisement.service_data:
            characteristic = BLE_CHARACTERISTICS.get(BROADCAST + service)
            if characteristic is None:
                continue
            at = self._recorder.now()
            try:
                measured = self._broadcasts.feed(
                    advertisement.address, characteristic, raw, advertisement.at_s
                )
            except DecodeError as error:
                readings.garbled(at, error.kind, f"unreadable ({error.kind})", raw)
                continue
            if isinstance(measured, Refusal):
                readings.refuse(at, measured, raw)
            elif measured is not None:
                readings.result(at, measured, raw)

    async def _pair(self, advertisement: Advertisement, model: Model) -> None:
        bond = self._ends.wants_bond(advertisement.address, model)
        if not await self._pairer.pair(advertisement, bond):
            return
        self._unpaired.paired(advertisement.address)
        self._ends.paired(advertisement.address, bond)
        if model.broadcast is None:
            await self._connect(replace(advertisement, paired=bond or advertisement.paired), model)

    # --- sessions ------------------------------------------------------------------------------

    async def _connect(self, advertisement: Advertisement, model: Model) -> None:
        self._slots.take(advertisement.address, _streams(model))
        try:
            connection = await self._reach(advertisement)
        except BondError as error:
            end = ConnectionEnd(advertisement.paired, about_bond=True)
            await self._ends.judge_bond(advertisement, model, end, str(error))
            connection = None
        if connection is None:
            self._slots.free(advertisement.address)
            self._reconnect.ended(
                advertisement.address, asyncio.get_running_loop().time(), SessionEnd.NO_NEWS
            )
            return
        readings = self._readings_of(advertisement, model, "connected")
        clock = self._clocks.get(readings.source.id)
        session = Session(self._recorder, readings, connection, clock, self._habits.times)
        task = asyncio.create_task(self._serve(advertisement, readings, session))
        now_s = asyncio.get_running_loop().time()
        self._running[advertisement.address] = _RunningSession(session, task, now_s)

    async def _reach(self, advertisement: Advertisement) -> Connection | None:
        """Connect, once more after interference; a device that is gone is not waited for twice."""
        began_s = asyncio.get_running_loop().time()
        for delay_s in CONNECT_DELAYS_S:
            await asyncio.sleep(delay_s)
            if asyncio.get_running_loop().time() - began_s > self._habits.bounds.fresh_s:
                break
            try:
                return await Connection.open(advertisement.device)
            except BondError:
                raise
            except LinkError as error:
                _log.info("%s cannot be reached: %s", advertisement.address, error)
        return None

    async def _serve(
        self, advertisement: Advertisement, readings: DeviceReadings, session: Session
    ) -> None:
        device, address = readings.source.id, advertisement.address
        self._set_state(device, "connected")
        began_s = asyncio.get_running_loop().time()
        trouble, about_bond = "", False
        try:
            await session.run()
        except LinkError as error:
            trouble, about_bond = str(error), isinstance(error, BondError)
            _log.info("%s: %s", device, error)
        finally:
            now_s = asyncio.get_running_loop().time()
            self._running.pop(address, None)
            self._slots.free(address)
            self._learn(advertisement, readings, session)
            self._reconnect.ended(address, now_s, session.session_end())
            bonds = not readings.source.model.quirks.needs_adding
            end = ConnectionEnd(
                advertisement.paired or (bonds and self._pairer.belongs_here(address)),
                about_bond,
                session.hung_up,
                session.heard > 0,
                now_s - began_s,
            )
            self._set_state(device, "listening", trouble)
            if session.asked and not about_bond:
                self._ends.judge_silence(readings.source, session.heard > 0)
            await self._ends.judge_bond(advertisement, readings.source.model, end, trouble)

    def _learn(
        self, advertisement: Advertisement, readings: DeviceReadings, session: Session
    ) -> None:
        """Remember the device's clock, and the row that it turned out to be."""
        setup, source = session.setup, readings.source
        if setup.clock is not None:
            self._clocks[source.id] = setup.clock
        if setup.maker_model is None:
            return
        model = identified(source.model, *setup.maker_model)
        if model is not source.model:
            self._models[advertisement.address] = model
            self._readings.pop(source.id, None)
            label, measures = model.label, " ".join(model.kinds)
            self._recorder.submit(
                lambda store, _: registry.set_model(store, source.id, label, measures)
            )

    def _readings_of(
        self, advertisement: Advertisement, model: Model, state: str
    ) -> DeviceReadings:
        known = "ble-" + advertisement.address.replace(":", "").upper()
        if known not in self._readings:
            source = Source(known, model, advertisement.address)
            self._readings[known] = DeviceReadings(self._recorder, source, self._habits.stability)
        elif state == "listening":
            return self._readings[known]  # of a broadcast: known, and nothing else changes
        measures = " ".join(model.kinds)
        device = registry.Device(
            known, model.label, "ble", advertisement.address, state, measures=measures
        )
        self._recorder.submit(lambda store, now: registry.met(store, now, device))
        return self._readings[known]

    async def _end_sessions(self) -> None:
        tasks = [running.task for running in self._running.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- what people see -----------------------------------------------------------------------

    def _set_state(self, device: str, state: str, detail: str = "") -> None:
        self._recorder.submit(
            lambda store, now: registry.set_state(store, now, device, state, detail)
        )

    def _report_off(self, why: str) -> None:
        if not self._off:
            _log.warning("Bluetooth does not work: %s", why)
        self._off = True
        self._recorder.submit(lambda store, now: issues.note(store, now, "bluetooth-off", "", why))

    def _report_on(self) -> None:
        self._off = False
        self._recorder.submit(lambda store, _: issues.clear(store, "bluetooth-off"))


def _streams(model: Model) -> bool:
    return any(BLE_CHARACTERISTICS[uuid].streaming for uuid in model.characteristics)
