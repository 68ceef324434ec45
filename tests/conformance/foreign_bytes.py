"""The bytes of CS/1 for a box that is not Healthpost's: enrolment, frames, records.

Written from docs/protocol-cs1.md alone; "section" means a section of that page. Functions of their
arguments, but for new keys and for `post`. The box that uses them: foreign_box.py.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass, field
from typing import Any
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import cbor2
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, generate_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.hpke import AEAD, KDF, KEM, Suite
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat

PADDED, ALONE = 1, 2
SCHEMA_PACKED, SCHEMA_PLAIN = 1, 2
ZEROS = bytes(16)
HPKE = Suite(KEM.X25519, KDF.HKDF_SHA256, AEAD.CHACHA20_POLY1305)
MAX_FRAME, PAD_TO = 65_536, 240


# Section 3: encoding. All map keys here are texts, for which cbor2's order is that of RFC 8949.


def encode(value: object) -> bytes:
    """Return the CBOR of a value in deterministic form."""
    return cbor2.dumps(value, canonical=True)


def decode(data: bytes) -> Any:
    """Return the value of CBOR; ValueError when it is not in deterministic form."""
    value = cbor2.loads(data)
    if encode(value) != data:
        raise ValueError("CBOR that is not in deterministic form")
    return value


# Section 2: keys.


@dataclass(frozen=True)
class Keys:
    """The two private keys of a box that CS/1 itself uses."""

    sign: Ed25519PrivateKey = field(default_factory=Ed25519PrivateKey.generate)
    decrypt: X25519PrivateKey = field(default_factory=X25519PrivateKey.generate)

    @property
    def public(self) -> tuple[bytes, bytes]:
        """Return the public sign key and decrypt key, 32 bytes each."""
        return (
            self.sign.public_key().public_bytes_raw(),
            self.decrypt.public_key().public_bytes_raw(),
        )


def key_id(public_key: bytes) -> bytes:
    return hashlib.sha256(public_key).digest()[:4]


def next_nonce(nonce: bytes) -> bytes:
    """Return the nonce of the session after the one with this nonce."""
    return hashlib.blake2b(nonce, digest_size=8, person=b"CS1-session").digest()


# Section 4: enrolment.


@dataclass(frozen=True)
class Claim:
    url: str
    id: str
    secret: bytes
    clinic: str
    expires: int


@dataclass(frozen=True)
class Grant:
    """What the hospital's answer gives to a box."""

    certificate: str
    ca: str
    sign_key: bytes
    decrypt_key: bytes
    host: str
    port: int
    clinic: str


def read_claim(text: str) -> Claim:
    word = "".join(text.split()).upper().removeprefix("HP1:")
    data = base64.b32decode(word + "=" * (-len(word) % 8))
    body, check = data[:-3], data[-3:]
    if hashlib.sha256(b"HP1:" + body).digest()[:3] != check:
        raise ValueError("a claim with a wrong check")
    return Claim(*decode(body))


def make_csr(box_id: str) -> tuple[str, bytes]:
    """Return a certificate request and the new TLS key that belongs to it, both in PEM."""
    key = generate_private_key(SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, box_id)])
    csr = x509.CertificateSigningRequestBuilder().subject_name(name).sign(key, SHA256())
    pem = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return csr.public_bytes(Encoding.PEM).decode(), pem


def make_request(claim: Claim, box_id: str, csr: str, keys: Keys) -> tuple[bytes, bytes]:
    """Return the request to post, and its digest."""
    fields = [claim.id, box_id, csr, *keys.public]
    transcript = encode(["healthpost enrolment request 1", *fields])
    proof = hmac.digest(claim.secret, transcript, "sha256")
    request = encode([*fields, proof, keys.sign.sign(transcript)])
    return request, hashlib.sha256(transcript).digest()


def read_answer(answer: bytes, claim: Claim, digest: bytes) -> Grant:
    """Return what the hospital grants; ValueError when it refuses or is not who made the claim."""
    word, *fields = decode(answer)
    if word != "granted":
        raise ValueError(f"refused: {fields}")
    *granted, mac = fields
    expected = hmac.digest(
        claim.secret, encode(["healthpost enrolment answer 1", digest, *granted]), "sha256"
    )
    if not hmac.compare_digest(mac, expected):
        raise ValueError("an answer of somebody who does not know the claim")
    return Grant(*granted)


def post(claim: Claim, request: bytes) -> bytes:
    """Send a request to the hospital, and return its answer, also when that is a refusal."""
    headers = {"Content-Type": "application/cbor"}
    try:
        with urlopen(Request(f"{claim.url}/enrol", request, headers), timeout=30) as response:
            return bytes(response.read())
    except HTTPError as refusal:
        with refusal:
            return refusal.read()


# Section 6: frames.


def seal(header: bytes, payload: bytes, hospital_decrypt_key: bytes) -> bytes:
    """Return the body of a frame up."""
    receiver = X25519PublicKey.from_public_bytes(hospital_decrypt_key)
    return HPKE.encrypt(payload, receiver, info=b"CS1-up" + header)


def signed(header: bytes, body: bytes, key: Ed25519PrivateKey) -> bytes:
    """Return a frame up."""
    return encode([header, body, key.sign(b"CS1-up" + header + body)])


def padded(payload: bytes, header: bytes) -> bytes:
    """Return the payload with padding, so that its frame is a multiple of PAD_TO (section 6.4)."""

    def size(zeros: int) -> int:
        return len(encode([header, bytes(48 + len(payload) + 1 + zeros), bytes(64)]))

    goal = -(-size(0) // PAD_TO) * PAD_TO
    zeros = goal - size(0)
    while size(zeros) > goal:  # a length field of the CBOR has become longer
        zeros -= 1
    return payload + b"\x80" + bytes(zeros)


def open_down(frame: bytes, box_id: str, grant: Grant, keys: Keys) -> tuple[str, bytes, bytes]:
    """Return channel, nonce and payload of a frame down; an exception when it is to be dropped."""
    if len(frame) > MAX_FRAME:
        raise ValueError("too long")
    header, body, signature = decode(frame)
    version, to, channel, nonce, kid_enc, kid_sig = decode(header)
    if version != 1 or kid_sig != key_id(grant.sign_key):
        raise ValueError("another version, or not our hospital's key")
    signer = Ed25519PublicKey.from_public_bytes(grant.sign_key)
    signer.verify(signature, b"CS1-dn" + header + body)
    if to != box_id:
        raise ValueError("for another box")
    if kid_enc:
        body = HPKE.decrypt(body, keys.decrypt, info=b"CS1-dn" + header)
    return channel, nonce, body


# Sections 7 and 8: records and their payload.


def canonical(record: dict[str, Any]) -> bytes:
    """Return the bytes of a record. It holds texts, integers, lists, objects, but no floats."""
    text = json.dumps(record, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    return text.encode()


def content_id(box_id: str, record: bytes) -> str:
    digest = bytearray(hashlib.sha256(box_id.encode() + b"\0" + record).digest()[:16])
    digest[6] = digest[6] & 0x0F | 0x80
    digest[8] = digest[8] & 0x3F | 0x80
    text = digest.hex()
    return "-".join((text[:8], text[8:12], text[12:16], text[16:20], text[20:]))


def next_chain(chain: bytes, record: bytes) -> bytes:
    return hashlib.blake2b(chain + record, digest_size=16).digest()


def plain(records: list[bytes]) -> tuple[int, bytes]:
    """Return schema and payload of records, plain (section 8.1)."""
    return SCHEMA_PLAIN, b"\0" + encode([0, records])
