"""`healthpost devices`: listing, recording from a real tty, checking what was recorded."""

from __future__ import annotations

import asyncio
import json
import os
import random
import stat
from collections.abc import AsyncIterator
from decimal import Decimal
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from eventually import eventually_async

from devices.catalogue import MODELS
from devices.driver import LineSettings
from devices.serial.link import open_line
from devices.simulators.bodies import Body, Traits
from devices.simulators.serial_line import SerialLine
from devices.simulators.wired.ad_tm2657 import Tm2657
from edge.equipment import controls, registry
from edge.model.reading import Kind, Measurement, Reading, Value
from edge.settings.box_settings import Settings
from edge.store import issues
from edge.store.store import Store
from provisioning.box_setup import init_box
from provisioning.cli import main

OMRON = b"2026,07,11,09,05,12345678901234567890,0,120,080,072,0\r\n"


def invoke(*arguments: str | Path) -> Result:
    return CliRunner().invoke(main, ["devices", *(str(argument) for argument in arguments)])


def capture(path: Path, *lines: object) -> Path:
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return path


@pytest.fixture
async def cable(tmp_path: Path) -> AsyncIterator[SerialLine]:
    line = SerialLine(tmp_path / "tty", LineSettings(9600))
    line.plug()
    yield line
    await line.close()


async def recorded(line: SerialLine, data: bytes, *arguments: str | Path) -> Result:
    """Record while `data` is sent, as soon as the recorder has set the port."""
    task = asyncio.create_task(
        asyncio.to_thread(invoke, "record", line.path, "--seconds", "1.5", *arguments)
    )
    await eventually_async(line.matches)
    line.send(data)
    return await task


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HEALTHPOST_HOME", str(tmp_path / "box"))
    return tmp_path / "box"


def test_the_catalogue_is_listed_where_there_is_no_box(home: Path) -> None:
    told = json.loads(invoke("list", "--json").stdout)
    assert [row["label"] for row in told["models"]] == [model.label for model in MODELS]
    assert told["met"] == []
    marked = {row["model"] for row in told["models"] if row["experimental"]}
    assert "ES-P2020" in marked
    assert "TM-2657" not in marked
    assert "EXPERIMENTAL" in invoke("list").stdout


def test_the_devices_that_this_box_has_met_are_listed(home: Path) -> None:
    init_box(home, "Chak 14")
    store = Store.open(Settings.load(home).database)
    device = registry.Device("usb-1", "TM-2657", "serial", "/dev/ttyUSB0", "listening")
    registry.met(store, store.clock().now(), device)
    store.close()
    told = json.loads(invoke("list", "--json").stdout)
    assert [(row["id"], row["state"]) for row in told["met"]] == [("usb-1", "listening")]


def test_a_device_near_by_that_nobody_added_is_listed_with_its_address(home: Path) -> None:
    init_box(home, "Chak 14")
    store = Store.open(Settings.load(home).database)
    issues.note(store, store.clock().now(), "not-added", "BP-SHOWS 00:01", "C2:B9:5B:00:00:01")
    store.close()
    told = json.loads(invoke("list", "--json").stdout)
    assert told["near"] == [{"address": "C2:B9:5B:00:00:01", "why": "not-added"}]
    assert "C2:B9:5B:00:00:01: BP-SHOWS" in invoke("list").stdout


async def test_a_kiosk_is_recorded_without_its_patients(cable: SerialLine, tmp_path: Path) -> None:
    out = tmp_path / "omron.jsonl"
    told = await recorded(cable, OMRON, "--out", out, "--protocol", "omron_hbp", "--json")
    assert told.exit_code == 0, told.output
    assert (json.loads(told.stdout)["masked_fields"], stat.S_IMODE(out.stat().st_mode)) == (
        1,
        0o600,
    )
    assert "1234" not in out.read_text(encoding="utf-8")
    lines = out.read_text(encoding="utf-8").splitlines()
    assert bytes.fromhex(
        "".join(json.loads(line).get("hex", "") for line in lines)
    ) == OMRON.replace(b"12345678901234567890", b"X" * 20)
    verdict = json.loads(invoke("check", out, "--json").stdout)
    assert verdict["verdict"] == "sound"
    assert [value["value"] for value in verdict["readings"][0]["values"]] == ["120", "80", "72"]


async def test_nothing_is_said_to_a_device_that_is_recorded(tmp_path: Path) -> None:
    heard = bytearray()
    line = SerialLine(tmp_path / "tty", LineSettings(9600), heard.extend)
    line.plug()
    await recorded(line, OMRON, "--out", tmp_path / "a", "--protocol", "omron_hbp")
    await line.close()
    assert heard == b""


