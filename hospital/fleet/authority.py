"""The hospital's certificate authority: it signs and revokes certificates for the broker.

P-256 throughout, the curve that every broker and key store supports (RFC 5480). A box's
certificate carries its id as common name, which the broker turns into the user name that the
topic rules are written for. Nothing a request asks for is copied except its public key.
"""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
    load_pem_private_key,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from edge.store import durable
from hospital.archive.errors import AuthorityError

AUTHORITY_DAYS = 3650
SERVER_DAYS = 825
BOX_DAYS = 400
BACKDATED_DAYS = 30
"""A box whose clock still stands at its release date must be able to use a fresh certificate."""

WORKER = "hospital"
"""The common name of the receive worker; no box may ever be called so."""

_BOX_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class Certificate:
    """A signed certificate: PEM text, serial number in hex, end of validity."""

    pem: bytes
    serial: str
    not_after: datetime


class Authority:
    """An open certificate authority in its folder."""

    def __init__(self, folder: Path, key: ec.EllipticCurvePrivateKey, root: x509.Certificate):
        self._folder = folder
        self._key = key
        self._root = root

    @classmethod
    def create(cls, folder: Path, name: str, now: datetime) -> Authority:
        """Make a new authority; raises `AuthorityError` when the folder already has one."""
        if (folder / "ca.key").exists():
            raise AuthorityError(f"there is already a certificate authority in {folder}")
        durable.make_folder(folder)
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, f"{name} boxes CA"[:64])])
        root = (
            _builder(subject, subject, key.public_key(), now, AUTHORITY_DAYS)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .sign(key, hashes.SHA256())
        )
        authority = cls(folder, key, root)
        authority._write_crl([], 1, now)
        durable.replace(folder / "ca.crt", root.public_bytes(Encoding.PEM), durable.EVERYBODY_READS)
        durable.replace(folder / "ca.key", _private_pem(key))  # last: its presence means done
        return authority

    @classmethod
    def open(cls, folder: Path) -> Authority:
        """Open the authority of a folder; raises `AuthorityError`."""
        try:
            key = load_pem_private_key((folder / "ca.key").read_bytes(), None)
            root = x509.load_pem_x509_certificate((folder / "ca.crt").read_bytes())
        except (OSError, ValueError, TypeError) as error:
            raise AuthorityError(f"no certificate authority in {folder}: {error}") from error
        if not isinstance(key, ec.EllipticCurvePrivateKey):
            raise AuthorityError(f"{folder / 'ca.key'} is no P-256 key")
        return cls(folder, key, root)

    @property
    def root_file(self) -> Path:
        """The authority's own certificate (PEM)."""
        return self._folder / "ca.crt"

    @property
    def crl_file(self) -> Path:
        """The list of revoked certificates (PEM), always present."""
        return self._folder / "crl.pem"

    @property
    def root_pem(self) -> bytes:
        """The authority's own certificate."""
        return self._root.public_bytes(Encoding.PEM)

    def pin(self) -> bytes:
        """Return SHA-256 over the authority's public key (the SPKI pin of RFC 7469)."""
        digest = hashes.Hash(hashes.SHA256())
        public = self._key.public_key()
        digest.update(public.public_bytes(Encoding.DER, PublicFormat.SubjectPublicKeyInfo))
        return digest.finalize()

    def sign_box(self, csr: bytes, box_id: str, now: datetime) -> Certificate:
        """Sign a box's request (PEM or DER); raises `AuthorityError` when it is not fit."""
        if box_id == WORKER or not _BOX_ID.fullmatch(box_id):
            raise AuthorityError(f"{box_id!r} is no name for a box")
        request = _request(csr)
        names = request.subject.get_attributes_for_oid(NameOID.COMMON_NAME)
        if [n.value for n in names] != [box_id]:
            raise AuthorityError("the request's common name is not the box's id")
        public = request.public_key()
        if not isinstance(public, ec.EllipticCurvePublicKey) or public.curve.name != "secp256r1":
            raise AuthorityError("the request's key is not P-256")
        names_also = [x509.UniformResourceIdentifier(f"urn:healthpost:box:{box_id}")]
        return self._sign(public, box_id, names_also, [_CLIENT], now, BOX_DAYS)

    def server_files(self, folder: Path, names: Sequence[str], now: datetime) -> tuple[Path, Path]:
        """Make the broker's key and certificate for these host names; return their files."""
        also = [_host(name) for name in names]
        return self._files(folder, "server", names[0], also, [_SERVER], now)

    def worker_files(self, folder: Path, now: datetime) -> tuple[Path, Path]:
        """Make the receive worker's key and certificate; return their files."""
        return self._files(folder, "worker", WORKER, [x509.DNSName(WORKER)], [_CLIENT], now)

    def revoke(self, serial: str, now: datetime) -> None:
        """Put a certificate on the revocation list; doing it twice is harmless."""
        crl = x509.load_pem_x509_crl(self.crl_file.read_bytes())
        number = crl.extensions.get_extension_for_class(x509.CRLNumber).value.crl_number
        listed = list(crl)
        if any(entry.serial_number == int(serial, 16) for entry in listed):
            return
        entry = (
            x509.RevokedCertificateBuilder()
            .serial_number(int(serial, 16))
            .revocation_date(now)
            .build()
        )
        self._write_crl([*listed, entry], number + 1, now)

    def _files(
        self,
        folder: Path,
        stem: str,
        name: str,
        also: Sequence[x509.GeneralName],
        uses: Sequence[x509.ObjectIdentifier],
        now: datetime,
    ) -> tuple[Path, Path]:
        key = ec.generate_private_key(ec.SECP256R1())
        signed = self._sign(key.public_key(), name, also, uses, now, SERVER_DAYS)
        durable.make_folder(folder)
        certificate, secret = folder / f"{stem}.crt", folder / f"{stem}.key"
        durable.replace(secret, _private_pem(key))
        durable.replace(certificate, signed.pem, durable.EVERYBODY_READS)
        return certificate, secret

    def _sign(
        self,
        public: ec.EllipticCurvePublicKey,
        name: str,
        also: Sequence[x509.GeneralName],
        uses: Sequence[x509.ObjectIdentifier],
        now: datetime,
        days: int,
    ) -> Certificate:
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
        signed = (
            _builder(subject, self._root.subject, public, now, days)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage(list(uses)), critical=False)
            .add_extension(x509.SubjectAlternativeName(list(also)), critical=False)
            .add_extension(_authority_key(self._root), critical=False)
            .sign(self._key, hashes.SHA256())
        )
        pem = signed.public_bytes(Encoding.PEM)
        return Certificate(pem, f"{signed.serial_number:x}", signed.not_valid_after_utc)

    def _write_crl(
        self, revoked: Sequence[x509.RevokedCertificate], number: int, now: datetime
    ) -> None:
        # A broker refuses everybody once the list is out of date, so it lives as long as we do.
        builder = (
            x509.CertificateRevocationListBuilder()
            .issuer_name(self._root.subject)
            .last_update(now - timedelta(days=BACKDATED_DAYS))
            .next_update(self._root.not_valid_after_utc)
            .add_extension(x509.CRLNumber(number), critical=False)
            .add_extension(_authority_key(self._root), critical=False)
        )
        for entry in revoked:
            builder = builder.add_revoked_certificate(entry)
        signed = builder.sign(self._key, hashes.SHA256())
        durable.replace(self.crl_file, signed.public_bytes(Encoding.PEM), durable.EVERYBODY_READS)


