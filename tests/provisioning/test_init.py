"""A blank machine becomes a box, once, and its settings say what is wrong with them."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from click.testing import CliRunner

from edge.settings.box_settings import Port, Settings
from edge.store.store import Store
from provisioning.box_setup import init_box, new_box_id, set_link
from provisioning.cli import main
from provisioning.errors import InputError
from sync.keys.keys import BoxKeys

TEMPLATE = r"""
maker = "Thai Scale"
name = "Height and weight kiosk"
kind = "weight"
line = "9600 8N1"
pattern = 'W:(?P<weight>\d{1,3}\.\d)'
sample = "W:65.4"
[values.weight]
code = "29463-7"
unit = "kg"
"""


def test_init_makes_a_box_that_loads(tmp_path: Path) -> None:
    made = init_box(tmp_path / "box", " Chak 14 ", language="ur", ports=[Port("/dev/x", "TM-2657")])
    assert made == Settings.load(tmp_path / "box")
    assert (made.clinic, made.language, made.broker_host) == ("Chak 14", "ur", None)
    assert made.ports == (Port("/dev/x", "TM-2657"),)
    store = Store.open(made.database)
    assert store.box_id() == made.box_id
    store.close()


def test_private_files_are_readable_by_the_box_alone(tmp_path: Path) -> None:
    made = init_box(tmp_path / "box", "Chak 14")
    assert made.keys.stat().st_mode & 0o077 == 0
    assert all(file.stat().st_mode & 0o077 == 0 for file in made.keys.iterdir())


def test_box_ids_are_random_and_say_nothing() -> None:
    ids = {new_box_id() for _ in range(100)}
    assert len(ids) == 100
    assert all(re.fullmatch(r"[a-z2-7]{13}", box_id) for box_id in ids)


def test_a_second_init_is_refused_and_changes_nothing(tmp_path: Path) -> None:
    made = init_box(tmp_path, "Chak 14")
    with pytest.raises(InputError, match="already a box"):
        init_box(tmp_path, "Chak 15")
    assert Settings.load(tmp_path) == made


@pytest.mark.parametrize(("clinic", "language"), [("  ", "en"), ("Chak 14", "xx")])
def test_wrong_answers_are_refused_before_anything_is_made(
    tmp_path: Path, clinic: str, language: str
) -> None:
    with pytest.raises(InputError):
        init_box(tmp_path / "box", clinic, language=language)
    assert not (tmp_path / "box").exists()


def test_settings_keep_what_a_technician_wrote_by_hand(tmp_path: Path) -> None:
    made = init_box(tmp_path, "Chak 14")
    port = '[[devices.port]]\npath = "/dev/ttyUSB*"\nmodel = "CMS50D+"\n'
    made.file.write_text("# ours since 2026\n" + made.file.read_text() + port)
    set_link(tmp_path, "hospital.example", 8883)
    changed = Settings.load(tmp_path)
    assert (changed.broker_host, changed.broker_port) == ("hospital.example", 8883)
    assert changed.ports == (Port("/dev/ttyUSB*", "CMS50D+"),)
    assert made.file.read_text().startswith("# ours since 2026\n")


def test_the_command_answers_in_json_with_exit_codes(tmp_path: Path) -> None:
    run = CliRunner(env={"HEALTHPOST_HOME": str(tmp_path / "box")})
    before = run.invoke(main, ["status", "--json"])
    assert (before.exit_code, json.loads(before.stdout)["kind"]) == (2, "settings")
    made = run.invoke(main, ["init", "--clinic", "Chak 14", "--json"])
    assert made.exit_code == 0
    again = run.invoke(main, ["init", "--clinic", "Chak 14", "--json"])
    assert (again.exit_code, json.loads(again.stdout)["kind"]) == (2, "exists")
    told = json.loads(run.invoke(main, ["status", "--json"]).stdout)
    assert told["box"] == json.loads(made.stdout)["box"]
    assert told["records"]["waiting"] == told["records"]["captured"] == 0


def test_checkup_warns_of_what_is_not_there_yet(tmp_path: Path) -> None:
    run = CliRunner(env={"HEALTHPOST_HOME": str(tmp_path)})
    run.invoke(main, ["init", "--clinic", "Chak 14", "--port", "/dev/nothing-here=TM-2657"])
    told = run.invoke(main, ["checkup", "--json"])
    results = {row["check"]: row["result"] for row in json.loads(told.stdout)["checks"]}
    assert told.exit_code == 0
    assert results["file"] == "pass"
    assert results["certificate"] == results["broker"] == results["ports"] == "warn"


def test_checkup_fails_on_keys_that_others_can_read(tmp_path: Path) -> None:
    run = CliRunner(env={"HEALTHPOST_HOME": str(tmp_path)})
    run.invoke(main, ["init", "--clinic", "Chak 14"])
    BoxKeys.generate().save(tmp_path / "keys")
    (tmp_path / "keys" / "tls.key.pem").chmod(0o644)
    told = run.invoke(main, ["checkup", "--json"])
    results = {row["check"]: row["result"] for row in json.loads(told.stdout)["checks"]}
    assert (told.exit_code, results["keys"]) == (1, "fail")


def test_checkup_says_what_is_wrong_with_a_template(tmp_path: Path) -> None:
    run = CliRunner(env={"HEALTHPOST_HOME": str(tmp_path)})
    run.invoke(main, ["init", "--clinic", "Kot Ali", "--port", "/dev/nothing-here=template:kiosk"])

    def ports() -> tuple[str, str]:
        told = json.loads(run.invoke(main, ["checkup", "--json"]).stdout)
        [found] = [row for row in told["checks"] if row["check"] == "ports"]
        return found["result"], found["text"]

    (tmp_path / "templates").mkdir()
    file = tmp_path / "templates" / "kiosk.toml"
    result, text = ports()
    assert (result, "kiosk.toml cannot be read" in text) == ("fail", True)
    file.write_text(TEMPLATE.replace('sample = "W:65.4"', 'sample = "65.4"'))
    result, text = ports()
    assert (result, "sample" in text) == ("fail", True)
    file.write_text(TEMPLATE)
    result, text = ports()
    assert (result, "not plugged in" in text) == ("warn", True)


def test_an_unknown_model_of_a_port_is_refused_at_once_with_the_known_ones(tmp_path: Path) -> None:
    run = CliRunner(env={"HEALTHPOST_HOME": str(tmp_path / "box")})
    words = ["init", "--clinic", "Chak 14", "--port", "/dev/x=Toaster 3000", "--json"]
    done = run.invoke(main, words)
    told = json.loads(done.stdout)
    assert (done.exit_code, told["kind"]) == (2, "model")
    assert "'Toaster 3000'" in told["message"]
    assert "TM-2657" in told["message"]
    assert not (tmp_path / "box").exists()


def test_checkup_fails_on_a_model_that_nobody_knows(tmp_path: Path) -> None:
    run = CliRunner(env={"HEALTHPOST_HOME": str(tmp_path)})
    run.invoke(main, ["init", "--clinic", "Chak 14", "--port", "/dev/x=TM-2657"])
    settings = tmp_path / "healthpost.toml"
    settings.write_text(settings.read_text().replace("TM-2657", "Toaster 3000"))
    told = run.invoke(main, ["checkup", "--json"])
    text = " ".join(row["text"] for row in json.loads(told.stdout)["checks"])
    assert told.exit_code == 1
    assert "Toaster 3000" in text
