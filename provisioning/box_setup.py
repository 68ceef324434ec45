"""Set up a box on a blank machine: its folder, keys, settings and file."""

from __future__ import annotations

import base64
import secrets
from collections.abc import Callable, Sequence
from contextlib import closing
from pathlib import Path

import tomlkit
from tomlkit import TOMLDocument

from devices.catalogue import MODELS, SERIAL_PROTOCOLS, model_named
from devices.protocols.line_template import PREFIX
from edge.model import languages
from edge.process.home import PRIVATE_FOLDER, Service, make_home
from edge.settings.box_settings import DEFAULT_HOME, Port, Settings, settings_file
from edge.staff.pins import create_pepper, load_pepper
from edge.store import durable
from edge.store.store import UNNAMED, Store
from provisioning.errors import InputError
from sync.keys.keys import KeyFileError, certificate_name
from sync.keys.membership import CERTIFICATE_FILE

SERVICE = Service(DEFAULT_HOME, "healthpost")
"""As `deploy/healthpost.service` says."""


def init_box(
    home: Path,
    clinic: str,
    *,
    language: str = languages.SOURCE.code,
    kiosk_port: int = 8600,
    ports: Sequence[Port] = (),
) -> Settings:
    """Make a box in an empty home folder; raises `InputError` when there is one already.

    A box's file that is there without its settings is kept, with its id.
    """
    if _is_box(home):
        raise InputError("exists", f"there is already a box in {home}")
    if not clinic.strip():
        raise InputError("clinic", "the clinic needs a name")
    if language not in languages.CODES:
        raise InputError("language", f"choose one of {', '.join(languages.CODES)}")
    _check_models(ports)
    make_home(home, SERVICE)
    box_id = _make_file(home / "box.db")
    durable.make_folder(home / "keys")
    (home / "keys").chmod(PRIVATE_FOLDER)
    _keep_pepper(home / "keys")
    durable.replace(
        settings_file(home),
        tomlkit.dumps(_document(box_id, clinic.strip(), language, kiosk_port, ports)).encode(),
    )
    return Settings.load(home)


def _make_file(file: Path) -> str:
    """Make the box's file; return its id.

    A box's file whose settings are missing is gone on with, be it of an `init` that was broken off.
    """
    if file.exists() and file.stat().st_size == 0:
        file.unlink()
    if not file.exists():
        box_id = new_box_id()
        Store.create(file, box_id).close()
        return box_id
    with closing(Store.open(file)) as store:
        _refuse_foreign_keys(file, store.box_id())
        if store.box_id() == UNNAMED:
            store.name_box(new_box_id())
        return store.box_id()


def _refuse_foreign_keys(file: Path, box_id: str) -> None:
    """Refuse a file that is not that of the box whose keys are in this home."""
    certificate = file.parent / "keys" / CERTIFICATE_FILE
    if not certificate.exists():
        return
    try:
        name = certificate_name(certificate.read_bytes())
    except KeyFileError:  # damaged keys make no file foreign; `checkup` tells of them
        return
    if name != box_id:
        text = f"{file} is that of box {box_id}, but the keys in this home are those of box {name}"
        raise InputError("exists", f"{text}: put the file of box {name} there first")


def record_count(settings: Settings) -> int:
    """Return how many records the box's file holds: more than 0 when `init` found one."""
    with closing(Store.open(settings.database, settings.box_id)) as store:
        return store.journal_position()


def _keep_pepper(keys: Path) -> None:
    """Make the pepper, or go on with the one of an `init` that was cut off."""
    try:
        create_pepper(keys)
    except FileExistsError:
        load_pepper(keys)


def _is_box(home: Path) -> bool:
    try:
        return settings_file(home).exists()
    except PermissionError:  # somebody else's folder: to make it ours says whose
        return False


def _check_models(ports: Sequence[Port]) -> None:
    """Refuse a model that nobody knows, before a station looks for it in vain."""
    for port in ports:
        if port.model and not port.model.startswith(PREFIX) and not _is_serial(port.model):
            known = ", ".join(sorted({m.name for m in MODELS if m.protocol in SERIAL_PROTOCOLS}))
            raise InputError(
                "model", f"no serial device {port.model!r} in the catalogue; known are: {known}"
            )


def _is_serial(name: str) -> bool:
    model = model_named(name)
    return model is not None and model.protocol in SERIAL_PROTOCOLS


def new_box_id() -> str:
    """Return a random 64-bit box id in base32; it says nothing about the clinic."""
    return base64.b32encode(secrets.token_bytes(8)).decode("ascii").rstrip("=").lower()


def set_link(home: Path, host: str, port: int) -> None:
    """Write where the hospital's broker is."""

    def change(document: TOMLDocument) -> None:
        link = document.setdefault("link", tomlkit.table())
        link.update({"broker_host": host, "broker_port": port})

    _edit(home, change)


def _edit(home: Path, change: Callable[[TOMLDocument], None]) -> None:
    file = settings_file(home)
    document = tomlkit.parse(file.read_text(encoding="utf-8"))
    change(document)
    durable.replace(file, tomlkit.dumps(document).encode())
    Settings.load(home)


def _document(
    box_id: str, clinic: str, language: str, kiosk_port: int, ports: Sequence[Port]
) -> TOMLDocument:
    document = tomlkit.document()
    document.add(tomlkit.comment("One Healthpost box. `healthpost checkup` says what is wrong."))
    document["box"] = {"id": box_id, "clinic": clinic}
    document["kiosk"] = {"language": language, "host": "127.0.0.1", "port": kiosk_port}
    document["devices"] = {"bluetooth": True}
    if ports:
        rows = tomlkit.aot()
        for port in ports:
            rows.append(tomlkit.item({"path": port.path, "model": port.model}))
        document["devices"]["port"] = rows
    return document
