"""`healthpost hospital report`: a clinic's numbers, and whether its boxes stated the same."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from edge.reports.core import indicators
from hospital.archive.open import open_archive
from hospital.archive.settings import HospitalSettings
from hospital.cli.commands import hospital
from hospital.fleet import boxes
from hospital.fleet.boxes import Box
from hospital.receiving import apply
from hospital.reports import month as counted
from sync.keys.keys import BoxKeys

BOX = Box("box-thar", "Thar Post 7", BoxKeys.generate().public, "0a", 1)
MONTH = "2024-11"
VISIT = "01890000-0000-7000-8000-0000000000aa"


def run(*words: str) -> Result:
    return CliRunner().invoke(hospital, [*words])


def record(kind: str, body: dict[str, object], t_ms: int) -> bytes:
    return json.dumps(
        {"at": [1, t_ms, 1_793_000_000_000, "ntp"], "body": body, "kind": kind}
    ).encode()


@pytest.fixture
def stated(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A hospital with one visit of a clinic, and what its box stated."""
    monkeypatch.setenv("HEALTHPOST_HOSPITAL_HOME", str(tmp_path / "hospital"))
    assert run("init", "--name", "Civil", "--json").exit_code == 0
    archive = open_archive(HospitalSettings.load(tmp_path / "hospital"))
    visit = {"visit": VISIT, "patient": VISIT, "mode": "worker", "station": "main"}
    with archive.transaction():
        boxes.enter(archive, BOX)
        opened = record("visit-opened", visit | {"day": "2024-11-03"}, 1)
        apply.keep(archive, BOX, (1, "c", 1), [opened], 1)
    report = counted.of_box(archive, BOX.id, MONTH)
    body = {"month": MONTH, "sha256": indicators.sha256(report)}
    body["report"] = indicators.canonical(report).decode()
    with archive.transaction():
        apply.keep(archive, BOX, (1, "c", 2), [record("month", dict(body), 2)], 1)
    archive.close()


@pytest.mark.usefixtures("stated")
def test_the_numbers_of_a_clinic_and_what_its_box_stated() -> None:
    words = run("report", "--clinic", BOX.clinic, "--month", MONTH)
    assert words.exit_code == 0, words.output
    assert "Box box-thar stated the same." in words.output
    found = json.loads(run("report", "--clinic", BOX.clinic, "--month", MONTH, "--json").output)
    assert found["report"]["visits"]["all"] == 1
    assert [(one["box"], one["equal"]) for one in found["boxes"]] == [(BOX.id, True)]
    csv = run("report", "--clinic", BOX.clinic, "--month", MONTH, "--register", "--no-bom")
    assert csv.output.startswith("day,number,name")


@pytest.mark.usefixtures("stated")
def test_what_is_not_there_is_said_and_ends_with_two() -> None:
    nowhere = run("report", "--clinic", "Nowhere", "--month", MONTH, "--json")
    assert (nowhere.exit_code, json.loads(nowhere.output)["kind"]) == (2, "notfound")
    later = run("report", "--clinic", BOX.clinic, "--month", "2999-01", "--json")
    assert (later.exit_code, json.loads(later.output)["kind"]) == (2, "request")
    mapping = run("report", "--clinic", BOX.clinic, "--month", MONTH, "--dhis2", "--json")
    assert (mapping.exit_code, json.loads(mapping.output)["kind"]) == (2, "mapping")
