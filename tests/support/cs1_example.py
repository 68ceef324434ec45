"""The worked example of docs/protocol-cs1.md: fixed keys, and what the product makes of them.

Every value is computed with the product's own code, or opened by it before it is shown. `block`
gives the lines of one part of the example as the page shows them.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import replace
from functools import cache
from textwrap import wrap

from cryptography.hazmat.primitives.asymmetric.ec import SECP256R1, derive_private_key
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cs1_hpke import Sealed, seal

from edge.model.entry import GENESIS, canonical_json, chain, content_id
from sync import packing
from sync.core import wire
from sync.core.header import PADDED, DownHeader, Header, hello_header
from sync.core.messages import (
    DownMessage,
    Fence,
    Hello,
    LaneReport,
    Nack,
    Position,
    Receipt,
    Welcome,
    encode,
)
from sync.core.retry_times import next_nonce
from sync.frames.envelope import _pad, open_down, open_up, sign_down
from sync.keys import enrolment
from sync.keys.enrolment import Claim, Grant, Request
from sync.keys.keys import BoxKeys, HospitalKeys, kid

BOX_ID = "q3m7xk2a9d4fa"
NONCE = bytes(range(8))
BOX = BoxKeys(
    derive_private_key(0x1234, SECP256R1()),
    Ed25519PrivateKey.from_private_bytes(b"\x11" * 32),
    X25519PrivateKey.from_private_bytes(b"\x22" * 32),
)
HOSPITAL = HospitalKeys(
    Ed25519PrivateKey.from_private_bytes(b"\x33" * 32),
    X25519PrivateKey.from_private_bytes(b"\x44" * 32),
)
EPHEMERAL = X25519PrivateKey.from_private_bytes(b"\x55" * 32)
PATIENT = "018f2f6e-0000-7000-8000-0000000000aa"
READING = canonical_json(
    {
        "actor": "amina",
        "at": [1, 60_000, 1_795_334_400_000, "unsure"],
        "body": {
            "kind": "oximetry",
            "patient": PATIENT,
            "source": "typed",
            "values": [["59408-5", "88", "%"], ["8867-4", "104", "/min"]],
        },
        "kind": "reading",
    }
)
ALERT = canonical_json(
    {
        "at": [1, 60_000, 1_795_334_400_000, "unsure"],
        "body": {
            "bound": "91",
            "level": "urgent",
            "parameter": "spo2",
            "patient": PATIENT,
            "reading": str(content_id(BOX_ID, READING)),
            "rule": "news2-red",
            "value": ["59408-5", "88", "%"],
        },
        "kind": "alert",
    }
)
CLAIM = Claim(
    "http://hospital.example:8700", "0123456789ab", bytes(range(16)), "Chak 14", 1_795_680_000
)

Values = Mapping[str, bytes | str]


def block(part: str) -> str:
    """Return one part of the example as the text of a code block."""
    lines = ["```"]
    for name, value in PARTS[part]().items():
        if isinstance(value, str):
            lines += [name, f"    {value}"]
        else:
            size = f"{len(value)} byte" + ("" if len(value) == 1 else "s")
            lines += [f"{name}  ({size})", *(f"    {line}" for line in wrap(value.hex(), 96))]
    return "\n".join([*lines, "```"])


def as_json() -> str:
    """Return the whole example: bytes in hex, texts under "text"."""
    values = {
        part: {
            name: {"text": value} if isinstance(value, str) else value.hex()
            for name, value in make().items()
        }
        for part, make in PARTS.items()
    }
    return json.dumps(values, indent=1, ensure_ascii=False) + "\n"


def keys() -> Values:
    """Return the keys of both ends and their ids."""
    values: dict[str, bytes | str] = {"box id (text)": BOX_ID}
    pairs = (
        ("box Ed25519", BOX.sign, b"\x11" * 32),
        ("box X25519", BOX.decrypt, b"\x22" * 32),
        ("hospital Ed25519", HOSPITAL.sign, b"\x33" * 32),
        ("hospital X25519", HOSPITAL.decrypt, b"\x44" * 32),
        ("ephemeral X25519 of this example", EPHEMERAL, b"\x55" * 32),
    )
    for name, private, seed in pairs:
        public = private.public_key().public_bytes_raw()
        values |= {f"{name}, private": seed, f"{name}, public": public}
        if private is not EPHEMERAL:
            values[f"{name}, key id"] = kid(public)
    return values


def claim() -> Values:
    """Return the claim and its text."""
    fields = [CLAIM.url, CLAIM.claim_id, CLAIM.secret, CLAIM.clinic, CLAIM.expires_s]
    body = wire.dump(fields)
    assert Claim.parse(CLAIM.text()) == CLAIM
    return {
        "claim array (CBOR)": body,
        "check": hashlib.sha256(b"HP1:" + body).digest()[:3],
        "claim text": CLAIM.text(),
    }


def enrol() -> Values:
    """Return a request and the hospital's answer."""
    bare = Request(CLAIM.claim_id, BOX_ID, "CSR", BOX.public.sign, BOX.public.decrypt)
    request = enrolment.ask(CLAIM, bare, BOX.sign.sign)
    public = HOSPITAL.public
    grant = Grant("CERT", "CA", public.sign, public.decrypt, "mqtt.example", 8883, CLAIM.clinic)
    answer = enrolment.answer(request, CLAIM.secret, grant)
    assert enrolment.open_answer(request, CLAIM.secret, answer) == grant
    label = "healthpost enrolment answer 1"
    return {
        "request transcript (CBOR)": request.transcript(),
        "proof": request.proof,
        "signature": request.signature,
        "request (CBOR, the bytes to post)": request.encode(),
        "request digest": request.digest(),
        "fingerprint": request.fingerprint(),
        "input of the answer's HMAC (CBOR)": wire.dump([label, request.digest(), *grant.fields()]),
        "answer (CBOR)": answer,
    }


