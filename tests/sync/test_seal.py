"""Envelope and keys: only the right hands open a frame, and any change to it is refused."""

from __future__ import annotations

import hashlib
import hmac
import stat
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from hypothesis import given, settings
from hypothesis import strategies as st

from sync.core import DownHeader, Header, MessageError, wire
from sync.core.header import ALONE, PADDED
from sync.frames.envelope import (
    MAX_FRAME_BYTES,
    PAD_TO_BYTES,
    BadFrame,
    BadSignature,
    EnvelopeError,
    UnopenableFrame,
    WrongKey,
    open_down,
    open_up,
    peek_up,
    prove_keys,
    seal_down,
    seal_up,
    sign_down,
    sign_manifest,
)
from sync.keys.keys import BoxKeys, HospitalKeys, KeyFileError, PublicKeys, certificate_request, kid

BOX = BoxKeys.generate()
HOSPITAL = HospitalKeys.generate()
OTHER_BOX = BoxKeys.generate()
OTHER_HOSPITAL = HospitalKeys.generate()
BOX_ID = "q3m7xk2a9d4fa"
HEADER = Header(BOX_ID, 3, "c", 41, 20, bytes(range(16)), b"nonce-08")
DOWN = DownHeader(BOX_ID, "r", b"nonce-08")


