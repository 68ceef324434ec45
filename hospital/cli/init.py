"""Making a hospital in an empty home folder: settings, authority, keys, archive."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path

import tomlkit

from hospital.archive.errors import SettingsError
from hospital.archive.open import open_archive
from hospital.archive.settings import HospitalSettings, settings_file
from hospital.fleet.authority import Authority
from sync.keys.keys import HospitalKeys


def found(settings: HospitalSettings) -> HospitalSettings:
    """Make the hospital; raises `HospitalError`. Its settings file is written last: it is done."""
    file = settings_file(settings.home)
    if file.exists():
        raise SettingsError(f"there is already a hospital in {settings.home}")
    settings.home.mkdir(parents=True, exist_ok=True)
    settings.home.chmod(0o700)
    if not (settings.authority / "ca.key").exists():
        Authority.create(settings.authority, settings.name, datetime.now(UTC))
    HospitalKeys.generate().save(settings.keys)
    open_archive(settings).close()
    _write(file, _document(settings))
    return HospitalSettings.load(settings.home)


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


def _write(file: Path, text: str) -> None:
    draft = file.with_suffix(".new")
    # A PostgreSQL address may hold a password.
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w") as handle:
        handle.write(text)
        handle.flush()
        os.fsync(handle.fileno())
    draft.replace(file)
