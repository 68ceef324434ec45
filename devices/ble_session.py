"""One connection to a Bluetooth device, from the subscription to the hang-up.

Cuffs hang up within seconds, so measurements are subscribed to before anything is asked. Then the
clock is read (how old are the readings?) and set, and the battery is asked for. The session is
over when the device hangs up, has been idle, or its time is up; not before the disk has
everything it sent.
"""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Protocol, cast

from devices.ble_link import LinkError
from devices.catalogue import BLE_CHARACTERISTICS
from devices.courtesy import Parting
from devices.device_time import KnownClock, ahead_s, local_time
from devices.driver import BleCharacteristic, DecodeError, Fields
from devices.protocols.current_time import encode_current_time, encode_date_time
from devices.reception import Reception
from devices.recorder import Recorder
from edge import conditions, registry
from edge.clock import ClockQuality, Stamp
from edge.intake import Duplicate, Outcome

BATTERY = "2A19"
NO_MEASUREMENTS = frozenset({BATTERY, "2A08", "2A2B", "2A52"})
"""Battery, clocks and control point: they belong to a device's row but say nothing of a patient."""

LOW_PERCENT = 20
QUEUE_LIMIT = 1000
_DURABLE_S = 10.0
"""How long a session waits for the disk before it lets the device go: readings wait in memory."""

_log = logging.getLogger(__name__)


class Connected(Protocol):
    """What a session needs of a connection; `devices.ble_link.Connection` is one."""

    lost: asyncio.Event

    async def subscribe(self, uuid: str, took: Callable[[bytes], None]) -> bool:
        """Have values handed to `took`; False when there is no such characteristic."""
        ...

    async def read(self, uuid: str) -> bytes | None:
        """Return a value or None; raises `LinkError`."""
        ...

    async def write(self, uuid: str, data: bytes) -> bool:
        """Write a value; False when that cannot be; raises `LinkError`."""
        ...

    async def close(self) -> None:
        """Disconnect."""
        ...


@dataclass(frozen=True, slots=True)
class SessionTimes:
    """Seconds: for the clock to be read, for a first value, between values, for all of it."""

    settle_s: float = 2.0
    first_s: float = 30.0
    idle_s: float = 5.0
    deadline_s: float = 60.0


@dataclass(frozen=True, slots=True)
class _Value:
    at: Stamp
    characteristic: BleCharacteristic
    raw: bytes


