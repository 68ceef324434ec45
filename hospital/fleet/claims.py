"""Claims: one-use permissions for a box to enrol, made by the hospital.

    MADE --a genuine request in time--> USED by that request
    USED --the same request again------> the same answer, byte for byte
    USED --any other request-----------> refused, counted as an alarm on the claim

A box that is enrolled already may join again with a new claim and its own keys: it gets a fresh
certificate. A claim that `readmits` a box lets it in again under new keys, whatever it stood like;
the old keys are worth nothing from then on. A claim that `replaces` a box shuts that one out.

The bytes on the wire are those of `sync.keys.enrolment`. Everything happens in one transaction, so
two boxes that ask at once cannot both be granted, and a crash leaves the claim as it was.
"""

from __future__ import annotations

import logging
import secrets
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

from hospital.archive import Archive, Row, row
from hospital.archive.errors import AuthorityError, NotFound
from hospital.fleet import boxes, rotation
from hospital.fleet.authority import Authority, Certificate, ed25519_holds
from hospital.fleet.boxes import Box
from sync.core.messages import REPLACED
from sync.keys.enrolment import (
    SECRET_BYTES,
    Claim,
    EnrolmentError,
    Grant,
    Refusal,
    Request,
    answer,
    check,
)
from sync.keys.keys import PublicKeys, kid

VALID_H = 72
ID_BYTES = 6

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Offer:
    """What every granted box receives: our public keys, and where the broker is."""

    keys: PublicKeys
    broker_host: str
    broker_port: int


@dataclass(frozen=True, slots=True)
class ClaimLine:
    """A claim as the desk lists it, without its secret; `box` is None until it is used."""

    id: str
    clinic: str
    made_ms: int
    expires_ms: int
    box: str | None
    alarms: int


@dataclass(frozen=True, slots=True)
class Instead:
    """What else a claim does, by box id: let one in again under new keys, or shut one out."""

    readmits: str | None = None
    replaces: str | None = None


def create(
    archive: Archive, clinic: str, url: str, now: datetime, instead: Instead = Instead()
) -> Claim:
    """Make a one-use claim for a clinic's box; raises `EnrolmentError` on an unusable name.

    Raises `HospitalError` when the box to readmit or to replace is not known.
    """
    for box_id in filter(None, (instead.readmits, instead.replaces)):
        if boxes.get(archive, box_id) is None:
            raise NotFound(f"no box {box_id}")
    expires = now + timedelta(hours=VALID_H)
    claim = Claim(
        url=url,
        claim_id=secrets.token_hex(ID_BYTES),
        secret=secrets.token_bytes(SECRET_BYTES),
        clinic=clinic,
        expires_s=int(expires.timestamp()),
    )
    with archive.transaction():
        archive.execute(
            "INSERT INTO claim (id, secret, clinic, made_ms, expires_ms, readmits, replaces)"
            " VALUES (?, ?, ?, ?, ?, ?, ?)",
            (claim.claim_id, claim.secret, clinic, _ms(now), claim.expires_s * 1000)
            + (instead.readmits, instead.replaces),
        )
    return claim


def every(archive: Archive) -> list[ClaimLine]:
    """Return all claims, the newest first."""
    rows = archive.rows(
        "SELECT id, clinic, made_ms, expires_ms, box, alarms FROM claim ORDER BY made_ms DESC, id"
    )
    return [ClaimLine(**r) for r in rows]


def enrol(
    archive: Archive, authority: Authority, offer: Offer, message: bytes, now: datetime
) -> tuple[bytes, bool]:
    """Answer an enrolment request; return the bytes to send back and whether it was granted."""
    try:
        request = Request.decode(message)
    except EnrolmentError as error:
        return Refusal("malformed", str(error)).encode(), False
    with archive.transaction():
        claim = row(
            archive,
            "SELECT * FROM claim WHERE id = ?" + archive.for_update,
            (request.claim_id,),
        )
        decided = _decide(archive, authority, offer, request, claim, now)
        if (
            isinstance(decided, Refusal)
            and claim is not None
            and _is_alarm(archive, decided, request, claim, now)
        ):
            archive.execute("UPDATE claim SET alarms = alarms + 1 WHERE id = ?", (claim["id"],))
    if isinstance(decided, Refusal):
        log.warning("enrolment refused, claim %s: %s", request.claim_id, decided.kind)
        return decided.encode(), False
    log.info("box %s enrolled with claim %s", request.box_id, request.claim_id)
    return decided, True


