"""Unmodified bleak, its production backend, against the emulated bluetoothd."""

from __future__ import annotations

import asyncio
import contextlib
import os
import random
from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta
from itertools import groupby

import pytest
from bleak import BleakClient, BleakScanner
from bleak.backends.device import BLEDevice
from bleak.exc import (
    BleakBluetoothNotAvailableError,
    BleakDBusError,
    BleakError,
    BleakGATTProtocolError,
)
from dbus_fast import Message
from dbus_fast.annotations import DBusObjectPath, DBusUInt32
from dbus_fast.service import ServiceInterface, method

from devices.simulators import encodings
from devices.simulators.bluez import Bluez
from devices.simulators.bodies import Body, Traits
from devices.simulators.bus import connect, disconnect
from devices.simulators.faults import Fault, UnsupportedFaultError
from devices.simulators.gatt import Bond, LinkTiming, Pairing, uuid128
from devices.simulators.models import (
    NONIN_3230,
    PLX_CONTINUOUS,
    UA_651BLE,
    UC_352BLE,
    UT_201BLE,
)
from devices.simulators.peripherals import DeviceTimes, SpotDevice, StreamingOximeter
from tests.support.eventually import eventually_async

pytestmark = pytest.mark.long

PRESSURE, BATTERY, MODEL, CLOCK = (uuid128(u) for u in (0x2A35, 0x2A19, 0x2A24, 0x2A08))
QUICK = DeviceTimes(
    advertise_s=5,
    settle_s=0.02,
    gap_s=0.02,
    hang_up_s=0.1,
    idle_s=5,
    sample_s=0.02,
    stream_s=0.4,
    out_s=0.06,
)


def body() -> Body:
    return Body(Traits(120, 80, 72, 97, 36.6, 60, 165), random.Random(1))


async def find(name: str) -> BLEDevice:
    device = await BleakScanner.find_device_by_name(name, timeout=30)
    assert device is not None
    return device


class Listener:
    """What a host sees of one connection: the values, and that the link is gone."""

    def __init__(self, device: BLEDevice, pair: bool = False) -> None:
        self.values: list[bytes] = []
        self.gone = asyncio.Event()
        self.client = BleakClient(device, lambda _: self.gone.set(), pair=pair)

    async def listen(self, short: int) -> list[bytes]:
        """Subscribe, take everything until the device hangs up."""
        await self.client.connect()
        await self.client.start_notify(
            uuid128(short), lambda _, data: self.values.append(bytes(data))
        )
        await asyncio.wait_for(self.gone.wait(), 30)
        return self.values


async def test_a_cuff_hands_over_its_measurement_and_hangs_up(bluez: Bluez) -> None:
    cuff = SpotDevice(UA_651BLE, QUICK)
    bluez.add(cuff.peripheral)
    cuff.measure(body())
    (held,) = cuff.memory
    host = Listener(await find("A&D_UA-651BLE_1A2B3C"))
    assert await host.listen(0x2A35) == [held]
    assert not cuff.memory
    assert not cuff.peripheral.awake.is_set()
    assert len(held) == 18
    await cuff.stop()


async def test_the_real_backend_reads_writes_and_waits(bluez: Bluez) -> None:
    cuff = SpotDevice(UA_651BLE, QUICK)
    bluez.add(cuff.peripheral)
    cuff.measure(body(), Fault.LOW_BATTERY)
    async with BleakClient(await find("A&D_UA-651BLE_1A2B3C")) as client:
        assert bytes(await client.read_gatt_char(MODEL)) == b"UA-651BLE"
        assert bytes(await client.read_gatt_char(BATTERY)) == b"\x05"
        when = datetime(2031, 5, 6, 7, 8, 9)  # noqa: DTZ001
        await client.write_gatt_char(CLOCK, encodings.date_time(when), response=True)
        assert timedelta() <= cuff.clock.now() - when < timedelta(seconds=5)
        shown = encodings.parse_date_time(bytes(await client.read_gatt_char(CLOCK)))
        assert timedelta() <= shown - when < timedelta(seconds=5)
        with pytest.raises(BleakGATTProtocolError, match="Length"):
            await client.write_gatt_char(CLOCK, b"\x01", response=True)
        with pytest.raises(BleakGATTProtocolError, match="Write Not Permitted"):
            await client.write_gatt_char(MODEL, b"x", response=True)
    await cuff.stop()


