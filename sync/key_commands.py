"""Keys that change over the link: the hospital's new key, the box's new certificate.

Both come as signed commands. A box asks for a certificate when two thirds of the old one's life
are over, with the old one; it keeps its TLS key.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from edge.command import Command
from edge.orders import Handler
from sync import membership
from sync.core import wire
from sync.core.wire import MessageError
from sync.keys import (
    KEY_BYTES,
    TLS_FILE,
    KeyFileError,
    certificate_fits,
    certificate_span,
)

NEW_KEY = "hospital-key"
CERTIFICATE = "certificate"
RENEWAL = 24
MAX_PEM = 8_000

DONE = "done"
REFUSED = "refused"


def handlers(folder: Path) -> Mapping[str, Handler]:
    """Return the commands that change what lies in a box's `keys/` folder."""
    return {
        NEW_KEY: lambda command: _new_key(folder, command),
        CERTIFICATE: lambda command: _certificate(folder, command),
    }


def is_due(folder: Path, now: datetime) -> bool:
    """Whether two thirds of the certificate's life are over; raises `KeyFileError`."""
    try:
        begin, end = certificate_span((folder / membership.CERTIFICATE_FILE).read_bytes())
    except OSError as error:
        raise KeyFileError(f"the certificate cannot be read: {error}") from error
    return now >= begin + (end - begin) * 2 / 3


def encode_renewal(request_pem: bytes) -> bytes:
    """Return the payload, for lane "h", that asks for a new certificate."""
    return wire.dump([RENEWAL, request_pem])


def is_renewal(payload: bytes) -> bool:
    """Whether a payload of lane "h" asks for a certificate."""
    return payload[:3] == wire.dump([RENEWAL, b""])[:3]


def decode_renewal(payload: bytes) -> bytes:
    """Return the certificate request (PEM); raises `MessageError`."""
    kind, request = wire.load_array(payload, 2)
    pem = wire.take(bytes, request)
    if kind != RENEWAL or len(pem) > MAX_PEM:
        raise MessageError("no request for a certificate")
    return pem


def _new_key(folder: Path, command: Command) -> str:
    try:
        key = bytes.fromhex(str(command.body.get("decrypt")))
    except ValueError:
        return REFUSED
    if len(key) != KEY_BYTES:
        return REFUSED
    membership.follow_key(folder, key)
    return DONE


def _certificate(folder: Path, command: Command) -> str:
    pem = str(command.body.get("pem")).encode("utf-8")
    if len(pem) > MAX_PEM or not certificate_fits(pem, folder / TLS_FILE):
        return REFUSED
    membership.replace_file(folder / membership.CERTIFICATE_FILE, pem)
    return DONE
