"""`healthpost checkup` calls a box fit only when it is: keys, home, service, port and link."""

from __future__ import annotations

import json
import os
import socket
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from edge.patients import register
from edge.patients.form import PatientForm
from edge.process import home_lock
from edge.process.home_lock import HomeLock
from edge.settings.box_settings import Settings
from edge.staff import staff
from edge.store import issues
from edge.store.store import Store
from hospital.fleet.authority import Authority
from provisioning import checkup_service
from provisioning.box_setup import init_box, set_link
from provisioning.checkup import checkup
from provisioning.checkup_service import unit_of
from provisioning.cli import main
from provisioning.finding import FAIL, PASS, WARN
from sync.keys import membership
from sync.keys.enrolment import Grant
from sync.keys.keys import BoxKeys, certificate_request

NOBODY = 65_534
LOADED_FIRST = """
import encodings.ascii, encodings.idna, zoneinfo, sqlite_utils
import provisioning.box_setup, provisioning.checkup, provisioning.link_commands
from provisioning.cli import main
main()
"""
"""The user who takes over may have no right to read the interpreter of whoever runs the tests."""
needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="to make files of others takes root")


@pytest.fixture
def home(tmp_path: Path) -> Path:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    init_box(tmp_path / "box", "Chak 14", kiosk_port=port)
    return tmp_path / "box"


@pytest.fixture
def enrolled(home: Path, tmp_path: Path) -> Path:
    """A box with keys and a certificate of a hospital."""
    settings, now = Settings.load(home), datetime.now(UTC)
    keys = BoxKeys.generate()
    keys.save(settings.keys)
    authority = Authority.create(tmp_path / "ca", "Test", now)
    signed = authority.sign_box(certificate_request(keys, settings.box_id), settings.box_id, now)
    public = keys.public
    ca = authority.root_pem.decode()
    grant = Grant(signed.pem.decode(), ca, public.sign, public.decrypt, "127.0.0.1", 9, "Chak 14")
    membership.keep(settings.keys, grant)
    set_link(home, "127.0.0.1", 9)
    return home


def findings(home: Path) -> dict[str, tuple[str, str]]:
    settings = Settings.load(home)
    store = Store.open(settings.database)
    try:
        return {f.check: (f.result, f.text) for f in checkup(settings, store)}
    finally:
        store.close()


def note(home: Path, kind: str, detail: str = "") -> None:
    store = Store.open(home / "box.db")
    issues.note(store, store.clock().now(), kind, detail=detail)
    store.close()


def failed(home: Path) -> set[str]:
    return {name for name, (result, _) in findings(home).items() if result == FAIL}


def test_a_new_box_and_an_enrolled_one_are_fit(enrolled: Path) -> None:
    found = findings(enrolled)
    assert {name for name, (result, _) in found.items() if result == FAIL} == set()
    assert found["keys"][0] == found["pepper"][0] == found["link"][0] == PASS
    assert found["running"][0] == WARN


@pytest.mark.parametrize("kind", ["shut-out", "identity-doubled", "link-refused"])
def test_a_box_that_its_hospital_refuses_is_not_fit(enrolled: Path, kind: str) -> None:
    note(enrolled, kind, "revoked")
    result, text = findings(enrolled)["link"]
    assert result == FAIL
    assert "hospital" in text


def test_what_the_processes_say_is_wrong_counts(home: Path) -> None:
    note(home, "records-damaged", "3")
    assert failed(home) == {"issues"}


@pytest.mark.parametrize("content", [b"", b"-", bytes(31)])
def test_an_unusable_pepper_is_not_fit(home: Path, content: bytes) -> None:
    (home / "keys" / "pepper").write_bytes(content)
    assert failed(home) == {"pepper"}


@pytest.mark.parametrize("name", ["tls.key.pem", "sign.key.pem", "decrypt.key.pem"])
@pytest.mark.parametrize("content", [None, b"", b"-----BEGIN " + b"PRIVATE KEY-----\n"])
def test_a_destroyed_key_is_not_fit(enrolled: Path, name: str, content: bytes | None) -> None:
    file = enrolled / "keys" / name
    if content is None:
        file.unlink()
    else:
        file.write_bytes(content)
    assert "keys" in failed(enrolled)