async def test_a_nonin_takes_the_current_time(bluez: Bluez) -> None:
    oximeter = SpotDevice(NONIN_3230, QUICK)
    bluez.add(oximeter.peripheral)
    oximeter.measure(body())
    async with BleakClient(await find("Nonin3230_501234567")) as client:
        when = datetime(2031, 5, 6, 7, 8, 9)  # noqa: DTZ001
        data = encodings.current_time(when)
        await client.write_gatt_char(uuid128(0x2A2B), data, response=True)
        assert bytes(await client.read_gatt_char(uuid128(0x2A2B)))[:6] == data[:6]
    assert oximeter.clock.now() - when < timedelta(seconds=5)
    await oximeter.stop()


async def test_two_devices_are_heard_and_served_together(bluez: Bluez) -> None:
    scale, thermometer = SpotDevice(UC_352BLE, QUICK), SpotDevice(UT_201BLE, QUICK)
    for device in (scale, thermometer):
        bluez.add(device.peripheral)
        device.measure(body())
    held = scale.memory[0], thermometer.memory[0]
    hosts = [Listener(await find(name)) for name in ("A&D_UC-352BLE_DDEEFF", "A&D_UT201BLE_AABBCC")]
    values = await asyncio.gather(hosts[0].listen(0x2A9D), hosts[1].listen(0x2A1C))
    assert (values[0], values[1]) == ([held[0]], [held[1]])
    await scale.stop()
    await thermometer.stop()


async def test_a_measurement_lost_with_the_link_comes_at_the_next_visit(bluez: Bluez) -> None:
    cuff = SpotDevice(UA_651BLE, QUICK)
    bluez.add(cuff.peripheral)
    cuff.measure(body(), Fault.DROP)
    (held,) = cuff.memory
    assert await Listener(await find("A&D_UA-651BLE_1A2B3C")).listen(0x2A35) == []
    assert await Listener(await find("A&D_UA-651BLE_1A2B3C")).listen(0x2A35) == [held]
    await cuff.stop()


async def test_equal_measurements_all_arrive(bluez: Bluez) -> None:
    cuff = SpotDevice(UA_651BLE, QUICK)
    bluez.add(cuff.peripheral)
    cuff.measure(body())
    cuff.memory.extend([cuff.memory[0]] * 9)
    held = list(cuff.memory)
    assert await Listener(await find("A&D_UA-651BLE_1A2B3C")).listen(0x2A35) == held
    await cuff.stop()


@pytest.mark.parametrize(
    ("fault", "expected"),
    [
        (Fault.TRUNCATED, lambda value: len(value) == 9),
        (Fault.NAN, lambda value: value[1:7] == bytes.fromhex("ff07ff07ff07")),
        (Fault.WRONG_CLOCK, lambda value: value[7:9] == (2000).to_bytes(2, "little")),
        (Fault.MUTE, None),
    ],
)
async def test_a_cuff_misbehaves_as_asked(
    bluez: Bluez, fault: Fault, expected: Callable[[bytes], bool] | None
) -> None:
    cuff = SpotDevice(UA_651BLE, replace(QUICK, idle_s=0.3))
    bluez.add(cuff.peripheral)
    cuff.measure(body(), fault)
    values = await Listener(await find("A&D_UA-651BLE_1A2B3C")).listen(0x2A35)
    if expected is None:
        assert values == []
    else:
        assert [expected(value) for value in values] == [True]
    await cuff.stop()


async def test_a_cuff_cannot_have_a_finger_out() -> None:
    with pytest.raises(UnsupportedFaultError):
        SpotDevice(UA_651BLE).measure(body(), Fault.FINGER_OUT)


async def test_a_stream_runs_while_the_finger_is_in(bluez: Bluez) -> None:
    oximeter = StreamingOximeter(PLX_CONTINUOUS, QUICK)
    bluez.add(oximeter.peripheral)
    oximeter.measure(body())
    values = await Listener(await find("PLX-CONT-01")).listen(0x2A5F)
    assert len(values) > 5
    out = [value[1:5] == bytes.fromhex("ff07ff07") for value in values]
    assert out[:3] == out[-3:] == [True] * 3
    assert not any(out[3:-3])
    await oximeter.stop()


async def test_a_second_finger_is_told_from_the_first(bluez: Bluez) -> None:
    oximeter = StreamingOximeter(PLX_CONTINUOUS, QUICK)
    bluez.add(oximeter.peripheral)
    oximeter.measure(body())
    host = Listener(await find("PLX-CONT-01"))
    listening = asyncio.create_task(host.listen(0x2A5F))
    await eventually_async(lambda: len(host.values) >= 6, every_s=0.01)
    oximeter.measure(body())
    values = await listening
    out = [value[1:5] == bytes.fromhex("ff07ff07") for value in values]
    assert [present for present, _ in groupby(out)] == [True, False, True, False, True]
    await oximeter.stop()