@given(st.binary(max_size=3_000), st.sampled_from("ac"))
@settings(max_examples=60, deadline=None)
def test_a_frame_opens_to_what_was_sealed(payload: bytes, lane: str) -> None:
    header = Header(BOX_ID, 3, lane, 41, 20, bytes(range(16)), b"nonce-08")
    frame = seal_up(header, payload, BOX, HOSPITAL.public)
    opened, content = open_up(frame, HOSPITAL, BOX.public)
    assert content == payload
    assert peek_up(frame) == opened
    assert (opened.lane, opened.first_seq, opened.nonce) == (lane, 41, b"nonce-08")
    assert (opened.kid_enc, opened.kid_sig) == (
        kid(HOSPITAL.public.decrypt),
        kid(BOX.public.sign),
    )


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_any_changed_byte_is_refused(data: st.DataObject) -> None:
    frame = bytearray(seal_up(HEADER, b"systolic 120", BOX, HOSPITAL.public))
    frame[data.draw(st.integers(0, len(frame) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(EnvelopeError):
        open_up(bytes(frame), HOSPITAL, BOX.public)
    frame = bytearray(sign_down(DOWN, b"receipt", HOSPITAL))
    frame[data.draw(st.integers(0, len(frame) - 1))] ^= data.draw(st.integers(1, 255))
    with pytest.raises(EnvelopeError):
        open_down(bytes(frame), BOX_ID, BOX, HOSPITAL.public)


@given(st.binary(max_size=300))
def test_garbage_is_no_frame(data: bytes) -> None:
    with pytest.raises(BadFrame):
        peek_up(data)
    with pytest.raises(BadFrame):
        open_down(data, BOX_ID, BOX, HOSPITAL.public)


def test_nothing_readable_is_on_the_wire() -> None:
    assert b"Amina" not in seal_up(HEADER, b"Amina Bibi", BOX, HOSPITAL.public)
    assert b"Amina" not in seal_down(DOWN, b"Amina Bibi", HOSPITAL, BOX.public)


def test_the_frame_of_another_box_is_refused() -> None:
    frame = seal_up(HEADER, b"x", OTHER_BOX, HOSPITAL.public)
    with pytest.raises(BadSignature):
        open_up(frame, HOSPITAL, BOX.public)
    named = PublicKeys(OTHER_BOX.public.sign, BOX.public.decrypt)
    header, _ = open_up(frame, HOSPITAL, named)
    assert header.kid_sig == kid(OTHER_BOX.public.sign)


def test_a_frame_for_another_hospital_stays_shut() -> None:
    frame = seal_up(HEADER, b"x", BOX, OTHER_HOSPITAL.public)
    with pytest.raises(WrongKey):
        open_up(frame, HOSPITAL, BOX.public)


def test_a_receipt_of_another_hospital_is_refused() -> None:
    with pytest.raises(BadSignature):
        open_down(sign_down(DOWN, b"x", OTHER_HOSPITAL), BOX_ID, BOX, HOSPITAL.public)


def test_a_receipt_for_another_box_is_refused() -> None:
    frame = sign_down(DownHeader("another", "r"), b"x", HOSPITAL)
    with pytest.raises(WrongKey):
        open_down(frame, BOX_ID, BOX, HOSPITAL.public)
    with pytest.raises(WrongKey):
        open_down(seal_down(DOWN, b"x", HOSPITAL, OTHER_BOX.public), BOX_ID, BOX, HOSPITAL.public)


def test_an_up_frame_is_no_down_frame() -> None:
    up = seal_up(HEADER, b"x", BOX, HOSPITAL.public)
    with pytest.raises(BadFrame):
        open_down(up, BOX_ID, BOX, PublicKeys(BOX.public.sign, HOSPITAL.public.decrypt))


def test_what_is_signed_in_one_domain_counts_in_no_other() -> None:
    """What is signed begins with the way that a frame goes, as docs/protocol-cs1.md says."""
    made = (
        (b"CS1-up", seal_up(HEADER, b"x", BOX, HOSPITAL.public), BOX.public),
        (b"CS1-dn", sign_down(DOWN, b"x", HOSPITAL), HOSPITAL.public),
        (b"CS1-dn", seal_down(DOWN, b"x", HOSPITAL, BOX.public), HOSPITAL.public),
    )
    for domain, frame, signer in made:
        head, body, signature = wire.load_array(frame, 3)
        key = Ed25519PublicKey.from_public_bytes(signer.sign)
        key.verify(signature, domain + head + body)
    mark = sign_manifest(b"a manifest", BOX.sign)
    key = Ed25519PublicKey.from_public_bytes(BOX.public.sign)
    key.verify(mark, b"CS1-hand" + b"a manifest")
    old, new = BOX.public, OTHER_BOX.public
    key = Ed25519PublicKey.from_public_bytes(new.sign)
    body = wire.dump([BOX_ID, old.sign, new.sign, new.decrypt])
    key.verify(prove_keys(BOX_ID, OTHER_BOX, old), b"CS1-keys" + body)


def test_a_frame_signed_for_one_way_counts_nothing_on_the_other() -> None:
    head, body, _ = wire.load_array(sign_down(DOWN, b"x", HOSPITAL), 3)
    signature = HOSPITAL.sign.sign(b"CS1-up" + head + body)
    with pytest.raises(BadSignature):
        open_down(wire.dump([head, body, signature]), BOX_ID, BOX, HOSPITAL.public)
    head, body, _ = wire.load_array(seal_up(HEADER, b"x", BOX, HOSPITAL.public), 3)
    signature = BOX.sign.sign(b"CS1-dn" + head + body)
    with pytest.raises(BadSignature):
        open_up(wire.dump([head, body, signature]), HOSPITAL, BOX.public)


def test_down_frames_open_sealed_or_in_clear() -> None:
    header, content = open_down(
        seal_down(DOWN, b"feed", HOSPITAL, BOX.public), BOX_ID, BOX, HOSPITAL.public
    )
    assert (content, header.channel, header.kid_enc) == (b"feed", "r", kid(BOX.public.decrypt))
    header, content = open_down(sign_down(DOWN, b"ok", HOSPITAL), BOX_ID, BOX, HOSPITAL.public)
    assert (content, header.nonce, header.kid_enc) == (b"ok", b"nonce-08", None)


@pytest.mark.parametrize("size", range(0, 600))
def test_an_alert_has_a_round_size(size: int) -> None:
    header = Header(BOX_ID, 1, "a", 1, 1, bytes(16), bytes(8))
    frame = seal_up(header, b"\x00" * size, BOX, HOSPITAL.public)
    assert len(frame) % PAD_TO_BYTES == 0
    assert len(frame) < size + 200 + PAD_TO_BYTES
    opened, payload = open_up(frame, HOSPITAL, BOX.public)
    assert payload == b"\x00" * size
    assert opened.flags & PADDED


def test_a_sender_that_seals_rubbish_is_named() -> None:
    good = seal_up(HEADER, b"x" * 50, BOX, HOSPITAL.public)
    head, _, _ = wire.load_array(good, 3)
    assert isinstance(head, bytes)
    rubbish = bytes(98)
    signature = BOX.sign.sign(b"CS1-up" + head + rubbish)
    with pytest.raises(UnopenableFrame) as refused:
        open_up(wire.dump([head, rubbish, signature]), HOSPITAL, BOX.public)
    assert refused.value.header.first_seq == 41


def test_a_padded_frame_without_its_mark_is_the_senders_fault() -> None:
    header = Header(BOX_ID, 1, "c", 1, 1, bytes(16), bytes(8), flags=PADDED)
    with pytest.raises(UnopenableFrame):
        open_up(seal_up(header, b"no mark", BOX, HOSPITAL.public), HOSPITAL, BOX.public)


def test_too_large_a_frame_is_neither_made_nor_read() -> None:
    with pytest.raises(EnvelopeError, match="at most"):
        seal_up(HEADER, bytes(MAX_FRAME_BYTES), BOX, HOSPITAL.public)
    with pytest.raises(BadFrame, match="at most"):
        peek_up(bytes(MAX_FRAME_BYTES + 1))


def test_the_overhead_of_a_frame_is_small() -> None:
    frame = seal_up(HEADER, bytes(3_880), BOX, HOSPITAL.public)
    assert len(frame) <= 4_096
    assert len(HEADER.encode()) <= 62


@pytest.mark.parametrize(
    "header",
    [
        Header("", 1, "c", 1, 1, bytes(16), bytes(8)),
        Header("a/b", 1, "c", 1, 1, bytes(16), bytes(8)),
        Header("a" * 65, 1, "c", 1, 1, bytes(16), bytes(8)),
        Header(BOX_ID, 1, "cc", 1, 1, bytes(16), bytes(8)),
        Header(BOX_ID, 1, "C", 1, 1, bytes(16), bytes(8)),
        Header(BOX_ID, -1, "c", 1, 1, bytes(16), bytes(8)),
        Header(BOX_ID, 2**63, "c", 1, 1, bytes(16), bytes(8)),
        Header(BOX_ID, 1, "c", 0, 1, bytes(16), bytes(8)),
        Header(BOX_ID, 1, "c", 1, 0, bytes(16), bytes(8)),
        Header(BOX_ID, 1, "c", 1, 2001, bytes(16), bytes(8)),
        Header(BOX_ID, 1, "c", 1, 1, bytes(15), bytes(8)),
        Header(BOX_ID, 1, "c", 1, 1, bytes(16), bytes(9)),
        Header(BOX_ID, 1, "c", 1, 1, bytes(16), bytes(8), flags=8),
        Header(BOX_ID, 1, "c", 1, 1, bytes(16), bytes(8), flags=ALONE),
        Header(BOX_ID, 1, "c", 1, 1, bytes(16), bytes(8), end_chain=bytes(16)),
        Header(BOX_ID, 1, "c", 1, 2, bytes(16), bytes(8), flags=ALONE, end_chain=bytes(16)),
    ],
)
def test_a_header_out_of_bounds_is_refused(header: Header) -> None:
    with pytest.raises(MessageError):
        Header.decode(header.encode())


# --- keys -------------------------------------------------------------------------------------


def test_keys_are_kept_in_closed_files(tmp_path: Path) -> None:
    directory = tmp_path / "keys"
    BOX.save(directory)
    BOX.save(directory)
    assert BoxKeys.load(directory).public == BOX.public
    assert stat.S_IMODE(directory.stat().st_mode) == 0o700
    assert {stat.S_IMODE(f.stat().st_mode) for f in directory.iterdir()} == {0o600}
    assert sorted(f.name for f in directory.iterdir()) == [
        "decrypt.key.pem",
        "sign.key.pem",
        "tls.key.pem",
    ]


def test_a_hospitals_keys_come_back(tmp_path: Path) -> None:
    HOSPITAL.save(tmp_path)
    assert HospitalKeys.load(tmp_path).public == HOSPITAL.public


@pytest.mark.parametrize("name", ["tls.key.pem", "sign.key.pem", "decrypt.key.pem"])
def test_a_wrong_or_missing_key_file_is_named(tmp_path: Path, name: str) -> None:
    BOX.save(tmp_path)
    other = {"sign.key.pem": "tls.key.pem"}.get(name, "sign.key.pem")
    for content in (b"nonsense", (tmp_path / other).read_bytes(), None):
        (tmp_path / name).unlink()
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(KeyFileError, match=name):
            BoxKeys.load(tmp_path)


def test_a_public_key_has_32_bytes() -> None:
    with pytest.raises(ValueError, match="32"):
        PublicKeys(bytes(31), bytes(32))


def test_the_certificate_request_names_the_box() -> None:
    request = x509.load_pem_x509_csr(certificate_request(BOX, BOX_ID))
    assert request.is_signature_valid
    assert request.subject.rfc4514_string() == f"CN={BOX_ID}"
    names = request.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert names.get_values_for_type(x509.DNSName) == [BOX_ID]
    assert request.public_key() == BOX.tls.public_key()


# --- RFC 9180: the library against a second implementation, which is held to the RFC's vector --


def _extract(suite: bytes, salt: bytes, label: bytes, ikm: bytes) -> bytes:
    return hmac.digest(salt or bytes(32), b"HPKE-v1" + suite + label + ikm, "sha256")


def _expand(suite: bytes, prk: bytes, label: bytes, info: bytes, size: int) -> bytes:
    text = size.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info
    return hmac.digest(prk, text + b"\x01", hashlib.sha256)[:size]


def _open(enc: bytes, sealed: bytes, key: X25519PrivateKey, info: bytes, aad: bytes) -> bytes:
    kem, suite = b"KEM\x00\x20", b"HPKE\x00\x20\x00\x01\x00\x03"
    shared = key.exchange(X25519PublicKey.from_public_bytes(enc))
    context = enc + key.public_key().public_bytes_raw()
    eae = _extract(kem, b"", b"eae_prk", shared)
    secret = _expand(kem, eae, b"shared_secret", context, 32)
    ids = _extract(suite, b"", b"psk_id_hash", b""), _extract(suite, b"", b"info_hash", info)
    schedule = b"\x00" + ids[0] + ids[1]
    prk = _extract(suite, secret, b"secret", b"")
    cipher = ChaCha20Poly1305(_expand(suite, prk, b"key", schedule, 32))
    return cipher.decrypt(_expand(suite, prk, b"base_nonce", schedule, 12), sealed, aad)


def test_the_second_implementation_opens_the_vector_of_rfc_9180_a_2_1() -> None:
    secret = "8057991eef8f1f1af18f4a9491d16a1ce333f695d4db8e38da75975c4478e0fb"
    enc = "1afa08d3dec047a643885163f1180476fa7ddb54c6a8029ea33f95796bf2ac4a"
    sealed = (
        "1c5250d8034ec2b784ba2cfd69dbdb8af406cfe3ff938e131f0def8c8b60b4db21993c62ce81883d2dd1b51a28"
    )
    key = X25519PrivateKey.from_private_bytes(bytes.fromhex(secret))
    text = _open(
        bytes.fromhex(enc), bytes.fromhex(sealed), key, b"Ode on a Grecian Urn", b"Count-0"
    )
    assert text == b"Beauty is truth, truth beauty"


def test_our_frames_are_hpke_base_mode_of_rfc_9180() -> None:
    head, sealed, _ = wire.load_array(seal_up(HEADER, b"vitals", BOX, HOSPITAL.public), 3)
    assert isinstance(head, bytes)
    assert isinstance(sealed, bytes)
    info = b"CS1-up" + head
    assert _open(sealed[:32], sealed[32:], HOSPITAL.decrypt, info, b"") == b"vitals"
