"""The commands of a box whose file is gone: they say so, and `restore` brings it back."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from hand_clock import HandClock

from edge.jobs import backup
from edge.settings.box_settings import Settings
from edge.store import copies, journal
from edge.store.store import Store
from hospital.fleet.authority import Authority
from provisioning.box_setup import init_box
from provisioning.cli import main
from provisioning.errors import InputError
from sync.keys.keys import BoxKeys, certificate_request


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


def test_lost_settings_come_back_by_init_with_the_box_and_its_records(box: Settings) -> None:
    box.file.unlink()
    told = call("init", "--clinic", "Chak 14", "--json")
    assert told.exit_code == 0, told.output
    found = json.loads(told.stdout)
    assert (found["box"], found["found"]) == (box.box_id, 1)
    assert Store.open(box.database, box.box_id).journal_position() >= 1
    box.file.unlink()
    assert "entries of this box: they are kept" in call("init", "--clinic", "Chak 14").output


def test_init_makes_no_box_of_the_keys_of_one_and_the_file_of_another(
    box: Settings, tmp_path: Path
) -> None:
    authority = Authority.create(tmp_path / "ca", "Test", datetime.now(UTC))
    request = certificate_request(BoxKeys.generate(), "anotherbox234")
    signed = authority.sign_box(request, "anotherbox234", datetime.now(UTC))
    (box.keys / "box.crt").write_bytes(signed.pem)
    box.file.unlink()
    with pytest.raises(InputError, match="keys in this home are those of box anotherbox234"):
        init_box(box.home, "Chak 15")
    assert not box.file.exists()


def test_a_mistyped_box_id_is_named_as_such(box: Settings) -> None:
    box.file.write_text(box.file.read_text().replace(box.box_id, "mistyped"))
    told = call("status")
    assert told.exit_code == 1
    assert f"set box.id to {box.box_id}" in told.output


@pytest.mark.parametrize("copy", ["foreign", "damaged", "empty", "text", "absent"])
def test_a_wrong_copy_is_named_and_ends_with_2(box: Settings, tmp_path: Path, copy: str) -> None:
    file = tmp_path / f"{copy}.db"
    if copy == "foreign":
        Store.create(file, "anotherbox234").close()
    elif copy == "damaged":
        whole = copies.listed(box.backup)[0].file.read_bytes()
        file.write_bytes(whole[: len(whole) // 2])
    elif copy != "absent":
        file.write_text("" if copy == "empty" else "a letter " * 1000)
    before = box.database.read_bytes()
    told = call("restore", str(file))
    assert told.exit_code == 2, told.output
    assert f"{file} " in told.output
    assert "box.db.part" not in told.output
    assert "healthpost restore" not in told.output
    assert box.database.read_bytes() == before
