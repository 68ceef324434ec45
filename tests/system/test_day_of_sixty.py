"""Sixty patients through one box, whose devices repeat, stand, fall back and restart.

At the end each value stands exactly once on its person, or in the tray with its sample; controls
are on nobody, and "perhaps the same" is said only where the bytes were the same.
"""

from __future__ import annotations

import json
import os
import random
from contextlib import AsyncExitStack
from pathlib import Path

import pytest
from ble_scene import calm
from compiled import with_kept_templates
from day_of_sixty import Day
from kiosk_desk import PIN, Desk
from session_kit import TESTS, model_of, plugged
from station_fixtures import bluez, recorder, start
from station_kit import Start

from devices.ble.supervisor import BleSupervisor
from devices.protocols.laboratory import Site
from devices.recording.recorder import Recorder
from devices.serial.configured_ports import for_ever
from devices.serial.supervisor import PortSupervisor
from devices.simulators.bluez import Bluez
from devices.simulators.wired.analyser import Analyser
from devices.simulators.wired.astm_e1381 import AstmAnalyser
from devices.simulators.wired.hl7_mllp import Hl7Analyser
from devices.simulators.wired.machine import Times
from edge.model.clock import Clock
from edge.model.reading import Kind
from edge.settings.box_settings import Settings
from edge.staff import pins, staff
from edge.store.store import Store
from kiosk_ui.app import create_app

__all__ = ["bluez", "recorder", "start"]

pytestmark = [pytest.mark.system, pytest.mark.long]

SEED, PATIENTS = map(int, os.environ.get("HEALTHPOST_DAY", "1x60").split("x"))
QUICK = Times(measure_s=0.05, search_s=0.05, stream_s=0.5, out_s=0.1, silence_s=1.0, answer_s=1.0)


@pytest.fixture
def desk(tmp_path: Path, store: Store, clock: Clock) -> Desk:
    """The kiosk over HTTP, at which a worker is signed in."""
    app = with_kept_templates(create_app(Settings(tmp_path, box_id="box-test", clinic="Chak 12")))
    pepper = pins.create_pepper(tmp_path / "keys")
    sana = staff.add(store, clock.now(), "Sana Malik", "worker", PIN, pepper)
    signed_in = Desk(app.test_client())
    signed_in.let_in(store, clock, sana)
    return signed_in


async def test_a_day_loses_nothing_swaps_nothing_and_doubts_only_what_is_doubtful(
    store: Store, clock: Clock, desk: Desk, recorder: Recorder, bluez: Bluez, start: Start,
    tmp_path: Path,
) -> None:  # fmt: skip
    day = Day(store, clock, desk, random.Random(SEED))
    async with AsyncExitStack() as cables:
        analysers = []
        for kind in (AstmAnalyser, Hl7Analyser):
            folder = tmp_path / kind.slug
            folder.mkdir()
            machine = await cables.enter_async_context(plugged(kind, folder, QUICK))
            assert isinstance(machine, Analyser)
            row, path = model_of(machine, Kind.LABORATORY), str(machine.line.path)
            start(PortSupervisor(recorder, path, row, site=Site(TESTS)).run())
            analysers.append(machine)
        start(for_ever(BleSupervisor(recorder, calm()).run))
        day.begin(bluez, analysers, PATIENTS)
        for number in range(PATIENTS):
            if number == PATIENTS // 2:
                day.reset_meter()
            await day.come(number)
        await day.settle()
    assert day.oracle.wrong(store) == []
    readings = store.scalar("SELECT count(*) FROM reading")
    marked = store.scalar("SELECT count(*) FROM reading WHERE perhaps IS NOT NULL")
    print(json.dumps({"patients": PATIENTS, "readings": readings, "marked": marked}))
