"""An archive that is missing, empty or another hospital's is refused, on both engines."""

from __future__ import annotations

import ast
import json
from pathlib import Path

import pytest
from archives import open_at
from click.testing import CliRunner
from postgres import Cluster

from hospital.archive import copy_notes, row
from hospital.archive.errors import ArchiveRefused
from hospital.archive.open import open_archive
from hospital.archive.settings import HospitalSettings
from hospital.cli.commands import hospital

ROOT = Path(__file__).parents[2]


def run(*words: str, expect: int = 0) -> dict[str, object]:
    done = CliRunner().invoke(hospital, [*words, "--json"])
    assert done.exit_code == expect, done.output
    told: dict[str, object] = json.loads(done.stdout)
    return told


@pytest.fixture(params=["sqlite", "postgresql"])
def settings(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> HospitalSettings:
    monkeypatch.setenv("HEALTHPOST_HOSPITAL_HOME", str(tmp_path / "hospital"))
    engine = "sqlite"
    if request.param == "postgresql":
        running: Cluster = request.getfixturevalue("postgres")
        engine = running.fresh()
    run("init", "--archive", engine)
    return HospitalSettings.load()


@pytest.fixture
def lost(settings: HospitalSettings) -> HospitalSettings:
    """A hospital whose archive is gone."""
    if settings.archive == "sqlite":
        for file in settings.home.glob("archive.db*"):
            file.unlink()
    else:
        archive = open_at(settings.archive)
        with archive.transaction():
            archive.execute("DROP SCHEMA public CASCADE")
            archive.execute("CREATE SCHEMA public")
        archive.close()
    return settings


def test_a_lost_archive_is_not_taken_for_a_new_one(lost: HospitalSettings) -> None:
    told = run("status", expect=1)
    assert told["kind"] in ("missing", "empty")
    assert "archive" in str(told["message"])
    with pytest.raises(ArchiveRefused):
        open_archive(lost)
    assert not lost.database.exists()


def test_an_empty_file_is_not_taken_for_a_new_archive(settings: HospitalSettings) -> None:
    if settings.archive != "sqlite":
        return
    settings.database.write_bytes(b"")
    assert run("boxes", expect=1)["kind"] == "empty"
    assert settings.database.read_bytes() == b""


def test_the_refusal_names_the_newest_copy(settings: HospitalSettings, tmp_path: Path) -> None:
    copy = tmp_path / "one.copy"
    run("backup", "--to", str(copy))
    if settings.archive == "sqlite":
        settings.database.unlink()
    else:
        archive = open_at(settings.archive)
        with archive.transaction():
            archive.execute("DROP SCHEMA public CASCADE")
        archive.close()
    message = str(run("status", expect=1)["message"])
    assert str(copy) in message
    assert "healthpost hospital restored" in message


def test_the_archive_of_another_hospital_is_refused(
    settings: HospitalSettings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("HEALTHPOST_HOSPITAL_HOME", str(tmp_path / "other"))
    if settings.archive == "sqlite":
        run("init")
        settings.database.replace(HospitalSettings.load().database)
        assert run("status", expect=1)["kind"] == "foreign"
    else:
        assert run("init", "--archive", settings.archive, expect=1)["kind"] == "foreign"
        assert not (tmp_path / "other" / "hospital.toml").exists()


def test_an_archive_of_the_former_release_becomes_this_hospitals(
    settings: HospitalSettings,
) -> None:
    archive = open_archive(settings)
    with archive.transaction():
        archive.execute("UPDATE hospital SET authority = ''")
    archive.close()
    archive = open_archive(settings)
    found = row(archive, "SELECT authority FROM hospital")
    archive.close()
    assert found is not None
    assert len(str(found["authority"])) == 64


def test_only_one_module_opens_an_engine() -> None:
    openers = set()
    for file in (ROOT / "hospital").rglob("*.py"):
        for call in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            named = ast.unparse(call.func) if isinstance(call, ast.Call) else ""
            if named in ("SqliteArchive.open", "PostgresArchive.open"):
                openers.add(file.relative_to(ROOT).as_posix())
    assert openers == {"hospital/archive/open.py"}


def test_a_copy_that_was_deleted_is_not_named(tmp_path: Path) -> None:
    first, second = tmp_path / "one.copy", tmp_path / "two.copy"
    for number, file in enumerate((first, second)):
        file.write_bytes(b"copy")
        copy_notes.remember(tmp_path, copy_notes.CopyNote(str(file), number, 5))
    assert copy_notes.newest(tmp_path) == copy_notes.CopyNote(str(second), 1, 5)
    second.unlink()
    assert copy_notes.newest(tmp_path) == copy_notes.CopyNote(str(first), 0, 5)
    first.unlink()
    assert copy_notes.newest(tmp_path) == copy_notes.CopyNote(str(second), 1, 5)
