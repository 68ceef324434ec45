"""Straps, cuffs of other habits, scales that only broadcast, bonds that went stale: real bleak."""

from __future__ import annotations

import os
import random
from datetime import datetime
from decimal import Decimal

import pytest
from bleak import BleakClient, BleakScanner
from bleak.backends.device import BLEDevice
from bleak.backends.scanner import AdvertisementData
from bleak.exc import BleakDBusError
from dbus_fast import Message

from devices.catalogue import BLE_CHARACTERISTICS
from devices.driver import DecodeError
from devices.simulators import encodings_circulation, encodings_scales
from devices.simulators.bluez import Bluez
from devices.simulators.bluez_radio import ADAPTER_PATH
from devices.simulators.bodies import Body, Pressure, Traits
from devices.simulators.bus import connect, disconnect
from devices.simulators.clockwork import NEVER_SET
from devices.simulators.faults import Fault, FaultSchedule
from devices.simulators.gatt import Pairing, uuid128
from devices.simulators.models import (
    BLESMART,
    CGM,
    CUFF_ENHANCED,
    CUFF_THAT_REPEATS,
    CUFF_THAT_SHOWS,
    MI_BODY_SCALE,
    MI_SCALE,
    POLAR_H10,
    UA_651BLE,
)
from devices.simulators.peripherals import BleDevice, BleModel, DeviceTimes, SpotDevice, switch_on
from edge.model.reading import Code
from tests.support.eventually import eventually_async

pytestmark = pytest.mark.long

QUICK = DeviceTimes(
    advertise_s=5,
    settle_s=0.02,
    gap_s=0.02,
    hang_up_s=0.1,
    idle_s=5,
    sample_s=0.06,
    stream_s=0.5,
    out_s=0.06,
)
WHEN = datetime(2026, 11, 22, 8, 30)  # noqa: DTZ001


def person(seed: int = 1) -> Body:
    return Body(Traits(120, 80, 72, 97, 36.6, 60, 165), random.Random(seed))


async def find(model: BleModel) -> BLEDevice:
    found = await BleakScanner.find_device_by_address(model.identity.address, timeout=30)
    assert found is not None
    return found


async def listen(device: BleDevice, *shorts: int, pair: bool = False) -> list[tuple[int, bytes]]:
    """Connect, subscribe, and take everything until the device hangs up."""
    said: list[tuple[int, bytes]] = []
    async with BleakClient(await find(device.model), pair=pair) as client:
        for short in shorts:
            await client.start_notify(
                uuid128(short), lambda _, data, short=short: said.append((short, bytes(data)))
            )
        await eventually_async(lambda: not client.is_connected)
    return said


def values(short: int, data: bytes) -> dict[str, Decimal]:
    characteristic = BLE_CHARACTERISTICS[f"{short:04X}"]
    measured = characteristic.measured(characteristic.decode(data))
    return {str(v.code): v.value for v in measured.values} if measured else {}


@pytest.mark.parametrize(
    ("frame", "expected"),
    [
        (encodings_circulation.intermediate_cuff_pressure(150), "009600ff07ff07"),
        (encodings_circulation.heart_rate(Decimal("61.968")), "163ddf03"),
        (encodings_circulation.heart_rate(None), "0400"),
    ],
)
def test_a_frame_is_the_worked_example(frame: bytes, expected: str) -> None:
    assert frame.hex() == expected


def test_an_enhanced_pressure_is_read_with_its_time() -> None:
    pressure = Pressure(Decimal(124), Decimal(80), Decimal(93), Decimal(72), irregular=True)
    characteristic = BLE_CHARACTERISTICS["2B34"]
    frame = encodings_circulation.enhanced_blood_pressure(pressure, WHEN)
    measured = characteristic.measured(characteristic.decode(frame))
    assert measured is not None
    assert (measured.device_time, measured.quality) == (WHEN, ("irregular_pulse",))
    assert values(0x2B34, encodings_circulation.enhanced_blood_pressure(None, WHEN)) == {}


async def test_a_strap_streams_the_pulse_and_says_when_it_is_off(bluez: Bluez) -> None:
    strap = switch_on(POLAR_H10, QUICK)
    bluez.add(strap.peripheral)
    strap.measure(person())
    said = await listen(strap, 0x2A37)
    pulses = [values(0x2A37, data) for _, data in said]
    assert {} in (pulses[0], pulses[-1])
    seen = next(pulse for pulse in pulses if pulse)
    assert seen == {Code.PULSE: person().measure_saturation().pulse}
    await strap.stop()


