"""Checks of `healthpost checkup`: the box's secrets, and how it stands with its hospital."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta

from edge.model.clock import TRUSTED
from edge.process.start import os_words
from edge.settings.box_settings import Settings
from edge.staff import pins
from edge.store import issues, outbox
from edge.store.store import Store
from provisioning.finding import FAIL, PASS, WARN, Finding
from sync.keys import membership
from sync.keys.keys import (
    DECRYPT_FILE,
    SIGN_FILE,
    TLS_FILE,
    BoxKeys,
    KeyFileError,
    certificate_expiry,
    certificate_fits,
    following,
)

CERTIFICATE_WARN_DAYS = 60
SILENT_WARN_DAYS = 7
"""A clinic is often without a line for days; after a week somebody should know."""
BROKER_TIMEOUT_S = 5
KEYS_WAY_OUT = (
    "Bring the files of keys/ back from a copy; or run `healthpost hospital claim --readmits BOX`"
    " at the hospital, then `healthpost enrol --new-keys` here."
)
_BOX_KEYS = (TLS_FILE, SIGN_FILE, DECRYPT_FILE)
_STOPPED = ("link-refused", "keys-unusable", "identity-doubled", "shut-out")
"""Issues with which nothing reaches the hospital before a person does something."""
_RADIO = "bluetooth-off"
"""A box that has only cables works without; the check "bluetooth" says what is there."""


def pepper(settings: Settings, store: Store) -> Finding:
    """Whether PINs can be checked; raises `SettingsError` when the pepper is not usable."""
    pins.load_pepper(settings.keys)
    return Finding("pepper", PASS, "PINs can be checked")


def keys(settings: Settings, store: Store) -> Finding:
    """Whether the private keys are whole and the box's alone."""
    missing = [name for name in _BOX_KEYS if not (settings.keys / name).exists()]
    if missing:
        if (settings.keys / membership.CERTIFICATE_FILE).exists():
            return Finding("keys", FAIL, f"missing: {', '.join(missing)}. {_way_out(settings)}")
        return Finding("keys", WARN, "not made yet: enrolment makes them")
    loose = [n for n in _BOX_KEYS if (settings.keys / n).stat().st_mode & 0o077]
    if loose:
        return Finding("keys", FAIL, f"readable by others: {', '.join(loose)}")
    try:
        BoxKeys.load(settings.keys)
        following(settings.keys)
    except KeyFileError as error:
        return Finding("keys", FAIL, f"{error}. {_way_out(settings)}")
    return Finding("keys", PASS, "the box's private keys are whole and its alone")


def _way_out(settings: Settings) -> str:
    return KEYS_WAY_OUT.replace("BOX`", f"{settings.box_id}`")


def certificate(settings: Settings, store: Store) -> Finding:
    """Whether the certificate holds and belongs to the box's key; raises `KeyFileError`."""
    file = settings.keys / membership.CERTIFICATE_FILE
    if not file.exists():
        return Finding("certificate", WARN, "not enrolled: run `healthpost enrol` with a claim")
    pem = file.read_bytes()
    now = store.clock().now()
    days = (certificate_expiry(pem) - now.wall) / timedelta(days=1)
    if not certificate_fits(pem, settings.keys / TLS_FILE):
        return Finding("certificate", FAIL, "the certificate belongs to another key: enrol again")
    if now.quality not in TRUSTED:
        return Finding("certificate", WARN, "not judged: the box does not know the date")
    if days < 0:
        return Finding("certificate", FAIL, "the box's certificate has expired")
    result = WARN if days < CERTIFICATE_WARN_DAYS else PASS
    return Finding("certificate", result, f"valid for {days:.0f} more days")


def link(settings: Settings, store: Store) -> Finding:
    """How the box stands with its hospital; raises `KeyFileError`."""
    if membership.load(settings) is None:
        return Finding("link", WARN, "not enrolled: run `healthpost enrol` with a claim")
    stopped = [issue for issue in issues.current(store) if issue.kind in _STOPPED]
    if stopped:
        return Finding("link", FAIL, stopped[0].sentence())
    ledger = outbox.ledger(store)
    if ledger.last_receipt_ms is None:
        result = WARN if ledger.waiting else PASS
        return Finding("link", result, "the hospital has not confirmed anything yet")
    last = datetime.fromtimestamp(ledger.last_receipt_ms / 1000, UTC)
    silent = store.clock().now().wall - last
    late = ledger.waiting and silent > timedelta(days=SILENT_WARN_DAYS)
    text = f"last confirmation {last:%Y-%m-%d %H:%M} UTC, {ledger.waiting:,} records waiting"
    return Finding("link", WARN if late else PASS, text)


def broker(settings: Settings, store: Store) -> Finding:
    """Whether the broker answers."""
    if settings.broker_host is None:
        return Finding("broker", WARN, "no hospital yet: run `healthpost enrol` with a claim")
    address = (settings.broker_host, settings.broker_port)
    name = f"{address[0]}:{address[1]}"
    try:
        socket.create_connection(address, BROKER_TIMEOUT_S).close()
    except OSError as error:
        return Finding(
            "broker", WARN, f"{name} does not answer ({os_words(error)}); readings stay here"
        )
    return Finding("broker", PASS, f"{name} answers")


def noted(settings: Settings, store: Store) -> Finding:
    """What the box's processes say is wrong, the link apart."""
    found = [issue for issue in issues.current(store) if issue.kind not in _STOPPED]
    bad = [i for i in found if i.severity is issues.Severity.ERROR and i.kind != _RADIO]
    if bad:
        return Finding("issues", FAIL, " ".join(issue.sentence() for issue in bad))
    if found:
        return Finding("issues", WARN, " ".join(issue.sentence() for issue in found))
    return Finding("issues", PASS, "the box knows of nothing that is wrong")
