"""What needs more than one value: meters, scales with users, straps, cuffs, broadcasts."""

from __future__ import annotations

import random
from dataclasses import replace
from decimal import Decimal
from typing import cast

import pytest
from ble_scene import QUICK, added, calls, calm, on_air
from eventually import eventually_async
from station_kit import Start, body, device, raws, readings, rejected, visiting_patient, wrong

from devices.ble.supervisor import BleSupervisor
from devices.recording.recorder import Recorder
from devices.simulators import models
from devices.simulators.bluez import Bluez
from devices.simulators.bodies import Body, Traits
from devices.simulators.body_scale import BodyScale
from devices.simulators.clockwork import StandingClock
from devices.simulators.faults import Fault
from devices.simulators.glucose_meter import GlucoseMeter
from edge.equipment import controls, device_memory, pairings, registry
from edge.model.clock import Clock
from edge.model.reading import CUFF_PRESSURE, PERHAPS_SAME, Code
from edge.readings import history, identity
from edge.store.store import Store

pytestmark = pytest.mark.long

METER = "ble-C2A5CE000001"


@pytest.fixture
async def listen(recorder: Recorder, bluez: Bluez, start: Start) -> None:
    start(BleSupervisor(recorder, calm()).run())


def meter(bluez: Bluez, *strips: int) -> GlucoseMeter:
    """A glucose meter that has measured some people (by seed) before the box came."""
    made = cast("GlucoseMeter", on_air(bluez, models.CONTOUR))
    for seed in strips:
        made.measure(body(seed))
    return made


@pytest.mark.usefixtures("listen")
async def test_a_meters_whole_memory_comes_first_and_then_what_is_new(
    store: Store, bluez: Bluez
) -> None:
    held = meter(bluez, 1, 2, 3)
    await eventually_async(lambda: len(readings(store)) == 3)
    await eventually_async(lambda: device_memory.of(store, METER).last_record == 3)
    assert ("before_meal",) in [row.quality for row in readings(store)]
    await eventually_async(lambda: device(store).state == "listening")
    await eventually_async(lambda: device(store).model_number == "Contour7830")
    held.measure(body(4))
    await eventually_async(lambda: len(readings(store)) == 4)
    await eventually_async(lambda: device_memory.of(store, METER).last_record == 4)
    assert len(raws(store)) == len(set(raws(store)))
    assert not held.erased
    assert all(row.tray == "waiting" for row in readings(store))


@pytest.mark.usefixtures("listen")
async def test_a_link_lost_in_the_middle_loses_no_record(store: Store, bluez: Bluez) -> None:
    made = cast("GlucoseMeter", on_air(bluez, models.CONTOUR))
    for seed in range(1, 6):
        made.measure(body(seed))
    made.measure(body(6), Fault.DROP)
    await eventually_async(lambda: len(readings(store)) == 6)
    assert len(raws(store)) == len(set(raws(store)))


@pytest.mark.usefixtures("listen")
async def test_a_busy_meter_is_asked_again(store: Store, bluez: Bluez) -> None:
    made = on_air(bluez, models.CONTOUR)
    made.measure(body(1), Fault.BUSY)
    assert await eventually_async(lambda: readings(store))
    assert rejected(store) == []


@pytest.mark.usefixtures("listen")
async def test_control_solution_is_nobodys_blood(store: Store, bluez: Bluez) -> None:
    made = on_air(bluez, models.CONTOUR)
    made.measure(body(1))
    made.measure(body(2), Fault.CONTROL)
    await eventually_async(lambda: device_memory.of(store, METER).last_record == 2)
    assert len(readings(store)) == 1
    assert rejected(store) == []
    (filed,) = controls.newest(store)
    assert (filed.device_id, filed.record) == (METER, "2")


