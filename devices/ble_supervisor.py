"""Bluetooth as a whole: listen always, connect to who calls, survive the radio.

One scanner, one connect at a time, a few sessions at once. The detection callback only takes note;
this loop thinks. When the radio goes away everything is built anew as soon as it is back.

    off --powered--> listening --advertisement of a model--> connecting --> session --> listening
     ^                   |
     +--- radio gone ----+
"""

from __future__ import annotations

import asyncio
import logging
from collections import OrderedDict
from dataclasses import dataclass, field

from devices import ble_link
from devices.agreement import Terms
from devices.ble_link import Advertisement, Connection, LinkError
from devices.ble_session import Session, SessionTimes
from devices.catalogue import BLE_CHARACTERISTICS, MODELS, Model, ble_model
from devices.courtesy import Courtesy, Manners, Parting
from devices.device_time import KnownClock
from devices.reception import Reception, Source
from devices.recorder import Recorder
from edge import conditions, registry

SLOTS = 3
STREAMING_SLOTS = 2
"""Small controllers hold three to five links; streams must leave room for a cuff."""

CONNECT_DELAYS_S = (0.0, 0.25)
HEARD_LIMIT = 100
STALE_S = 5.0
"""A device heard longer ago than this may be gone: wait until it calls again."""

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
    manners: Manners = field(default_factory=Manners)
    terms: Terms | None = None


class BleSupervisor:
    """Takes readings from every Bluetooth device of the catalogue that comes near."""

    def __init__(self, recorder: Recorder, habits: RadioHabits | None = None) -> None:
        self._recorder = recorder
        self._habits = habits or RadioHabits()
        self._courtesy = Courtesy(self._habits.manners)
        self._heard: OrderedDict[str, Advertisement] = OrderedDict()
        self._called = asyncio.Event()
        self._receptions: dict[str, Reception] = {}
        self._clocks: dict[str, KnownClock] = {}
        self._sessions: dict[str, tuple[asyncio.Task[None], bool]] = {}
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
                    self._say_off(str(error))
                    failures = 0 if self._sessions else failures + 1
                    retry_s = self._habits.retry_s * 2 ** min(failures, 8)
                    await asyncio.sleep(min(retry_s, self._habits.longest_retry_s))
        finally:
            await self._end_sessions()

    # --- listening -----------------------------------------------------------------------------

    async def _listen(self) -> None:
        """Scan until the radio fails (`LinkError`) or was silent so long that it may hang."""
        await ble_link.check_radio()
        if not self._sessions:
            await ble_link.disconnect_leftovers(SERVICES)
        async with ble_link.Scanner(SERVICES, self._take_note):
            self._say_on()
            last_s = asyncio.get_running_loop().time()
            while asyncio.get_running_loop().time() - last_s < self._habits.rescan_s:
                await ble_link.check_radio()
                if await self._anyone():
                    last_s = asyncio.get_running_loop().time()
                    await self._answer()

    def _take_note(self, advertisement: Advertisement) -> None:
        self._heard[advertisement.address] = advertisement
        while len(self._heard) > HEARD_LIMIT:
            self._heard.popitem(last=False)
        self._called.set()

    async def _anyone(self) -> bool:
        try:
            async with asyncio.timeout(self._habits.watch_s):
                await self._called.wait()
        except TimeoutError:
            return False
        self._called.clear()
        return True

    async def _answer(self) -> None:
        while self._heard:
            _, advertisement = self._heard.popitem(last=False)
            model = ble_model(advertisement.name, advertisement.services)
            if model is not None and self._wanted(advertisement, model):
                await self._connect(advertisement, model)

    def _wanted(self, heard: Advertisement, model: Model) -> bool:
        now_s = asyncio.get_running_loop().time()
        if heard.address in self._sessions or now_s - heard.at_s > STALE_S:
            return False
        if not self._courtesy.due(heard.address, heard.data, heard.at_s):
            return False
        streams = sum(streaming for _, streaming in self._sessions.values())
        full = len(self._sessions) >= SLOTS or (_streams(model) and streams >= STREAMING_SLOTS)
        return not full

    # --- sessions ------------------------------------------------------------------------------

    async def _connect(self, heard: Advertisement, model: Model) -> None:
        connection = await self._reach(heard)
        if connection is None:
            self._courtesy.ended(heard.address, asyncio.get_running_loop().time(), Parting.NO_NEWS)
            return
        task = asyncio.create_task(self._serve(heard, self._reception(heard, model), connection))
        self._sessions[heard.address] = (task, _streams(model))

    async def _reach(self, heard: Advertisement) -> Connection | None:
        """Connect, once more after interference; a device that is gone is not waited for twice."""
        began_s = asyncio.get_running_loop().time()
        for delay_s in CONNECT_DELAYS_S:
            await asyncio.sleep(delay_s)
            if asyncio.get_running_loop().time() - began_s > STALE_S:
                break
            try:
                return await Connection.open(heard.device)
            except LinkError as error:
                _log.info("%s cannot be reached: %s", heard.address, error)
        return None

    async def _serve(
        self, heard: Advertisement, reception: Reception, connection: Connection
    ) -> None:
        device = reception.source.id
        self._set_state(device, "connected")
        session = Session(
            self._recorder, reception, connection, self._clocks.get(device), self._habits.times
        )
        trouble = ""
        try:
            await session.run()
        except LinkError as error:
            trouble = str(error)
            _log.info("%s: %s", device, error)
        finally:
            self._sessions.pop(heard.address, None)
            if session.clock is not None:
                self._clocks[device] = session.clock
            now_s = asyncio.get_running_loop().time()
            self._courtesy.ended(heard.address, now_s, session.parting())
            self._set_state(device, "listening", trouble)

    def _reception(self, heard: Advertisement, model: Model) -> Reception:
        known = "ble-" + heard.address.replace(":", "").upper()
        if known not in self._receptions:
            source = Source(known, model, heard.address)
            self._receptions[known] = Reception(self._recorder, source, self._habits.terms)
        measures = " ".join(model.kinds)
        device = registry.Device(
            known, model.label, "ble", heard.address, "connected", measures=measures
        )
        self._recorder.tell(lambda store, now: registry.met(store, now, device))
        return self._receptions[known]

    async def _end_sessions(self) -> None:
        tasks = [task for task, _ in self._sessions.values()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # --- what people see -----------------------------------------------------------------------

    def _set_state(self, device: str, state: str, detail: str = "") -> None:
        self._recorder.tell(
            lambda store, now: registry.set_state(store, now, device, state, detail)
        )

    def _say_off(self, why: str) -> None:
        if not self._off:
            _log.warning("Bluetooth does not work: %s", why)
        self._off = True
        self._recorder.tell(
            lambda store, now: conditions.note(store, now, "bluetooth-off", "", why)
        )

    def _say_on(self) -> None:
        self._off = False
        self._recorder.tell(lambda store, _: conditions.clear(store, "bluetooth-off"))


def _streams(model: Model) -> bool:
    return any(BLE_CHARACTERISTICS[uuid].streaming for uuid in model.characteristics)