def test_a_certificate_of_another_key_is_not_fit(enrolled: Path) -> None:
    BoxKeys.generate().save(enrolled / "keys")
    assert failed(enrolled) == {"certificate"}


def test_a_long_silence_with_records_waiting_is_a_warning(enrolled: Path) -> None:
    store = Store.open(enrolled / "box.db")
    now = store.clock().now()
    month_ms = int(timedelta(days=30) / timedelta(milliseconds=1))
    staff.add(store, now, "Amina", "worker", "482913", bytes(32))
    with store.transaction():
        store.execute("UPDATE link SET receipt_ms = ?", (now.wall_ms - month_ms,))
    store.close()
    result, text = findings(enrolled)["link"]
    assert (result, "last confirmation" in text) == (WARN, True)


def test_a_kiosk_port_that_another_program_has_is_not_fit(home: Path) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", Settings.load(home).kiosk_port))
        other.listen()
        result, text = findings(home)["kiosk"]
        assert (result, "another program has it" in text) == (FAIL, True)
        lock = HomeLock.hold(home, "kiosk")  # we ourselves are the kiosk now
        assert findings(home)["kiosk"][0] == PASS
        lock.release()


def test_a_kiosk_that_runs_and_does_not_listen_is_not_fit(home: Path) -> None:
    lock = HomeLock.hold(home, "kiosk")
    assert findings(home)["kiosk"][0] == FAIL
    lock.release()
    assert home_lock.held_by(home, "kiosk") is None


def test_files_that_others_can_read_are_a_warning(home: Path) -> None:
    (home / "box.db").chmod(0o644)
    result, text = findings(home)["home"]
    assert (result, "box.db" in text) == (WARN, True)


