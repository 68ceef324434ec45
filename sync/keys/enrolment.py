"""Enrolment of a box at a hospital: claim, request and answer, for both ends.

The hospital makes a one-use claim with a 128-bit secret and hands it to the technician as one line
of text or a QR code. The box makes its own keys, asks with `Request`, and is answered with
`Grant`. Both messages are authenticated by HMAC-SHA256 under the claim's secret and bound to each
other, so they may travel over plain HTTP or on a USB stick: whoever stands in between can stop an
enrolment, never change one. Neither message holds a secret, and the claim's secret never travels.

Nothing here reads a file, a clock or a socket: signing and verifying come in as functions.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import ipaddress
import re
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Literal, get_args

from edge.model.shortened import shortened
from sync.core import wire
from sync.core.header import box_name
from sync.core.wire import MessageError

PREFIX = "HP1:"
"""Every claim's text starts so; the letter case does not matter."""

CONTENT_TYPE = "application/cbor"
PATH = "/enrol"
"""Where the hospital takes requests, below the claim's URL, by POST."""

SECRET_BYTES = 16
KEY_BYTES = 32
SIGNATURE_BYTES = 64
MAC_BYTES = 32
MAX_MESSAGE = 32_768
MAX_PEM = 8_000
MAX_TEXT = 200
_CHECK_BYTES = 3
_ID = re.compile(r"[A-Za-z0-9_-]{1,32}")

Sign = Callable[[bytes], bytes]
"""Signs with the box's Ed25519 key."""
Verify = Callable[[bytes, bytes, bytes], bool]
"""Ed25519: is (public key, signed bytes, signature) right?"""

RefusalKind = Literal[
    "malformed", "claim-unknown", "claim-expired", "claim-used", "proof-wrong", "refused"
]


class EnrolmentError(Exception):
    """An enrolment cannot go on; `kind` is stable, the text is for the technician."""

    def __init__(self, kind: str, message: str) -> None:
        super().__init__(message)
        self.kind = kind


@dataclass(frozen=True, slots=True)
class Claim:
    """The right to enrol one box, once, until `expires_s` (Unix seconds).

    `url` is the hospital's address without a final slash; `clinic` is the clinic's name as people
    say it.
    """

    url: str
    claim_id: str
    secret: bytes
    clinic: str
    expires_s: int

    def __post_init__(self) -> None:
        if not self.url.startswith(("http://", "https://")) or self.url.endswith("/"):
            raise EnrolmentError("claim-wrong", f"{self.url!r} is no address of a hospital")
        if max(len(self.url), len(self.clinic)) > MAX_TEXT:
            raise EnrolmentError("claim-wrong", f"address and clinic: {MAX_TEXT} characters each")
        if len(self.secret) != SECRET_BYTES or not _ID.fullmatch(self.claim_id):
            raise EnrolmentError("claim-wrong", "the claim's id or secret has a wrong form")

    def __repr__(self) -> str:
        return f"Claim({self.claim_id!r}, {self.url!r}, {self.clinic!r})"  # never the secret

    def text(self) -> str:
        """Return the claim as one line that fits a QR code's alphanumeric mode."""
        fields = [self.url, self.claim_id, self.secret, self.clinic, self.expires_s]
        body = wire.dump(fields)
        return PREFIX + base64.b32encode(body + _check(body)).decode("ascii").rstrip("=")

    @classmethod
    def parse(cls, text: str) -> Claim:
        """Read a claim's text, forgiving spaces and lower case; raises `EnrolmentError`."""
        line = "".join(text.split()).upper()
        if not line.startswith(PREFIX):
            raise EnrolmentError("claim-wrong", f"a claim starts with {PREFIX}")
        try:
            items = wire.load_array(_unwrap(line.removeprefix(PREFIX)), 5)
            return cls(
                url=wire.text(items[0]),
                claim_id=wire.text(items[1]),
                secret=wire.octets(items[2], SECRET_BYTES),
                clinic=wire.text(items[3]),
                expires_s=wire.count(items[4]),
            )
        except MessageError as error:
            raise EnrolmentError("claim-wrong", f"the claim cannot be read: {error}") from error


@dataclass(frozen=True, slots=True)
class Request:
    """A box asks for its certificate: the CSR of its TLS key and its two public keys.

    `proof` shows that it holds the claim, `signature` that it holds the Ed25519 key; the CSR
    proves its own key.
    """

    claim_id: str
    box_id: str
    csr: str
    sign_key: bytes
    decrypt_key: bytes
    proof: bytes = bytes(MAC_BYTES)
    signature: bytes = bytes(SIGNATURE_BYTES)

    def encode(self) -> bytes:
        """Return the bytes to post or to put on the stick."""
        return wire.dump([*self._fields(), self.proof, self.signature])

    @classmethod
    def decode(cls, data: bytes) -> Request:
        """Read a request; raises `EnrolmentError` of kind "malformed"."""
        items = _load(data, 7)
        with _strictly():
            return cls(
                claim_id=wire.text(items[0], 32),
                box_id=box_name(items[1]),
                csr=wire.text(items[2], MAX_PEM),
                sign_key=wire.octets(items[3], KEY_BYTES),
                decrypt_key=wire.octets(items[4], KEY_BYTES),
                proof=wire.octets(items[5], MAC_BYTES),
                signature=wire.octets(items[6], SIGNATURE_BYTES),
            )

    def transcript(self) -> bytes:
        """Return what proof and signature cover."""
        return wire.dump(["healthpost enrolment request 1", *self._fields()])

    def digest(self) -> bytes:
        """Return the request's identity: the same box asking again has the same digest."""
        return hashlib.sha256(self.transcript()).digest()

    def fingerprint(self) -> str:
        """Return eight characters that technician and hospital read to one another."""
        text = base64.b32encode(self.digest()[:5]).decode("ascii")
        return f"{text[:4]}-{text[4:]}"

    def _fields(self) -> list[object]:
        return [self.claim_id, self.box_id, self.csr, self.sign_key, self.decrypt_key]