def records() -> Values:
    """Return two records, their ids and the chains after them."""
    values: dict[str, bytes | str] = {"chain before the first record": GENESIS}
    for name, record in (("reading, lane c", READING), ("alert, lane a", ALERT)):
        values[f"record: {name} (text)"] = record.decode("utf-8")
        values[f"content id: {name}"] = str(content_id(BOX_ID, record))
        values[f"chain after it: {name}"] = chain(GENESIS, record)
    return values


def hello() -> Values:
    """Return a HELLO with every step of its sealing."""
    lanes = {"a": LaneReport(0, 0, 1), "c": LaneReport(0, 0, 1)}
    about = {"clock": "unsure", "version": "example 1"}
    payload = encode(Hello(1, NONCE, lanes, about=about))
    header, sealed, frame = _up(hello_header(BOX_ID, NONCE, 1), payload)
    return {
        "payload (HELLO)": payload,
        "header": header,
        "HPKE info": b"CS1-up" + header,
        "HPKE enc": sealed.enc,
        "HPKE shared_secret": sealed.shared_secret,
        "HPKE key": sealed.key,
        "HPKE base_nonce": sealed.base_nonce,
        "HPKE ciphertext with tag": sealed.ciphertext,
        "signature": frame[-64:],
        "frame, topic cs/1/u/q3m7xk2a9d4fa/h": frame,
    }


def reading() -> Values:
    """Return the reading in a plain frame of schema 2."""
    payload = b"\x00" + wire.dump([0, [READING]])
    assert packing.unpack(payload) == [READING]
    head = Header(BOX_ID, 1, "c", 1, 1, GENESIS, NONCE, schema=2)
    header, _, frame = _up(head, payload)
    return {
        "payload": payload,
        "header": header,
        "frame, topic cs/1/u/q3m7xk2a9d4fa/c": frame,
    }


def alert() -> Values:
    """Return the alert in a plain, padded frame of schema 2."""
    payload = b"\x00" + wire.dump([0, [ALERT]])
    return _padded(Header(BOX_ID, 1, "a", 1, 1, GENESIS, NONCE, schema=2, flags=PADDED), payload)


def single() -> Values:
    """Return the same alert in the single alert form."""
    payload = packing.pack([ALERT])
    assert payload[:1] == b"\x02"
    return _padded(Header(BOX_ID, 1, "a", 1, 1, GENESIS, NONCE, flags=PADDED), payload)


def _padded(head: Header, payload: bytes) -> Values:
    assert packing.unpack(payload) == [ALERT]
    padded = _pad(_named(head).encode(), payload)
    header, _, frame = _up(head, padded, payload)
    return {
        "payload": payload,
        "payload, padded": padded,
        "header": header,
        "frame, topic cs/1/u/q3m7xk2a9d4fa/a": frame,
    }


def down() -> Values:
    """Return a frame of each kind that the hospital sends on channel r."""
    held = Position(1, chain(GENESIS, ALERT), 0, GENESIS)
    messages: dict[str, DownMessage] = {
        "WELCOME": Welcome(NONCE, 1, {}, 1_795_334_401_000, 1),
        "RECEIPT": Receipt(NONCE, 1, "a", held),
        "NACK": Nack(NONCE, "c", 1, 1, "unreadable"),
        "FENCE": Fence(NONCE, 2, "fork"),
    }
    header = DownHeader(BOX_ID, "r", NONCE)
    values: dict[str, bytes | str] = {
        "header": replace(header, kid_sig=kid(HOSPITAL.public.sign)).encode()
    }
    for name, message in messages.items():
        frame = sign_down(header, encode(message), HOSPITAL)
        assert open_down(frame, BOX_ID, BOX, HOSPITAL.public)[1] == encode(message)
        values[f"payload ({name})"] = encode(message)
        values[f"frame ({name}), topic cs/1/d/q3m7xk2a9d4fa/r"] = frame
    return values | {"nonce of the next session": next_nonce(NONCE)}


def packed() -> Values:
    """Return the reading packed by templates: the batch, and the payload with zstd."""
    payload = packing.pack([READING])
    return {
        "payload, stored (CBOR after one byte 00)": b"\x00" + wire.dump(packing.expand(payload)),
        "payload, zstd with dictionary 1": payload,
    }


@cache
def _named(header: Header) -> Header:
    return replace(header, kid_enc=kid(HOSPITAL.public.decrypt), kid_sig=kid(BOX.public.sign))


def _up(header: Header, payload: bytes, opened: bytes | None = None) -> tuple[bytes, Sealed, bytes]:
    """Seal and sign as the page says; the product must open the frame."""
    head = _named(header).encode()
    sealed = seal(payload, b"CS1-up" + head, HOSPITAL.public.decrypt, EPHEMERAL)
    signature = BOX.sign.sign(b"CS1-up" + head + sealed.body)
    frame = wire.dump([head, sealed.body, signature])
    read, plain = open_up(frame, HOSPITAL, BOX.public)
    assert (read.encode(), plain) == (head, opened or payload)
    return head, sealed, frame


PARTS = {
    "keys": keys,
    "claim": claim,
    "enrol": enrol,
    "records": records,
    "hello": hello,
    "reading": reading,
    "alert": alert,
    "single": single,
    "down": down,
    "packed": packed,
}
