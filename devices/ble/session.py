"""One session with a Bluetooth device: subscribe, read clock, take measurements, disconnect.

Cuffs hang up within seconds, so measurements are subscribed to before anything is asked. Then the
clock is read (how old are the readings?) and set, a user slot opened where a scale wants that, and
the battery asked for (`devices.ble.setup`). A meter is asked for the records that the box
does not have. The session is over when the device hangs up, has been idle, or its time is up; not
before the disk has everything it sent.
"""

from __future__ import annotations

import asyncio
import logging
from dataclasses import dataclass, replace
from datetime import datetime
from hashlib import blake2b
from typing import Any, cast

from devices.ble.assembly import Assembly, Piece
from devices.ble.link import LinkError
from devices.ble.reconnect import SessionEnd
from devices.ble.records import RecordTransfer, TransferEnd
from devices.ble.setup import BATTERY, ConnectedDevice, DeviceSetup
from devices.catalogue import BLE_CHARACTERISTICS
from devices.driver import BleCharacteristic, DecodeError, Fields
from devices.recording.device_readings import DeviceReadings
from devices.recording.device_time import KnownClock
from devices.recording.recorder import Kept, Recorder
from edge.equipment import device_memory, registry
from edge.model.clock import Stamp
from edge.model.reading import Kind
from edge.readings.intake import AcceptedReading, Duplicate
from edge.store import issues

RECORD_ACCESS = "2A52"
CUFF_PRESSURE = "2A36"
NO_MEASUREMENTS = frozenset({BATTERY, "2A08", "2A2B", RECORD_ACCESS})
"""Battery, clocks and control point: they belong to a device's row but say nothing of a patient."""

_SPOT = tuple(BLE_CHARACTERISTICS[uuid] for uuid in ("2A35", "2A5E", "2A1C", "2A9D", "2A9C"))
"""Measured once and told at once: subscribed to wherever a device of no row has them."""

SHARED_USER = "shared_user"
"""Fat is estimated from the age, sex and height of a scale's user; the box's slot is nobody."""

UNFINISHED = "unfinished"
"""The device broke off before it called the value settled."""

QUEUE_LIMIT = 1000
_DURABLE_S = 10.0
"""How long a session waits for the disk before it lets the device go: readings wait in memory."""

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class SessionTimes:
    """Seconds: for clock and user slot, for a first value, between values, for all of it.

    A stream may be without a valid sample for `out_s`; a meter reading out its memory may be
    silent for `record_s`, and take `records_s` for all of it.
    """

    settle_s: float = 2.0
    first_s: float = 30.0
    idle_s: float = 5.0
    deadline_s: float = 60.0
    out_s: float = 60.0
    record_s: float = 30.0
    records_s: float = 300.0
    abort_s: float = 2.0


@dataclass(frozen=True, slots=True)
class _Value:
    at: Stamp
    characteristic: BleCharacteristic
    raw: bytes


