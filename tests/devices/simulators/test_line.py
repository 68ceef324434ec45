"""Real pyserial on the ptys of the serial devices."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import serial

from devices.simulators.ad_tm2657 import Tm2657, bcc
from devices.simulators.bodies import Body, Traits

FRAME_SIZE = 138
ACK, NAK = bytes.fromhex("161601303006"), bytes.fromhex("161601303015")


def body() -> Body:
    return Body(Traits(120, 80, 72, 97, 36.6, 60, 165), random.Random(1))


async def read_for(port: serial.Serial, seconds: float, until: int = 100_000) -> bytes:
    """Take what arrives for some seconds, or until there are so many bytes."""
    data = b""
    loop = asyncio.get_running_loop()
    end = loop.time() + seconds
    while loop.time() < end and len(data) < until:
        await asyncio.sleep(0.01)
        data += port.read(port.in_waiting)
    return data


@pytest.fixture
async def kiosk(tmp_path: Path) -> AsyncIterator[Tm2657]:
    machine = Tm2657(tmp_path / "ttyKIOSK", measure_s=0.1)
    machine.line.plug()
    yield machine
    await machine.stop()


async def test_a_rightly_set_port_gets_the_frame_at_the_speed_of_the_line(kiosk: Tm2657) -> None:
    loop = asyncio.get_running_loop()
    with serial.Serial(str(kiosk.line.path), 2400, timeout=0) as port:
        kiosk.measure(body())
        first = await read_for(port, 3, until=1)
        began = loop.time()
        frame = first + await read_for(port, 3, until=FRAME_SIZE - len(first))
        took = loop.time() - began
    assert frame.startswith(b"\x16\x16\x0100\x02TM2657\x1e")
    assert frame[-1] == bcc(frame[2:-1])
    assert frame.index(b"E00\x1eS1") > 0
    assert took == pytest.approx(len(frame) / 240, rel=0.3)
