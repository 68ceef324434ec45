"""The commands of a box whose file is gone: they say so, and `restore` brings it back."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hand_clock import HandClock

from edge.jobs import backup
from edge.settings.box_settings import Settings
from edge.store import copies, journal
from edge.store.store import Store
from provisioning.box_setup import init_box
from provisioning.cli import main
from provisioning.errors import InputError


@pytest.fixture
def box(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A box with one record and a copy of it."""
    monkeypatch.setenv("HEALTHPOST_HOME", str(tmp_path))
    settings = init_box(tmp_path, "Chak 14")
    store = Store.open(settings.database, settings.box_id)
    with store.transaction():
        journal.append(store, "view", HandClock().now(), {"what": "one"})
    backup.run(store, settings, HandClock().now())
    store.close()
    return settings


def call(*words: str) -> Result:
    return CliRunner().invoke(main, words)


@pytest.mark.parametrize("verb", ["status", "checkup"])
def test_a_box_without_its_file_is_not_fit(box: Settings, verb: str) -> None:
    box.database.unlink()
    told = call(verb, "--json")
    assert told.exit_code == 1
    assert "is not there" in told.stdout
    assert "healthpost restore" in told.stdout
    assert copies.listed(box.backup)[0].file.name in told.stdout
    assert not box.database.exists()


def test_the_newest_copy_comes_back_by_one_command(box: Settings) -> None:
    box.database.unlink()
    told = call("restore", "--json")
    assert told.exit_code == 0, told.output
    assert json.loads(told.stdout)["former"] is None
    assert json.loads(call("status", "--json").stdout)["records"]["captured"] >= 1


def test_without_a_copy_restore_says_so_and_does_nothing(box: Settings) -> None:
    for copy in copies.listed(box.backup):
        copy.file.unlink()
    before = box.database.read_bytes()
    told = call("restore")
    assert told.exit_code == 2
    assert "there is no copy" in told.output
    assert box.database.read_bytes() == before


def test_an_init_that_was_broken_off_is_gone_on_with(tmp_path: Path) -> None:
    Store.create(tmp_path / "box.db", "halfmadeboxid").close()
    assert init_box(tmp_path, "Chak 14").box_id == "halfmadeboxid"


def test_init_makes_no_box_over_the_records_of_another(box: Settings) -> None:
    box.file.unlink()
    with pytest.raises(InputError, match="settings are missing"):
        init_box(box.home, "Chak 15")
    assert Store.open(box.database, box.box_id).journal_position() >= 1
