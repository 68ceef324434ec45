"""`healthpost checkup`: is this box fit for work? Each check says pass, warn or fail, and why."""

from __future__ import annotations

import os
import shutil
import socket
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from devices.catalogue import model_named
from devices.protocols.line_template import PREFIX, TemplateError
from devices.serial import templates
from devices.serial.link import find
from edge.model.clock import ClockQuality
from edge.model.entry_check import problem
from edge.model.errors import EdgeError
from edge.settings.box_settings import Settings
from edge.store import journal
from edge.store.store import Store
from sync.keys import membership
from sync.keys.keys import DECRYPT_FILE, SIGN_FILE, TLS_FILE, KeyFileError, certificate_expiry

PASS, WARN, FAIL = "pass", "warn", "fail"
CERTIFICATE_WARN_DAYS = 60
BROKER_TIMEOUT_S = 5
JOURNAL_CHECKED = 200
"""So many entries, the newest, are compared with the table of entry kinds."""
PRIVATE_KEYS = (TLS_FILE, SIGN_FILE, DECRYPT_FILE, "pepper")


@dataclass(frozen=True, slots=True)
class Finding:
    """The outcome of one check, in words for the technician."""

    check: str
    result: str
    text: str


Check = Callable[[Settings, Store], Finding]


def checkup(settings: Settings, store: Store) -> list[Finding]:
    """Run every check; none changes anything and none raises."""
    return [_guarded(check, settings, store) for check in CHECKS]


def _guarded(check: Check, settings: Settings, store: Store) -> Finding:
    try:
        return check(settings, store)
    except (EdgeError, KeyFileError, TemplateError, OSError) as error:
        return Finding(check.__name__.strip("_"), FAIL, str(error))


def _file(settings: Settings, store: Store) -> Finding:
    row = store.row("PRAGMA quick_check")
    answer = row[0] if row is not None else "no answer"
    if answer != "ok":
        return Finding("file", FAIL, f"the box's file is damaged: {answer}")
    return Finding("file", PASS, f"{settings.database.name} is sound")


def _journal(settings: Settings, store: Store) -> Finding:
    newest = journal.since(store, max(store.journal_position() - JOURNAL_CHECKED, 0))
    wrong = [text for _, entry in newest if (text := problem(entry.kind, entry.body)) is not None]
    if wrong:
        text = f"{len(wrong)} of the newest {len(newest)} entries have another form: {wrong[0]}"
        return Finding("journal", WARN, text[:200])
    return Finding("journal", PASS, f"the newest {len(newest)} entries have the declared form")


def _disk(settings: Settings, store: Store) -> Finding:
    free_mb = shutil.disk_usage(settings.home).free // 1_000_000
    result = WARN if free_mb < settings.disk_low_mb else PASS
    return Finding("disk", result, f"{free_mb:,} MB free")


def _clock(settings: Settings, store: Store) -> Finding:
    now = store.clock().now()
    text = f"{now.wall:%Y-%m-%d %H:%M} UTC, quality {now.quality}"
    poor = now.quality in (ClockQuality.FLOOR, ClockQuality.UNSURE)
    return Finding("clock", WARN if poor else PASS, text)


def _keys(settings: Settings, store: Store) -> Finding:
    missing = [name for name in PRIVATE_KEYS if not (settings.keys / name).exists()]
    if missing:
        return Finding("keys", WARN, f"not made yet: {', '.join(missing)} (enrolment makes them)")
    loose = [n for n in PRIVATE_KEYS if (settings.keys / n).stat().st_mode & 0o077]
    if loose:
        return Finding("keys", FAIL, f"readable by others: {', '.join(loose)}")
    return Finding("keys", PASS, "the box's private keys are readable by the box alone")


def _certificate(settings: Settings, store: Store) -> Finding:
    file = settings.keys / "box.crt"
    if not file.exists():
        return Finding("certificate", WARN, "not enrolled: run `healthpost enrol` with a claim")
    membership.load(settings)  # keys of another box, or damaged ones
    days = (certificate_expiry(file.read_bytes()) - datetime.now(UTC)) / timedelta(days=1)
    if days < 0:
        return Finding("certificate", FAIL, "the box's certificate has expired")
    result = WARN if days < CERTIFICATE_WARN_DAYS else PASS
    return Finding("certificate", result, f"valid for {days:.0f} more days")


def _broker(settings: Settings, store: Store) -> Finding:
    if settings.broker_host is None:
        return Finding("broker", WARN, "no hospital yet: run `healthpost enrol` with a claim")
    address = (settings.broker_host, settings.broker_port)
    name = f"{address[0]}:{address[1]}"
    try:
        socket.create_connection(address, BROKER_TIMEOUT_S).close()
    except OSError as error:
        return Finding("broker", WARN, f"{name} does not answer ({error}); readings stay here")
    return Finding("broker", PASS, f"{name} answers")


def _ports(settings: Settings, store: Store) -> Finding:
    named = [p.model for p in settings.ports if p.model and not p.model.startswith(PREFIX)]
    unknown = [name for name in named if model_named(name) is None]
    if unknown:
        return Finding("ports", FAIL, f"no such model in the catalogue: {', '.join(unknown)}")
    for port in settings.ports:
        if port.model and port.model.startswith(PREFIX):
            templates.find(settings.home, port.model)
    absent = [p.model or p.path for p in settings.ports if find(p.path) is None]
    if absent:
        return Finding("ports", WARN, f"cable not plugged in: {', '.join(absent)}")
    return Finding("ports", PASS, f"{len(settings.ports)} serial ports bound and present")


def _bluetooth(settings: Settings, store: Store) -> Finding:
    if not settings.bluetooth:
        return Finding("bluetooth", PASS, "switched off in the settings")
    here = bool(os.environ.get("DBUS_SYSTEM_BUS_ADDRESS")) or any(
        Path("/sys/class/bluetooth").glob("hci*")
    )
    if here:
        return Finding("bluetooth", PASS, "an adapter is present")
    return Finding("bluetooth", WARN, "no Bluetooth adapter found")


CHECKS: tuple[Check, ...] = (
    _file,
    _journal,
    _disk,
    _clock,
    _keys,
    _certificate,
    _broker,
    _ports,
    _bluetooth,
)