async def test_a_sensor_under_the_skin_streams_what_is_no_reading(bluez: Bluez) -> None:
    sensor = switch_on(CGM, QUICK)
    bluez.add(sensor.peripheral)
    sensor.measure(person())
    said = await listen(sensor, 0x2AA7)
    decoded = [BLE_CHARACTERISTICS["2AA7"].decode(data) for _, data in said]
    assert len(decoded) > 3
    assert all(values(0x2AA7, data) == {} for _, data in said)
    await sensor.stop()


async def test_a_sensor_whose_bit_flipped_is_caught_by_its_checksum(bluez: Bluez) -> None:
    sensor = switch_on(CGM, QUICK)
    bluez.add(sensor.peripheral)
    sensor.measure(person(), Fault.FLIPPED_BIT)
    said = await listen(sensor, 0x2AA7)
    spoilt = [data for _, data in said if data[2:4] != b"\xff\x07"]  # all but "no value"
    assert len(spoilt) > 3
    for data in spoilt:
        with pytest.raises(DecodeError, match="checksum"):
            BLE_CHARACTERISTICS["2AA7"].decode(data)
    await sensor.stop()


async def test_a_cuff_shows_how_it_inflates_before_its_result(bluez: Bluez) -> None:
    cuff = switch_on(CUFF_THAT_SHOWS, QUICK)
    bluez.add(cuff.peripheral)
    said: list[tuple[int, bytes]] = []
    for _ in range(5):  # on a busy machine it may have inflated before anybody is connected
        cuff.measure(person())
        said = await listen(cuff, 0x2A36, 0x2A35)
        assert [short for short, _ in said] == [0x2A36] * (len(said) - 1) + [0x2A35]
        if len(said) > 3:
            break
    assert len(said) > 3
    assert all(values(0x2A36, data) == {} for short, data in said if short == 0x2A36)
    assert values(*said[-1])[Code.SYSTOLIC] == person().measure_pressure().systolic
    await cuff.stop()


@pytest.mark.parametrize("fault", [None, Fault.NAN])
async def test_an_enhanced_cuff_hands_over_what_it_measured(
    bluez: Bluez, fault: Fault | None
) -> None:
    cuff = switch_on(CUFF_ENHANCED, QUICK)
    bluez.add(cuff.peripheral)
    cuff.measure(person(), fault)
    ((short, data),) = await listen(cuff, 0x2B34)
    systolic = values(short, data).get(Code.SYSTOLIC)
    assert systolic == (None if fault else person().measure_pressure().systolic)
    await cuff.stop()


@pytest.mark.parametrize(
    ("model", "visits"),
    [(CUFF_THAT_REPEATS, [3, 3]), (BLESMART, [1, 1]), (UA_651BLE, [3, 0])],
)
async def test_what_is_sent_is_kept_by_some_and_erased_by_others(
    bluez: Bluez, model: BleModel, visits: list[int]
) -> None:
    cuff = switch_on(model, DeviceTimes(**{**_fields(QUICK), "idle_s": 0.3}))
    assert isinstance(cuff, SpotDevice)
    bluez.add(cuff.peripheral)
    for seed in range(3):
        cuff.measure(person(seed))
    last = cuff.memory[-1]
    first = [data for _, data in await listen(cuff, 0x2A35)]
    cuff.peripheral.awake.set()  # somebody presses the button for another transfer
    second = [data for _, data in await listen(cuff, 0x2A35)]
    assert [len(first), len(second)] == visits
    assert first[-1] == last
    assert second in ([], first)
    await cuff.stop()


def _fields(habits: DeviceTimes) -> dict[str, float]:
    return {name: getattr(habits, name) for name in DeviceTimes.__slots__}


# --- broadcasts --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("frame", "characteristic", "stable"),
    [
        (encodings_scales.mi_weight(Decimal("61.25"), WHEN, stable=True), "mi_181D", True),
        (encodings_scales.mi_weight(Decimal("61.25"), WHEN, stable=False), "mi_181D", False),
        (
            encodings_scales.mi_composition(Decimal("61.25"), WHEN, Decimal(486), stable=True),
            "mi_181B",
            True,
        ),
        (
            encodings_scales.mi_composition(
                Decimal("61.25"), WHEN, None, stable=True, removed=True
            ),
            "mi_181B",
            False,
        ),
    ],
)
def test_a_broadcast_counts_while_somebody_stands_still(
    frame: bytes, characteristic: str, stable: bool
) -> None:
    row = BLE_CHARACTERISTICS[characteristic]
    fields = row.decode(frame)
    assert fields["time"] == WHEN
    assert fields["weight"] == Decimal("61.25")
    measured = row.measured(fields)
    assert (measured is not None) == stable


