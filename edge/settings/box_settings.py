"""The settings of one box: a TOML file in its home folder, read once, checked when read.

`HEALTHPOST_HOME` names the folder (default `/var/lib/healthpost`). Everything the box keeps stands
below it: `healthpost.toml`, `box.db`, `keys/`, `backup/`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from edge.model import languages
from edge.model.errors import SettingsError
from edge.patients import calendars, cards
from edge.settings.setting import Remote, read, setting
from edge.settings.toml_table import HIGHEST_PORT, Section, read_file
from edge.store import copies, data_budget

DEFAULT_HOME = Path("/var/lib/healthpost")

UNSTATED_OFFSET = -1
"""No offset from UTC is set: the one that the box has stated before, at first its machine's."""


@dataclass(frozen=True, slots=True)
class Port:
    """A serial port that a technician bound to a model: `path`, a glob, or "serial:NUMBER".

    Without a model it is only watched; `probe` allows to ask what is connected. The rest is of an
    analyser: `tests` is the site's map of its test codes (LOINC code and UCUM unit of each),
    `encoding` its character set, `sample` and `time` the fields where these stand, in order, and
    `controls` patterns of sample numbers that stand for control material.
    """

    path: str
    model: str
    probe: bool = False
    tests: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    encoding: str = ""
    sample: tuple[str, ...] = ()
    time: tuple[str, ...] = ()
    controls: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Settings:
    """One box's settings. `broker_host` is None until the box is enrolled.

    `watch` are globs of ports where devices are looked for that nobody configured.
    `bluetooth_restart` starts bluetoothd anew when nothing gentler helped; empty: never.
    `calendars` are those in which people here tell a birth; of several, the form asks which.
    `sticks` is the folder below which USB sticks are mounted; empty: they are not looked for.
    `card_prefix`, `card_length` (0: any) and `card_check` tell a part of a code from a whole card.
    `utc_offset_min` decides the calendar day of what states none (`edge.reports`); the day on which
    a month is closed, 16, is the first on which every call of it had its 15 days (HEARTS360).
    A row names its key in the file, its default and its bounds; the hospital may set `remote` ones.
    """

    home: Path
    box_id: str = setting("box.id")
    clinic: str = setting("box.clinic")
    language: str = setting(
        "kiosk.language",
        languages.SOURCE.code,
        choices=languages.CODES,
        remote=Remote("language of the screens"),
    )
    calendars: tuple[str, ...] = setting(
        "kiosk.calendars", ("gregory",), choices=tuple(calendars.BY_NAME), filled=True
    )
    glucose_unit: str = setting("kiosk.glucose_unit", "mmol/L", choices=("mmol/L", "mg/dL"))
    contrast: str = setting(
        "kiosk.contrast",
        "usual",
        choices=("usual", "more"),
        remote=Remote("contrast of the screens"),
    )
    kiosk_host: str = setting("kiosk.host", "127.0.0.1")
    kiosk_port: int = setting("kiosk.port", 8600, most=HIGHEST_PORT)
    px_per_mm: str = setting("kiosk.px_per_mm", "5", least=1, most=100)
    card_prefix: str = setting("kiosk.card_prefix", "")
    card_length: int = setting("kiosk.card_length", 0, most=cards.LONGEST)
    card_check: str = setting("kiosk.card_check", "none", choices=("none", "luhn"))
    watch: tuple[str, ...] = setting("devices.watch", ("/dev/ttyUSB*", "/dev/ttyACM*"))
    bluetooth: bool = setting("devices.bluetooth", True)
    bluetooth_restart: str = setting("devices.bluetooth_restart", "systemctl restart bluetooth")
    broker_host: str | None = setting("link.broker_host", None)
    broker_port: int = setting("link.broker_port", 8883, most=HIGHEST_PORT)
    link_retry_cap_s: int = setting(
        "link.retry_cap_s",
        900,
        least=1,
        most=86_400,
        remote=Remote("seconds between two attempts to connect, at most", 30, 3600),
    )
    sticks: str = setting("link.sticks", "/media")
    daily_kb_clinical: int = setting(
        "link.daily_kb_clinical",
        0,
        most=1_000_000,
        remote=Remote(
            "kilobytes a day for records (0: no limit; alerts are never limited)", 0, 1_000_000
        ),
    )
    daily_kb_files: int = setting(
        "link.daily_kb_files",
        0,
        most=1_000_000,
        remote=Remote("kilobytes a day for photos and recordings (0: no limit)", 0, 1_000_000),
    )
    daily_kb_telemetry: int = setting(
        "link.daily_kb_telemetry",
        0,
        most=1_000_000,
        remote=Remote(
            "kilobytes a day for reports about the box itself (0: no limit)", 0, 1_000_000
        ),
    )
    hospital_phone: str = setting(
        "site.hospital_phone", "", remote=Remote("telephone of the hospital", longest=40)
    )
    doctor_phone: str = setting(
        "site.doctor_phone", "", remote=Remote("telephone of the doctor on call", longest=40)
    )
    clinic_phone: str = setting(
        "site.clinic_phone", "", remote=Remote("telephone of the clinic", longest=40)
    )
    referral_places: str = setting(
        "site.referral_places",
        "",
        remote=Remote("places to refer to: name, telephone; name, telephone", longest=500),
    )
    altitude_m: int = setting(
        "site.altitude_m",
        -1,
        least=-1,
        most=6000,
        remote=Remote("metres above the sea (-1: nobody said)", -1, 6000),
    )
    asian_bmi: str = setting(
        "site.asian_bmi",
        "no",
        choices=("no", "yes"),
        remote=Remote("whether the body mass index is judged by the bounds for Asian populations"),
    )
    cvd_region: str = setting(
        "site.cvd_region",
        "none",
        choices=("none", "south_asia"),
        remote=Remote("region of the cardiovascular risk chart"),
    )
    backup_every_s: int = setting("box.backup_every_s", 3600, least=1, most=604_800)
    disk_low_mb: int = setting(
        "box.disk_low_mb",
        500,
        most=1_000_000,
        remote=Remote("free megabytes below which a box makes room", 200, 5000),
    )
    retention_days: int = setting(
        "box.retention_days",
        90,
        most=36_500,
        remote=Remote("days that a box keeps what the hospital's backup has", 30, 3650),
    )
    utc_offset_min: int = setting(
        "box.utc_offset_min",
        UNSTATED_OFFSET,
        least=-720,
        most=840,
        remote=Remote(
            "minutes that the clinic's clocks are ahead of UTC (-1: as before)", -720, 840
        ),
    )
    report_close_day: int = setting(
        "report.close_day",
        16,
        most=28,
        remote=Remote("day of the month on which the month before is closed (0: by hand)", 0, 28),
    )
    languages: tuple[str, ...] = languages.CODES
    ports: tuple[Port, ...] = ()

    @property
    def offset(self) -> int | None:
        """How many minutes the clinic's clocks are ahead of UTC; None: nobody has set it."""
        return None if self.utc_offset_min == UNSTATED_OFFSET else self.utc_offset_min

    @property
    def danger_phone(self) -> str:
        """Whom to call when an alert is not delivered: the doctor, else the hospital; or ""."""
        return self.doctor_phone or self.hospital_phone

    @property
    def daily_bytes(self) -> Mapping[str, int]:
        """What a class of `edge.store.data_budget` may send in a day; no row is no limit."""
        limits = {kind: getattr(self, f"daily_kb_{kind}") for kind in data_budget.LIMITED}
        return {kind: kilobytes * 1000 for kind, kilobytes in limits.items() if kilobytes}

    @property
    def site_facts(self) -> Mapping[str, object]:
        """What clinical rules ask of the place, by the names of their facts."""
        altitude = {"altitude_m": self.altitude_m} if self.altitude_m >= 0 else {}
        return altitude | {"asian_bmi": self.asian_bmi == "yes", "cvd_region": self.cvd_region}

    @property
    def card_shape(self) -> cards.CardShape:
        """What every card of this site has in common."""
        return cards.CardShape(self.card_prefix, self.card_length, self.card_check == "luhn")

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
        return copies.folder_of(self.database)

    @property
    def file(self) -> Path:
        """The settings file itself."""
        return settings_file(self.home)

    @classmethod
    def load(cls, home: Path | None = None) -> Settings:
        """Read the settings; raises `SettingsError` naming the key that is wrong."""
        home = home or home_folder()
        try:
            raw = read_file(settings_file(home), SettingsError)
        except FileNotFoundError as error:
            hint = "run `healthpost init --clinic NAME` first"
            raise SettingsError(f"no box in {home}: {hint}") from error
        return _checked(home, raw)


def home_folder() -> Path:
    """Return the box's home folder from the environment, or the default."""
    return Path(os.environ.get("HEALTHPOST_HOME") or DEFAULT_HOME)


def settings_file(home: Path) -> Path:
    """Return the path of the settings file in a home folder."""
    return home / "healthpost.toml"


def _checked(home: Path, raw: Mapping[str, object]) -> Settings:
    devices = Section(raw, "devices", SettingsError)
    values = read(Settings, raw, SettingsError)
    return Settings(home=home, **values, ports=tuple(_port(row) for row in devices.tables("port")))


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
    encoding = row.get("encoding", "")
    if not isinstance(encoding, str):
        raise SettingsError("devices.port: encoding must be text, such as gb18030")
    lists = (_texts(row, name) for name in ("sample", "time", "controls"))
    return Port(path, model, probe, _tests(row.get("tests", {})), encoding, *lists)


def _texts(row: Mapping[str, object], name: str) -> tuple[str, ...]:
    found = row.get(name, [])
    if not isinstance(found, list) or not all(isinstance(text, str) for text in found):
        raise SettingsError(f"devices.port: {name} must be a list of texts")
    return tuple(found)


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