def test_a_full_disk_is_not_fit(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("provisioning.checkup_service.FULL_MB", 1 << 40)
    assert failed(home) == {"disk"}


def test_the_unit_says_which_user_serves_which_home(tmp_path: Path) -> None:
    unit = (Path(__file__).parents[2] / "deploy" / "healthpost.service").read_text()
    (tmp_path / "healthpost.service").write_text(unit)
    assert unit_of(Path("/var/lib/healthpost"), [tmp_path / "none", tmp_path]) == "healthpost"
    assert unit_of(Path("/srv/other"), [tmp_path]) is None
    (tmp_path / "healthpost.service.d").mkdir()
    (tmp_path / "healthpost.service.d" / "user.conf").write_text("[Service]\nUser=clinic\n")
    assert unit_of(Path("/var/lib/healthpost"), [tmp_path]) == "clinic"


def test_a_service_of_another_user_than_the_homes_owner_is_not_fit(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    unit = f"[Service]\nUser=daemon\nEnvironment=HEALTHPOST_HOME={home}\n"
    (tmp_path / "healthpost.service").write_text(unit)
    monkeypatch.setattr(checkup_service, "UNIT_FOLDERS", (tmp_path,))
    result, text = findings(home)["service"]
    assert (result, "runs as daemon" in text) == (FAIL, True)


@pytest.fixture
def owned() -> Iterator[Path]:
    """A box whose home belongs to `nobody`."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        home = Path(folder) / "home"
        home.mkdir(mode=0o700)
        os.chown(home, NOBODY, NOBODY)
        assert verb(home, "init", "--clinic", "Chak 14").returncode == 0
        yield home


def verb(home: Path, *words: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-c", LOADED_FIRST, *words]
    environment = {**os.environ, "HEALTHPOST_HOME": str(home)}
    return subprocess.run(
        command, env=environment, input="", capture_output=True, text=True, check=False
    )


@needs_root
@pytest.mark.long
def test_what_root_does_belongs_to_the_owner(owned: Path) -> None:
    assert verb(owned, "staff", "list").returncode == 0
    assert verb(owned, "staff", "dismiss", "nobody").returncode == 2
    assert {path.stat().st_uid for path in owned.rglob("*")} == {NOBODY}
    assert verb(owned, "checkup").returncode == 0


@needs_root
@pytest.mark.long
def test_a_key_that_the_service_cannot_read_is_not_fit(owned: Path) -> None:
    (owned / "keys" / "sign.key.pem").write_bytes(b"-")  # as an earlier release made it as root
    (owned / "keys" / "sign.key.pem").chmod(0o600)
    done = verb(owned, "checkup")
    assert done.returncode == 1
    assert f"not of the user nobody: {owned}/keys/sign.key.pem" in done.stdout
    assert f"`chown -R nobody: {owned}`" in done.stdout


def test_a_box_without_its_file_is_checked_as_far_as_it_goes(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (home / "box.db").unlink()
    monkeypatch.setenv("HEALTHPOST_HOME", str(home))
    done = CliRunner().invoke(main, ["checkup", "--json"])
    rows = {row["check"]: row["result"] for row in json.loads(done.stdout)["checks"]}
    assert (done.exit_code, rows["file"], rows["home"], rows["disk"]) == (1, FAIL, PASS, PASS)


def test_a_misspelt_setting_is_said(home: Path) -> None:
    assert findings(home)["settings"][0] == PASS
    settings = Settings.load(home)
    text = settings.file.read_text().replace("bluetooth = ", "blutooth = ")
    settings.file.write_text(text + "[kiosks]\nport = 1\n")
    result, text = findings(home)["settings"]
    assert result == WARN
    assert text.endswith("no such setting: devices.blutooth, kiosks.port")


def test_a_changed_row_is_told_by_both_commands_without_a_line_of_the_log(
    home: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("HEALTHPOST_HOME", str(home))
    store = Store.open(home / "box.db")
    register.register(store, store.clock().now(), PatientForm("Sita"), "w1")
    with store.transaction():
        store.execute("UPDATE patient SET name = 'Rita'")
    store.close()
    assert "otherwise than they were recorded" in CliRunner().invoke(main, ["checkup"]).output
    assert "Records on the disk are damaged (1)" in CliRunner().invoke(main, ["status"]).output
    assert caplog.records == []


@pytest.mark.parametrize("host", ["", "no such host", "a..b"])
def test_a_kiosk_host_that_nobody_knows_is_not_fit_and_final(home: Path, host: str) -> None:
    file = home / "healthpost.toml"
    file.write_text(file.read_text().replace('host = "127.0.0.1"', f'host = "{host}"'))
    words = checkup_service.kiosk(Settings.load(home))
    assert words.result == FAIL
    assert words.text.endswith("no such host is known")
    done = subprocess.run(
        [sys.executable, "-m", "kiosk_ui"],
        env={**os.environ, "HEALTHPOST_HOME": str(home)},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert (done.returncode, done.stderr.count("\n")) == (2, 1), done.stderr
    assert "no such host is known" in done.stderr


@pytest.mark.parametrize("fault", ["rubbish", "missing"])
def test_keys_that_cannot_be_used_are_said_in_words_with_a_way_out(
    enrolled: Path, fault: str
) -> None:
    file = enrolled / "keys" / "sign.key.pem"
    if fault == "missing":
        file.unlink()
    else:
        file.write_text("rubbish")
    settings = Settings.load(enrolled)
    with closing(Store.open(settings.database, settings.box_id)) as store:
        words = {one.check: one for one in checkup(settings, store)}["keys"]
    assert words.result == FAIL
    assert f"claim --readmits {settings.box_id}`" in words.text
    assert "`healthpost enrol --new-keys`" in words.text
    assert "cryptography" not in words.text


def test_status_says_that_pins_cannot_be_checked(home: Path) -> None:
    (home / "keys" / "pepper").write_bytes(b"")
    told = CliRunner(env={"HEALTHPOST_HOME": str(home)}).invoke(main, ["status"])
    assert "PINs cannot be checked: " in told.output
    assert "healthpost staff renew-pepper" in told.output


@pytest.mark.parametrize("verb", [["init", "--clinic", "A"], ["hospital", "init"]])
@pytest.mark.parametrize("where", ["file", "file/below", "/proc/x"])
def test_a_home_that_cannot_be_is_wrong_input(tmp_path: Path, verb: list[str], where: str) -> None:
    (tmp_path / "file").write_text("x")
    home = str(tmp_path / where)
    environment = {"HEALTHPOST_HOME": home, "HEALTHPOST_HOSPITAL_HOME": home}
    told = CliRunner(env=environment).invoke(main, verb)
    assert told.exit_code == 2, told.output
    assert "Errno" not in told.output
    assert "is a file" in told.output or "can be made" in told.output
