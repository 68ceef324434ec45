"""Key rotation over the link: the hospital's new key, the box's new keys and certificate.

A box asks for a certificate when two thirds of the old one's life are over, with the old one; it
keeps its TLS key. The keys that it signs and opens with change in these steps, each repeatable:

    the hospital orders it, the box's technician asks, or a certificate is due -> next keys are made
    the box announces them, signed by the old key, with a proof by the new one
    the hospital keeps both pairs and orders KEYS_TAKEN -> the box uses the new ones
    the box sends a HELLO under the new ones -> the old pair still counts for 90 days, then no more
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from pathlib import Path

from edge.feed.command_log import Handler
from edge.model.command import Command
from edge.store import durable
from sync.core import wire
from sync.core.wire import MessageError
from sync.frames.envelope import prove_keys
from sync.keys import membership
from sync.keys.keys import (
    KEY_BYTES,
    TLS_FILE,
    BoxKeys,
    KeyFileError,
    PublicKeys,
    certificate_fits,
    certificate_span,
    following,
    prepare,
    promote,
)

NEW_KEY = "hospital-key"
CERTIFICATE = "certificate"
RENEW_KEYS = "renew-keys"
KEYS_TAKEN = "keys-taken"
RENEWAL = 24
NEW_KEYS = 25
MAX_PEM = 8_000
PROOF_BYTES = 64

DONE = "done"
REFUSED = "refused"


def handlers(folder: Path) -> Mapping[str, Handler]:
    """Return the commands that change what lies in a box's `keys/` folder."""
    return {
        NEW_KEY: lambda command: _new_key(folder, command),
        CERTIFICATE: lambda command: _certificate(folder, command),
        RENEW_KEYS: lambda _command: _renew_keys(folder),
        KEYS_TAKEN: lambda command: _keys_taken(folder, command),
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


def announcement(box_id: str, folder: Path, keys: BoxKeys) -> bytes | None:
    """Return the payload, for lane "h", that announces the next keys; None when there are none.

    `keys` are those in use, under which it travels. Raises `KeyFileError`.
    """
    new = following(folder)
    if new is None:
        return None
    proof = prove_keys(box_id, new, keys.public)
    return wire.dump([NEW_KEYS, new.public.sign, new.public.decrypt, proof])


def is_announcement(payload: bytes) -> bool:
    """Whether a payload of lane "h" announces new keys."""
    return payload[:3] == wire.dump([NEW_KEYS, b"", b"", b""])[:3]


def decode_announcement(payload: bytes) -> tuple[PublicKeys, bytes]:
    """Return new keys and their proof; raises `MessageError`."""
    kind, sign, decrypt, proof = wire.load_array(payload, 4)
    if kind != NEW_KEYS:
        raise MessageError("no new keys")
    new = PublicKeys(wire.octets(sign, KEY_BYTES), wire.octets(decrypt, KEY_BYTES))
    return new, wire.octets(proof, PROOF_BYTES)


def _renew_keys(folder: Path) -> str:
    prepare(folder)
    return DONE


def _keys_taken(folder: Path, command: Command) -> str:
    try:
        sign = bytes.fromhex(str(command.body.get("sign")))
    except ValueError:
        return REFUSED
    # By the command's own clock: the box's may be wrong, and only the order matters here.
    return DONE if promote(folder, sign, command.counter // 1000) else REFUSED


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
    durable.replace(folder / membership.CERTIFICATE_FILE, pem, durable.EVERYBODY_READS)
    return DONE
