"""Enrolment: once, the same again, another box, too late, forged; on both engines."""

from __future__ import annotations

import threading
from dataclasses import replace
from datetime import timedelta

import pytest
from archives import open_at
from moments import NOW

from edge.model.entry import canonical_json
from hospital.archive import Archive
from hospital.fleet import boxes, claims
from hospital.fleet.authority import Authority
from sync.core.messages import REVOKED
from sync.keys.enrolment import Claim, EnrolmentError, Request, ask, open_answer
from sync.keys.keys import BoxKeys, HospitalKeys, certificate_request

URL = "http://127.0.0.1:8700"
OFFER = claims.Offer(HospitalKeys.generate().public, "broker.example", 8883)


@pytest.fixture
def claim(archive: Archive) -> Claim:
    return claims.create(archive, "Thar Post 7", URL, NOW)


def asking(claim: Claim, box_id: str = "box-one", keys: BoxKeys | None = None) -> Request:
    keys = keys or BoxKeys.generate()
    csr = certificate_request(keys, box_id).decode()
    bare = Request(claim.claim_id, box_id, csr, keys.public.sign, keys.public.decrypt)
    return ask(claim, bare, keys.sign.sign)


def test_a_box_is_enrolled_and_knows_the_hospital(
    archive: Archive, authority: Authority, claim: Claim
) -> None:
    request = asking(Claim.parse(claim.text()))
    answer, granted = claims.enrol(archive, authority, OFFER, request.encode(), NOW)
    grant = open_answer(request, claim.secret, answer)
    box = boxes.get(archive, "box-one")
    assert granted
    assert box is not None
    assert (box.clinic, box.keys.sign, box.standing) == ("Thar Post 7", request.sign_key, "active")
    assert grant.ca == authority.root_pem.decode()
    assert (grant.sign_key, grant.broker_host) == (OFFER.keys.sign, "broker.example")
    assert claims.every(archive)[0].box == "box-one"


def test_the_same_request_again_gets_the_same_answer(
    archive: Archive, authority: Authority, claim: Claim
) -> None:
    message = asking(claim).encode()
    first = claims.enrol(archive, authority, OFFER, message, NOW)
    late = NOW + timedelta(days=30)
    assert claims.enrol(archive, authority, OFFER, message, late) == first
    assert len(boxes.every(archive)) == 1


def refused(
    archive: Archive, authority: Authority, request: Request, secret: bytes, at: timedelta
) -> str:
    answer, granted = claims.enrol(archive, authority, OFFER, request.encode(), NOW + at)
    assert not granted
    with pytest.raises(EnrolmentError) as error:
        open_answer(request, secret, answer)
    return error.value.kind


def test_another_box_with_a_used_claim_is_refused_and_alarms(
    archive: Archive, authority: Authority, claim: Claim
) -> None:
    claims.enrol(archive, authority, OFFER, asking(claim).encode(), NOW)
    thief = asking(claim, "box-two")
    assert refused(archive, authority, thief, claim.secret, timedelta()) == "claim-used"
    assert claims.every(archive)[0].alarms == 1
    assert boxes.get(archive, "box-two") is None


def test_a_box_that_was_shut_out_hears_so_and_is_no_alarm(
    archive: Archive, authority: Authority, claim: Claim
) -> None:
    keys = BoxKeys.generate()
    claims.enrol(archive, authority, OFFER, asking(claim, keys=keys).encode(), NOW)
    boxes.set_standing(archive, "box-one", REVOKED, "sold")
    fresh = claims.create(archive, "Thar Post 7", claim.url, NOW)
    request = asking(fresh, keys=keys)
    answer, granted = claims.enrol(archive, authority, OFFER, request.encode(), NOW)
    assert not granted
    with pytest.raises(EnrolmentError, match="shut out.*readmits box-one`.*--new-keys`"):
        open_answer(request, fresh.secret, answer)
    assert [line.alarms for line in claims.every(archive)] == [0, 0]
    other = asking(fresh, keys=BoxKeys.generate())
    assert refused(archive, authority, other, fresh.secret, timedelta()) == "refused"
    assert sum(line.alarms for line in claims.every(archive)) == 1


