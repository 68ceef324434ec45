"""Supervises one serial port: opens, listens, retries, changes the line settings.

    absent --path appears--> opening --ok--> listening --sound frame--> bound
      ^                         |                |                        |
      +------ path gone --------+--- backoff <---+------- line lost ------+

Each port has a thread of its own that blocks in reading and writing; everything else happens on
the loop. A polled protocol has a session (`devices.sessions`), whose turns are carried out here.
"""

from __future__ import annotations

import asyncio
import logging
import random
import re
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

from devices.catalogue import SERIAL_PROTOCOLS, Model
from devices.catalogue.serial_protocols import requests_of, session_for
from devices.driver import Event, SerialProtocol, Turn
from devices.protocols.laboratory import Site
from devices.recording.device_readings import DeviceReadings, Source
from devices.recording.device_time import ahead_of_box_s, local_time
from devices.recording.recorder import Recorder
from devices.recording.stable_value import Stability
from devices.serial import link
from devices.serial.frames import HEADER, Frames, LineTrial
from devices.serial.session_runner import SessionRunner
from edge.equipment import device_clock, device_memory, device_requests, registry
from edge.model.clock import Stamp
from edge.model.reading import Measurement
from edge.store import issues
from edge.store.store import Store

STALE_MS = 1500
"""A frame that stops for so long will not be finished."""

FLAPPING_S = 5.0
"""A line that is lost sooner than this counts as another failure."""

_log = logging.getLogger(__name__)
T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class PortHabits:
    """How patient a supervisor is, in seconds. The first retry is quick, later ones double."""

    rescan_s: float = 2.0
    first_retry_s: float = 0.2
    longest_retry_s: float = 30.0
    silent_s: float = 10.0
    stability: Stability | None = None