@dataclass(frozen=True, slots=True)
class Grant:
    """What the hospital gives: certificates (PEM), its public keys, the broker, the clinic."""

    certificate: str
    ca: str
    sign_key: bytes
    decrypt_key: bytes
    broker_host: str
    broker_port: int
    clinic: str

    def fields(self) -> list[object]:
        """Return the fields in the order of the wire."""
        certificates = [self.certificate, self.ca, self.sign_key, self.decrypt_key]
        return [*certificates, self.broker_host, self.broker_port, self.clinic]


@dataclass(frozen=True, slots=True)
class Refusal:
    """The hospital refuses. A refusal is not signed: it only explains."""

    kind: RefusalKind
    message: str

    def encode(self) -> bytes:
        """Return the bytes of the answer."""
        return wire.dump(["refused", self.kind, shortened(self.message, MAX_TEXT)])


def is_this_machine(host: str) -> bool:
    """Whether a host is a loopback address or name: another machine would find itself there."""
    try:
        return ipaddress.ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return host.lower().rstrip(".") == "localhost" or host.lower().endswith(".localhost")


def request_file(box_id: str) -> str:
    """Return the name of a box's request on a stick."""
    return f"healthpost-{box_id}.enrol"


def answer_file(box_id: str) -> str:
    """Return the name of the hospital's answer on a stick."""
    return f"healthpost-{box_id}.enrolled"


def ask(claim: Claim, bare: Request, sign: Sign) -> Request:
    """Return the request with its proof and signature filled in."""
    transcript = bare.transcript()
    return replace(bare, proof=_mac(claim.secret, transcript), signature=sign(transcript))


def check(request: Request, secret: bytes, verify: Verify) -> None:
    """At the hospital: raise `EnrolmentError` "proof-wrong" unless the request is genuine."""
    transcript = request.transcript()
    if not hmac.compare_digest(_mac(secret, transcript), request.proof):
        raise EnrolmentError("proof-wrong", "the request was not made with this claim")
    if not verify(request.sign_key, transcript, request.signature):
        raise EnrolmentError("proof-wrong", "the box does not hold the signing key it names")


def answer(request: Request, secret: bytes, grant: Grant) -> bytes:
    """At the hospital: return the bytes that grant this very request."""
    return wire.dump(["granted", *grant.fields(), _answer_mac(request, secret, grant)])


def open_answer(request: Request, secret: bytes, data: bytes) -> Grant:
    """At the box: return the grant.

    Raises `EnrolmentError` with the hospital's own kind when it refused, "malformed" when the
    bytes are no answer, "answer-forged" when they were not made with the claim for this request.
    """
    items = _load(data, 3, 9)
    with _strictly():
        if len(items) == 3:
            raise _refused(items)
        if items[0] != "granted":
            raise MessageError("neither granted nor refused")
        grant = _grant(items)
        mac = wire.octets(items[8], MAC_BYTES)
    if not hmac.compare_digest(_answer_mac(request, secret, grant), mac):
        raise EnrolmentError("answer-forged", "the answer was not made by the claim's hospital")
    return grant


def _grant(items: list[object]) -> Grant:
    port = wire.count(items[6])
    if not 0 < port < 65_536:
        raise MessageError(f"{port} is no port")
    return Grant(
        certificate=wire.text(items[1], MAX_PEM),
        ca=wire.text(items[2], MAX_PEM),
        sign_key=wire.octets(items[3], KEY_BYTES),
        decrypt_key=wire.octets(items[4], KEY_BYTES),
        broker_host=wire.text(items[5]),
        broker_port=port,
        clinic=wire.text(items[7]),
    )


def _refused(items: list[object]) -> EnrolmentError:
    kind, message = wire.text(items[1], 32), wire.text(items[2])
    if items[0] != "refused" or kind not in get_args(RefusalKind):
        raise MessageError("neither granted nor refused")
    return EnrolmentError(kind, message)


def _answer_mac(request: Request, secret: bytes, grant: Grant) -> bytes:
    label = "healthpost enrolment answer 1"
    return _mac(secret, wire.dump([label, request.digest(), *grant.fields()]))


def _mac(secret: bytes, data: bytes) -> bytes:
    return hmac.new(secret, data, hashlib.sha256).digest()


def _check(body: bytes) -> bytes:
    return hashlib.sha256(PREFIX.encode() + body).digest()[:_CHECK_BYTES]


def _unwrap(encoded: str) -> bytes:
    try:
        data = base64.b32decode(encoded + "=" * (-len(encoded) % 8))
    except ValueError as error:
        raise MessageError("it holds characters that no claim has") from error
    body, check_bytes = data[:-_CHECK_BYTES], data[-_CHECK_BYTES:]
    if _check(body) != check_bytes:
        raise MessageError("it is incomplete or mistyped")
    return body


def _load(data: bytes, *lengths: int) -> list[object]:
    if len(data) > MAX_MESSAGE:
        raise EnrolmentError("malformed", f"a message of {len(data)} bytes")
    with _strictly():
        return wire.load_array(data, *lengths)


@contextmanager
def _strictly() -> Iterator[None]:
    """Turn the wire's errors into this room's."""
    try:
        yield
    except MessageError as error:
        raise EnrolmentError("malformed", f"no enrolment message: {error}") from error
