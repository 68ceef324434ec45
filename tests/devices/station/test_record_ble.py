"""Real bleak on the emulated bluetoothd: what a Bluetooth device measures becomes a row."""

from __future__ import annotations

import asyncio
import os
from dataclasses import replace
from datetime import datetime, timedelta
from functools import partial

import pytest
from dbus_fast import Message, MessageType
from eventually import eventually_async
from station_kit import (
    QUICK_TERMS,
    Start,
    body,
    device,
    raws,
    readings,
    rejected,
    visiting_patient,
    wrong,
)

from devices.ble.reconnect import ReconnectTimes
from devices.ble.session import SessionTimes
from devices.ble.supervisor import BleSupervisor, RadioHabits
from devices.catalogue import model_named
from devices.recording.recorder import Recorder
from devices.simulators import encodings
from devices.simulators.bluez import Bluez
from devices.simulators.bluez_radio import device_path
from devices.simulators.bus import connect, disconnect
from devices.simulators.clockwork import NEVER_SET, ForgetfulClock
from devices.simulators.faults import Fault
from devices.simulators.gatt import Bond, Identity, Pairing
from devices.simulators.models import (
    NONIN_3230,
    NONIN_OWN,
    PLX_CONTINUOUS,
    UA_651BLE,
    UC_352BLE,
    UT_201BLE,
)
from devices.simulators.peripherals import BleModel, DeviceTimes, SpotDevice, StreamingOximeter
from edge.equipment import pairings, registry
from edge.model.clock import Clock
from edge.model.reading import PERHAPS_SAME
from edge.readings import history
from edge.store.store import Store

pytestmark = pytest.mark.long

QUICK = DeviceTimes(
    advertise_s=5,
    settle_s=0.02,
    hang_up_s=0.2,
    idle_s=5,
    sample_s=0.05,
    stream_s=2,
    out_s=0.3,
)
LINGERS = DeviceTimes(advertise_s=30, settle_s=0.02, hang_up_s=30, idle_s=30)
"""A device that neither hangs up nor stops advertising."""

HABITS = RadioHabits(
    watch_s=0.1,
    retry_s=0.1,
    longest_retry_s=0.3,
    times=SessionTimes(settle_s=1, first_s=2, idle_s=0.5, deadline_s=10),
    reconnect=ReconnectTimes(gap_s=0.5, cool_s=30, short_s=0.05),
    stability=QUICK_TERMS,
)
CUFF = "ble-C2091F1A2B3C"


def spot(bluez: Bluez, model: BleModel = UA_651BLE, habits: DeviceTimes = QUICK) -> SpotDevice:
    made = SpotDevice(model, habits, Bond(Pairing.JUST_WORKS, bonded=True))
    bluez.add(made.peripheral)
    return made


def stream(bluez: Bluez, store: Store) -> StreamingOximeter:
    pairings.add(store, store.clock().now(), PLX_CONTINUOUS.identity.address)
    made = StreamingOximeter(PLX_CONTINUOUS, QUICK)
    bluez.add(made.peripheral)
    return made


def connects(bluez: Bluez) -> int:
    return sum(member == "Connect" for _, member in bluez.calls)


@pytest.fixture
async def listen(recorder: Recorder, bluez: Bluez, start: Start) -> None:
    start(BleSupervisor(recorder, HABITS).run())


@pytest.mark.parametrize("model", [UA_651BLE, NONIN_3230, UT_201BLE, UC_352BLE])
@pytest.mark.usefixtures("listen")
async def test_what_a_device_sends_becomes_a_row_with_its_own_bytes(
    model: BleModel, store: Store, bluez: Bluez
) -> None:
    sender = spot(bluez, model)
    sender.measure(body())
    (sent,) = sender.memory
    (row,) = await eventually_async(lambda: readings(store))
    assert raws(store) == [sent]
    known = model_named(model.identity.model)
    assert known is not None
    assert row.model == known.label
    assert row.device_time is not None
    await eventually_async(lambda: device(store).state == "listening")
    assert device(store).battery == 90
    assert abs(device(store).clock_offset_s or 0) <= 1
    assert device(store).reading_ms is not None
    assert wrong(store) == set()


