"""`healthpost hospital backup`: what the command itself promises, on both engines."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from archives import open_at
from box_on_wire import Desk, Sender, enrolled
from click.testing import CliRunner
from postgres import Cluster

from hospital.archive.settings import HospitalSettings
from hospital.cli.commands import hospital


@pytest.fixture(params=["sqlite", "postgresql"])
def desk_of_hospital(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Desk:
    """A hospital by `init`, with twenty records of a box."""
    monkeypatch.setenv("HEALTHPOST_HOSPITAL_HOME", str(tmp_path / "hospital"))
    engine = "sqlite"
    if request.param == "postgresql":
        running: Cluster = request.getfixturevalue("postgres")
        engine = running.fresh()
    done = CliRunner().invoke(hospital, ["init", "--archive", engine])
    assert done.exit_code == 0, done.output
    settings = HospitalSettings.load()
    address = engine if engine != "sqlite" else str(settings.database)
    desk, box = Desk(enrolled(open_at(address))), Sender()
    desk.admit(box)
    desk.receipt(box.frame(1, 20))
    return desk


def backup(*words: str) -> dict[str, object]:
    done = CliRunner().invoke(hospital, ["backup", *words, "--json"])
    assert done.exit_code == 0, done.output
    told: dict[str, object] = json.loads(done.stdout)
    return told


def safe(desk: Desk) -> int:
    return max(int(r["safe"]) for r in desk.archive.rows("SELECT safe FROM stream"))


def test_on_the_archives_own_disk_it_promises_nothing(
    desk_of_hospital: Desk, tmp_path: Path
) -> None:
    told = backup("--to", str(tmp_path / "one.copy"))
    assert (told["records"], told["safe"]) == (20, False)
    assert safe(desk_of_hospital) == 0
    words = CliRunner().invoke(hospital, ["backup", "--to", str(tmp_path / "two.copy")]).output
    assert "boxes keep what they have" in words
    desk_of_hospital.archive.close()


def test_whoever_vouches_for_the_place_makes_the_promise(
    desk_of_hospital: Desk, tmp_path: Path
) -> None:
    assert backup("--to", str(tmp_path / "one.copy"), "--trust-place")["safe"] is True
    assert safe(desk_of_hospital) == 20
    desk_of_hospital.archive.close()
