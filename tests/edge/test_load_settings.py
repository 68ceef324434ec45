"""Settings are read once; what is wrong is named by its key."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.model.errors import SettingsError
from edge.settings.box_settings import Port, Settings

GOOD = '[box]\nid = "box-7"\nclinic = "Bhimdhunga"\n'


def load(home: Path, text: str) -> Settings:
    (home / "healthpost.toml").write_text(text, encoding="utf-8")
    return Settings.load(home)


def test_a_short_file_is_enough(tmp_path: Path) -> None:
    settings = load(tmp_path, GOOD)
    assert settings == Settings(tmp_path, "box-7", "Bhimdhunga")
    assert settings.database == tmp_path / "box.db"
    assert (settings.keys, settings.backup) == (tmp_path / "keys", tmp_path / "backup")
    assert settings.file == tmp_path / "healthpost.toml"


def test_everything_can_be_set(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    text = """
[box]
id = "box-7"
clinic = "بھیم دھنگا"
backup_every_s = 60
disk_low_mb = 9
[kiosk]
language = "ur"
port = 80
host = "0.0.0.0"
px_per_mm = "5.9"
[link]
broker_host = "hospital.example"
broker_port = 1
[devices]
bluetooth = false
[[devices.port]]
path = "/dev/ttyUSB*"
model = "TM-2657"
"""
    load(tmp_path, text)
    monkeypatch.setenv("HEALTHPOST_HOME", str(tmp_path))
    settings = Settings.load()
    assert (settings.clinic, settings.language, settings.kiosk_port) == ("بھیم دھنگا", "ur", 80)
    assert (settings.broker_host, settings.broker_port) == ("hospital.example", 1)
    assert (settings.bluetooth, settings.ports) == (False, (Port("/dev/ttyUSB*", "TM-2657"),))
    assert (settings.backup_every_s, settings.disk_low_mb) == (60, 9)


def test_ports_may_be_named_by_adapter_probed_and_mapped(tmp_path: Path) -> None:
    text = """
[devices]
watch = []
[[devices.port]]
serial = "FT123"
model = "ASTM analyser"
tests = { "^^^HB" = { code = "718-7", unit = "g/dL" } }
encoding = "gb18030"
sample = ["O-4.3", "O-3"]
time = ["R-12"]
controls = ["QC-*"]
[[devices.port]]
path = "/dev/ttyUSB7"
probe = true
"""
    settings = load(tmp_path, GOOD + text)
    assert settings.watch == ()
    analyser, probed = settings.ports
    assert (analyser.path, analyser.model) == ("serial:FT123", "ASTM analyser")
    assert analyser.tests == {"^^^HB": ("718-7", "g/dL")}
    assert (analyser.encoding, analyser.sample) == ("gb18030", ("O-4.3", "O-3"))
    assert (analyser.time, analyser.controls) == (("R-12",), ("QC-*",))
    assert (probed.path, probed.model, probed.probe) == ("/dev/ttyUSB7", "", True)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "box.id must be text"),
        ("[box]\nid = 7", "box.id must be text"),
        ('[box]\nid = "x"', "box.clinic must be text"),
        ("box = 3", r"\[box\] must be a table"),
        (GOOD + '[kiosk]\nlanguage = "xx"', "kiosk.language is 'xx'; choose one of en, ur, zh"),
        (GOOD + '[kiosk]\nport = "80"', "kiosk.port must be a whole number, not '80'"),
        (GOOD + "disk_low_mb = -1", "box.disk_low_mb must be a whole number"),
        (GOOD + "[kiosk]\nport = true", "kiosk.port must be a whole number"),
        (GOOD + '[devices]\nbluetooth = "yes"', "devices.bluetooth must be true or false"),
        (GOOD + "[devices]\nport = 5", "devices.port must be a list of tables"),
        (GOOD + '[[devices.port]]\npath = "/dev/x"', "needs a path and a model"),
        (GOOD + '[[devices.port]]\npath = "/dev/x"\nprobe = 1', "probe must be true or false"),
        (GOOD + "[[devices.port]]\nmodel = 'x'\npath = 'y'\ntests = 1", "tests must be a table"),
        (GOOD + "[[devices.port]]\nmodel = 'x'\npath = 'y'\ntests.a.code = 'b'", "needs a code"),
        (GOOD + "[[devices.port]]\nmodel = 'x'\npath = 'y'\nencoding = 1", "encoding must be text"),
        (GOOD + "[[devices.port]]\nmodel = 'x'\npath = 'y'\nsample = 'O'", "sample must be a list"),
        (GOOD + '[devices]\nwatch = "/dev/x"', "devices.watch must be a list of texts"),
        ("[box", "cannot be read"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        load(tmp_path, text)


def test_no_box_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="run `healthpost init"):
        Settings.load(tmp_path)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "healthpost.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="cannot be read"):
        Settings.load(tmp_path)