@pytest.mark.usefixtures("listen")
async def test_a_finger_in_a_stream_shows_live_and_leaves_one_reading(
    store: Store, clock: Clock, bluez: Bluez
) -> None:
    oximeter = stream(bluez, store)
    oximeter.measure(body())
    (live,) = await eventually_async(lambda: registry.live(store, clock.now()))
    assert live.kind == "oximetry"
    await eventually_async(lambda: device(store).state == "measuring")
    await eventually_async(lambda: readings(store))
    await eventually_async(lambda: device(store).state == "listening")
    assert len(readings(store)) == 1
    oximeter.measure(body(2))
    await eventually_async(lambda: len(readings(store)) == 2)
    assert rejected(store) == []


@pytest.mark.usefixtures("listen")
async def test_an_older_nonin_is_read_by_its_own_service(store: Store, bluez: Bluez) -> None:
    made = StreamingOximeter(NONIN_OWN, QUICK, Bond(Pairing.JUST_WORKS, bonded=True))
    bluez.add(made.peripheral)
    made.measure(body())
    (row,) = await eventually_async(lambda: readings(store))
    assert row.kind == "oximetry"
    await eventually_async(lambda: device(store).state == "listening")
    assert device(store).model == "Nonin 3230"
    assert len(readings(store)) == 1
    assert rejected(store) == []


@pytest.mark.usefixtures("listen")
async def test_a_stream_without_a_finger_leaves_no_trace(store: Store, bluez: Bluez) -> None:
    stream(bluez, store).measure(body(), Fault.FINGER_OUT)
    await eventually_async(lambda: store.row("SELECT 1 FROM device WHERE state = 'connected'"))
    await eventually_async(lambda: store.row("SELECT 1 FROM device WHERE state = 'listening'"))
    assert (readings(store), rejected(store)) == ([], [])


@pytest.mark.usefixtures("listen")
async def test_a_dropped_link_gives_exactly_one_reading(store: Store, bluez: Bluez) -> None:
    cuff = spot(bluez)
    cuff.measure(body(), Fault.DROP)
    await eventually_async(lambda: readings(store))
    await eventually_async(lambda: device(store).state == "listening")
    assert connects(bluez) == 2
    assert len(readings(store)) == 1


@pytest.mark.usefixtures("listen")
async def test_a_measurement_that_is_sent_again_is_one_reading(store: Store, bluez: Bluez) -> None:
    cuff = spot(bluez)
    cuff.measure(body())
    cuff.memory.append(cuff.memory[0])
    await eventually_async(lambda: readings(store) and device(store).state == "listening")
    assert not cuff.memory
    assert len(readings(store)) == 1


@pytest.mark.usefixtures("listen")
async def test_a_truncated_value_is_kept_as_bytes_only(store: Store, bluez: Bluez) -> None:
    cuff = spot(bluez)
    cuff.measure(body(), Fault.TRUNCATED)
    (sent,) = cuff.memory
    (row,) = await eventually_async(lambda: rejected(store))
    assert (row.raw, row.device) == (sent, CUFF)
    assert readings(store) == []


@pytest.mark.usefixtures("listen")
async def test_a_failed_measurement_asks_to_measure_again(store: Store, bluez: Bluez) -> None:
    cuff = spot(bluez)
    cuff.measure(body(), Fault.NAN)
    (row,) = await eventually_async(lambda: rejected(store))
    assert "try again" in row.why
    assert readings(store) == []


@pytest.mark.usefixtures("listen")
async def test_a_lost_clock_is_noted_and_set_and_the_reading_kept(
    store: Store, bluez: Bluez
) -> None:
    cuff = spot(bluez)
    cuff.measure(body(), Fault.WRONG_CLOCK)
    (row,) = await eventually_async(lambda: readings(store))
    assert row.device_time == NEVER_SET
    offset_s = await eventually_async(lambda: device(store).clock_offset_s)
    now = datetime.now().astimezone().replace(tzinfo=None)
    assert abs(offset_s - (NEVER_SET - now).total_seconds()) < 30
    await eventually_async(lambda: abs(cuff.clock.now() - now) < timedelta(seconds=30))