@pytest.mark.parametrize(
    ("model", "short", "fault"),
    [
        (MI_SCALE, "181D", None),
        (MI_SCALE, "181D", Fault.NAN),
        (MI_BODY_SCALE, "181B", None),
        (MI_BODY_SCALE, "181B", Fault.WRONG_CLOCK),
        (MI_BODY_SCALE, "181B", Fault.TRUNCATED),
    ],
)
async def test_a_mi_scale_is_heard_without_a_connection(
    bluez: Bluez, model: BleModel, short: str, fault: Fault | None
) -> None:
    scale = switch_on(model, DeviceTimes(**{**_fields(QUICK), "sample_s": 0.2}))
    bluez.add(scale.peripheral)
    heard: list[bytes] = []

    def take(device: BLEDevice, said: AdvertisementData) -> None:
        if device.address == model.identity.address:
            heard.extend(said.service_data.values())

    async with BleakScanner(take):
        scale.measure(person(), fault)
        await eventually_async(lambda: not scale.peripheral.awake.is_set() and bool(heard))
    row = BLE_CHARACTERISTICS[f"mi_{short}"]
    if fault is Fault.TRUNCATED:
        assert {len(data) for data in heard} == {6}
    else:
        found = [m for m in (row.measured(row.decode(data)) for data in heard) if m]
        weights = {measured.values[0].value for measured in found}
        assert weights == (set() if fault is Fault.NAN else {person().measure_weight()})
        years = {measured.device_time.year for measured in found if measured.device_time}
        assert (NEVER_SET.year in years) == (fault is Fault.WRONG_CLOCK)
    await scale.stop()


# --- bonds that went stale ---------------------------------------------------------------------


async def remove(address: str, bus_address: str) -> None:
    """Forget a device on the host's side, as a technician's page does."""
    bus = await connect(bus_address)
    path = f"{ADAPTER_PATH}/dev_{address.replace(':', '_')}"
    adapter = ("org.bluez", ADAPTER_PATH, "org.bluez.Adapter1")
    call = Message(*adapter, "RemoveDevice", signature="o", body=[path])
    await bus.call(call)
    await disconnect(bus)


async def test_a_stale_bond_serves_nobody_until_it_is_renewed(bluez: Bluez) -> None:
    cuff = switch_on(UA_651BLE, QUICK)
    assert isinstance(cuff, SpotDevice)
    assert Fault.STALE_BOND in cuff.faults
    bluez.add(cuff.peripheral)
    cuff.measure(person())
    assert len(await listen(cuff, 0x2A35)) == 1
    cuff.measure(person(), Fault.STALE_BOND)
    for _ in range(2):
        with pytest.raises(BleakDBusError, match="AuthenticationFailed"):
            await BleakClient(await find(UA_651BLE)).connect()
    await remove(UA_651BLE.identity.address, os.environ["DBUS_SYSTEM_BUS_ADDRESS"])
    with pytest.raises(BleakDBusError, match="NotPermitted"):
        await listen(cuff, 0x2A35)
    said = await listen(cuff, 0x2A35, pair=True)
    assert values(*said[0])[Code.SYSTOLIC] == person().measure_pressure().systolic
    cuff.measure(person())
    assert len(await listen(cuff, 0x2A35)) == 1
    await cuff.stop()


def test_only_devices_that_bond_forget_and_none_by_chance() -> None:
    assert Fault.STALE_BOND not in switch_on(CUFF_THAT_SHOWS).faults
    unbonded = switch_on(UA_651BLE, enrolled=False)
    assert unbonded.peripheral.bond.pairing is Pairing.JUST_WORKS
    schedule = FaultSchedule(1, random.Random(1))
    assert {schedule.draw(unbonded.faults) for _ in range(200)} == unbonded.faults - {
        Fault.STALE_BOND
    }
    assert schedule.draw({Fault.STALE_BOND}) is None