def _decide(
    archive: Archive,
    authority: Authority,
    offer: Offer,
    request: Request,
    claim: Row | None,
    now: datetime,
) -> bytes | Refusal:
    if claim is None:
        return Refusal("claim-unknown", "this hospital has made no such claim")
    secret = bytes(claim["secret"])
    try:
        check(request, secret, ed25519_holds)
    except EnrolmentError as error:
        return Refusal("proof-wrong", str(error))
    if claim["used_ms"] is not None:
        if bytes(claim["digest"]) == request.digest():
            return bytes(claim["answer"])
        return Refusal("claim-used", "another box has used this claim")
    if _ms(now) > claim["expires_ms"]:
        return Refusal("claim-expired", "the claim is too old; ask the hospital for a new one")
    misfit = _misfit(_known_box(archive, request, now), request, claim)
    if misfit is not None:
        return Refusal("refused", misfit)
    try:
        _revoke_old(archive, authority, claim, now)
        certificate = authority.sign_box(request.csr.encode(), request.box_id, now)
    except AuthorityError as error:
        return Refusal("refused", str(error))
    return _grant(archive, request, claim, _offered(offer, authority, certificate, claim), now)


def _known_box(archive: Archive, request: Request, now: datetime) -> Box | None:
    """Return the box of a request, with those of its keys that the request names."""
    box = boxes.get(archive, request.box_id)
    if box is None:
        return None
    keys = rotation.signer(archive, box, kid(request.sign_key), _ms(now))
    return replace(box, keys=keys)


def _is_alarm(
    archive: Archive, refusal: Refusal, request: Request, claim: Row, now: datetime
) -> bool:
    """Whether somebody else may hold the claim: not when a box that we know asks with its keys."""
    if refusal.kind != "refused" or claim["readmits"] is not None:
        return True
    known = _known_box(archive, request, now)
    return known is None or known.keys != _keys(request)


_SHUT_OUT = (
    "this box was shut out. At the hospital: `healthpost hospital claim --readmits {box}`."
    " Then at the box: `healthpost enrol --new-keys`"
)
_OLD_KEYS = (
    "a box is readmitted under new keys alone, for its old ones may be in other hands: use the"
    " claim with `healthpost enrol --new-keys`"
)
_OTHER_KEYS = (
    "this box was enrolled with other keys. At the hospital: `healthpost hospital claim"
    " --readmits {box}`. Then at the box: `healthpost enrol --new-keys`"
)
"""A box of any release takes a refusal of `sync.keys.enrolment.MAX_TEXT` characters, no more."""


def _misfit(known: Box | None, request: Request, claim: Row) -> str | None:
    """Return why a genuine request may not have this claim, or None."""
    if claim["readmits"] is not None:
        if claim["readmits"] != request.box_id:
            return f"this claim is for box {claim['readmits']} alone"
        return _OLD_KEYS if known is not None and _shares_a_key(known.keys, request) else None
    if known is not None and known.standing != boxes.ACTIVE and known.keys == _keys(request):
        return _SHUT_OUT.format(box=request.box_id)
    if known is not None and (known.standing != boxes.ACTIVE or known.keys != _keys(request)):
        return _OTHER_KEYS.format(box=request.box_id)
    return None


def _shares_a_key(keys: PublicKeys, request: Request) -> bool:
    return keys.sign == request.sign_key or keys.decrypt == request.decrypt_key


def _revoke_old(archive: Archive, authority: Authority, claim: Row, now: datetime) -> None:
    for box_id in filter(None, (claim["readmits"], claim["replaces"])):
        known = boxes.get(archive, box_id)
        if known is not None:
            for serial in known.serial.split(","):
                authority.revoke(serial, now)


def _offered(
    offer: Offer, authority: Authority, certificate: Certificate, claim: Row
) -> _SignedCertificate:
    grant = Grant(
        certificate=certificate.pem.decode("ascii"),
        ca=authority.root_pem.decode("ascii"),
        sign_key=offer.keys.sign,
        decrypt_key=offer.keys.decrypt,
        broker_host=offer.broker_host,
        broker_port=offer.broker_port,
        clinic=claim["clinic"],
    )
    return _SignedCertificate(grant, certificate.serial)


@dataclass(frozen=True, slots=True)
class _SignedCertificate:
    grant: Grant
    serial: str


def _grant(
    archive: Archive, request: Request, claim: Row, signed: _SignedCertificate, now: datetime
) -> bytes:
    box = Box(request.box_id, claim["clinic"], _keys(request), signed.serial, _ms(now))
    reply = answer(request, bytes(claim["secret"]), signed.grant)
    boxes.enter(archive, box)
    if claim["readmits"] is not None:
        boxes.readmit(archive, box)
    if claim["replaces"] is not None:
        why = f"Box {box.id} took its place. Records that it still holds can be brought on a stick."
        boxes.set_standing(archive, claim["replaces"], REPLACED, why)
    archive.execute(
        "UPDATE claim SET used_ms = ?, digest = ?, box = ?, answer = ? WHERE id = ?",
        (_ms(now), request.digest(), box.id, reply, claim["id"]),
    )
    return reply


def _keys(request: Request) -> PublicKeys:
    return PublicKeys(request.sign_key, request.decrypt_key)


def _ms(now: datetime) -> int:
    return int(now.astimezone(UTC).timestamp() * 1000)
