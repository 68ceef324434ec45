"""A day of patients, written by a seed and lived as fast as one likes."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.simulators.day import HOUR_S, Act, Plan, Verb, live, summary, write_day
from devices.simulators.faults import NEEDS_A_PERSON, Fault
from devices.simulators.peripherals import SpotDevice
from devices.simulators.roster import crew, fleet
from devices.simulators.ward import Ward
from tests.support.wires import Ear, open_port

pytestmark = pytest.mark.long


def able(folder: Path, ble: int = 20, serial: int = 6) -> dict[str, frozenset[Fault]]:
    ward = Ward(folder, posts=fleet(crew(), ble, serial))
    return {name: device.faults for name, device in ward.devices.items()}


def test_a_day_has_sixty_patients_and_two_flaky_devices(tmp_path: Path) -> None:
    devices = able(tmp_path)
    day = write_day(devices, seed=7)
    told = summary(day)
    assert told["patients"] == 60
    assert told["unplugged"] == 6
    measured = [act for act in day if act.verb is Verb.MEASURE]
    assert 120 <= len(measured) == told["measured"] <= 300
    assert {act.device for act in measured} == set(devices)
    assert all(0 <= act.at_s < 24 * HOUR_S for act in day)
    assert list(day) == sorted(day, key=lambda act: (act.at_s, act.device))
    flaky = {act.device for act in day if act.verb is Verb.UNPLUG}
    assert len(flaky) == 2
    failed = Counter(act.device in flaky for act in measured if act.fault)
    uses = Counter(act.device in flaky for act in measured)
    assert failed[True] / uses[True] > failed[False] / uses[False]


def test_the_same_seed_writes_the_same_day(tmp_path: Path) -> None:
    devices = able(tmp_path)
    assert write_day(devices, 3) == write_day(devices, 3)
    assert write_day(devices, 3) != write_day(devices, 4)


@settings(deadline=None, max_examples=30)
@given(
    seed=st.integers(0, 2**32),
    plan=st.builds(
        Plan,
        patients=st.integers(0, 200),
        hours=st.floats(0.1, 48),
        flaky=st.integers(0, 30),
        rate=st.floats(0, 1),
        flaky_rate=st.floats(0, 1),
        outages=st.integers(0, 5),
    ),
)
def test_no_day_asks_for_what_cannot_be(
    tmp_path_factory: pytest.TempPathFactory, seed: int, plan: Plan
) -> None:
    devices = able(tmp_path_factory.getbasetemp(), ble=7, serial=3)
    day = write_day(devices, seed, plan)
    out: set[str] = set()
    for act in day:
        if act.verb is Verb.MEASURE:
            assert act.fault is None or act.fault in devices[act.device] - NEEDS_A_PERSON
        elif act.verb is Verb.UNPLUG:
            assert act.device not in out
            out.add(act.device)
        else:
            out.remove(act.device)
    assert not out
    assert {act.patient for act in day if act.patient} == set(range(1, plan.patients + 1))


async def test_a_day_is_lived_on_real_wires(tmp_path: Path) -> None:
    posts = [post for post in crew("hbp-9030") if post.name in ("hbp-9030", "ua-651ble")]
    plan = Plan(patients=3, hours=0.05, flaky=1, rate=0, flaky_rate=0, outages=1)
    async with Ward(tmp_path, posts=posts) as ward:
        day = write_day({name: d.faults for name, d in ward.devices.items()}, 1, plan)
        kiosk = ward.device("hbp-9030")
        assert not isinstance(kiosk, SpotDevice)
        said: list[dict[str, object]] = []
        with open_port(kiosk) as port:  # type: ignore[arg-type]
            ear = Ear(port, "omron_hbp")
            calm = [act for act in day if act.verb is Verb.MEASURE]
            await live(ward, calm, seed=1, speed=300, say=said.append)
            await ear.until(lambda: bool(ear.measured))
        cuff = ward.device("ua-651ble")
        assert isinstance(cuff, SpotDevice)
        assert len(cuff.memory) == sum(act.device == "ua-651ble" for act in calm)
        assert len(said) == len(calm) + 1
        assert said[0]["verb"] == "measure"
        assert said[-1] == {"day": "over", **summary(calm)}
        await live(ward, [Act(0, Verb.UNPLUG, "hbp-9030")])
        assert not ward.serial["hbp-9030"].exists()
        await live(ward, [Act(0, Verb.PLUG, "hbp-9030")])
        assert ward.serial["hbp-9030"].exists()


@pytest.mark.system
def test_a_process_lives_a_day(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "devices.simulators", "--dir", str(tmp_path), "--day"]
    command += ["--fleet", "ble=4,serial=2", "--patients", "3", "--hours", "0.1", "--speed", "300"]
    child = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    assert child.stdout is not None
    place = json.loads(child.stdout.readline())
    assert len(place["devices"]) == 6
    acts = []
    while "day" not in (line := json.loads(child.stdout.readline())):
        acts.append(line)
    assert line["patients"] == 3
    assert sum(act["verb"] == "measure" for act in acts) == line["measured"]
    child.communicate(timeout=20)
    assert child.returncode == 0


def test_a_wrong_wish_is_refused() -> None:
    for wish in (["--devices", "stethoscope"], ["--fleet", "cats=3"], ["--speed", "0"]):
        command = [sys.executable, "-m", "devices.simulators", *wish]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 2
        assert "usage" in done.stderr
