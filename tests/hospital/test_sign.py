"""The certificate authority, checked by the TLS library that brokers use."""

from __future__ import annotations

import ssl
from datetime import timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import NameOID
from cryptography.x509.verification import PolicyBuilder, Store
from moments import NOW

from hospital.archive.errors import AuthorityError
from hospital.fleet.authority import BACKDATED_DAYS, BOX_DAYS, WORKER, Authority, ed25519_holds
from sync.keys.keys import BoxKeys, certificate_request


def request(name: str, curve: ec.EllipticCurve | None = None) -> bytes:
    key = ec.generate_private_key(curve or ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    builder = x509.CertificateSigningRequestBuilder().subject_name(subject)
    asked = x509.BasicConstraints(ca=True, path_length=3)
    made = builder.add_extension(asked, critical=True).sign(key, SHA256())
    return made.public_bytes(Encoding.PEM)


def test_a_box_certificate_is_verified_by_the_root(authority: Authority) -> None:
    csr = certificate_request(BoxKeys.generate(), "box-one")
    signed = authority.sign_box(csr, "box-one", NOW)
    certificate = x509.load_pem_x509_certificate(signed.pem)
    root = x509.load_pem_x509_certificate(authority.root_pem)
    verifier = PolicyBuilder().store(Store([root])).time(NOW).build_client_verifier()
    assert verifier.verify(certificate, []).chain[-1] == root
    assert signed.serial == f"{certificate.serial_number:x}"
    assert certificate.not_valid_before_utc == NOW - timedelta(days=BACKDATED_DAYS)
    assert signed.not_after == NOW + timedelta(days=BOX_DAYS)


def test_nothing_asked_for_is_granted_but_the_key(authority: Authority) -> None:
    signed = authority.sign_box(request("box-one"), "box-one", NOW)
    certificate = x509.load_pem_x509_certificate(signed.pem)
    basic = certificate.extensions.get_extension_for_class(x509.BasicConstraints).value
    assert not basic.ca


@pytest.mark.parametrize(
    ("csr", "box_id", "why"),
    [
        (request("box-two"), "box-one", "common name"),
        (request("box-one", ec.SECP384R1()), "box-one", "not P-256"),
        (request(WORKER), WORKER, "no name for a box"),
        (request("box/#"), "box/#", "no name for a box"),
        (b"nonsense", "box-one", "not a certificate request"),
        (b"-----BEGIN CERTIFICATE REQUEST-----\n", "box-one", "not a certificate request"),
    ],
)
def test_an_unfit_request_is_refused(
    authority: Authority, csr: bytes, box_id: str, why: str
) -> None:
    with pytest.raises(AuthorityError, match=why):
        authority.sign_box(csr, box_id, NOW)


def test_a_request_signed_by_another_key_is_refused(authority: Authority) -> None:
    der = x509.load_pem_x509_csr(request("box-one")).public_bytes(Encoding.DER)
    forged = der[:-4] + bytes(b ^ 1 for b in der[-4:])
    with pytest.raises(AuthorityError):
        authority.sign_box(forged, "box-one", NOW)


def test_revoking_twice_lists_once_and_survives_opening(authority: Authority) -> None:
    first = authority.sign_box(request("box-one"), "box-one", NOW)
    second = authority.sign_box(request("box-two"), "box-two", NOW)
    for serial in (first.serial, second.serial, first.serial):
        authority.revoke(serial, NOW)
    crl = x509.load_pem_x509_crl(Authority.open(authority.root_file.parent).crl_file.read_bytes())
    assert {f"{r.serial_number:x}" for r in crl} == {first.serial, second.serial}


def test_server_and_worker_files_load_into_tls(authority: Authority, tmp_path: Path) -> None:
    for files in (
        authority.server_files(tmp_path / "broker", ["clinic.example", "127.0.0.1"], NOW),
        authority.worker_files(tmp_path / "broker", NOW),
    ):
        certificate, key = files
        ssl.create_default_context().load_cert_chain(certificate, key)
        assert key.stat().st_mode & 0o077 == 0


def test_a_second_authority_is_not_made_over_the_first(authority: Authority) -> None:
    with pytest.raises(AuthorityError, match="already"):
        Authority.create(authority.root_file.parent, "again", NOW)


def test_a_folder_without_an_authority_is_named(tmp_path: Path) -> None:
    with pytest.raises(AuthorityError, match="no certificate authority in"):
        Authority.open(tmp_path)


def test_an_ed25519_signature_holds_or_not() -> None:
    keys = BoxKeys.generate()
    signature = keys.sign.sign(b"words")
    assert ed25519_holds(keys.public.sign, b"words", signature)
    assert not ed25519_holds(keys.public.sign, b"other", signature)
    assert not ed25519_holds(b"short", b"words", signature)