async def test_a_stream_without_a_finger_has_no_values(bluez: Bluez) -> None:
    oximeter = StreamingOximeter(PLX_CONTINUOUS, QUICK)
    bluez.add(oximeter.peripheral)
    oximeter.measure(body(), Fault.FINGER_OUT)
    values = await Listener(await find("PLX-CONT-01")).listen(0x2A5F)
    assert values
    assert {value[1:5] for value in values} == {bytes.fromhex("ff07ff07")}
    await oximeter.stop()


async def test_a_sleeping_device_is_not_heard_and_not_reached(bluez: Bluez) -> None:
    cuff = SpotDevice(UA_651BLE, QUICK)
    bluez.add(cuff.peripheral)
    assert await BleakScanner.find_device_by_name("A&D_UA-651BLE_1A2B3C", timeout=0.4) is None
    cuff.measure(body())
    device = await find("A&D_UA-651BLE_1A2B3C")
    cuff.peripheral.awake.clear()
    with pytest.raises(TimeoutError):
        await BleakClient(device, timeout=0.2).connect()
    cuff.measure(body())
    client = BleakClient(device)
    await client.connect()
    await client.disconnect()
    await cuff.stop()


async def test_an_unheard_device_is_forgotten(bluez: Bluez) -> None:
    cuff = SpotDevice(UA_651BLE, QUICK)
    bluez.add(cuff.peripheral)
    cuff.measure(body())
    device = await find("A&D_UA-651BLE_1A2B3C")
    cuff.peripheral.awake.clear()
    path = device.details["path"]
    await eventually_async(lambda: path not in bluez.objects)
    with pytest.raises(BleakError, match="not found"):
        await BleakClient(device, timeout=30).connect()
    await cuff.stop()


async def test_a_switched_off_adapter_loses_its_links(bluez: Bluez) -> None:
    cuff = SpotDevice(UA_651BLE, QUICK)
    bluez.add(cuff.peripheral)
    cuff.measure(body(), Fault.MUTE)
    host = Listener(await find("A&D_UA-651BLE_1A2B3C"))
    await host.client.connect()
    no_power = (BleakBluetoothNotAvailableError, BleakDBusError)
    bluez.set_powered(False)
    await asyncio.wait_for(host.gone.wait(), 30)

    # The client learns of the power by a signal: before it comes, the daemon's own refusal is seen.
    with pytest.raises(no_power):
        await find("A&D_UA-651BLE_1A2B3C")
    bluez.set_powered(True)
    heard = None
    while heard is None:
        with contextlib.suppress(*no_power):
            heard = await find("A&D_UA-651BLE_1A2B3C")
        await asyncio.sleep(0.01)
    assert heard.address == "C2:09:1F:1A:2B:3C"
    await cuff.stop()


async def test_the_adapter_has_so_many_slots(bluez: Bluez) -> None:
    devices = [SpotDevice(m, QUICK) for m in (UA_651BLE, UT_201BLE, UC_352BLE)]
    found = []
    for device in devices:
        bluez.add(device.peripheral)
        device.measure(body())
        found.append(await find(device.model.identity.name))
    clients = [BleakClient(device, timeout=30) for device in found]
    results = await asyncio.gather(*(c.connect() for c in clients), return_exceptions=True)
    assert [type(r) for r in results if r is not None] == [BleakDBusError]
    for client in clients:
        await client.disconnect()
    for device in devices:
        await device.stop()


async def test_a_refused_connect_can_be_repeated(bluez: Bluez) -> None:
    cuff = SpotDevice(UA_651BLE, QUICK)
    bluez.add(cuff.peripheral)
    cuff.measure(body())
    device = await find("A&D_UA-651BLE_1A2B3C")
    bluez.refuse("Connect", "InProgress", "Operation already in progress")
    with pytest.raises(BleakDBusError, match="InProgress"):
        await BleakClient(device).connect()
    async with BleakClient(device) as client:
        assert client.is_connected
    await cuff.stop()


async def test_a_client_survives_a_scan_that_will_not_stop(bluez: Bluez) -> None:
    cuff = SpotDevice(UA_651BLE, QUICK)
    bluez.add(cuff.peripheral)
    cuff.measure(body())
    bluez.refuse("StopDiscovery", "InProgress", "Operation already in progress")
    await find("A&D_UA-651BLE_1A2B3C")
    assert [member for _, member in bluez.calls].count("StartDiscovery") == 2
    await cuff.stop()