@pytest.mark.usefixtures("listen")
async def test_a_reading_from_before_the_visit_is_not_the_visitors(
    store: Store, clock: Clock, bluez: Bluez
) -> None:
    cuff = spot(bluez)
    patient = visiting_patient(store, clock)
    earlier = cuff.clock.now() - timedelta(minutes=20)
    cuff.memory.append(encodings.blood_pressure(body().measure_pressure(), earlier))
    cuff.measure(body(2))
    (mine,) = await eventually_async(lambda: history.of_patient(store, patient))
    (waiting,) = await eventually_async(lambda: readings(store))
    assert waiting.device_time == earlier
    assert mine.device_time is not None
    assert mine.device_time > earlier


@pytest.mark.usefixtures("listen")
async def test_a_reading_of_unknown_age_is_nobodys_until_a_person_says_so(
    store: Store, clock: Clock, bluez: Bluez
) -> None:
    patient = visiting_patient(store, clock)
    bluez.refuse("ReadValue", "org.bluez.Error.NotSupported", times=10)
    spot(bluez).measure(body())
    (waiting,) = await eventually_async(lambda: readings(store))
    assert waiting.tray == "waiting"
    assert history.of_patient(store, patient) == []


@pytest.mark.usefixtures("listen")
async def test_a_low_battery_is_said_and_a_fresh_one_ends_it(store: Store, bluez: Bluez) -> None:
    cuff = spot(bluez)
    cuff.measure(body(), Fault.LOW_BATTERY)
    await eventually_async(lambda: wrong(store) == {"battery-low"})
    assert device(store).battery == 5
    await eventually_async(lambda: not cuff.peripheral.awake.is_set())
    cuff.measure(body())
    await eventually_async(lambda: wrong(store) == set())


@pytest.mark.usefixtures("listen")
async def test_a_device_that_goes_on_advertising_is_left_alone(store: Store, bluez: Bluez) -> None:
    lingering = spot(bluez, habits=LINGERS)
    lingering.measure(body())
    await eventually_async(lambda: store.row("SELECT 1 FROM device WHERE state = 'listening'"))
    other = spot(bluez, UT_201BLE)
    other.measure(body())
    await eventually_async(lambda: len(readings(store)) == 2)
    assert connects(bluez) == 2
    assert lingering.peripheral.awake.is_set()


@pytest.mark.usefixtures("listen")
async def test_an_interrupted_connect_is_tried_again(store: Store, bluez: Bluez) -> None:
    bluez.refuse("Connect", "Failed", "br-connection-unknown", times=3)
    spot(bluez).measure(body())
    assert await eventually_async(lambda: readings(store))


@pytest.mark.usefixtures("listen")
async def test_the_adapter_may_go_off_and_come_back(store: Store, bluez: Bluez) -> None:
    await eventually_async(lambda: ("/org/bluez/hci0", "StartDiscovery") in bluez.calls)
    bluez.set_powered(False)
    await eventually_async(lambda: wrong(store) == {"bluetooth-off"})
    bluez.set_powered(True)
    await eventually_async(lambda: wrong(store) == set())
    spot(bluez).measure(body())
    assert await eventually_async(lambda: readings(store))


async def test_a_link_that_a_dead_process_left_is_ended_and_made_anew(
    recorder: Recorder, store: Store, bluez: Bluez, start: Start
) -> None:
    cuff = spot(bluez, habits=LINGERS)
    cuff.measure(body())
    await connect_and_die(device_path(cuff.peripheral))
    start(BleSupervisor(recorder, HABITS).run())
    assert await eventually_async(lambda: readings(store))


