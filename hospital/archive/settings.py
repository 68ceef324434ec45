"""The settings of one hospital: a TOML file in its home folder, read once, checked when read.

`HEALTHPOST_HOSPITAL_HOME` names the folder (default `/var/lib/healthpost-hospital`). Below it:
`hospital.toml`, `archive.db` (when the archive is SQLite), `authority/`, `keys/`, `broker/`.
"""

from __future__ import annotations

import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from edge.settings.toml_table import Section
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
    machine: what it has flushed is safe.
    """

    home: Path
    name: str = "Hospital"
    archive: str = "sqlite"
    broker: str = "iotcore"
    broker_listen: str = "127.0.0.1"
    broker_host: str = "127.0.0.1"
    broker_port: int = 8883
    worker_host: str = "127.0.0.1"
    worker_port: int = 8883
    names: tuple[str, ...] = ("localhost", "127.0.0.1")
    desk_host: str = "127.0.0.1"
    desk_port: int = 8700
    public_url: str = ""
    standby: str = ""

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
            raw = tomllib.loads(file.read_text(encoding="utf-8"))
        except FileNotFoundError as error:
            hint = "run `healthpost hospital init` first"
            raise SettingsError(f"no hospital in {home}: {hint}") from error
        except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
            raise SettingsError(f"{file} cannot be read: {error}") from error
        return _checked(home, raw)


def home_folder() -> Path:
    """Return the hospital's home folder from the environment, or the default."""
    return Path(os.environ.get("HEALTHPOST_HOSPITAL_HOME") or DEFAULT_HOME)


def settings_file(home: Path) -> Path:
    """Return the path of the settings file in a home folder."""
    return home / "hospital.toml"


def _checked(home: Path, raw: Mapping[str, object]) -> HospitalSettings:
    about, archive, broker, desk = (
        Section(raw, name, SettingsError) for name in ("hospital", "archive", "broker", "desk")
    )
    default = HospitalSettings(home)
    kind = broker.choice("kind", default.broker, BROKERS)
    port = broker.port("port", default.broker_port)
    listen = broker.text("listen", default.broker_listen)
    return HospitalSettings(
        home=home,
        name=about.text("name", default.name),
        archive=_archive(archive.text("engine", default.archive)),
        broker=kind,
        broker_listen=listen,
        broker_host=broker.text("host", default.broker_host),
        broker_port=port,
        worker_host=broker.text("worker_host", default.worker_host),
        worker_port=broker.port("worker_port", port),
        names=broker.texts("names", default.names, least=1),
        desk_host=desk.text("host", default.desk_host),
        desk_port=desk.port("port", default.desk_port),
        public_url=desk.text("url", "").rstrip("/"),
        standby=archive.text("standby", ""),
    )


def _archive(engine: str) -> str:
    if engine == "sqlite" or engine.startswith(POSTGRESQL):
        return engine
    raise SettingsError(f'archive.engine is {engine!r}; write "sqlite" or "postgresql://…"')