class Session:
    """Runs once. `setup` knows the device's clock, before and after.

    `asked`: its measurements were subscribed to, or it has none; `heard` counts what it sent.
    """

    def __init__(
        self,
        recorder: Recorder,
        readings: DeviceReadings,
        connection: ConnectedDevice,
        clock: KnownClock | None,
        times: SessionTimes,
    ) -> None:
        self.setup = DeviceSetup(recorder, readings.source, connection, clock)
        self.streaming = self.asked = False
        self.heard = 0
        self.hung_up = False
        self._recorder = recorder
        self._readings = readings
        self._connection = connection
        self._times = times
        self._values: asyncio.Queue[_Value] = asyncio.Queue(maxsize=QUEUE_LIMIT)
        self._assembly = Assembly()
        self._transfer: RecordTransfer | None = None
        self._recorded: list[asyncio.Future[Kept]] = []
        self._leave = asyncio.Event()
        self._valid_s = 0.0
        self._repeatable = self._finger_in = self._anew = False
        self._under_way: Piece | None = None
        self._failed: set[bytes] = set()

    def leave(self) -> None:
        """End soon: another device needs the slot."""
        self._leave.set()

    @property
    def yields(self) -> bool:
        """Whether nothing is lost by leaving now: a stream whose finger is out."""
        return self.streaming and not self._finger_in

    def session_end(self) -> SessionEnd:
        """Return how the session ended, for the reconnect policy."""
        outcomes = [done.result() for done in self._recorded if _is_written(done)]
        news = len(outcomes) < len(self._recorded)  # still waiting for the disk
        news |= any(not isinstance(outcome, Duplicate) for outcome in outcomes)
        if not (news or self.streaming and self.heard):
            return SessionEnd.NO_NEWS
        doubted = any(isinstance(o, AcceptedReading) and o.perhaps is not None for o in outcomes)
        harmless = self.hung_up and not (self._repeatable or doubted)
        return SessionEnd.NEWS_AND_HUNG_UP if harmless else SessionEnd.NEWS

    async def run(self) -> None:
        """Serve the device until it or we hang up; raises `LinkError` when it cannot be served."""
        self._readings.connected(self._recorder.now())
        try:
            await self._subscribe()
            setup = asyncio.create_task(self.setup.run())
            try:
                await self._collect()
                await self._either(setup, self._times.settle_s)
            finally:
                self._drain()
                setup.cancel()
                await asyncio.gather(setup, return_exceptions=True)
            await self._until_durable()
        finally:
            self.hung_up = self._connection.lost.is_set()
            await self._connection.close()

    # --- what is subscribed to -----------------------------------------------------------------

    async def _subscribe(self) -> None:
        model = self._readings.source.model
        wanted = [BLE_CHARACTERISTICS[u] for u in model.characteristics if u not in NO_MEASUREMENTS]
        served: list[BleCharacteristic] = []
        for item in wanted:
            spot = bool(model.name_prefixes) and any(not other.streaming for other in served)
            if not (spot and item.streaming) and await self._serve(item):
                served.append(item)  # a stream only where its row has no result of its own
        if not model.name_prefixes or not served:  # what it has decides, not what it is called
            others = [item for item in _SPOT if item not in wanted]
            served += [item for item in others if await self._serve(item)]
        self.asked = True
        if not served:
            raise LinkError("the device offers none of the measurements of its model")
        self.streaming = any(item.streaming for item in served)
        records = model.quirks.history == "records" and RECORD_ACCESS in model.characteristics
        if records and await self._serve(BLE_CHARACTERISTICS[RECORD_ACCESS]):
            device = self._readings.source.id
            memory = await self._recorder.fetch(lambda store, _: device_memory.of(store, device))
            self._transfer = RecordTransfer(memory.last_record, memory.last_content)

    async def _serve(self, characteristic: BleCharacteristic) -> bool:
        def take(raw: bytes) -> None:
            try:
                self._values.put_nowait(_Value(self._recorder.now(), characteristic, raw))
            except asyncio.QueueFull:
                _log.warning("%s sends faster than we read", self._readings.source.id)

        return await self._connection.subscribe(characteristic.uuid, take)

    # --- the loop ------------------------------------------------------------------------------

    async def _collect(self) -> None:
        loop = asyncio.get_running_loop()
        if not self.streaming:  # a reading's age needs the clock first
            knowing = asyncio.create_task(self.setup.ready.wait())
            await self._either(knowing, self._times.settle_s)
            knowing.cancel()
        if self._transfer is not None:
            await self._write(self._transfer.begin())
        self._valid_s = loop.time()
        deadline_s = loop.time() + self._longest_s()
        while self._goes_on(loop.time(), deadline_s):
            value = await self._next(min(self._wait_s(), deadline_s - loop.time()))
            if value is None:
                break
            await self._write(self._take(value))
        await self._stop_transfer()

    def _longest_s(self) -> float:
        if self.streaming:
            return float("inf")
        return self._times.deadline_s if self._transfer is None else self._times.records_s

    def _goes_on(self, now_s: float, deadline_s: float) -> bool:
        if self._leave.is_set() or now_s >= deadline_s:
            return False
        if self.streaming and now_s - self._valid_s >= self._times.out_s:
            return False
        over = self._transfer is not None and self._transfer.ending is not None
        return not (over and self._values.empty())

    async def _next(self, wait_s: float) -> _Value | None:
        """Return the next value; None when the device hung up, is idle or we must leave."""
        if not self._values.empty():
            return self._values.get_nowait()
        getting = asyncio.create_task(self._values.get())
        await self._either(getting, wait_s)
        if getting.done():
            return getting.result()
        getting.cancel()
        return None

    def _wait_s(self) -> float:
        if self._transfer is not None:
            return self._times.record_s
        return self._times.idle_s if self.heard else self._times.first_s

    async def _either(self, task: asyncio.Task[Any], seconds: float) -> None:
        """Wait until the task is done, the link is lost, we must leave, or the time is up."""
        ends = [asyncio.create_task(e.wait()) for e in (self._connection.lost, self._leave)]
        try:
            await asyncio.wait({task, *ends}, timeout=seconds, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for end in ends:
                end.cancel()

    async def _write(self, command: bytes | None) -> None:
        if command is not None:
            await self._connection.write(RECORD_ACCESS, command)

    async def _stop_transfer(self) -> None:
        """Stop a meter that still reports, and remember how far it came."""
        transfer = self._transfer
        if transfer is None:
            return
        command = transfer.give_up()
        if command is not None and not self._connection.lost.is_set():
            await self._write(command)
            loop = asyncio.get_running_loop()
            until_s = loop.time() + self._times.abort_s
            while transfer.ending is None and loop.time() < until_s:
                value = await self._next(until_s - loop.time())
                if value is None:
                    break
                self._take(value)

    def _drain(self) -> None:
        """Take what has come already: the device believes that we have it."""
        while not self._values.empty():
            self._take(self._values.get_nowait())
        for whole in self._assembly.flush():
            self._take_whole(whole)
        if self._under_way is not None:  # broken off: its last value, however many it sent
            self._keep(self._under_way, unfinished=True)

    # --- values --------------------------------------------------------------------------------

    def _take(self, value: _Value) -> bytes | None:
        """Take one value; return the command that it asks for, if any."""
        self.heard += 1
        characteristic = value.characteristic
        try:
            fields = characteristic.decode(value.raw)
        except DecodeError as error:
            self._repeatable = True
            text = f"what the device sent cannot be read ({error.kind}); measure again"
            self._readings.garbled(value.at, error.kind, text, value.raw)
            return None
        piece = Piece(value.at, characteristic, fields, value.raw)
        if characteristic.uuid == RECORD_ACCESS:
            return self._answered(fields, self._transfer) if self._transfer else None
        if characteristic.running is not None and characteristic.running(fields):
            self._show(piece)
        elif characteristic.streaming:
            self._sample(piece)
        else:
            self._measure(piece)
        return None

    def _show(self, piece: Piece) -> None:
        """Show what is still measured; the last of its values is kept if no result follows."""
        self._under_way = piece if piece.characteristic.uuid != CUFF_PRESSURE else None
        shown = piece.characteristic.live(piece.fields) if piece.characteristic.live else None
        if shown is not None:
            self._readings.show(piece.at, shown)

    def _sample(self, piece: Piece) -> None:
        measured = piece.characteristic.measured(piece.fields)
        self._readings.sample(piece.at, measured, piece.raw)
        if measured is not None:
            self._valid_s = asyncio.get_running_loop().time()
        self._show_finger(self._readings.finger_in)

    def _measure(self, piece: Piece) -> None:
        if self._transfer is not None and piece.characteristic.uuid == "2A18":
            sequence = cast("int", piece.fields["seq"])
            self._transfer.record(sequence, blake2b(piece.raw, digest_size=12).hexdigest())
            self._notice_new_numbers(self._transfer)
        for whole in self._assembly.feed(piece):
            self._take_whole(whole)

    def _answered(self, fields: Fields, transfer: RecordTransfer) -> bytes | None:
        command = transfer.answered(fields)
        self._notice_new_numbers(transfer)
        return command

    def _notice_new_numbers(self, transfer: RecordTransfer) -> None:
        """A meter that counts anew: what it holds now is nothing that it held before."""
        if transfer.anew and not self._anew:
            self._anew = True
            device = self._readings.source.id
            self._recorder.submit(lambda store, _: device_memory.begin_numbering(store, device))

    def _take_whole(self, whole: Piece) -> None:
        """File what was measured of control solution, keep what was measured of a person."""
        told = whole.characteristic.control
        control = told(whole.fields) if told is not None else None
        if control is None:
            self._keep(whole)
        else:
            self._recorded.append(self._readings.control(whole.at, control, whole.raw))

    def _keep(self, whole: Piece, unfinished: bool = False) -> None:
        measured, fields = whole.characteristic.measured(whole.fields), whole.fields
        self._under_way = None
        if measured is None:
            if self._transfer is not None or _is_control(fields):
                _log.info("%s: a record without a value", self._readings.source.id)
                return
            self._repeatable = True
            if whole.raw not in self._failed:  # the same bytes again are the same failure
                self._failed.add(whole.raw)
                self._recorded.append(self._readings.no_measurement(whole.at, whole.raw))
            return
        if measured.kind is Kind.BODY_COMPOSITION and self.setup.shares_user:
            measured = replace(measured, quality=(*measured.quality, SHARED_USER))
        if unfinished:
            measured = replace(measured, quality=(*measured.quality, UNFINISHED))
        self._repeatable |= measured.device_time is None
        age_s = self._age_s(measured.device_time, whole.at)
        if "time" in fields and age_s is None:
            # It keeps a memory, and nobody can tell when this was: a person must say whose.
            measured = replace(measured, stored=True)
        self._recorded.append(self._readings.result(whole.at, measured, whole.raw, age_s))

    def _show_finger(self, finger_in: bool) -> None:
        if finger_in == self._finger_in:
            return
        self._finger_in = finger_in
        device, state = self._readings.source.id, "measuring" if finger_in else "connected"
        self._recorder.submit(lambda store, now: registry.set_state(store, now, device, state))

    def _age_s(self, device_time: datetime | None, at: Stamp) -> int | None:
        clock = self.setup.now_valid
        return None if device_time is None or clock is None else clock.age_s(device_time, at)

    # --- the end -------------------------------------------------------------------------------

    async def _until_durable(self) -> None:
        if self._recorded:
            await asyncio.wait(self._recorded, timeout=_DURABLE_S)
        transfer = self._transfer
        if transfer is None:
            return
        source, last = self._readings.source, transfer.complete_up_to
        content = transfer.last_content
        if transfer.ending is TransferEnd.REFUSED:
            self._recorder.submit(
                lambda store, now: issues.note(
                    store, now, "device-refuses", source.subject, transfer.refusal
                )
            )
        elif transfer.ending is not None:
            self._recorder.submit(
                lambda store, _: issues.clear(store, "device-refuses", source.subject)
            )
        if last is not None and all(_is_written(done) for done in self._recorded):
            self._recorder.submit(
                lambda store, _: device_memory.set_last_record(store, source.id, last, content)
            )


def _is_control(fields: Fields) -> bool:
    return "control_solution" in (fields.get("type"), fields.get("location"))


def _is_written(done: asyncio.Future[Kept]) -> bool:
    return done.done() and not done.cancelled()
