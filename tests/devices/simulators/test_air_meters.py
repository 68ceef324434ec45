"""A Bluetooth meter's memory behind its control point, and a scale's behind a code: real bleak."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import datetime
from decimal import Decimal

import pytest
from bleak import BleakClient, BleakScanner
from bleak.exc import BleakDBusError, BleakError

from devices.catalogue import BLE_CHARACTERISTICS
from devices.protocols import body_composition, glucose, record_access
from devices.simulators import encodings, encodings_glucose
from devices.simulators.bluez import Bluez
from devices.simulators.bodies import Body, Traits
from devices.simulators.body_scale import CODE, USER, BodyScale
from devices.simulators.clockwork import NEVER_SET
from devices.simulators.encodings_glucose import Strip
from devices.simulators.faults import Fault
from devices.simulators.gatt import uuid128
from devices.simulators.glucose_meter import GlucoseMeter
from devices.simulators.models import ACCU_CHEK, BF720, CONTOUR
from devices.simulators.peripherals import BleDevice, DeviceTimes, switch_on
from edge.model.reading import Code, Measurement
from tests.support.eventually import eventually_async

pytestmark = pytest.mark.long

QUICK = DeviceTimes(
    advertise_s=5, settle_s=0.02, gap_s=0.01, hang_up_s=0.1, idle_s=2, sample_s=0.02
)
WHEN = datetime(2026, 11, 22, 8, 30)  # noqa: DTZ001


def person(seed: int = 1) -> Body:
    return Body(Traits(120, 80, 72, 97, 36.6, 60, 165), random.Random(seed))


class Host:
    """A central that listens to some characteristics and keeps what they say in order."""

    def __init__(self, client: BleakClient) -> None:
        self.client = client
        self.said: list[tuple[int, bytes]] = []

    async def listen(self, *shorts: int) -> None:
        for short in shorts:
            await self.client.start_notify(
                uuid128(short), lambda _, data, short=short: self.said.append((short, bytes(data)))
            )

    def of(self, short: int) -> list[bytes]:
        return [data for said, data in self.said if said == short]

    async def write(self, short: int, data: bytes) -> None:
        await self.client.write_gatt_char(uuid128(short), data, response=True)

    async def ask(self, short: int, data: bytes) -> bytes:
        """Write to a control point and return its indication."""
        before = len(self.of(short))
        await self.write(short, data)
        await eventually_async(lambda: len(self.of(short)) > before, every_s=0.01)
        return self.of(short)[-1]


@asynccontextmanager
async def visit(device: BleDevice, pair: bool = False) -> AsyncIterator[Host]:
    found = await BleakScanner.find_device_by_address(device.model.identity.address, timeout=30)
    assert found is not None
    async with BleakClient(found, pair=pair) as client:
        yield Host(client)


@pytest.fixture
async def meter(bluez: Bluez) -> AsyncIterator[GlucoseMeter]:
    device = switch_on(CONTOUR, QUICK)
    assert isinstance(device, GlucoseMeter)
    bluez.add(device.peripheral)
    yield device
    await device.stop()


def measured(host: Host) -> list[Measurement]:
    found = [glucose.measured(glucose.decode(data)) for data in host.of(0x2A18)]
    return [each for each in found if each]


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (
            encodings_glucose.measurement(Strip(1, WHEN, Decimal(120))),
            "030100ea070b16081e00000078b011",
        ),
        (encodings_glucose.context(Strip(1, WHEN, None, meal=2)), "02010002"),
        (encodings_glucose.count_response(40), "05002800"),
        (encodings_glucose.response(1, 6), "06000106"),
        (encodings_glucose.sensor_sample(Decimal(120), 5), "060078000500"),
    ],
)
def test_a_frame_is_the_worked_example(frame: bytes, expected: str) -> None:
    assert frame.hex() == expected


@pytest.mark.parametrize(("value", "comparator"), [(600, ">"), (10, "<"), (120, "")])
def test_a_meter_says_beyond_its_range(value: int, comparator: str) -> None:
    frame = encodings_glucose.measurement(Strip(7, WHEN, Decimal(value)))
    found = glucose.measured(glucose.decode(frame))
    assert found is not None
    assert found.values[0].comparator == comparator
    assert found.device_time == WHEN


async def test_a_meter_tells_its_whole_memory(meter: GlucoseMeter) -> None:
    for seed in range(4):
        meter.measure(person(seed), Fault.CONTROL if seed == 2 else None)
    async with visit(meter) as host:
        await host.listen(0x2A18, 0x2A34, 0x2A52)
        answer = await host.ask(0x2A52, record_access.count_all())
        assert record_access.decode(answer) == {"op": "count", "count": 4}
        answer = await host.ask(0x2A52, record_access.report_all())
        ending = record_access.decode(answer)
        assert (ending["op"], ending["code"]) == ("response", record_access.SUCCESS)
    values = [reading.values[0].value for reading in measured(host)]
    assert values == [person(seed).measure_glucose() for seed in (0, 1, 3)]
    assert [reading.record for reading in measured(host)] == ["1", "2", "4"]
    contexts = [BLE_CHARACTERISTICS["2A34"].decode(data) for data in host.of(0x2A34)]
    assert [(each["seq"], each["meal"]) for each in contexts] == [(1, 1), (2, 2), (4, 1)]
    assert len(meter.memory) == 4


REQUESTS: list[tuple[bytes, list[int], int]] = [
    (record_access.report_since(3), [3, 4], 1),
    (record_access.report_since(5), [], 6),
    (bytes.fromhex("0102010200"), [1, 2], 1),
    (bytes.fromhex("01040102000300"), [2, 3], 1),
    (bytes.fromhex("01040103000200"), [], 5),
    (bytes.fromhex("0105"), [1], 1),
    (bytes.fromhex("0106"), [4], 1),
    (bytes.fromhex("0100"), [], 3),
    (bytes.fromhex("0109"), [], 4),
    (bytes.fromhex("010107"), [], 5),
    (bytes.fromhex("0103"), [], 5),
    (bytes.fromhex("010302ea07"), [], 9),
    (bytes.fromhex("0901"), [], 2),
    (record_access.abort(), [], 1),
]


async def test_a_control_point_answers_by_the_profile(meter: GlucoseMeter) -> None:
    for seed in range(4):
        meter.measure(person(seed))
    async with visit(meter) as host:
        await host.listen(0x2A18, 0x2A34, 0x2A52)
        for request, sequences, code in REQUESTS:
            host.said.clear()
            answer = await host.ask(0x2A52, request)
            sent = [int.from_bytes(data[1:3], "little") for data in host.of(0x2A18)]
            assert (answer, sent) == (bytes([6, 0, request[0], code]), sequences), request.hex()


async def test_a_meter_is_asked_in_order_or_refuses(meter: GlucoseMeter) -> None:
    meter.measure(person(), Fault.BUSY)
    async with visit(meter) as host:
        with pytest.raises(BleakError, match=r"(?i)cccd|improper"):
            await host.write(0x2A52, record_access.report_all())
        await host.listen(0x2A18, 0x2A52)
        with pytest.raises(BleakError, match="Length"):
            await host.write(0x2A52, b"\x01")
        busy = await host.ask(0x2A52, record_access.report_all())
        assert busy == bytes([6, 0, 1, 10])
        await host.ask(0x2A52, record_access.report_all())
        assert len(host.of(0x2A18)) == 1


async def test_one_procedure_runs_until_it_is_aborted(bluez: Bluez) -> None:
    device = switch_on(CONTOUR, replace(QUICK, gap_s=0.3))
    assert isinstance(device, GlucoseMeter)
    bluez.add(device.peripheral)
    for seed in range(9):
        device.measure(person(seed))
    async with visit(device) as host:
        await host.listen(0x2A18, 0x2A34, 0x2A52)
        await host.write(0x2A52, record_access.report_all())
        with pytest.raises(BleakError, match=r"(?i)progress"):
            await host.write(0x2A52, record_access.count_all())
        answer = await host.ask(0x2A52, record_access.abort())
        assert answer == bytes([6, 0, 3, 1])
        assert len(host.of(0x2A18)) < 9
        count = await host.ask(0x2A52, record_access.count_all())
        assert count == encodings_glucose.count_response(9)
    await device.stop()


async def test_what_a_meter_is_told_to_erase_stays(meter: GlucoseMeter) -> None:
    meter.measure(person())
    async with visit(meter) as host:
        await host.listen(0x2A18, 0x2A52)
        assert not meter.erased
        assert await host.ask(0x2A52, b"\x02\x01") == bytes([6, 0, 2, 1])
    assert meter.erased
    assert len(meter.memory) == 1


async def test_a_link_lost_halfway_leaves_the_memory_to_the_next_visit(meter: GlucoseMeter) -> None:
    for seed in range(3):
        meter.measure(person(seed))
    meter.measure(person(3), Fault.DROP)
    async with visit(meter) as host:
        await host.listen(0x2A18, 0x2A52)
        await host.write(0x2A52, record_access.report_all())
        await eventually_async(lambda: not host.client.is_connected)
    assert len(host.of(0x2A18)) == 2
    async with visit(meter) as host:
        await host.listen(0x2A18, 0x2A52)
        await host.ask(0x2A52, record_access.report_since(3))
        assert [reading.record for reading in measured(host)] == ["3", "4"]


async def test_strips_may_fail_and_clocks_be_unset(meter: GlucoseMeter) -> None:
    for fault in (Fault.NAN, Fault.WRONG_CLOCK, Fault.LOW_BATTERY, Fault.TRUNCATED):
        meter.measure(person(), fault)
    async with visit(meter) as host:
        await host.listen(0x2A18, 0x2A34, 0x2A52)
        await host.ask(0x2A52, record_access.report_all())
    sizes = [len(data) for data in host.of(0x2A18)]
    assert sizes[2] < sizes[1]
    found = [
        glucose.measured(glucose.decode(data)) for at, data in enumerate(host.of(0x2A18)) if at != 2
    ]
    assert found[0] is None
    assert found[1] is not None
    assert found[1].device_time == NEVER_SET


async def test_a_mute_meter_is_idle_and_hangs_up(bluez: Bluez) -> None:
    device = switch_on(CONTOUR, replace(QUICK, idle_s=0.3))
    bluez.add(device.peripheral)
    device.measure(person(), Fault.MUTE)
    async with visit(device) as host:
        await host.listen(0x2A18, 0x2A52)
        await host.write(0x2A52, record_access.report_all())
        await eventually_async(lambda: not host.client.is_connected)
    assert host.said == []
    await device.stop()


async def test_a_meter_with_a_number_printed_on_it_turns_strangers_away(bluez: Bluez) -> None:
    device = switch_on(ACCU_CHEK, QUICK, enrolled=False)
    bluez.add(device.peripheral)
    device.measure(person())
    async with visit(device) as host:
        with pytest.raises(BleakDBusError, match="NotPermitted"):
            await host.listen(0x2A18)
    with pytest.raises(BleakDBusError, match="AuthenticationFailed"):
        async with visit(device, pair=True):
            pass
    await device.stop()


# --- the scale with users ----------------------------------------------------------------------


@pytest.fixture
async def scale(bluez: Bluez) -> AsyncIterator[BodyScale]:
    device = switch_on(BF720, QUICK)
    assert isinstance(device, BodyScale)
    bluez.add(device.peripheral)
    yield device
    await device.stop()


def consent(code: int = CODE, user: int = USER) -> bytes:
    return bytes([2, user]) + code.to_bytes(2, "little")


async def test_a_scale_needs_the_code_and_the_time(scale: BodyScale) -> None:
    scale.measure(person())
    async with visit(scale) as host:
        await host.listen(0x2A9C, 0x2A9D, 0x2A9F)
        assert await host.ask(0x2A9F, consent(CODE + 1)) == bytes([0x20, 2, 5])
        assert bytes(await host.client.read_gatt_char(uuid128(0x2A9A))) == b"\xff"
        assert await host.ask(0x2A9F, consent()) == bytes([0x20, 2, 1])
        assert bytes(await host.client.read_gatt_char(uuid128(0x2A9A))) == bytes([USER])
        assert host.of(0x2A9C) == []
        await host.write(0x2A2B, encodings.current_time(WHEN))
        await eventually_async(lambda: len(host.of(0x2A9C)) == 2)
        await eventually_async(lambda: not host.client.is_connected)
    seen = person().measure_composition()
    packets = [body_composition.decode(data) for data in host.of(0x2A9C)]
    assert all(packet["multi_packet"] for packet in packets)
    whole = body_composition.merged(packets)
    assert (whole["impedance"], whole["bmr_kj"]) == (seen.impedance, seen.basal_rate)
    assert (whole["water_mass"], whole["muscle_pct"]) == (seen.water, seen.muscle)
    found = body_composition.measured(whole)
    assert found is not None
    values = {value.code: value.value for value in found.values}
    assert values == {Code.WEIGHT: seen.weight, Code.BODY_FAT: seen.fat}
    assert found.user == USER
    weight = BLE_CHARACTERISTICS["2A9D"].decode(host.of(0x2A9D)[0])
    assert weight["weight"] == seen.weight
    assert not scale.memory


async def test_a_scale_registers_users_and_deletes_none(scale: BodyScale) -> None:
    scale.measure(person())
    async with visit(scale) as host:
        await host.listen(0x2A9C)
        with pytest.raises(BleakError, match=r"(?i)cccd|improper"):
            await host.write(0x2A9F, consent())
        await host.listen(0x2A9F)
        register = b"\x01" + (99).to_bytes(2, "little")
        assert await host.ask(0x2A9F, register) == bytes([0x20, 1, 1, USER])
        assert await host.ask(0x2A9F, consent(99)) == bytes([0x20, 2, 1])
        assert await host.ask(0x2A9F, b"\x02") == bytes([0x20, 2, 3])
        assert await host.ask(0x2A9F, b"\x09") == bytes([0x20, 9, 2])
        assert await host.ask(0x2A9F, b"\x03") == bytes([0x20, 3, 1])
    assert scale.erased
    assert len(scale.memory) == 1


@pytest.mark.parametrize("fault", [Fault.NAN, Fault.TRUNCATED, Fault.DROP, Fault.MUTE])
async def test_a_scale_misbehaves_as_asked(bluez: Bluez, fault: Fault) -> None:
    scale = switch_on(BF720, replace(QUICK, idle_s=0.4))
    bluez.add(scale.peripheral)
    scale.measure(person(), fault)
    async with visit(scale) as host:
        await host.listen(0x2A9C, 0x2A9F)
        await host.write(0x2A2B, encodings.current_time(WHEN))
        await host.ask(0x2A9F, consent())
        await asyncio.sleep(0.1)
    packets = host.of(0x2A9C)
    if fault is Fault.NAN:
        (failed,) = packets
        assert body_composition.measured(body_composition.decode(failed)) is None
    else:
        assert len(packets) == (2 if fault is Fault.TRUNCATED else 0)
    await scale.stop()
