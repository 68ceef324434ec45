"""What tests of simulated serial devices share: quick habits, twins, a real port, a decoder."""

from __future__ import annotations

import json
import random
from collections.abc import Callable
from datetime import datetime
from decimal import Decimal
from pathlib import Path
from typing import Protocol

import serial

from devices.catalogue import SERIAL_PROTOCOLS
from devices.driver import Event, SerialProtocol
from devices.simulators.bodies import Body, Traits
from devices.simulators.serial_line import SerialLine
from devices.simulators.wired.machine import Times
from edge.model.reading import Measurement
from tests.support.eventually import eventually_async

QUICK = Times(measure_s=0.05, search_s=0.1, stream_s=0.4, out_s=0.1, silence_s=0.4, answer_s=0.15)
VECTORS = {
    vector["id"]: bytes.fromhex("".join(vector["chunks"]))
    for vector in json.loads(
        (Path(__file__).parents[1] / "vectors" / "serial.json").read_text("utf-8")
    )["vectors"]
}
"""The bytes of every published or derived example of a serial protocol, by its id."""

WHEN = datetime(2026, 11, 22, 8, 15)  # noqa: DTZ001 - a device's clock has no zone


class OnAWire(Protocol):
    """A simulated serial device."""

    line: SerialLine

    def plug(self) -> None: ...


def person(seed: int = 1) -> Body:
    """A body; the same seed gives a twin that measures the same."""
    return Body(Traits(120, 80, 72, 97, 36.6, 60, 165), random.Random(seed))


def open_port(device: OnAWire) -> serial.Serial:
    """Open the device's port as it is to be set."""
    line = device.line.settings
    return serial.Serial(
        str(device.line.path),
        line.baud,
        bytesize=line.bits,
        parity=line.parity,
        stopbits=line.stop,
        timeout=0,
        exclusive=True,
    )


class Ear:
    """Listens on a real port with a product decoder."""

    def __init__(self, port: serial.Serial, protocol: str) -> None:
        self.port = port
        self.protocol: SerialProtocol = SERIAL_PROTOCOLS[protocol]
        self.decoder = self.protocol.decoder()
        self.raw = bytearray()
        self.events: list[Event] = []

    @property
    def measured(self) -> list[Measurement]:
        """What the events so far measured."""
        found = [self.protocol.measured(event) for event in self.events]
        return [measured for measured in found if measured is not None]

    def names(self) -> list[str]:
        """The events so far; errors by their kind."""
        return [str(event.fields.get("kind", event.name)) for event in self.events]

    def listen(self) -> None:
        """Take what has come."""
        data = self.port.read(self.port.in_waiting)
        self.raw += data
        self.events += self.decoder.feed(data)

    async def until(self, enough: Callable[[], bool], within_s: float = 40) -> None:
        """Listen until it is enough."""

        def heard() -> bool:
            self.listen()
            return enough()

        await eventually_async(heard, within_s=within_s, every_s=0.01)

    async def ask(self, question: bytes, answers: int = 1) -> list[Event]:
        """Write, then wait for so many events more; return them."""
        before = len(self.events)
        self.port.write(question)
        await self.until(lambda: len(self.events) >= before + answers)
        return self.events[before:]


def numbers(measured: Measurement) -> dict[str, Decimal]:
    """The values by their code."""
    return {str(value.code): value.value for value in measured.values}