def ed25519_holds(public: bytes, signed: bytes, signature: bytes) -> bool:
    """Whether an Ed25519 signature is right; a public key that is none holds nothing."""
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, signed)
    except (InvalidSignature, ValueError):
        return False
    return True


_CLIENT = ExtendedKeyUsageOID.CLIENT_AUTH
_SERVER = ExtendedKeyUsageOID.SERVER_AUTH


def _builder(
    subject: x509.Name,
    issuer: x509.Name,
    public: ec.EllipticCurvePublicKey,
    now: datetime,
    days: int,
) -> x509.CertificateBuilder:
    now = now.astimezone(UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(public)
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - timedelta(days=BACKDATED_DAYS))
        .not_valid_after(now + timedelta(days=days))
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(public), critical=False)
    )


def _authority_key(root: x509.Certificate) -> x509.AuthorityKeyIdentifier:
    own = root.extensions.get_extension_for_class(x509.SubjectKeyIdentifier).value
    return x509.AuthorityKeyIdentifier.from_issuer_subject_key_identifier(own)


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        encipher_only=False,
        decipher_only=False,
    )


def _request(csr: bytes) -> x509.CertificateSigningRequest:
    try:
        pem = csr.lstrip().startswith(b"-----BEGIN")
        request = x509.load_pem_x509_csr(csr) if pem else x509.load_der_x509_csr(csr)
        if not request.is_signature_valid:
            raise AuthorityError("the request is not signed by its own key")
    except (ValueError, TypeError, InvalidSignature) as error:
        raise AuthorityError(f"not a certificate request: {error}") from error
    return request


def _host(name: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)


def _private_pem(key: ec.EllipticCurvePrivateKey) -> bytes:
    return key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
