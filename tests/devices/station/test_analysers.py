"""An analyser on a wire: results wait in the tray, controls are filed, refusals say why."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from eventually import eventually_async
from laboratory import HEAD, MSH, OBR, astm, hl7, obx, result
from session_kit import plugged, supervise
from station_kit import Start, readings, rejected

from devices import station
from devices.protocols.laboratory import Test as LabTest
from devices.recording.recorder import Recorder
from devices.simulators.wired.astm_e1381 import AstmAnalyser
from devices.simulators.wired.hl7_mllp import Hl7Analyser
from devices.simulators.wired.machine import Machine
from edge.equipment import controls, registry
from edge.model.errors import SettingsError
from edge.model.reading import Kind
from edge.readings import history
from edge.settings.box_settings import Port
from edge.store.store import Store

pytestmark = pytest.mark.long

MAP = {"718-7": LabTest("718-7", "g/dL"), "75622-1": LabTest("75622-1", "")}


async def listening(store: Store, recorder: Recorder, machine: Machine, start: Start) -> None:
    supervise(recorder, machine, Kind.LABORATORY, start, MAP)
    await eventually_async(lambda: registry.devices(store))


async def test_two_patients_with_equal_values_and_message_numbers_are_two(
    recorder: Recorder, store: Store, tmp_path: Path, start: Start
) -> None:
    async with plugged(Hl7Analyser, tmp_path) as device:
        await listening(store, recorder, device, start)
        device.line.send(hl7(MSH, "OBR|1||S-101", obx("13.0")))
        device.line.send(hl7(MSH, "OBR|1||S-202", obx("13.0")))
        await eventually_async(lambda: len(readings(store)) == 2)
        assert sorted(row.record for row in history.in_tray(store)) == ["S-101", "S-202"]


async def test_bytes_between_messages_are_ignored(
    recorder: Recorder, store: Store, tmp_path: Path, start: Start
) -> None:
    async with plugged(Hl7Analyser, tmp_path) as device:
        await listening(store, recorder, device, start)
        device.line.send(b"\x02" * 60 + hl7(MSH, OBR, obx("13.0")))
        (row,) = await eventually_async(lambda: readings(store))
        assert row.value("718-7") is not None
        assert rejected(store) == []


@pytest.mark.parametrize(
    ("kind", "wire"),
    [
        (Hl7Analyser, hl7(MSH.replace("|P|", "|Q|"), OBR, obx("12.2"))),
        (AstmAnalyser, astm(HEAD.replace("|P|", "|Q|"), "P|1", "O|1|QC-1", result("12.2"), "L|1")),
    ],
)
async def test_control_blood_is_filed_with_its_device_and_offered_to_nobody(
    recorder: Recorder,
    store: Store,
    tmp_path: Path,
    start: Start,
    kind: type[Machine],
    wire: bytes,
) -> None:
    async with plugged(kind, tmp_path) as device:
        await listening(store, recorder, device, start)
        device.line.send(wire)
        (filed,) = await eventually_async(lambda: controls.newest(store))
        device.line.send(wire)
        device.line.send(wire.replace(b"12.2", b"12.3") if kind is Hl7Analyser else b"")
        expected = 2 if kind is Hl7Analyser else 1
        await eventually_async(lambda: controls.count(store) == expected)
    assert str(filed.values[0].value) == "12.2"
    assert filed.device_id == registry.devices(store)[0].id
    assert (readings(store), history.tray_count(store)) == ([], 0)


async def test_a_result_in_words_waits_in_the_tray(
    recorder: Recorder, store: Store, tmp_path: Path, start: Start
) -> None:
    async with plugged(Hl7Analyser, tmp_path) as device:
        await listening(store, recorder, device, start)
        row = "OBX|1|ST|75622-1^HIV||NEGATIVE||||||F"
        device.line.send(hl7(MSH, OBR, row))
        await eventually_async(lambda: history.tray_count(store) == 1)
    (found,) = history.in_tray(store)
    assert [(v.code, v.word) for v in found.coded] == [("75622-1", "negative")]
    assert (found.record, found.found) == ("S-101", ("OBR-3", "OBR-7"))


async def test_what_is_no_reading_says_which_test_and_keeps_its_bytes(
    recorder: Recorder, store: Store, tmp_path: Path, start: Start
) -> None:
    async with plugged(AstmAnalyser, tmp_path) as device:
        await listening(store, recorder, device, start)
        rows = ("R|1|^^^WBC|4.1|10*9/L||||F", result("13.0"), result("1.9", unit="mmol/L"))
        device.line.send(astm(HEAD, "P|1", "O|1|S-1", *rows, "L|1|N"))
        await eventually_async(lambda: len(rejected(store)) == 2)
        unmapped, unit = rejected(store)
        assert unmapped.why == "this test is not in the map of this site's tests: ^^^WBC"
        assert unmapped.raw == rows[0].encode() + b"\r"
        assert "unit" in unit.why
        assert len(readings(store)) == 1


@pytest.mark.parametrize(
    ("port", "words"),
    [
        (Port("/dev/x", "ASTM analyser", sample=("O3",)), "'O3' is no field such as OBR-3"),
        (Port("/dev/x", "ASTM analyser", time=("R-13.x",)), "'R-13.x' is no field"),
        (Port("/dev/x", "ASTM analyser", encoding="klingon"), "'klingon' is no character set"),
    ],
)
def test_a_wrong_setting_of_an_analyser_is_named(port: Port, words: str) -> None:
    with pytest.raises(SettingsError, match=re.escape(words)):
        station.site_of(port)


def test_what_a_port_says_reaches_the_analysers_session() -> None:
    port = Port("/dev/x", "ASTM analyser", tests={"HB": ("718-7", "g/dL")}, controls=("QC-*",))
    site = station.site_of(port)
    assert site.tests == {"HB": LabTest("718-7", "g/dL")}
    assert site.controls == ("QC-*",)