async def connect_and_die(path: str) -> None:
    """Connect as a process that ends without disconnecting: BlueZ keeps the link."""
    bus = await connect(os.environ["DBUS_SYSTEM_BUS_ADDRESS"])
    call = Message("org.bluez", path, "org.bluez.Device1", "Connect")
    reply = await bus.call(call)
    assert reply is not None
    assert reply.message_type is MessageType.METHOD_RETURN
    asking = Message(
        "org.bluez",
        path,
        "org.freedesktop.DBus.Properties",
        "Get",
        signature="ss",
        body=["org.bluez.Device1", "ServicesResolved"],
    )
    while (answer := await bus.call(asking)) is None or not answer.body[0].value:  # noqa: ASYNC110
        await asyncio.sleep(0.02)
    await disconnect(bus)


async def test_the_daemon_may_come_late(
    recorder: Recorder, store: Store, bluez: Bluez, start: Start
) -> None:
    bus = os.environ["DBUS_SYSTEM_BUS_ADDRESS"]
    await bluez.stop()
    start(BleSupervisor(recorder, HABITS).run())
    await eventually_async(lambda: wrong(store) == {"bluetooth-off"})
    late = Bluez()
    await late.start(bus)
    await eventually_async(lambda: wrong(store) == set())
    spot(late).measure(body())
    assert await eventually_async(lambda: readings(store))
    await late.stop()


async def test_no_bus_at_all_is_one_condition(
    recorder: Recorder, store: Store, start: Start, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DBUS_SYSTEM_BUS_ADDRESS", "unix:path=/nonexistent/bus")
    start(BleSupervisor(recorder, HABITS).run())
    await eventually_async(lambda: wrong(store) == {"bluetooth-off"})


@pytest.mark.usefixtures("listen")
async def test_a_foreign_device_is_not_connected(store: Store, bluez: Bluez) -> None:
    foreign = BleModel(
        slug="band",
        identity=Identity("Band 7", "C0:FF:EE:00:00:01", "", "", ""),
        service=0xFEE0,
        measurement=0x2A35,
        encode=UA_651BLE.encode,
    )
    spot(bluez, foreign).measure(body())
    spot(bluez).measure(body())
    await eventually_async(lambda: readings(store))
    assert connects(bluez) == 1


@pytest.mark.usefixtures("listen")
async def test_all_at_once_all_arrive(store: Store, bluez: Bluez) -> None:
    for model in (UA_651BLE, NONIN_3230, UT_201BLE, UC_352BLE):
        spot(bluez, model).measure(body())
    stream(bluez, store).measure(body())
    await eventually_async(lambda: len(readings(store)) == 5)


FALLEN_BACK = bytes.fromhex("026d0100ffe507010100000802")
"""36.5 Cel, 2021-01-01 00:00:08, body: the same frame for two children."""


@pytest.mark.usefixtures("listen")
async def test_two_children_of_a_thermometer_whose_clock_fell_back_have_a_value_each(
    store: Store, bluez: Bluez
) -> None:
    thermometer = spot(bluez, UT_201BLE)
    for children in (1, 2):
        thermometer.memory.append(FALLEN_BACK)
        thermometer.peripheral.awake.set()
        await eventually_async(partial(has_readings, store, children))
        await eventually_async(lambda: not thermometer.peripheral.awake.is_set())
    assert raws(store) == [FALLEN_BACK, FALLEN_BACK]
    marked = [PERHAPS_SAME in reading.quality for reading in readings(store)]
    assert sorted(marked) == [False, True]


def has_readings(store: Store, count: int) -> bool:
    return len(readings(store)) == count


async def test_a_thermometer_that_falls_back_at_each_switch_on_loses_nobodys_value(
    recorder: Recorder, store: Store, bluez: Bluez, start: Start
) -> None:
    times = ReconnectTimes(gap_s=0.5, cool_s=0.2, short_s=0.05)
    start(BleSupervisor(recorder, replace(HABITS, reconnect=times)).run())
    thermometer = spot(bluez, UT_201BLE)
    thermometer.clock = ForgetfulClock()
    for children in (1, 2, 3):
        thermometer.measure(body())
        await eventually_async(partial(has_readings, store, children))
        await eventually_async(lambda: not thermometer.peripheral.awake.is_set())
    assert len(raws(store)) == 3
