"""Real pyserial on the ptys of the serial devices."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from pathlib import Path

import pytest
import serial

from devices.catalogue import SERIAL_PROTOCOLS
from devices.simulators.bodies import Body, Traits
from devices.simulators.faults import Fault, UnsupportedFaultError
from devices.simulators.serial_line import SerialLine
from devices.simulators.wired.ad_tm2657 import Tm2657, bcc, command
from devices.simulators.wired.cms50dplus import Cms50dPlus, StreamTimes
from tests.support.eventually import eventually_async

pytestmark = pytest.mark.long

HEAD = b"\x16\x16\x0100\x02TM2657\x1e"
FRAME_SIZE = 138
ACK, NAK = bytes.fromhex("161601303006"), bytes.fromhex("161601303015")
TIMES = StreamTimes(search_s=0.2, stream_s=0.5, out_s=0.2)


def body() -> Body:
    return Body(Traits(120, 80, 72, 97, 36.6, 60, 165), random.Random(1))


def open_port(path: Path, baud: int = 2400, parity: str = "N") -> serial.Serial:
    return serial.Serial(str(path), baud, parity=parity, timeout=0, exclusive=True)


async def collect(port: serial.Serial, enough: Callable[[bytes], bool]) -> bytes:
    """Take what arrives until it is enough."""
    data = bytearray()

    def take() -> bool:
        data.extend(port.read(port.in_waiting))
        return enough(bytes(data))

    await eventually_async(take, within_s=30, every_s=0.01)
    return bytes(data)


def size(count: int) -> Callable[[bytes], bool]:
    return lambda data: len(data) >= count


@pytest.fixture
async def kiosk(tmp_path: Path) -> AsyncIterator[Tm2657]:
    machine = Tm2657(tmp_path / "ttyKIOSK", measure_s=0.1)
    machine.line.plug()
    yield machine
    await machine.stop()


@pytest.fixture
async def oximeter(tmp_path: Path) -> AsyncIterator[Cms50dPlus]:
    device = Cms50dPlus(tmp_path / "ttyOXI", TIMES)
    device.line.plug()
    yield device
    await device.stop()


async def test_a_rightly_set_port_gets_the_frame_at_the_speed_of_the_line(kiosk: Tm2657) -> None:
    loop = asyncio.get_running_loop()
    took_s: list[float] = []
    with open_port(kiosk.line.path) as port:
        while not took_s or min(took_s) >= 3 and len(took_s) < 5:  # a busy machine may be slower
            kiosk.measure(body())
            first = await collect(port, size(1))
            began = loop.time()
            frame = first + await collect(port, size(FRAME_SIZE - len(first)))
            took_s.append(loop.time() - began)
            assert frame.startswith(HEAD)
            assert frame[-1] == bcc(frame[2:-1])
    assert 0.8 * FRAME_SIZE / 240 < min(took_s) < 3


@pytest.mark.parametrize(("baud", "parity"), [(9600, "N"), (2400, "O")])
async def test_a_wrongly_set_port_gets_noise(kiosk: Tm2657, baud: int, parity: str) -> None:
    with open_port(kiosk.line.path, baud, parity) as port:
        kiosk.measure(body())
        noise = await collect(port, size(FRAME_SIZE))
    assert HEAD not in noise
    protocol = SERIAL_PROTOCOLS["ad_tm2655"]
    assert [e for e in protocol.decoder().feed(noise) if protocol.measured(e)] == []


async def test_what_is_said_before_anybody_listens_is_lost(kiosk: Tm2657) -> None:
    kiosk.line.send(b"unheard")
    await asyncio.sleep(0.1)
    with open_port(kiosk.line.path) as port:
        kiosk.measure(body())
        assert (await collect(port, size(FRAME_SIZE))).startswith(HEAD)


async def test_the_kiosk_answers_its_host(kiosk: Tm2657) -> None:
    with open_port(kiosk.line.path) as port:
        port.write(command("RB"))
        assert await collect(port, size(6)) == NAK
        kiosk.measure(body())
        frame = await collect(port, size(FRAME_SIZE))
        port.write(b"\x00\x16" + command("RB"))
        assert await collect(port, size(6 + FRAME_SIZE)) == ACK + frame
        port.write(command("ST")[:4])
        port.write(command("ST")[4:])
        again = await collect(port, size(6 + FRAME_SIZE))
        assert again.startswith(ACK + HEAD)
        port.write(command("RP"))
        assert await collect(port, size(6)) == NAK
        port.write(command("ST")[:-1] + b"\x00")
        assert await collect(port, size(6)) == NAK


async def test_a_stopped_measurement_has_no_result(kiosk: Tm2657) -> None:
    with open_port(kiosk.line.path) as port:
        kiosk.measure(body())
        port.write(command("SP"))
        assert await collect(port, size(6)) == ACK
        port.write(command("RB"))
        assert await collect(port, size(6)) == NAK


@pytest.mark.parametrize(
    ("fault", "expected"),
    [(None, "reading"), (Fault.GARBAGE_PREFIX, "reading"), (Fault.NAN, "device_error")],
)
async def test_the_product_understands_the_kiosk(
    kiosk: Tm2657, fault: Fault | None, expected: str
) -> None:
    decoder = SERIAL_PROTOCOLS["ad_tm2655"].decoder()
    events: list[str] = []

    def heard() -> bool:
        fresh = decoder.feed(port.read(port.in_waiting))
        events.extend(str(event.fields.get("kind", event.name)) for event in fresh)
        return bool(events)

    with open_port(kiosk.line.path) as port:
        kiosk.measure(body(), fault)
        await eventually_async(heard)
    assert events == [expected]


@pytest.mark.parametrize(
    ("fault", "left"),
    [
        (Fault.FLIPPED_BIT, FRAME_SIZE),
        (Fault.LOST_BYTE, FRAME_SIZE - 1),
        (Fault.TRUNCATED, FRAME_SIZE // 2),
    ],
)
async def test_a_spoilt_frame_gives_no_reading(kiosk: Tm2657, fault: Fault, left: int) -> None:
    protocol = SERIAL_PROTOCOLS["ad_tm2655"]
    with open_port(kiosk.line.path) as port:
        kiosk.measure(body(), fault)
        data = await collect(port, size(left))
        kiosk.measure(body())
        data += await collect(port, size(FRAME_SIZE))
    readings = [e for e in protocol.decoder().feed(data) if protocol.measured(e)]
    assert len(data) == left + FRAME_SIZE
    assert len(readings) == 1


async def test_a_wrong_clock_shows_in_the_frame(kiosk: Tm2657) -> None:
    with open_port(kiosk.line.path) as port:
        kiosk.measure(body(), Fault.WRONG_CLOCK)
        assert (await collect(port, size(FRAME_SIZE))).startswith(HEAD + b"000101")


async def test_a_mute_kiosk_says_nothing_and_lives(kiosk: Tm2657) -> None:
    with open_port(kiosk.line.path) as port:
        kiosk.measure(body(), Fault.MUTE)
        await asyncio.sleep(0.3)
        assert port.in_waiting == 0
        kiosk.measure(body())
        assert (await collect(port, size(FRAME_SIZE))).startswith(HEAD)


async def test_a_pulled_cable_is_an_error_and_a_new_tty_comes_back(kiosk: Tm2657) -> None:
    path = kiosk.line.path
    with open_port(path) as port:
        kiosk.line.unplug()
        assert not path.is_symlink()
        with pytest.raises((serial.SerialException, OSError)):
            port.read(port.in_waiting or 1)
    kiosk.line.plug()
    with open_port(path) as port:
        kiosk.measure(body())
        assert (await collect(port, size(FRAME_SIZE))).startswith(HEAD)


async def test_a_dropped_line_returns_by_itself(kiosk: Tm2657) -> None:
    with open_port(kiosk.line.path) as port:
        kiosk.measure(body(), Fault.DROP)
        with pytest.raises((serial.SerialException, OSError)):
            await collect(port, size(FRAME_SIZE))
    await eventually_async(lambda: kiosk.line.plugged)
    assert kiosk.line.path.is_symlink()


async def test_a_second_line_at_the_same_path_keeps_its_link(tmp_path: Path) -> None:
    first, second = (Tm2657(tmp_path / "ttyKIOSK") for _ in range(2))
    first.line.plug()
    second.line.plug()
    await first.stop()
    assert second.line.path.exists()
    await second.stop()
    assert not second.line.path.is_symlink()


async def test_a_faster_line_with_parity_counts_eleven_bits(tmp_path: Path) -> None:
    line = SerialLine(tmp_path / "tty", Cms50dPlus(tmp_path / "x").line.settings)
    assert line.characters_per_s == pytest.approx(19200 / 11)


async def test_the_oximeter_searches_streams_and_says_that_the_finger_is_out(
    oximeter: Cms50dPlus,
) -> None:
    with open_port(oximeter.line.path, 19200, "O") as port:
        oximeter.measure(body())
        data = await collect(port, lambda data: bool(data) and data[-3:] == b"\x50\x7f\x7f")
    frames = [data[at : at + 5] for at in range(0, len(data) - len(data) % 5, 5)]
    assert all(frame[0] & 0x80 and max(frame[1:]) < 0x80 for frame in frames)
    phases = ["search" if f[2] & 0x20 else "out" if f[4] == 0x7F else "value" for f in frames]
    assert sorted(set(phases), key=phases.index) == ["search", "value", "out"]
    assert phases.count("value") == 30
    decoder = SERIAL_PROTOCOLS["cms50_5byte"].decoder()
    readings = [event.fields for event in decoder.feed(data) if event.name == "reading"]
    assert {r["spo2"] for r in readings if r["spo2"] is not None} <= set(range(90, 101))


async def test_an_oximeter_read_with_the_wrong_parity_is_noise(oximeter: Cms50dPlus) -> None:
    with open_port(oximeter.line.path, 19200) as port:
        oximeter.measure(body())
        data = await collect(port, size(100))
    assert any((byte >= 0x80) != (at % 5 == 0) for at, byte in enumerate(data))


async def test_an_oximeter_without_a_finger_shows_sentinels_only(oximeter: Cms50dPlus) -> None:
    with open_port(oximeter.line.path, 19200, "O") as port:
        oximeter.measure(body(), Fault.FINGER_OUT)
        data = await collect(port, size(100))
    assert set(data[4::5]) == {0x7F}


async def test_an_empty_battery_ends_the_stream_in_silence(tmp_path: Path) -> None:
    device = Cms50dPlus(tmp_path / "ttyOXI", replace(TIMES, stream_s=1.2))
    device.line.plug()
    with open_port(device.line.path, 19200, "O") as port:
        device.measure(body(), Fault.LOW_BATTERY)
        await collect(port, size(5 * (12 + 18)))
        await asyncio.sleep(0.3)
        assert port.in_waiting == 0
    await device.stop()


async def test_an_oximeter_has_no_clock_to_be_wrong(oximeter: Cms50dPlus) -> None:
    with pytest.raises(UnsupportedFaultError, match="wrong-clock"):
        oximeter.measure(body(), Fault.WRONG_CLOCK)