def test_a_late_request_is_refused(archive: Archive, authority: Authority, claim: Claim) -> None:
    late = timedelta(hours=claims.VALID_H, seconds=1)
    assert refused(archive, authority, asking(claim), claim.secret, late) == "claim-expired"


def test_an_unknown_claim_is_refused(archive: Archive, authority: Authority, claim: Claim) -> None:
    request = asking(replace(claim, claim_id="other"))
    assert refused(archive, authority, request, claim.secret, timedelta()) == "claim-unknown"


def test_a_request_without_the_secret_burns_nothing(
    archive: Archive, authority: Authority, claim: Claim
) -> None:
    forged = asking(replace(claim, secret=b"0" * 16))
    assert refused(archive, authority, forged, claim.secret, timedelta()) == "proof-wrong"
    _, granted = claims.enrol(archive, authority, OFFER, asking(claim).encode(), NOW)
    assert granted


def test_a_signing_key_that_is_not_held_is_refused(
    archive: Archive, authority: Authority, claim: Claim
) -> None:
    keys, other = BoxKeys.generate(), BoxKeys.generate()
    csr = certificate_request(keys, "box-one").decode()
    bare = Request(claim.claim_id, "box-one", csr, other.public.sign, keys.public.decrypt)
    request = ask(claim, bare, keys.sign.sign)
    assert refused(archive, authority, request, claim.secret, timedelta()) == "proof-wrong"


def test_a_taken_name_and_an_unfit_csr_are_refused_and_burn_nothing(
    archive: Archive, authority: Authority, claim: Claim
) -> None:
    claims.enrol(archive, authority, OFFER, asking(claim).encode(), NOW)
    second = claims.create(archive, "Thar Post 8", URL, NOW)
    taken = asking(second, "box-one")
    assert refused(archive, authority, taken, second.secret, timedelta()) == "refused"
    keys = BoxKeys.generate()
    foreign = certificate_request(keys, "hospital").decode()
    bare = Request(second.claim_id, "hospital", foreign, keys.public.sign, keys.public.decrypt)
    worker = ask(second, bare, keys.sign.sign)
    assert refused(archive, authority, worker, second.secret, timedelta()) == "refused"
    _, granted = claims.enrol(archive, authority, OFFER, asking(second, "box-3").encode(), NOW)
    assert granted


def test_a_box_joins_again_with_a_new_claim_and_its_own_keys(
    archive: Archive, authority: Authority, claim: Claim
) -> None:
    keys = BoxKeys.generate()
    claims.enrol(archive, authority, OFFER, asking(claim, keys=keys).encode(), NOW)
    first = boxes.get(archive, "box-one")
    second = claims.create(archive, "Thar Post 9", URL, NOW)
    again = asking(second, keys=keys)
    assert claims.enrol(archive, authority, OFFER, again.encode(), NOW)[1]
    box = boxes.get(archive, "box-one")
    assert first is not None
    assert box is not None
    assert box.clinic == "Thar Post 9"
    assert box.serial != first.serial
    boxes.set_standing(archive, "box-one", boxes.REVOKED)
    third = claims.create(archive, "Thar Post 9", URL, NOW)
    revoked = asking(third, keys=keys)
    assert refused(archive, authority, revoked, third.secret, timedelta()) == "refused"


@pytest.mark.parametrize("message", [b"", b"\xff", canonical_json(["granted"]), b"\x80" * 40_000])
def test_nonsense_is_answered_as_malformed(
    archive: Archive, authority: Authority, message: bytes
) -> None:
    answer, granted = claims.enrol(archive, authority, OFFER, message, NOW)
    assert not granted
    assert b"malformed" in answer


def test_of_boxes_that_ask_at_once_only_one_is_granted(
    archive: Archive, archive_address: str, authority: Authority, claim: Claim
) -> None:
    granted: list[bool] = []

    def join(box_id: str) -> None:
        mine = open_at(archive_address)
        message = asking(claim, box_id).encode()
        granted.append(claims.enrol(mine, authority, OFFER, message, NOW)[1])
        mine.close()

    threads = [threading.Thread(target=join, args=(f"box-{n}",)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(20)
    assert sorted(granted) == [False, False, False, True]
    assert len(boxes.every(archive)) == 1
