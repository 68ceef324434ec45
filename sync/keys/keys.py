"""The keys of a box and of a hospital: made where they are used, kept in files of mode 0600.

A box has three: P-256 for TLS (the widest support in brokers), Ed25519 to sign, X25519 to
decrypt. Public halves travel as 32 raw bytes; a key id is the first 4 bytes of their SHA-256.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric.ec import (
    SECP256R1,
    EllipticCurvePrivateKey,
    generate_private_key,
)
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.x509.oid import NameOID

from edge.store import durable

KEY_BYTES = 32
KID_BYTES = 4
TLS_FILE = "tls.key.pem"
SIGN_FILE = "sign.key.pem"
DECRYPT_FILE = "decrypt.key.pem"
NEXT_SIGN_FILE = "sign.next.pem"
NEXT_DECRYPT_FILE = "decrypt.next.pem"
RETIRED_FILES = "decrypt.*.retired.pem"
RETIRED_S = 90 * 86_400
"""A retired key opens frames for so long: a box may be without a line for a season."""

PrivateKey = EllipticCurvePrivateKey | Ed25519PrivateKey | X25519PrivateKey


class KeyFileError(Exception):
    """A key file is missing, unreadable or holds another kind of key; the text names it."""


@dataclass(frozen=True, slots=True)
class PublicKeys:
    """The public halves that the other end knows: Ed25519 and X25519, 32 raw bytes each."""

    sign: bytes
    decrypt: bytes

    def __post_init__(self) -> None:
        if len(self.sign) != KEY_BYTES or len(self.decrypt) != KEY_BYTES:
            raise ValueError("a public key is 32 bytes")


@dataclass(frozen=True, slots=True)
class BoxKeys:
    """A box's private keys; none of them ever leaves it.

    `retired` keys still open what the hospital sealed before it knew the new ones.
    """

    tls: EllipticCurvePrivateKey
    sign: Ed25519PrivateKey
    decrypt: X25519PrivateKey
    retired: tuple[X25519PrivateKey, ...] = ()

    @classmethod
    def generate(cls) -> BoxKeys:
        """Make new keys."""
        tls = generate_private_key(SECP256R1())
        return cls(tls, Ed25519PrivateKey.generate(), X25519PrivateKey.generate())

    def save(self, directory: Path) -> None:
        """Write the keys; raises `OSError`."""
        _save(directory / TLS_FILE, self.tls)
        _save(directory / SIGN_FILE, self.sign)
        _save(directory / DECRYPT_FILE, self.decrypt)

    @classmethod
    def load(cls, directory: Path) -> BoxKeys:
        """Read the keys; raises `KeyFileError`."""
        return cls(
            _tls_key(directory / TLS_FILE),
            _sign_key(directory / SIGN_FILE),
            _decrypt_key(directory / DECRYPT_FILE),
            _retired(directory),
        )

    def opener(self, name: bytes) -> X25519PrivateKey | None:
        """Return the key that opens what was sealed to a key id, None when we have none such."""
        return _by_kid((self.decrypt, *self.retired), name)

    @property
    def public(self) -> PublicKeys:
        """The public halves that the hospital receives at enrolment."""
        return _public(self.sign, self.decrypt)


@dataclass(frozen=True, slots=True)
class HospitalKeys:
    """A hospital's private keys for the sealed frames; its broker has the TLS key.

    `retired` keys still open what boxes sealed before they knew the new one.
    """

    sign: Ed25519PrivateKey
    decrypt: X25519PrivateKey
    retired: tuple[X25519PrivateKey, ...] = ()

    @classmethod
    def generate(cls) -> HospitalKeys:
        """Make new keys."""
        return cls(Ed25519PrivateKey.generate(), X25519PrivateKey.generate())

    def save(self, directory: Path) -> None:
        """Write the keys; raises `OSError`."""
        _save(directory / SIGN_FILE, self.sign)
        _save(directory / DECRYPT_FILE, self.decrypt)

    @classmethod
    def load(cls, directory: Path) -> HospitalKeys:
        """Read the keys; raises `KeyFileError`."""
        return cls(
            _sign_key(directory / SIGN_FILE),
            _decrypt_key(directory / DECRYPT_FILE),
            _retired(directory),
        )

    def opener(self, name: bytes) -> X25519PrivateKey | None:
        """Return the key that opens what was sealed to a key id, None when we have none such."""
        return _by_kid((self.decrypt, *self.retired), name)

    @property
    def public(self) -> PublicKeys:
        """The public halves that every box receives at enrolment."""
        return _public(self.sign, self.decrypt)


def rotate(directory: Path, now_s: int) -> HospitalKeys:
    """Make a hospital's new key for sealing, and retire the old one for 90 days.

    What was retired before that is destroyed. Raises `KeyFileError` or `OSError`.
    """
    _retire(directory, HospitalKeys.load(directory).decrypt, now_s)
    _save(directory / DECRYPT_FILE, X25519PrivateKey.generate())
    return HospitalKeys.load(directory)


def prepare(directory: Path) -> BoxKeys:
    """Make a box's next keys for signing and opening, unless they are made; return them.

    Nothing uses them before `promote`. Raises `KeyFileError` or `OSError`.
    """
    made = following(directory)
    if made is not None:
        return made
    # The signing key last: when it is there, both are.
    _save(directory / NEXT_DECRYPT_FILE, X25519PrivateKey.generate())
    _save(directory / NEXT_SIGN_FILE, Ed25519PrivateKey.generate())
    return _following(directory)


def following(directory: Path) -> BoxKeys | None:
    """Return the keys that `prepare` made and nobody promoted; raises `KeyFileError`."""
    return _following(directory) if (directory / NEXT_SIGN_FILE).exists() else None


def promote(directory: Path, sign: bytes, now_s: int) -> bool:
    """Use the next keys, whose public signing half is `sign`; return whether the box uses them now.

    The old key for opening is retired for 90 days. Cut off anywhere, the box still opens all that
    it could open and signs with a key that the hospital knows, and the rest is done next time.
    Raises `KeyFileError` or `OSError`.
    """
    new, old = following(directory), BoxKeys.load(directory)
    if new is None or new.public.sign != sign:
        return old.public.sign == sign
    if old.public.decrypt != new.public.decrypt:
        _retire(directory, old.decrypt, now_s)
    _save(directory / DECRYPT_FILE, new.decrypt)
    _save(directory / SIGN_FILE, new.sign)
    (directory / NEXT_SIGN_FILE).unlink(missing_ok=True)
    (directory / NEXT_DECRYPT_FILE).unlink(missing_ok=True)
    return True


def kid(public: bytes) -> bytes:
    """Return the short name of a public key."""
    return hashlib.sha256(public).digest()[:KID_BYTES]


def certificate_request(keys: BoxKeys, box_id: str) -> bytes:
    """Return a PEM request for the box's TLS certificate: its id as CN and as DNS name."""
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, box_id)])
    names = x509.SubjectAlternativeName([x509.DNSName(box_id)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(name)
    request = builder.add_extension(names, critical=False).sign(keys.tls, hashes.SHA256())
    return request.public_bytes(serialization.Encoding.PEM)


def certificate_expiry(pem: bytes) -> datetime:
    """Return when a certificate ends (UTC); raises `KeyFileError` when the PEM is not one."""
    try:
        return x509.load_pem_x509_certificate(pem).not_valid_after_utc
    except ValueError as error:
        raise KeyFileError("the file of the certificate is damaged") from error


def certificate_span(pem: bytes) -> tuple[datetime, datetime]:
    """Return from when to when a certificate holds (UTC); raises `KeyFileError`."""
    try:
        read = x509.load_pem_x509_certificate(pem)
    except ValueError as error:
        raise KeyFileError("the file of the certificate is damaged") from error
    return read.not_valid_before_utc, read.not_valid_after_utc


def certificate_name(pem: bytes) -> str:
    """Return the common name of a certificate, a box's id; raises `KeyFileError`."""
    try:
        names = x509.load_pem_x509_certificate(pem).subject.get_attributes_for_oid(
            NameOID.COMMON_NAME
        )
    except ValueError as error:
        raise KeyFileError("the file of the certificate is damaged") from error
    return str(names[0].value) if names else ""


def certificate_fits(pem: bytes, key_file: Path) -> bool:
    """Whether a certificate is for the TLS key of a file; raises `KeyFileError` without the key."""
    own = _tls_key(key_file).public_key()
    try:
        return x509.load_pem_x509_certificate(pem).public_key() == own
    except (ValueError, UnsupportedAlgorithm):
        return False


def _following(directory: Path) -> BoxKeys:
    sign = _sign_key(directory / NEXT_SIGN_FILE)
    return BoxKeys(
        _tls_key(directory / TLS_FILE), sign, _decrypt_key(directory / NEXT_DECRYPT_FILE)
    )


def _retire(directory: Path, key: X25519PrivateKey, now_s: int) -> None:
    for file in directory.glob(RETIRED_FILES):
        if int(file.name.split(".")[1]) < now_s - RETIRED_S:
            file.unlink()
    _save(directory / f"decrypt.{now_s:012}.retired.pem", key)


def _retired(directory: Path) -> tuple[X25519PrivateKey, ...]:
    return tuple(_decrypt_key(file) for file in sorted(directory.glob(RETIRED_FILES)))


def _by_kid(keys: Iterable[X25519PrivateKey], name: bytes) -> X25519PrivateKey | None:
    fits = (k for k in keys if kid(k.public_key().public_bytes_raw()) == name)
    return next(fits, None)


def _public(sign: Ed25519PrivateKey, decrypt: X25519PrivateKey) -> PublicKeys:
    return PublicKeys(sign.public_key().public_bytes_raw(), decrypt.public_key().public_bytes_raw())


def _save(path: Path, key: PrivateKey) -> None:
    durable.make_folder(path.parent)
    pem = key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    )
    durable.replace(path, pem)


def _tls_key(path: Path) -> EllipticCurvePrivateKey:
    key = _read(path)
    if isinstance(key, EllipticCurvePrivateKey):
        return key
    raise KeyFileError(f"{path}: not a P-256 key")


def _sign_key(path: Path) -> Ed25519PrivateKey:
    key = _read(path)
    if isinstance(key, Ed25519PrivateKey):
        return key
    raise KeyFileError(f"{path}: not an Ed25519 key")


def _decrypt_key(path: Path) -> X25519PrivateKey:
    key = _read(path)
    if isinstance(key, X25519PrivateKey):
        return key
    raise KeyFileError(f"{path}: not an X25519 key")


def _read(path: Path) -> object:
    try:
        return serialization.load_pem_private_key(path.read_bytes(), password=None)
    except FileNotFoundError as error:
        raise KeyFileError(f"{path} is missing") from error
    except OSError as error:
        raise KeyFileError(f"{path} cannot be read: {error.strerror}") from error
    except (ValueError, TypeError, UnsupportedAlgorithm) as error:
        raise KeyFileError(f"{path} is damaged: no key can be read from it") from error
