"""The settings of one hospital: a TOML file in its home folder, read once, checked when read.

`HEALTHPOST_HOSPITAL_HOME` names the folder (default `/var/lib/healthpost-hospital`). Below it:
`hospital.toml`, `archive.db` (when the archive is SQLite), `authority/`, `keys/`, `broker/`.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edge.settings.setting import read, setting
from edge.settings.toml_table import HIGHEST_PORT, read_file
from hospital.archive.errors import SettingsError

DEFAULT_HOME = Path("/var/lib/healthpost-hospital")
BROKERS = ("iotcore", "mosquitto", "external")
POSTGRESQL = ("postgresql://", "postgres://")


@dataclass(frozen=True, slots=True)
class HospitalSettings:
    """One hospital's settings.

    `archive` is "sqlite" or a postgresql:// address. `broker` is "iotcore" or "mosquitto" (run by
    us) or "external". Boxes are told `broker_host` and `broker_port`; the receive worker connects
    to `worker_host` and `worker_port` (the same port unless it is given a listener of its own).
    `names` are the host names and addresses in the broker's certificate. `desk_url` is what a box
    finds in its claim. `standby` is the application name of a standby of PostgreSQL on another
    machine: what it has flushed is safe. The minutes of `alerts` are how long each person of the
    roster has for an answer, by the level of the alert (a proposal, to be signed by a clinician).
    """

    home: Path
    name: str = setting("hospital.name", "Hospital")
    archive: str = setting("archive.engine", "sqlite")
    standby: str = setting("archive.standby", "")
    broker: str = setting("broker.kind", "iotcore", choices=BROKERS)
    broker_listen: str = setting("broker.listen", "127.0.0.1")
    broker_host: str = setting("broker.host", "127.0.0.1")
    broker_port: int = setting("broker.port", 8883, least=1, most=HIGHEST_PORT)
    worker_host: str = setting("broker.worker_host", "127.0.0.1")
    worker_port: int = setting("broker.worker_port", 8883, least=1, most=HIGHEST_PORT)
    names: tuple[str, ...] = setting("broker.names", ("localhost", "127.0.0.1"), filled=True)
    desk_host: str = setting("desk.host", "127.0.0.1")
    desk_port: int = setting("desk.port", 8700, least=1, most=HIGHEST_PORT)
    public_url: str = setting("desk.url", "")
    emergency_minutes: int = setting("alerts.emergency_minutes", 10, least=1, most=1_440)
    urgent_minutes: int = setting("alerts.urgent_minutes", 60, least=1, most=1_440)
    other_minutes: int = setting("alerts.other_minutes", 1_440, least=1, most=10_080)

    @property
    def authority(self) -> Path:
        """The folder of the certificate authority."""
        return self.home / "authority"

    @property
    def keys(self) -> Path:
        """The folder of the hospital's own CS/1 keys."""
        return self.home / "keys"

    @property
    def database(self) -> Path:
        """The archive's file when it is SQLite."""
        return self.home / "archive.db"

    @property
    def desk_url(self) -> str:
        """The address that people and boxes use for the desk."""
        return self.public_url or f"http://{self.desk_host}:{self.desk_port}"

    @classmethod
    def load(cls, home: Path | None = None) -> HospitalSettings:
        """Read the settings; raises `SettingsError` naming the key that is wrong."""
        home = home or home_folder()
        file = settings_file(home)
        try:
            raw = read_file(file, SettingsError)
        except FileNotFoundError as error:
            hint = "run `healthpost hospital init` first"
            raise SettingsError(f"no hospital in {home}: {hint}") from error
        return _checked(home, raw)


def home_folder() -> Path:
    """Return the hospital's home folder from the environment, or the default."""
    return Path(os.environ.get("HEALTHPOST_HOSPITAL_HOME") or DEFAULT_HOME)


def settings_file(home: Path) -> Path:
    """Return the path of the settings file in a home folder."""
    return home / "hospital.toml"


def _checked(home: Path, raw: Mapping[str, object]) -> HospitalSettings:
    values = read(HospitalSettings, raw, SettingsError)
    values["archive"] = _archive(values["archive"])
    values["public_url"] = values["public_url"].rstrip("/")
    given = raw.get("broker")
    if not isinstance(given, dict) or "worker_port" not in given:
        values["worker_port"] = values["broker_port"]
    return HospitalSettings(home=home, **values)


def _archive(engine: str) -> str:
    if engine == "sqlite" or engine.startswith(POSTGRESQL):
        return engine
    raise SettingsError(f'archive.engine is {engine!r}; write "sqlite" or "postgresql://…"')
