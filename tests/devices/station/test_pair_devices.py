"""Pairing on a person's word alone: numbers, refusals, bonds that one side has lost."""

from __future__ import annotations

from dataclasses import replace

import pytest
from ble_scene import HABITS, bond_of, calls, calm, on_air
from eventually import eventually_async
from station_kit import Start, body, readings, wrong

from devices.ble.pairing import NOT_HEARD, PairingTimes
from devices.ble.supervisor import BleSupervisor
from devices.recording.recorder import Recorder
from devices.simulators import models
from devices.simulators.bluez import Bluez
from devices.simulators.faults import Fault
from devices.simulators.peripherals import BleDevice
from edge.equipment import pairings
from edge.equipment.pairings import Pairing, State
from edge.model.clock import Clock
from edge.store.store import Store

pytestmark = pytest.mark.long

CUFF = models.UA_651BLE.identity.address
METER = models.ACCU_CHEK.identity.address


@pytest.fixture
async def listen(recorder: Recorder, bluez: Bluez, start: Start) -> None:
    start(BleSupervisor(recorder, calm()).run())


async def reached(store: Store, address: str, *states: State) -> Pairing:
    """Wait until the pairing of an address is in one of the states."""

    def there() -> Pairing | None:
        found = pairings.get(store, address)
        return found if found is not None and found.state in states else None

    found = await eventually_async(there)
    assert found is not None
    return found


def agents(bluez: Bluez) -> int:
    return calls(bluez, "RegisterAgent") - calls(bluez, "UnregisterAgent")


@pytest.mark.usefixtures("listen")
async def test_nothing_is_paired_that_nobody_asked_for(store: Store, bluez: Bluez) -> None:
    on_air(bluez, models.UA_651BLE, enrolled=False).measure(body())
    await eventually_async(lambda: wrong(store) == {"not-paired"})
    assert (calls(bluez, "Pair"), calls(bluez, "Connect"), agents(bluez)) == (0, 0, 0)


@pytest.mark.usefixtures("listen")
async def test_a_cuff_that_was_asked_for_is_paired_and_read_at_once(
    store: Store, clock: Clock, bluez: Bluez
) -> None:
    pairings.ask(store, clock.now(), CUFF)
    cuff = on_air(bluez, models.UA_651BLE, enrolled=False)
    cuff.measure(body())
    await reached(store, CUFF, State.PAIRED)
    assert bond_of(cuff).bonded
    assert await eventually_async(lambda: readings(store))
    await eventually_async(lambda: wrong(store) == set())
    assert calls(bluez, "RegisterAgent") == 1
    assert agents(bluez) == 0


@pytest.mark.usefixtures("listen")
@pytest.mark.parametrize("given_first", [True, False])
async def test_the_number_that_is_printed_on_a_meter_is_asked_for(
    store: Store, clock: Clock, bluez: Bluez, given_first: bool
) -> None:
    number = models.ACCU_CHEK.passkey
    pairings.ask(store, clock.now(), METER, passkey=number if given_first else None)
    on_air(bluez, models.ACCU_CHEK, enrolled=False).measure(body())
    if not given_first:
        await reached(store, METER, State.PASSKEY_WANTED)
        pairings.give_passkey(store, METER, number)
    done = await reached(store, METER, State.PAIRED)
    assert done.passkey is None
    assert await eventually_async(lambda: readings(store))


@pytest.mark.usefixtures("listen")
async def test_a_wrong_number_is_refused_in_words_and_nothing_is_bonded(
    store: Store, clock: Clock, bluez: Bluez
) -> None:
    pairings.ask(store, clock.now(), METER, passkey=1)
    meter = on_air(bluez, models.ACCU_CHEK, enrolled=False)
    meter.measure(body())
    failed = await reached(store, METER, State.FAILED)
    assert "check the number" in failed.detail
    assert not bond_of(meter).bonded
    assert agents(bluez) == 0


async def test_a_number_that_nobody_gives_is_not_waited_for_for_ever(
    recorder: Recorder, store: Store, clock: Clock, bluez: Bluez, start: Start
) -> None:
    times = PairingTimes(heard_s=30, passkey_s=0.3, look_s=0.05)
    start(BleSupervisor(recorder, replace(calm(), pairing=times)).run())
    pairings.ask(store, clock.now(), METER)
    on_air(bluez, models.ACCU_CHEK, enrolled=False).measure(body())
    await reached(store, METER, State.FAILED)
    on_air(bluez, models.UT_201BLE).measure(body())
    assert await eventually_async(lambda: readings(store))


async def test_who_is_not_heard_is_given_up(
    recorder: Recorder, store: Store, clock: Clock, bluez: Bluez, start: Start
) -> None:
    pairings.ask(store, clock.now(), CUFF)
    times = PairingTimes(heard_s=0.2)
    start(BleSupervisor(recorder, replace(HABITS, pairing=times)).run())
    failed = await reached(store, CUFF, State.FAILED)
    assert failed.detail == NOT_HEARD


async def stale(store: Store, bluez: Bluez) -> BleDevice:
    """A cuff that worked and has lost its bond; wait until that was noticed."""
    cuff = on_air(bluez, models.UA_651BLE)
    cuff.measure(body(1))
    await eventually_async(lambda: readings(store))
    await eventually_async(lambda: not cuff.peripheral.awake.is_set())
    cuff.measure(body(2), Fault.STALE_BOND)
    await eventually_async(lambda: wrong(store) == {"bond-stale"})
    return cuff


@pytest.mark.usefixtures("listen")
async def test_a_stale_bond_is_noticed_and_renewed_on_request(
    store: Store, clock: Clock, bluez: Bluez
) -> None:
    cuff = await stale(store, bluez)
    assert len(readings(store)) == 1
    pairings.ask(store, clock.now(), CUFF, renew=True)
    await eventually_async(lambda: not cuff.peripheral.awake.is_set() or bond_of(cuff).bonded)
    cuff.measure(body(3))
    await reached(store, CUFF, State.PAIRED)
    await eventually_async(lambda: len(readings(store)) >= 3)
    await eventually_async(lambda: wrong(store) == set())
    assert not bond_of(cuff).forgotten
    assert calls(bluez, "RemoveDevice") == 1


async def test_a_pairing_that_was_cut_off_by_a_restart_says_so(
    recorder: Recorder, store: Store, clock: Clock, bluez: Bluez, start: Start
) -> None:
    pairings.ask(store, clock.now(), METER)
    pairings.set_state(store, clock.now(), METER, State.PASSKEY_WANTED)
    start(BleSupervisor(recorder, calm()).run())
    assert "restarted" in (await reached(store, METER, State.FAILED)).detail
