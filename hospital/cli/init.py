"""Create a hospital in an empty home folder: settings, authority, keys, archive."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import tomlkit

from edge.store import durable
from hospital.archive.errors import SettingsError
from hospital.archive.open import make_archive
from hospital.archive.settings import HospitalSettings, settings_file
from hospital.fleet.authority import Authority
from sync.keys.keys import HospitalKeys


def create_hospital(settings: HospitalSettings) -> HospitalSettings:
    """Make the hospital; raises `HospitalError`. Its settings file is written last: it is done."""
    file = settings_file(settings.home)
    refuse_second(settings.home)
    durable.make_folder(settings.home)
    settings.home.chmod(0o700)
    if not (settings.authority / "ca.key").exists():
        Authority.create(settings.authority, settings.name, datetime.now(UTC))
    HospitalKeys.generate().save(settings.keys)
    make_archive(settings).close()
    durable.replace(file, _document(settings).encode())  # PostgreSQL's address may hold a password
    return HospitalSettings.load(settings.home)


def refuse_second(home: Path) -> None:
    """Raise `SettingsError` when there is a hospital in this folder."""
    try:
        there = settings_file(home).exists()
    except PermissionError:  # somebody else's folder: to make it ours says whose
        there = False
    if there:
        raise SettingsError(f"there is already a hospital in {home}")


def _document(settings: HospitalSettings) -> str:
    document = tomlkit.document()
    document.add(tomlkit.comment("One Healthpost hospital."))
    document["hospital"] = {"name": settings.name}
    document["archive"] = {"engine": settings.archive}
    document["broker"] = {
        "kind": settings.broker,
        "listen": settings.broker_listen,
        "host": settings.broker_host,
        "port": settings.broker_port,
        "worker_host": settings.worker_host,
        "worker_port": settings.worker_port,
        "names": list(settings.names),
    }
    desk: dict[str, object] = {"host": settings.desk_host, "port": settings.desk_port}
    if settings.public_url:
        desk["url"] = settings.public_url
    document["desk"] = desk
    return tomlkit.dumps(document)