async def test_a_device_out_of_range_comes_back(bluez: Bluez) -> None:
    cuff = SpotDevice(UA_651BLE, QUICK)
    bluez.add(cuff.peripheral)
    cuff.measure(body(), Fault.MUTE)
    host = Listener(await find("A&D_UA-651BLE_1A2B3C"))
    await host.client.connect()
    bluez.remove(cuff.peripheral)
    await asyncio.wait_for(host.gone.wait(), 30)
    assert await BleakScanner.find_device_by_name("A&D_UA-651BLE_1A2B3C", timeout=0.4) is None
    bluez.add(cuff.peripheral)
    await find("A&D_UA-651BLE_1A2B3C")
    await cuff.stop()


async def test_a_link_lost_during_service_discovery_fails_the_connect(bluez: Bluez) -> None:
    cuff = SpotDevice(UA_651BLE, QUICK)
    cuff.peripheral.timing = LinkTiming(resolve_s=1, drop_after_connect_s=0.05)
    bluez.add(cuff.peripheral)
    cuff.measure(body())
    with pytest.raises(BleakError, match="failed to discover services"):
        await BleakClient(await find("A&D_UA-651BLE_1A2B3C")).connect()
    await cuff.stop()


async def test_an_unpaired_cuff_keeps_its_values_until_paired(bluez: Bluez) -> None:
    cuff = SpotDevice(UA_651BLE, QUICK, Bond(Pairing.JUST_WORKS))
    bluez.add(cuff.peripheral)
    cuff.measure(body())
    (held,) = cuff.memory
    device = await find("A&D_UA-651BLE_1A2B3C")
    async with BleakClient(device) as client:
        with pytest.raises(BleakDBusError, match="NotPermitted"):
            await client.start_notify(PRESSURE, lambda *_: None)
    host = Listener(await find("A&D_UA-651BLE_1A2B3C"), pair=True)
    assert await host.listen(0x2A35) == [held]
    cuff.measure(body())
    assert len(await Listener(device).listen(0x2A35)) == 1
    await cuff.stop()


async def test_a_device_that_cannot_pair_says_so(bluez: Bluez) -> None:
    cuff = SpotDevice(UA_651BLE, QUICK)
    bluez.add(cuff.peripheral)
    cuff.measure(body())
    with pytest.raises(BleakDBusError, match="AuthenticationFailed"):
        await BleakClient(await find("A&D_UA-651BLE_1A2B3C"), pair=True).connect()
    await cuff.stop()


class Agent(ServiceInterface):
    """A pairing agent that knows a passkey, as a kiosk's keypad does."""

    def __init__(self, passkey: int) -> None:
        super().__init__("org.bluez.Agent1")
        self._passkey = passkey

    @method()
    def RequestPasskey(self, device: DBusObjectPath) -> DBusUInt32:  # noqa: N802
        return self._passkey


@pytest.mark.parametrize(("passkey", "agreed"), [(424242, True), (1, False)])
async def test_a_passkey_is_asked_from_the_registered_agent(
    bluez: Bluez, passkey: int, agreed: bool
) -> None:
    cuff = SpotDevice(UA_651BLE, QUICK, Bond(Pairing.PASSKEY, passkey=424242))
    bluez.add(cuff.peripheral)
    cuff.measure(body())
    bus = await connect(os.environ["DBUS_SYSTEM_BUS_ADDRESS"])
    bus.export("/agent", Agent(passkey))
    manager = ("org.bluez", "/org/bluez", "org.bluez.AgentManager1")
    given = ["/agent", "KeyboardDisplay"]
    await bus.call(Message(*manager, "RegisterAgent", signature="os", body=given))
    client = BleakClient(await find("A&D_UA-651BLE_1A2B3C"), pair=True)
    if agreed:
        await client.connect()
        assert cuff.peripheral.bond.bonded
        await client.disconnect()
    else:
        with pytest.raises(BleakDBusError, match="AuthenticationFailed"):
            await client.connect()
        assert not cuff.peripheral.bond.bonded
    await bus.call(Message(*manager, "UnregisterAgent", signature="o", body=["/agent"]))
    await disconnect(bus)
    await cuff.stop()


async def test_a_flood_of_values_does_not_break_the_bus(bluez: Bluez) -> None:
    cuff = SpotDevice(UA_651BLE, QUICK)
    bluez.add(cuff.peripheral)
    cuff.measure(body(), Fault.MUTE)
    host = Listener(await find("A&D_UA-651BLE_1A2B3C"))
    await host.client.connect()
    await host.client.start_notify(PRESSURE, lambda _, data: host.values.append(bytes(data)))
    flood = [number.to_bytes(4, "little") for number in range(5000)]
    for value in flood:  # faster than the daemon reads: the socket's buffer fills up
        cuff.value.send(value)
    await eventually_async(lambda: len(host.values) == len(flood))
    assert host.values == flood
    await host.client.disconnect()
    await cuff.stop()