async def test_a_simulated_kiosk_records_and_checks(tmp_path: Path) -> None:
    kiosk = Tm2657(tmp_path / "tty")
    kiosk.line.plug()
    out = tmp_path / "tm.jsonl"
    task = asyncio.create_task(
        asyncio.to_thread(
            invoke, "record", kiosk.line.path, "--out", out, "--protocol", "ad_tm2655",
            "--seconds", "5",
        )
    )  # fmt: skip
    await eventually_async(kiosk.line.matches)
    kiosk.measure(Body(Traits(120, 80, 72, 97, 36.6, 60, 165), random.Random(1)))
    await task
    await kiosk.stop()
    found = invoke("check", out)
    assert found.exit_code == 0, found.output
    assert "verdict   sound" in found.stdout
    assert "1, 1 with a reading" in found.stdout


async def test_unknown_bytes_are_written_only_on_demand(cable: SerialLine, tmp_path: Path) -> None:
    out = tmp_path / "raw.jsonl"
    refused = invoke("record", cable.path, "--out", out, "--json")
    assert (refused.exit_code, json.loads(refused.stdout)["kind"]) == (2, "cannot_mask")
    assert not out.exists()
    told = await recorded(cable, OMRON, "--out", out, "--raw")
    assert told.exit_code == 0
    assert "may name patients" in told.stdout
    assert "warning: --raw" in told.stderr
    assert json.loads(out.read_text(encoding="utf-8").splitlines()[0])["masked"] is False


async def test_a_busy_port_and_a_missing_one_fail_in_words(
    cable: SerialLine, tmp_path: Path
) -> None:
    arguments = ("--out", tmp_path / "x", "--protocol", "omron_hbp", "--json")
    gone = invoke("record", tmp_path / "none", *arguments)
    assert (gone.exit_code, json.loads(gone.stdout)["kind"]) == (1, "not_recorded")
    held = open_line(str(cable.path), LineSettings(9600))
    busy = invoke("record", cable.path, *arguments)
    held.close()
    assert (busy.exit_code, json.loads(busy.stdout)["kind"]) == (1, "port_busy")
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("arguments", "kind"),
    [
        (["--protocol", "no_such"], "unknown_protocol"),
        (["--protocol", "omron_hbp", "--line", "fast"], "bad_line_settings"),
        (["--protocol", "datex_s5"], "cannot_mask"),
    ],
)
def test_a_wrong_question_is_refused_before_the_port_is_opened(
    tmp_path: Path, arguments: list[str], kind: str
) -> None:
    told = invoke("record", "/dev/null", "--out", tmp_path / "x", *arguments, "--json")
    assert (told.exit_code, json.loads(told.stdout)["kind"]) == (2, kind)


def test_a_capture_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "x").write_text("precious", encoding="utf-8")
    told = invoke("record", "/dev/null", "--out", tmp_path / "x", "--raw", "--json")
    assert (told.exit_code, json.loads(told.stdout)["kind"]) == (2, "file_exists")
    assert (tmp_path / "x").read_text(encoding="utf-8") == "precious"


def test_a_broken_capture_ends_with_one_and_a_wrong_file_with_two(tmp_path: Path) -> None:
    head = {"capture": 1, "link": "serial", "protocol": "omron_hbp"}
    broken = capture(tmp_path / "a", head, {"t_ms": 0, "hex": OMRON[9:].hex() * 3})
    told = invoke("check", broken, "--json")
    assert (told.exit_code, json.loads(told.stdout)["errors"]) == (1, {"malformed": 3})
    assert invoke("check", capture(tmp_path / "b", {}), "--json").exit_code == 2
    assert invoke("check", tmp_path / os.devnull, "--json").exit_code == 2


def test_controls_are_listed_with_their_device(home: Path) -> None:
    init_box(home, "Chak 14")
    assert "No control has been measured yet." in invoke("controls").stdout
    store = Store.open(Settings.load(home).database)
    value = Value("718-7", Decimal("12.2"), "g/dL")
    measured = Measurement(Kind.LABORATORY, (value,), record="QC-1")
    for _ in range(2):
        reading = Reading(measured, store.clock().now(), "device", "usb-1", "ASTM analyser")
        controls.file(store, reading)
    store.close()
    told = invoke("controls", "--limit", "1").stdout
    assert "ASTM analyser (QC-1): 718-7 12.2 g/dL" in told
    assert "--limit 2 shows all" in told
    answer = json.loads(invoke("controls", "--json").stdout)
    assert (answer["held"], answer["controls"][0]["number"]) == (2, "QC-1")