@pytest.mark.usefixtures("listen")
async def test_a_ketone_sent_as_glucose_is_kept_from_the_patient_and_told_once(
    store: Store, bluez: Bluez
) -> None:
    made = cast("GlucoseMeter", on_air(bluez, models.KETONE_METER))
    made.measure(body(1), Fault.KETONE)
    made.measure(body(2))
    (refused,) = await eventually_async(lambda: rejected(store))
    assert "glucose 13 mg/dL is less than the meter can measure (20)" in refused.why
    (row,) = await eventually_async(lambda: readings(store))
    assert row.values[0].value > 20
    await eventually_async(lambda: not made.peripheral.awake.is_set())
    made.measure(body(3))
    await eventually_async(lambda: len(readings(store)) == 2)
    assert len(rejected(store)) == 1


@pytest.mark.usefixtures("listen")
async def test_a_cuff_that_sends_its_running_pressure_as_results_leaves_one_reading(
    store: Store, clock: Clock, bluez: Bluez
) -> None:
    added(store, models.QARDIO)
    on_air(bluez, models.QARDIO, habits=replace(QUICK, sample_s=0.2)).measure(body())
    (live,) = await eventually_async(lambda: registry.live(store, clock.now()))
    assert live.shown[0][0] == CUFF_PRESSURE
    (row,) = await eventually_async(lambda: readings(store))
    assert {value.code for value in row.values} >= {Code.SYSTOLIC, Code.DIASTOLIC}
    assert rejected(store) == []


@pytest.mark.parametrize("fault", [None, Fault.DROP])
@pytest.mark.usefixtures("listen")
async def test_of_a_spot_check_under_way_only_the_last_value_is_kept(
    store: Store, clock: Clock, bluez: Bluez, fault: Fault | None
) -> None:
    added(store, models.SETTLING_OXIMETER)
    on_air(bluez, models.SETTLING_OXIMETER, habits=replace(QUICK, sample_s=0.1)).measure(
        body(), fault
    )
    assert await eventually_async(lambda: registry.live(store, clock.now()))
    (row,) = await eventually_async(lambda: readings(store))
    assert ("unfinished" in row.quality) == (fault is Fault.DROP)
    await eventually_async(lambda: device(store).state == "listening")
    assert len(readings(store)) == 1
    assert rejected(store) == []


@pytest.mark.usefixtures("listen")
async def test_a_cuff_that_broke_off_while_it_inflated_is_told_once(
    store: Store, bluez: Bluez
) -> None:
    added(store, models.QARDIO)
    on_air(bluez, models.QARDIO).measure(body(), Fault.DROP)
    (refused,) = await eventually_async(lambda: rejected(store))
    assert "did not get a measurement" in refused.why
    await eventually_async(lambda: device(store).state == "listening")
    assert len(rejected(store)) == 1
    assert readings(store) == []


async def test_a_meter_that_falls_silent_is_told_to_stop(
    recorder: Recorder, store: Store, bluez: Bluez, start: Start
) -> None:
    start(BleSupervisor(recorder, calm()).run())
    made = on_air(bluez, models.CONTOUR)
    made.measure(body(1), Fault.MUTE)
    await eventually_async(lambda: calls(bluez, "WriteValue") >= 3)
    await eventually_async(lambda: device(store).state == "listening")
    made.measure(body(2))
    await eventually_async(lambda: len(readings(store)) == 2)


@pytest.mark.usefixtures("listen")
async def test_a_scale_is_given_a_code_and_hands_over_weight_and_fat(
    store: Store, bluez: Bluez
) -> None:
    scale = cast("BodyScale", on_air(bluez, models.BF720))
    scale.measure(body())
    await eventually_async(lambda: len(readings(store)) == 2)
    weight, whole = sorted(readings(store), key=lambda row: row.kind, reverse=True)
    assert (weight.kind, whole.kind) == ("weight", "body-composition")
    assert "shared_user" in whole.quality
    assert {value.code for value in whole.values} >= {Code.BODY_FAT}
    memory = device_memory.of(store, "ble-C2BF72000001")
    assert (memory.user, memory.consent) == (1, scale.code)
    await eventually_async(lambda: not scale.peripheral.awake.is_set())
    scale.measure(body(2))
    await eventually_async(lambda: len(readings(store)) == 4)
    assert device_memory.of(store, "ble-C2BF72000001") == memory
    assert not scale.erased


