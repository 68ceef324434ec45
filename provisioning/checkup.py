"""`healthpost checkup`: is this box fit for work? Each check says pass, warn or fail, and why."""

from __future__ import annotations

import os
from collections.abc import Callable
from functools import wraps
from pathlib import Path

from devices.catalogue import SERIAL_PROTOCOLS, model_named
from devices.protocols.line_template import PREFIX, TemplateError
from devices.serial import templates
from devices.serial.link import find
from edge.model.clock import ClockQuality
from edge.model.entry_check import problem
from edge.model.errors import EdgeError, StoreError
from edge.model.shortened import shortened
from edge.process.start import file_words
from edge.settings.box_settings import Settings
from edge.store import damage, issues, journal, losses, table_check
from edge.store.store import Store
from provisioning import checkup_link, checkup_service
from provisioning.finding import FAIL, PASS, WARN, Finding
from sync.keys.keys import KeyFileError

LONGEST_TEXT = 200
JOURNAL_CHECKED = 200
"""So many entries, the newest, are compared with the table of entry kinds."""

Check = Callable[[Settings, Store], Finding]


def checkup(settings: Settings, store: Store) -> list[Finding]:
    """Run every check; none changes anything and none raises."""
    return [_guarded(check, settings, store) for check in CHECKS]


def checkup_without_file(settings: Settings, why: StoreError) -> list[Finding]:
    """Say that the box's file cannot be used, and check what needs no file; none raises."""
    words = Finding("file", FAIL, str(why))
    return [words, *(_guarded_alone(check, settings) for check in checkup_service.ALONE)]


def _guarded_alone(check: Callable[[Settings], Finding], settings: Settings) -> Finding:
    try:
        return check(settings)
    except (EdgeError, OSError) as error:
        words = file_words(error) if isinstance(error, OSError) else str(error)
        return Finding(check.__name__, FAIL, words)


def _guarded(check: Check, settings: Settings, store: Store) -> Finding:
    try:
        return check(settings, store)
    except (EdgeError, KeyFileError, TemplateError, OSError) as error:
        words = file_words(error) if isinstance(error, OSError) else str(error)
        return Finding(check.__name__.strip("_"), FAIL, words)


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
        return Finding("journal", WARN, shortened(text, LONGEST_TEXT))
    return Finding("journal", PASS, f"the newest {len(newest)} entries have the declared form")


def _records(settings: Settings, store: Store) -> Finding:
    damaged = damage.count(store) + len(damage.find(store))
    if damaged:
        text = (
            f"{damaged:,} records were changed on the disk; they are kept and not sent as genuine"
        )
        return Finding("records", FAIL, text)
    differing = len(table_check.find(store))
    if differing:
        text = f"{differing:,} patients or readings are shown otherwise than they were recorded"
        return Finding("records", FAIL, text)
    if issues.is_noted(store, losses.MARK_ISSUE):
        text = f"{store.mark.name} is gone or damaged; `healthpost acknowledge` when it is known"
        return Finding("records", FAIL, text)
    missing = issues.is_noted(store, losses.ISSUE)
    if missing:
        text = "records that were accepted are missing; `healthpost acknowledge` when it is known"
        return Finding("records", FAIL, text)
    return Finding("records", PASS, "every held record is as it was captured")


def _clock(settings: Settings, store: Store) -> Finding:
    now = store.clock().now()
    text = f"{now.wall:%Y-%m-%d %H:%M} UTC, quality {now.quality}"
    poor = now.quality in (ClockQuality.FLOOR, ClockQuality.UNSURE)
    return Finding("clock", WARN if poor else PASS, text)


def _ports(settings: Settings, store: Store) -> Finding:
    named = [p.model for p in settings.ports if p.model and not p.model.startswith(PREFIX)]
    unknown = [name for name in named if not _is_serial(name)]
    if unknown:
        return Finding("ports", FAIL, f"no such serial device known: {', '.join(unknown)}")
    for port in settings.ports:
        if port.model and port.model.startswith(PREFIX):
            templates.find(settings.home, port.model)
    absent = [p.model or p.path for p in settings.ports if find(p.path) is None]
    if absent:
        return Finding("ports", WARN, f"cable not plugged in: {', '.join(absent)}")
    return Finding("ports", PASS, f"{len(settings.ports)} serial ports bound and present")


def _is_serial(name: str) -> bool:
    model = model_named(name)
    return model is not None and model.protocol in SERIAL_PROTOCOLS


def _bluetooth(settings: Settings, store: Store) -> Finding:
    if not settings.bluetooth:
        return Finding("bluetooth", PASS, "switched off in the settings")
    here = bool(os.environ.get("DBUS_SYSTEM_BUS_ADDRESS")) or any(
        Path("/sys/class/bluetooth").glob("hci*")
    )
    if here:
        return Finding("bluetooth", PASS, "an adapter is present")
    return Finding("bluetooth", WARN, "no Bluetooth adapter found")


def _needing_no_file(check: Callable[[Settings], Finding]) -> Check:
    @wraps(check)
    def checked(settings: Settings, store: Store) -> Finding:
        return check(settings)

    return checked


CHECKS: tuple[Check, ...] = (
    _file,
    _journal,
    _records,
    _clock,
    *(_needing_no_file(check) for check in checkup_service.ALONE),
    checkup_link.pepper,
    checkup_link.keys,
    checkup_link.certificate,
    checkup_link.link,
    checkup_link.broker,
    _ports,
    _bluetooth,
    checkup_link.noted,
)
