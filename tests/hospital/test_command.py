"""`healthpost hospital`: what its verbs answer, and how they refuse."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner, Result
from cryptography import x509

from edge.process.home_lock import HomeLock
from edge.process.supervise import FINAL
from hospital.archive.errors import SettingsError
from hospital.archive.open import open_archive
from hospital.archive.settings import HospitalSettings
from hospital.cli.commands import hospital
from hospital.fleet import boxes
from hospital.fleet.boxes import Box
from sync.keys.enrolment import Claim
from sync.keys.keys import BoxKeys


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("HEALTHPOST_HOSPITAL_HOME", str(tmp_path / "hospital"))
    return tmp_path / "hospital"


def run(*words: str, expect: int = 0, typed: str = "") -> dict[str, object]:
    result: Result = CliRunner().invoke(hospital, [*words, "--json"], input=typed)
    assert result.exit_code == expect, result.output
    told: dict[str, object] = json.loads(result.stdout)
    return told


def test_a_hospital_is_made_once(home: Path) -> None:
    told = run("init", "--name", "Civil", "--user", "doctor", typed="ten letters")
    assert told["desk"] == "http://127.0.0.1:8700"
    assert home.stat().st_mode & 0o077 == 0
    settings = HospitalSettings.load(home)
    assert (settings.name, settings.broker, settings.archive) == ("Civil", "iotcore", "sqlite")
    again = run("init", expect=2)
    assert again["kind"] == "settings"


def test_every_option_of_init_comes_back_from_the_file(home: Path) -> None:
    run(
        *("init", "--broker", "mosquitto", "--broker-listen", "0.0.0.0", "--broker-port", "9883"),
        *("--broker-host", "mqtt.example", "--host-name", "10.0.0.5", "--desk-port", "9700"),
        *("--url", "https://desk.example/"),
    )
    settings = HospitalSettings.load()
    assert settings.broker_listen == "0.0.0.0"
    assert (settings.broker_host, settings.broker_port) == ("mqtt.example", 9883)
    assert settings.names == ("mqtt.example", "10.0.0.5", "localhost", "127.0.0.1")
    assert settings.desk_url == "https://desk.example"
    assert settings.worker_port == 9883


def test_without_a_hospital_the_verbs_say_what_to_do(home: Path) -> None:
    told = run("boxes", expect=2)
    assert "hospital init" in str(told["message"])


def test_a_claim_can_be_read_by_a_box(home: Path) -> None:
    run("init")
    told = run("claim", "--clinic", " Thar Post 7 ", "--this-machine")
    claim = Claim.parse(str(told["claim"]))
    assert (claim.clinic, claim.url) == ("Thar Post 7", "http://127.0.0.1:8700")


def test_a_claim_with_an_endless_name_is_refused(home: Path) -> None:
    run("init")
    assert run("claim", "--clinic", "x" * 300, "--this-machine", expect=2)["kind"] == "claim-wrong"


def test_revoking_shuts_out_and_lists_the_certificate(home: Path) -> None:
    run("init")
    settings = HospitalSettings.load()
    archive = open_archive(settings)
    with archive.transaction():
        boxes.enter(archive, Box("box-one", "Thar", BoxKeys.generate().public, "0abc", 1))
    assert run("revoke", "box-one")["standing"] == "revoked"
    line = run("boxes")["boxes"]
    assert isinstance(line, list)
    assert line[0]["standing"] == "revoked"
    crl = x509.load_pem_x509_crl((settings.authority / "crl.pem").read_bytes())
    assert [r.serial_number for r in crl] == [0xABC]
    archive.close()
    assert run("revoke", "box-two", expect=2)["message"] == "no box box-two"


def test_status_owns_up_to_what_the_broker_does_not_do(home: Path) -> None:
    run("init")
    told = run("status")
    assert told["archive"] == {"engine": "sqlite", "readings": 0}
    assert "no topic rules" in str(told["limits"])


def test_the_brokers_files_are_written(home: Path) -> None:
    run("init", "--broker", "external")
    config = Path(str(run("broker-config")["config"]))
    assert "pattern write cs/1/u/%u/#" in (config.parent / "rules.acl").read_text()
    assert (home / "worker" / "worker.crt").exists()


def test_an_account_needs_a_real_password(home: Path) -> None:
    run("init")
    assert run("account", "nurse", typed="short", expect=2)["kind"] == "account"
    assert run("account", "nurse", typed="long enough")["account"] == "nurse"
    named = ("--full-name", "Dr Amina Shah", "--telephone", "0301")
    assert run("account", "nurse", *named, typed="long enough")["account"] == "nurse"


@pytest.mark.parametrize(
    ("text", "named"),
    [
        ('[archive]\nengine = "oracle"', "archive.engine"),
        ('[broker]\nkind = "emqx"', "broker.kind"),
        ("[broker]\nport = 0", "broker.port"),
        ("[broker]\nport = true", "broker.port"),
        ("[broker]\nnames = []", "broker.names"),
        ("[desk]\nhost = 7", "desk.host"),
        ("broker = 3", "[broker]"),
        ("not toml", "cannot be read"),
    ],
)
def test_a_wrong_setting_is_named(tmp_path: Path, text: str, named: str) -> None:
    (tmp_path / "hospital.toml").write_text(text)
    with pytest.raises(SettingsError) as error:
        HospitalSettings.load(tmp_path)
    assert named in str(error.value)


def test_a_second_serve_on_one_home_is_refused(home: Path) -> None:
    run("init")
    lock = HomeLock.hold(home, "hospital")
    command = [sys.executable, "-m", "hospital.serve"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    lock.release()
    assert (done.returncode, len(done.stderr.splitlines())) == (1, 1)
    assert "the hospital of" in done.stderr


def test_serve_without_a_hospital_is_not_tried_again(home: Path) -> None:
    command = [sys.executable, "-m", "hospital.serve"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, len(done.stderr.splitlines())) == (FINAL, 1)


def test_init_without_a_user_says_how_to_make_one(home: Path) -> None:
    told = CliRunner().invoke(hospital, ["init"])
    assert "`healthpost hospital account NAME` (nobody can sign in before)" in told.stdout
    assert home.stat().st_mode & 0o077 == 0


def test_a_backup_into_a_folder_that_is_not_there_is_wrong_input(home: Path) -> None:
    run("init")
    told = CliRunner().invoke(hospital, ["backup", "--to", "/nonexist/x"])
    assert told.exit_code == FINAL
    assert "there is no folder /nonexist" in told.output


def test_a_desk_host_that_nobody_knows_is_one_sentence_and_final(home: Path) -> None:
    run("init", "--desk-host", "no such host")
    command = [sys.executable, "-m", "hospital.desk.server"]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    assert (done.returncode, len(done.stderr.splitlines())) == (FINAL, 1), done.stderr
    assert "no such host is known" in done.stderr