@pytest.mark.usefixtures("listen")
async def test_a_scale_that_forgot_its_users_is_asked_for_a_new_one(
    store: Store, bluez: Bluez
) -> None:
    scale = cast("BodyScale", on_air(bluez, models.BF720))
    scale.measure(body())
    await eventually_async(lambda: len(readings(store)) == 2)
    await eventually_async(lambda: not scale.peripheral.awake.is_set())
    scale.code = 10_000  # of nobody
    scale.measure(body(2))
    await eventually_async(lambda: len(readings(store)) == 4)
    assert device_memory.of(store, "ble-C2BF72000001").consent == scale.code
    assert wrong(store) == set()


@pytest.mark.usefixtures("listen")
async def test_a_strap_gives_one_reading_that_stayed(
    store: Store, clock: Clock, bluez: Bluez
) -> None:
    added(store, models.POLAR_H10)
    on_air(bluez, models.POLAR_H10).measure(body())
    (live,) = await eventually_async(lambda: registry.live(store, clock.now()))
    assert live.kind == "heart-rate"
    (row,) = await eventually_async(lambda: readings(store))
    assert [value.code for value in row.values] == [Code.PULSE]


@pytest.mark.usefixtures("listen")
async def test_a_cuff_that_inflates_is_shown_and_never_stored(
    store: Store, clock: Clock, bluez: Bluez
) -> None:
    added(store, models.CUFF_THAT_SHOWS)
    on_air(bluez, models.CUFF_THAT_SHOWS, habits=replace(QUICK, sample_s=0.2)).measure(body())
    (live,) = await eventually_async(lambda: registry.live(store, clock.now()))
    ((code, _, unit),) = live.shown
    assert (code, unit) == (CUFF_PRESSURE, "mm[Hg]")
    (row,) = await eventually_async(lambda: readings(store))
    assert {value.code for value in row.values} >= {Code.SYSTOLIC, Code.DIASTOLIC}
    assert len(readings(store)) == 1


@pytest.mark.usefixtures("listen")
async def test_an_enhanced_cuff_of_no_row_is_read_by_its_profile(
    store: Store, bluez: Bluez
) -> None:
    added(store, models.CUFF_ENHANCED)
    on_air(bluez, models.CUFF_ENHANCED).measure(body())
    (row,) = await eventually_async(lambda: readings(store))
    assert row.kind == "blood-pressure"
    await eventually_async(lambda: device(store).manufacturer == "Healthpost")
    held = device(store)
    assert (held.model_number, held.serial) == ("BP-E", "3001")


@pytest.mark.usefixtures("listen")
async def test_a_cuff_that_repeats_its_memory_leaves_each_value_once(
    store: Store, bluez: Bluez, clock: Clock
) -> None:
    added(store, models.CUFF_THAT_REPEATS)
    cuff = on_air(bluez, replace(models.CUFF_THAT_REPEATS, pair_first=False))
    cuff.measure(body(1))
    await eventually_async(lambda: len(readings(store)) == 1)
    await eventually_async(lambda: not cuff.peripheral.awake.is_set())
    until_ms = clock.now().t_ms + 1000 * identity.SEEN_TO_RUN_S
    await eventually_async(lambda: clock.now().t_ms > until_ms)
    cuff.measure(body(2))
    await eventually_async(lambda: len(readings(store)) == 2)
    assert len(set(raws(store))) == 2


@pytest.mark.usefixtures("listen")
async def test_a_cuff_whose_clock_stands_leaves_nobodys_value_out(
    store: Store, bluez: Bluez
) -> None:
    added(store, models.CUFF_THAT_REPEATS)
    cuff = on_air(bluez, replace(models.CUFF_THAT_REPEATS, pair_first=False, clock=None))
    cuff.clock = StandingClock()
    cuff.measure(body(1))
    await eventually_async(lambda: readings(store))
    await eventually_async(lambda: not cuff.peripheral.awake.is_set())
    cuff.measure(body(1))
    await eventually_async(lambda: len(readings(store)) >= 2)
    doubted = [PERHAPS_SAME in row.quality for row in readings(store)]
    assert doubted.count(False) == 1
    assert doubted.count(True) >= 1


