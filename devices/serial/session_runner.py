"""Carries out the turns of a serial session: writes to the device, records results, in order.

What was measured is on the disk before the device gets its acknowledgement: an analyser forgets a
result once it is acknowledged.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import replace
from typing import Protocol

from devices.driver import Event, Session, Turn
from devices.recording.device_readings import DeviceReadings
from devices.recording.device_time import ahead_of_box_s
from edge.model.clock import Stamp
from edge.model.reading import Measurement

RECEIVED_LIMIT = 1024
"""Received bytes that are kept with a result."""

ASKED_LIMIT = 8

Write = Callable[[bytes], Awaitable[None]]


class Port(Protocol):
    """What a session runner needs of the port's supervisor."""

    @property
    def readings(self) -> DeviceReadings | None:
        """Where results go; another object after `know`."""
        ...

    def enter(self, state: str) -> None:
        """Tell what the device does."""
        ...

    def know(self, serial: str) -> None:
        """Go on as the device with this serial number."""
        ...

    def keep_offset(self, seconds: int) -> None:
        """Keep how far the device's clock is ahead of the box's."""
        ...

    def note(self, now: Stamp, turn: Turn) -> None:
        """Note what a device's clock shows and how many records it holds, where a turn says so."""
        ...

    def sample(self, now: Stamp, measured: Measurement | None, raw: bytes) -> None:
        """Take one sample of a stream."""
        ...

    def answer(self, how: str) -> None:
        """Say that what somebody asked for is over."""
        ...


class SessionRunner:
    """One for a port, over all its openings: sessions remember what they have read."""

    def __init__(self, session: Session, port: Port) -> None:
        self._session = session
        self._port = port
        self._asked: deque[str] = deque(maxlen=ASKED_LIMIT)
        self._received = bytearray()
        self._write: Write | None = None

    def ask(self, kind: str) -> bool:
        """Let the device do what a person asked for; False while the port is closed."""
        if self._write is None:
            return False
        self._asked.append(kind)
        return True

    async def begin(self, now: Stamp, write: Write) -> None:
        """Start on an open port; what was asked before is not done any more."""
        self._asked.clear()
        self._received.clear()
        self._port.answer("the conversation began anew")
        self._write = write
        await self._act(now, self._session.start(now.t_ms), b"")

    def end(self) -> bytes:
        """Stop, and return the bytes that leave the device safe."""
        self._write = None
        return self._session.stop()

    async def take(self, now: Stamp, event: Event, raw: bytes, believed: bool) -> None:
        """Take one event; a sample of a stream counts only when it is believed."""
        self._received += raw
        del self._received[:-RECEIVED_LIMIT]
        turn = self._session.on_event(event, now.t_ms)
        await self._act(now, turn if believed else replace(turn, samples=()), raw)

    async def go_on(self, now: Stamp) -> None:
        """Do what a person asked for, then what is due; call often."""
        while self._asked:
            await self._do(now, self._asked.popleft())
        due = self._session.next_timeout
        if due is not None and now.t_ms >= due:
            await self._act(now, self._session.on_timeout(now.t_ms), b"")

    async def _do(self, now: Stamp, kind: str) -> None:
        turn = self._session.ask(kind, now.t_ms)
        await self._act(now, turn, b"")
        if kind == "stop" or not turn.write:
            self._port.answer("stopped" if kind == "stop" else "the device is not ready")

    async def _act(self, now: Stamp, turn: Turn, raw: bytes) -> None:
        if turn.serial:
            self._port.know(turn.serial)
        if turn.clock is not None:
            self._port.keep_offset(ahead_of_box_s(turn.clock, now))
        self._port.note(now, turn)
        for sample in turn.samples:
            self._port.sample(now, sample, raw)
        durable = await self._keep(now, turn)
        self._tell_failures(now, turn, raw or bytes(self._received))
        if turn.measured or turn.failed:
            self._port.answer(turn.failed)
        if turn.state and not turn.samples:
            self._port.enter(turn.state)
        if turn.write and durable and self._write is not None:
            await self._write(turn.write)

    def _tell_failures(self, now: Stamp, turn: Turn, raw: bytes) -> None:
        readings = self._port.readings
        if readings is None:
            return
        for refused in turn.refused:
            readings.garbled(now, refused.kind, refused.text, refused.raw or raw)
        if turn.failed:
            readings.no_measurement(now, raw)

    async def _keep(self, now: Stamp, turn: Turn) -> bool:
        """Record and wait for the disk; False when something could not be kept."""
        readings = self._port.readings
        if readings is None or not (turn.measured or turn.controls):
            return True
        raw = bytes(self._received)
        self._received.clear()
        recorded = [readings.result(now, measured, raw, turn.age_s) for measured in turn.measured]
        recorded += [readings.control(now, measured, raw) for measured in turn.controls]
        await asyncio.wait(recorded)
        return not any(future.cancelled() for future in recorded)
