"""The settings of one box: a TOML file in its home folder, read once, checked when read.

`HEALTHPOST_HOME` names the folder (default `/var/lib/healthpost`). Everything the box keeps stands
below it: `healthpost.toml`, `box.db`, `keys/`, `backup/`.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from edge.model.errors import SettingsError
from edge.settings.toml_table import Section
from edge.store import data_budget

DEFAULT_HOME = Path("/var/lib/healthpost")
LANGUAGES = ("en", "ur", "zh")
WATCHED = ("/dev/ttyUSB*", "/dev/ttyACM*")
"""Where serial devices that nobody configured are looked for."""


@dataclass(frozen=True, slots=True)
class Port:
    """A serial port that a technician bound to a model: `path`, a glob, or "serial:NUMBER".

    Without a model it is only watched; `probe` allows to ask what hangs there. `tests` is the
    site's map of an analyser's test codes: LOINC code and UCUM unit of each.
    """

    path: str
    model: str
    probe: bool = False
    tests: Mapping[str, tuple[str, str]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Settings:
    """One box's settings. `broker_host` is None until the box is enrolled.

    `watch` are globs of ports where devices are looked for that nobody configured.
    `bluetooth_restart` starts bluetoothd anew when nothing gentler helped; empty: never.
    `sticks` is the folder below which USB sticks are mounted; empty: they are not looked for.
    `daily_bytes` limits what a class of `edge.store.data_budget` may send in a day; 0 is no limit.
    """

    home: Path
    box_id: str
    clinic: str
    language: str = "en"
    languages: tuple[str, ...] = LANGUAGES
    kiosk_host: str = "127.0.0.1"
    kiosk_port: int = 8600
    px_per_mm: str = "5"
    ports: tuple[Port, ...] = ()
    watch: tuple[str, ...] = WATCHED
    bluetooth: bool = True
    bluetooth_restart: str = "systemctl restart bluetooth"
    broker_host: str | None = None
    broker_port: int = 8883
    link_retry_cap_s: int = 900
    sticks: str = "/media"
    backup_every_s: int = 3600
    disk_low_mb: int = 500
    retention_days: int = 90
    daily_bytes: Mapping[str, int] = field(default_factory=dict)

    @property
    def database(self) -> Path:
        """The box's one SQLite file."""
        return self.home / "box.db"

    @property
    def keys(self) -> Path:
        """The folder of the box's own keys and of the certificates it was given."""
        return self.home / "keys"

    @property
    def backup(self) -> Path:
        """The folder of the copies of the box's file."""
        return self.home / "backup"

    @property
    def file(self) -> Path:
        """The settings file itself."""
        return settings_file(self.home)

    @classmethod
    def load(cls, home: Path | None = None) -> Settings:
        """Read the settings; raises `SettingsError` naming the key that is wrong."""
        home = home or home_folder()
        try:
            raw = tomllib.loads(settings_file(home).read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            raise SettingsError(f"no box in {home}: run `healthpost init` first") from error
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise SettingsError(f"{settings_file(home)} cannot be read: {error}") from error
        return _checked(home, raw)


def home_folder() -> Path:
    """Return the box's home folder from the environment, or the default."""
    return Path(os.environ.get("HEALTHPOST_HOME") or DEFAULT_HOME)


def settings_file(home: Path) -> Path:
    """Return the path of the settings file in a home folder."""
    return home / "healthpost.toml"


def _checked(home: Path, raw: Mapping[str, object]) -> Settings:
    box, kiosk, link, devices = (
        Section(raw, name, SettingsError) for name in ("box", "kiosk", "link", "devices")
    )
    return Settings(
        home=home,
        box_id=box.text("id"),
        clinic=box.text("clinic"),
        language=kiosk.choice("language", "en", LANGUAGES),
        kiosk_host=kiosk.text("host", "127.0.0.1"),
        kiosk_port=kiosk.number("port", 8600),
        px_per_mm=kiosk.text("px_per_mm", "5"),
        ports=tuple(_port(row) for row in devices.tables("port")),
        watch=devices.texts("watch", WATCHED),
        bluetooth=devices.flag("bluetooth", default=True),
        bluetooth_restart=devices.text("bluetooth_restart", "systemctl restart bluetooth"),
        broker_host=link.text("broker_host", "") or None,
        broker_port=link.number("broker_port", 8883),
        link_retry_cap_s=link.number("retry_cap_s", 900),
        sticks=link.text("sticks", "/media"),
        backup_every_s=box.number("backup_every_s", 3600),
        disk_low_mb=box.number("disk_low_mb", 500),
        retention_days=box.number("retention_days", 90),
        daily_bytes={
            kind: kilobytes * 1000
            for kind in data_budget.LIMITED
            if (kilobytes := link.number(f"daily_kb_{kind}", 0))
        },
    )


def _port(row: Mapping[str, object]) -> Port:
    path, model, probe = row.get("path"), row.get("model"), row.get("probe", False)
    if isinstance(row.get("serial"), str):
        path = f"serial:{row['serial']}"
    if not isinstance(probe, bool):
        raise SettingsError("devices.port: probe must be true or false")
    if probe and model is None:
        model = ""
    if not isinstance(path, str) or not isinstance(model, str):
        raise SettingsError("each [[devices.port]] needs a path and a model")
    return Port(path, model, probe, _tests(row.get("tests", {})))


def _tests(rows: object) -> Mapping[str, tuple[str, str]]:
    if not isinstance(rows, dict):
        raise SettingsError("devices.port: tests must be a table")
    tests = {}
    for name, row in rows.items():
        code, unit = (row.get("code"), row.get("unit")) if isinstance(row, dict) else (0, 0)
        if not isinstance(code, str) or not isinstance(unit, str):
            raise SettingsError(f"devices.port: the test {name!r} needs a code and a unit")
        tests[name] = (code, unit)
    return tests