class Session:
    """Runs once. `clock` is what we know of the device's clock, before and after."""

    def __init__(
        self,
        recorder: Recorder,
        reception: Reception,
        connection: Connected,
        clock: KnownClock | None,
        times: SessionTimes,
    ) -> None:
        self.clock = clock
        self._recorder = recorder
        self._reception = reception
        self._connection = connection
        self._times = times
        self._model = reception.source.model
        self._now_valid = clock
        self._values: asyncio.Queue[_Value] = asyncio.Queue(maxsize=QUEUE_LIMIT)
        self._recorded: list[asyncio.Future[Outcome]] = []
        self._clock_is_read = asyncio.Event()
        self._wanted = _measurements(self._model.characteristics)
        self.streaming = any(wanted.streaming for wanted in self._wanted)
        self._heard = 0
        self._repeatable = self._hung_up = self._finger_in = False

    def parting(self) -> Parting:
        """Say how the session ended, for the courtesy of the next one."""
        outcomes = [done.result() for done in self._recorded if _is_written(done)]
        news = len(outcomes) < len(self._recorded)  # still waiting for the disk
        news |= any(not isinstance(outcome, Duplicate) for outcome in outcomes)
        if not (news or self.streaming and self._heard):
            return Parting.NO_NEWS
        harmless = self._hung_up and not self._repeatable
        return Parting.NEWS_AND_HUNG_UP if harmless else Parting.NEWS

    async def run(self) -> None:
        """Serve the device until it or we hang up; raises `LinkError` when it cannot be served."""
        try:
            await self._subscribe()
            attending = asyncio.create_task(self._attend())
            try:
                await self._collect()
            finally:
                self._drain()
                attending.cancel()
                await asyncio.gather(attending, return_exceptions=True)
            await self._until_durable()
        finally:
            self._hung_up = self._connection.lost.is_set()
            await self._connection.close()

    # --- values --------------------------------------------------------------------------------

    async def _subscribe(self) -> None:
        served = [
            await self._connection.subscribe(wanted.uuid, self._taker(wanted))
            for wanted in self._wanted
        ]
        if not any(served):
            raise LinkError("the device offers none of the measurements of its model")

    def _taker(self, characteristic: BleCharacteristic) -> Callable[[bytes], None]:
        def take(raw: bytes) -> None:
            try:
                self._values.put_nowait(_Value(self._recorder.now(), characteristic, raw))
            except asyncio.QueueFull:
                _log.warning("%s sends faster than we read", self._reception.source.id)

        return take

    async def _collect(self) -> None:
        loop = asyncio.get_running_loop()
        deadline = None if self.streaming else loop.time() + self._times.deadline_s
        if not self.streaming:  # a reading's age needs the clock first
            knowing = asyncio.create_task(self._clock_is_read.wait())
            await self._either(knowing, self._times.settle_s)
            knowing.cancel()
        while deadline is None or loop.time() < deadline:
            value = await self._next()
            if value is None:
                return
            self._take(value)

    async def _next(self) -> _Value | None:
        """Return the next value; None when the device hung up or has been idle."""
        if self._values.empty():
            patience_s = self._times.idle_s if self._heard else self._times.first_s
            getting = asyncio.create_task(self._values.get())
            await self._either(getting, patience_s)
            if not getting.done():
                getting.cancel()
                return None
            return getting.result()
        return self._values.get_nowait()

    def _drain(self) -> None:
        """Take what has come already: the device believes that we have it."""
        while not self._values.empty():
            self._take(self._values.get_nowait())

    async def _either(
        self, task: asyncio.Task[bool] | asyncio.Task[_Value], seconds: float
    ) -> None:
        """Wait until the task is done, the link is lost or the time is up."""
        losing = asyncio.create_task(self._connection.lost.wait())
        try:
            await asyncio.wait({task, losing}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            losing.cancel()

    def _take(self, value: _Value) -> None:
        self._heard += 1
        reception, characteristic = self._reception, value.characteristic
        try:
            fields = characteristic.decode(value.raw)
            measured = characteristic.measured(fields)
        except DecodeError as error:
            self._repeatable = True
            text = f"what the device sent cannot be read ({error.kind}); measure again"
            reception.garbled(value.at, error.kind, text, value.raw)
            return
        if characteristic.streaming:
            reception.sample(value.at, measured, value.raw)
            self._show_finger(reception.finger_in)
        elif measured is None:
            self._repeatable = True
            self._recorded.append(reception.no_measurement(value.at, value.raw))
        else:
            self._repeatable |= measured.device_time is None
            age_s = self._age_s(measured.device_time, value.at)
            if "time" in fields and age_s is None:
                # It keeps a memory, and nobody can tell when this was: a person must say whose.
                measured = replace(measured, stored=True)
            self._recorded.append(reception.result(value.at, measured, value.raw, age_s))

    def _show_finger(self, finger_in: bool) -> None:
        if finger_in == self._finger_in:
            return
        self._finger_in = finger_in
        device, state = self._reception.source.id, "measuring" if finger_in else "connected"
        self._recorder.tell(lambda store, now: registry.set_state(store, now, device, state))

    def _age_s(self, device_time: datetime | None, at: Stamp) -> int | None:
        if device_time is None or self._now_valid is None:
            return None
        return self._now_valid.age_s(device_time, at)

    async def _until_durable(self) -> None:
        if self._recorded:
            await asyncio.wait(self._recorded, timeout=_DURABLE_S)

    # --- clock and battery ---------------------------------------------------------------------

    async def _attend(self) -> None:
        """Read and set the clock, then ask for the battery; what fails is left out."""
        for step in (self._read_clock, self._write_clock, self._ask_battery):
            try:
                await step()
            except LinkError as error:
                _log.info("%s: %s: %s", self._reception.source.id, step.__name__, error)
            self._clock_is_read.set()  # or cannot be: it is the first step

    async def _read_clock(self) -> None:
        if self._model.clock is None:
            return
        raw = await self._connection.read(self._model.clock)
        shown = cast("datetime | None", _decoded(self._model.clock, raw).get("time"))
        if shown is None:
            return
        found = KnownClock(shown - local_time(self._recorder.now()))
        self.clock = self._now_valid = found
        device, seconds = self._reception.source.id, ahead_s(found)
        self._recorder.tell(lambda store, _: registry.set_clock_offset(store, device, seconds))

    async def _write_clock(self) -> None:
        """Set the clock, unless the box's own is worse than none."""
        now = self._recorder.now()
        if self._model.clock is None or now.quality is ClockQuality.FLOOR:
            return
        local = local_time(now)
        encode = encode_date_time if self._model.clock == "2A08" else encode_current_time
        if await self._connection.write(self._model.clock, encode(local)):
            # What the device holds was stamped before: only later readings go by this.
            self.clock = KnownClock(local - local, since=local.replace(microsecond=0))

    async def _ask_battery(self) -> None:
        percent = _decoded(BATTERY, await self._connection.read(BATTERY)).get("percent")
        if not isinstance(percent, int):
            return
        device, subject = self._reception.source.id, self._reception.source.subject
        self._recorder.tell(lambda store, _: registry.set_battery(store, device, percent))
        if percent <= LOW_PERCENT:
            self._recorder.tell(
                lambda store, now: conditions.note(
                    store, now, "battery-low", subject, f"{percent} %"
                )
            )
        else:
            self._recorder.tell(lambda store, _: conditions.clear(store, "battery-low", subject))


def _is_written(done: asyncio.Future[Outcome]) -> bool:
    return done.done() and not done.cancelled()


def _measurements(uuids: tuple[str, ...]) -> list[BleCharacteristic]:
    return [BLE_CHARACTERISTICS[uuid] for uuid in uuids if uuid not in NO_MEASUREMENTS]


def _decoded(uuid: str, raw: bytes | None) -> Fields:
    """Decode a value that is not worth refusing; nothing when it is missing or broken."""
    if raw is None:
        return {}
    try:
        return BLE_CHARACTERISTICS[uuid].decode(raw)
    except DecodeError:
        return {}
