"""Settings are read once; what is wrong is named by its key."""

from __future__ import annotations

from pathlib import Path
from typing import Any, get_type_hints

import pytest

from edge.model.errors import SettingsError
from edge.settings.box_settings import Port, Settings
from edge.settings.setting import rows
from hospital.archive.settings import HospitalSettings

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
        ("", "box.id is missing"),
        ("[box]\nid = 7", "box.id must be text"),
        ('[box]\nid = "x"', "box.clinic is missing"),
        ('[box]\nid = ""', "box.id is empty"),
        ("box = 3", r"\[box\] must be a table"),
        (GOOD + '[kiosk]\nlanguage = "xx"', "kiosk.language is 'xx'; choose one of en, ur, zh"),
        (
            GOOD + '[kiosk]\nport = "80"',
            "kiosk.port must be a whole number from 0 to 65535, not '80'",
        ),
        (
            GOOD + "disk_low_mb = -1",
            "box.disk_low_mb must be a whole number from 0 to 1000000, not -1",
        ),
        (GOOD + "[kiosk]\nport = true", "kiosk.port must be a whole number"),
        (GOOD + "retention_days = 99999999999999999999", "retention_days must be .* to 36500"),
        (GOOD + "retention_days = " + "9" * 5000, "healthpost.toml cannot be read"),
        (GOOD + '[kiosk]\npx_per_mm = "x"', "px_per_mm must be a number from 1 to 100 .* not .x."),
        (GOOD + "[kiosk]\npx_per_mm = 5", 'px_per_mm must be .* in quotes, such as "5", not 5'),
        (GOOD + '[kiosk]\npx_per_mm = "0"', "px_per_mm must be a number from 1"),
        (GOOD + "[kiosk]\nhost = 5", "kiosk.host must be text in quotes, not 5"),
        (GOOD + '[devices]\nbluetooth = "yes"', "devices.bluetooth must be true or false"),
        (GOOD + "[devices]\nport = 5", "devices.port must be a list of tables"),
        (GOOD + '[[devices.port]]\npath = "/dev/x"', "needs a path and a model"),
        (GOOD + '[[devices.port]]\npath = "/dev/x"\nprobe = 1', "probe must be true or false"),
        (GOOD + "[[devices.port]]\nmodel = 'x'\npath = 'y'\ntests = 1", "tests must be a table"),
        (GOOD + "[[devices.port]]\nmodel = 'x'\npath = 'y'\ntests.a.code = 'b'", "needs a code"),
        (GOOD + "[[devices.port]]\nmodel = 'x'\npath = 'y'\nencoding = 1", "encoding must be text"),
        (GOOD + "[[devices.port]]\nmodel = 'x'\npath = 'y'\nsample = 'O'", "sample must be a list"),
        (GOOD + '[devices]\nwatch = "/dev/x"', "devices.watch must be a list of texts"),
        ("[box", "it is not written as TOML at line 1|it is not written as TOML at end"),
    ],
)
def test_what_is_wrong_is_named(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(SettingsError, match=message):
        load(tmp_path, text)


@pytest.mark.parametrize("settings", [Settings, HospitalSettings])
def test_each_whole_number_has_bounds_that_time_and_disks_can_bear(settings: type[Any]) -> None:
    kinds = get_type_hints(settings)
    whole = {name: row for name, row in rows(settings).items() if kinds[name] is int}
    assert whole
    assert all(row.most is not None and row.most <= 1_000_000 for row in whole.values())
    for row in whole.values():
        if row.remote:
            assert row.least <= row.remote.least <= row.remote.most <= (row.most or 0)


def test_no_box_says_what_to_do(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="run `healthpost init"):
        Settings.load(tmp_path)


def test_a_file_that_is_no_text_is_refused(tmp_path: Path) -> None:
    (tmp_path / "healthpost.toml").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(SettingsError, match="cannot be read: it is not text in UTF-8"):
        Settings.load(tmp_path)