class PortSupervisor:
    """Keeps one configured port open and passes what its device sends to its readings."""

    def __init__(
        self,
        recorder: Recorder,
        pattern: str,
        model: Model,
        habits: PortHabits | None = None,
        site: Site | None = None,
        protocol: SerialProtocol | None = None,
    ) -> None:
        """Take what the `site` wrote down for an analyser, and its own `protocol` if any."""
        self._recorder = recorder
        self._pattern = pattern
        self._model = model
        self._habits = habits or PortHabits()
        self._protocol = protocol or SERIAL_PROTOCOLS[model.protocol]
        session = session_for(model.protocol, site, lambda: local_time(recorder.now()))
        self._runner = SessionRunner(session, self) if session else None
        self._trial = LineTrial(self._protocol)
        self._frames = Frames(self._protocol)
        self._source = Source("", model, pattern)
        self._readings: DeviceReadings | None = None
        self._thread: ThreadPoolExecutor
        self._woken = asyncio.Event()
        self._failures = 0
        self._opened: Stamp | None = None
        self._state = ""
        self._wrong: set[str] = set()

    def wake(self) -> None:
        """Look again now: a port may have come or gone."""
        self._woken.set()

    def request(self, device_id: str, kind: str) -> bool:
        """Let the device do what a person asked for; False when it is not this port's, or away."""
        if self._runner is None or self._source.id != device_id:
            return False
        return self._runner.ask(kind)

    async def run(self) -> None:
        """Supervise for ever; ends only by cancellation."""
        self._thread = ThreadPoolExecutor(1, thread_name_prefix=f"port-{self._model.name}")
        try:
            while True:
                path = link.find(self._pattern)
                if path is None:
                    self._absent()
                    await self._pause(self._habits.rescan_s)
                    continue
                await self._visit(path)
                await self._pause(self._retry_s())
        finally:
            self._thread.shutdown(wait=False)

    # --- opening and losing --------------------------------------------------------------------

    async def _visit(self, path: str) -> None:
        """Open the port and listen until it is lost."""
        try:
            line = await self._block(lambda: link.open_line(path, self._trial.settings))
        except link.PortBusyError as error:
            self._failed(str(error))
            self._note("port-busy", str(error))
            return
        except link.PortError as error:
            self._failed(str(error))
            return
        self._clear("port-busy", "port-missing")
        opened = asyncio.get_running_loop().time()
        try:
            await self._register(path)
            await self._listen(line)
        except link.PortError as error:
            self._lost(str(error), asyncio.get_running_loop().time() - opened)
        finally:
            await self._block(lambda: self._leave(line))

    def _leave(self, line: link.Line) -> None:
        """Leave the device safe: a cuff deflates, whatever ends this visit."""
        if self._runner is not None:
            with suppress(link.PortError):
                line.write(self._runner.end())
        line.close()

    async def _register(self, path: str) -> None:
        number = await self._block(lambda: link.usb_serial(path))
        self._opened = self._recorder.now()
        self._know(f"usb-{number}" if number else f"port-{_slug(path)}", path)
        self.enter("listening")

    def _know(self, known: str, path: str) -> None:
        """Go on as the device of this id: a cable's, until the device tells its own number."""
        if self._readings is None or self._source.id != known:
            self._source = Source(known, self._model, path)
            self._readings = DeviceReadings(self._recorder, self._source, self._habits.stability)
        if self._opened is not None:
            self._readings.connected(self._opened)
        doubt = " (experimental)" if self._protocol.experimental else ""
        device = registry.Device(
            known,
            self._model.label + doubt,
            "serial",
            path,
            "listening",
            measures=" ".join(self._model.kinds),
            requests=" ".join(requests_of(self._model.protocol)),
        )
        self._recorder.submit(lambda store, now: registry.met(store, now, device))
        self._state = ""

    def _absent(self) -> None:
        self._failures = 0
        self.enter("absent")
        self._clear("port-busy", "device-silent", "line-settings")
        self._note("port-missing")

    def _failed(self, why: str) -> None:
        self._failures += 1
        self.enter("absent", "backoff")
        _log.info("%s: %s", self._source.subject, why)

    def _lost(self, why: str, after_s: float) -> None:
        self._failures = 1 if after_s > FLAPPING_S else self._failures + 1
        self.answer("the cable came out")
        self._frames.abandon()
        self.enter("absent", "lost")
        _log.info("%s was lost: %s", self._source.subject, why)

    def _retry_s(self) -> float:
        doubled = self._habits.first_retry_s * float(2 ** min(max(0, self._failures - 1), 10))
        return min(doubled, self._habits.longest_retry_s) * random.uniform(0.8, 1.2)

    async def _pause(self, seconds: float) -> None:
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._woken.wait()
        self._woken.clear()

    async def _block(self, call: Callable[[], T]) -> T:
        return await asyncio.get_running_loop().run_in_executor(self._thread, call)

    # --- listening -----------------------------------------------------------------------------

    async def _listen(self, line: link.Line) -> None:
        quiet_since = self._recorder.now().t_ms
        await self._begin(line)
        while True:
            data = await self._block(line.read)
            now = self._recorder.now()
            if data:
                quiet_since = now.t_ms
                await self._receive(now, data)
            else:
                self._notice_silence(now, now.t_ms - quiet_since)
            if self._runner is not None:
                await self._runner.go_on(now)
            if self._trial.burst_ended(now.t_ms):
                self._keep_noise(now)
            if self._trial.wrong():
                await self._try_next(line)

    async def _try_next(self, line: link.Line) -> None:
        settings = self._trial.next()
        _log.info("%s: trying %s", self._source.subject, settings)
        self._frames.abandon()
        if not self._protocol.streaming or self._trial.exhausted:
            self._note("line-settings")
        await self._block(lambda: line.retune(settings))
        await self._begin(line)

    def _keep_noise(self, now: Stamp) -> None:
        """A frame with a broken head is nothing but noise: somebody may wait for its result."""
        raw = self._frames.forget()
        if not self._trial.bound:
            self._note("line-settings")
        if self._readings is not None:
            text = "the cable brought something unreadable; measure again"
            self._readings.garbled(now, "unreadable", text, raw)

    async def _receive(self, now: Stamp, data: bytes) -> None:
        events = self._frames.feed(data)
        for event, raw in events:
            if self._runner is None:
                self._take(now, event, raw)
            else:
                await self._reply(now, event, raw, self._runner)
        self._trial.heard(now.t_ms, data, events, self._frames.pending)

    async def _begin(self, line: link.Line) -> None:
        if self._runner is not None:
            write = partial(self._write, line)
            await self._runner.begin(self._recorder.now(), write)

    async def _write(self, line: link.Line, data: bytes) -> None:
        await self._block(lambda: line.write(data))

    async def _reply(self, now: Stamp, event: Event, raw: bytes, runner: SessionRunner) -> None:
        believed = self._trial.believes(event, len(raw))
        if believed:
            self._clear("line-settings", "device-silent")
        await runner.take(now, event, raw, believed or not self._protocol.streaming)

    def _take(self, now: Stamp, event: Event, raw: bytes) -> None:
        believed = self._trial.believes(event, len(raw))
        if believed:
            self._clear("line-settings", "device-silent")
        if self._protocol.streaming:
            if believed and self._protocol.aside(event):
                self._result(now, event, raw)
            elif believed:
                self.sample(now, self._protocol.measured(event), raw)
        elif event.name == "error":
            self._refuse(now, event, raw)
        else:
            self._result(now, event, raw)

    def _result(self, now: Stamp, event: Event, raw: bytes) -> None:
        if not self._protocol.streaming:
            self.enter("connected")
        measured = self._protocol.measured(event)
        if measured is None or self._readings is None:
            return  # an answer to a command: nothing that a patient could own
        self._readings.result(now, measured, raw)
        self._compare_clocks(now, measured)

    def _refuse(self, now: Stamp, event: Event, raw: bytes) -> None:
        if self._readings is None:
            return
        kind = str(event.fields.get("kind", "error"))
        if kind == "device_error":
            self.enter("connected")
            self._readings.no_measurement(now, raw)
        else:
            self._readings.garbled(
                now, kind, f"the cable broke a result ({kind}); measure again", raw
            )

    def _compare_clocks(self, now: Stamp, measured: Measurement) -> None:
        """A result is pushed when it is made, so its time tells what the device's clock says."""
        if measured.device_time is None or measured.stored:
            return
        self.keep_offset(ahead_of_box_s(measured.device_time, now))

    # --- what a session asks of its port ---------------------------------------------------------

    @property
    def readings(self) -> DeviceReadings | None:
        """Where findings go."""
        return self._readings

    def know(self, serial: str) -> None:
        """Go on as the device with this serial number, whichever cable it hangs on."""
        known = f"{self._model.protocol}-{_slug(serial)}"
        if known != self._source.id:
            self.enter("absent", known)
            self._know(known, self._source.address)
            self._recorder.submit(
                lambda store, _: registry.set_information(store, known, serial=serial)
            )

    def keep_offset(self, seconds: int) -> None:
        """Keep how far the device's clock is ahead of the box's."""
        device = self._source.id
        self._recorder.submit(lambda store, _: registry.set_clock_offset(store, device, seconds))

    def note(self, now: Stamp, turn: Turn) -> None:
        """Note what a device's clock shows and how many records it holds, where a turn says so."""
        device, shown, held = self._source.id, turn.clock, turn.held
        if shown is not None:
            self._recorder.submit(
                lambda store, _: device_clock.note_shown(store, now, device, shown)
            )
        if held is not None:
            self._recorder.submit(lambda store, _: device_memory.note_held(store, device, held))

    def sample(self, now: Stamp, measured: Measurement | None, raw: bytes) -> None:
        """Take one sample of a stream."""
        if self._readings is None:
            return
        self._readings.sample(now, measured, raw)
        self.enter("measuring" if self._readings.finger_in else "connected")

    def answer(self, how: str) -> None:
        """Say that what somebody asked of the device is over."""
        if self._runner is not None and self._source.id:
            device = self._source.id
            self._recorder.submit(lambda store, _: device_requests.done(store, device, how))

    # --- silence -------------------------------------------------------------------------------

    def _notice_silence(self, now: Stamp, silent_ms: int) -> None:
        if silent_ms >= STALE_MS and self._frames.pending:
            raw = self._frames.abandon()
            alone = self._runner is None and not self._protocol.streaming
            if len(raw) >= HEADER and alone and self._readings:
                self._readings.garbled(
                    now, "truncated", "the result stopped half-way; measure again", raw
                )
        if (
            self._runner is None
            and self._protocol.streaming
            and silent_ms >= self._habits.silent_s * 1000
        ):
            self._fell_silent()

    def _fell_silent(self) -> None:
        """An oximeter without a finger switches itself off; with one it should go on."""
        if self._state == "measuring":
            self._note("device-silent")
        self.enter("listening")

    # --- what people see -----------------------------------------------------------------------

    def enter(self, state: str, detail: str = "") -> None:
        """Tell what the device does, when that changed."""
        if (state, detail) == (self._state, "") or not self._source.id:
            return
        self._state = state
        device = self._source.id
        self._recorder.submit(
            lambda store, now: registry.set_state(store, now, device, state, detail)
        )

    def _note(self, kind: str, detail: str = "") -> None:
        if kind in self._wrong:
            return
        self._wrong.add(kind)
        subject = self._source.subject
        self._recorder.submit(lambda store, now: issues.note(store, now, kind, subject, detail))

    def _clear(self, *kinds: str) -> None:
        subject = self._source.subject
        solved = self._wrong.intersection(kinds)
        self._wrong -= solved
        for kind in solved:
            self._recorder.submit(partial(_solved, kind, subject))


def _slug(path: str) -> str:
    return re.sub(r"[^A-Za-z0-9.]+", "-", path.removeprefix("/dev/")).strip("-")


def _solved(kind: str, subject: str, store: Store, _: Stamp) -> None:
    issues.clear(store, kind, subject)