@pytest.mark.usefixtures("listen")
async def test_a_clock_that_is_nearly_right_is_left_alone(store: Store, bluez: Bluez) -> None:
    on_air(bluez, models.BLESMART).measure(body())
    await eventually_async(lambda: readings(store))
    await eventually_async(lambda: device(store).state == "listening")
    assert calls(bluez, "WriteValue") == 0
    assert device(store).clock_offset_s is not None


@pytest.mark.parametrize("model", [models.MI_SCALE, models.MI_BODY_SCALE])
async def test_a_scale_that_broadcasts_counts_once_it_was_added(
    recorder: Recorder,
    store: Store,
    clock: Clock,
    bluez: Bluez,
    start: Start,
    model: models.BleModel,
) -> None:
    start(BleSupervisor(recorder, replace(calm(), rescan_s=5)).run())
    scale = on_air(bluez, model, habits=replace(QUICK, sample_s=0.3))
    scale.measure(body(1))
    await eventually_async(scale.peripheral.awake.is_set)
    await eventually_async(lambda: not scale.peripheral.awake.is_set())
    assert readings(store) == []
    pairings.ask(store, clock.now(), model.identity.address)
    scale.measure(body(2))
    (row,) = await eventually_async(lambda: readings(store))
    assert row.kind == "weight"
    assert row.values[0].value > Decimal(0)
    await eventually_async(lambda: not scale.peripheral.awake.is_set())
    scale.measure(body(3))
    await eventually_async(lambda: len(readings(store)) == 2)
    assert calls(bluez, "Connect") == 0


@pytest.mark.parametrize("model", [models.MI_SCALE, models.MI_BODY_SCALE])
@pytest.mark.usefixtures("listen")
async def test_a_thing_on_a_scale_is_nobodys_weight(
    store: Store, clock: Clock, bluez: Bluez, model: models.BleModel
) -> None:
    pairings.ask(store, clock.now(), model.identity.address)
    scale = on_air(bluez, model, habits=replace(QUICK, sample_s=0.3))
    await eventually_async(lambda: calls(bluez, "StartDiscovery"))
    scale.measure(body(1), Fault.OBJECT)
    (refused,) = await eventually_async(lambda: rejected(store))
    assert "a thing, not a person" in refused.why
    await eventually_async(lambda: not scale.peripheral.awake.is_set())
    scale.measure(body(2))
    assert await eventually_async(lambda: readings(store))
    assert len(rejected(store)) == 1


@pytest.mark.usefixtures("listen")
@pytest.mark.parametrize("age", ["1", "40", ""])
async def test_a_bag_after_a_person_is_kept_with_a_doubt_and_an_infant_without(
    store: Store, clock: Clock, bluez: Bluez, age: str
) -> None:
    pairings.ask(store, clock.now(), models.MI_SCALE.identity.address)
    scale = on_air(bluez, models.MI_SCALE, habits=replace(QUICK, sample_s=0.3))
    await eventually_async(lambda: calls(bluez, "StartDiscovery"))
    scale.measure(body(1))
    await eventually_async(lambda: len(readings(store)) == 1)
    await eventually_async(lambda: not scale.peripheral.awake.is_set())
    patient = visiting_patient(store, clock, age) if age else ""
    scale.measure(Body(Traits(120, 80, 72, 97, 36.6, 3.2, 50), random.Random(1)))
    small = await eventually_async(
        lambda: history.of_patient(store, patient) if patient else readings(store)[1:]
    )
    doubted = {"small_after_person" in row.quality for row in (*small, *readings(store))}
    assert (True in doubted) == (age != "1")
