"""Enrolment messages: they arrive whole or not at all, over any carrier."""

from __future__ import annotations

from dataclasses import replace

import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from hypothesis import given
from hypothesis import strategies as st

from sync.core import wire
from sync.keys import enrolment
from sync.keys.enrolment import Claim, EnrolmentError, Grant, Refusal, Request

KEY = Ed25519PrivateKey.from_private_bytes(bytes(range(32)))
CLAIM = Claim("http://hospital.example:8700", "k7w2", bytes(range(16)), "Clinic of Hope", 1_800_000)
QR_ALPHANUMERIC = set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
GRANT = Grant("box certificate", "ca", b"s" * 32, b"d" * 32, "broker.example", 8883, "Hope")


def verify(public: bytes, data: bytes, signature: bytes) -> bool:
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, data)
    except InvalidSignature:
        return False
    return True


def bare(box_id: str = "box-1") -> Request:
    return Request(
        CLAIM.claim_id, box_id, "the csr", KEY.public_key().public_bytes_raw(), b"x" * 32
    )


def asked(claim: Claim = CLAIM) -> Request:
    return enrolment.ask(claim, bare(), KEY.sign)


def refusal_of(what: object) -> str:
    assert isinstance(what, pytest.ExceptionInfo)
    assert isinstance(what.value, EnrolmentError)
    return what.value.kind


def test_a_claim_is_one_short_line_for_a_qr_code() -> None:
    text = CLAIM.text()
    assert set(text) <= QR_ALPHANUMERIC
    assert len(text) < 200
    assert Claim.parse(text) == CLAIM


@given(
    st.from_regex(r"https?://[a-z0-9.:]{1,40}", fullmatch=True),
    st.from_regex(r"[A-Za-z0-9_-]{1,32}", fullmatch=True),
    st.binary(min_size=16, max_size=16),
    st.text(st.characters(exclude_categories=["Cs"]), max_size=40),
    st.integers(0, 2**40),
)
def test_every_claim_comes_back(
    url: str, claim_id: str, secret: bytes, clinic: str, expires_s: int
) -> None:
    claim = Claim(url, claim_id, secret, clinic, expires_s)
    assert Claim.parse(claim.text()) == claim


def test_a_typed_claim_may_have_spaces_and_small_letters() -> None:
    text = CLAIM.text().lower()
    assert Claim.parse(" " + text[:20] + " \n" + text[20:] + "\n") == CLAIM


@given(st.data())
def test_a_mistyped_claim_is_noticed(data: st.DataObject) -> None:
    text = CLAIM.text()
    place = data.draw(st.integers(len(enrolment.PREFIX), len(text) - 2))
    other = data.draw(st.sampled_from("ABCDEFGHIJKLMNOPQRSTUVWXYZ234567".replace(text[place], "")))
    with pytest.raises(EnrolmentError) as caught:
        Claim.parse(text[:place] + other + text[place + 1 :])
    assert refusal_of(caught) == "claim-wrong"


@given(st.text())
def test_any_text_is_a_claim_or_a_plain_error(text: str) -> None:
    for candidate in (text, enrolment.PREFIX + text):
        with pytest.raises(EnrolmentError):
            Claim.parse(candidate)


def test_a_claim_never_shows_its_secret_in_a_log() -> None:
    assert CLAIM.secret.hex() not in repr(CLAIM)
    assert repr(CLAIM.secret) not in repr(CLAIM)


@pytest.mark.parametrize(
    "wrong",
    [{"url": "ftp://x"}, {"url": "http://x/"}, {"secret": b""}, {"claim_id": "a b"}]
    + [{"clinic": "c" * 201}],
)
def test_a_claim_that_cannot_work_is_not_made(wrong: dict[str, object]) -> None:
    with pytest.raises(EnrolmentError):
        replace(CLAIM, **wrong)  # type: ignore[arg-type]


def test_the_whole_way() -> None:
    request = Request.decode(asked().encode())
    enrolment.check(request, CLAIM.secret, verify)
    assert enrolment.open_answer(asked(), CLAIM.secret, _answer(request)) == GRANT


def test_the_same_box_asking_again_is_known() -> None:
    assert asked().digest() == asked().digest()
    assert asked().digest() != bare("box-2").digest()
    assert len(asked().fingerprint()) == 9


def test_a_request_made_without_the_claim_is_refused() -> None:
    forged = asked(replace(CLAIM, secret=bytes(16)))
    with pytest.raises(EnrolmentError) as caught:
        enrolment.check(forged, CLAIM.secret, verify)
    assert refusal_of(caught) == "proof-wrong"


def test_a_signing_key_of_somebody_else_is_refused() -> None:
    stolen = enrolment.ask(CLAIM, bare(), Ed25519PrivateKey.generate().sign)
    with pytest.raises(EnrolmentError) as caught:
        enrolment.check(stolen, CLAIM.secret, verify)
    assert refusal_of(caught) == "proof-wrong"


@given(st.data())
def test_no_changed_request_passes(data: st.DataObject) -> None:
    with pytest.raises(EnrolmentError):
        enrolment.check(Request.decode(_flip(data, asked().encode())), CLAIM.secret, verify)


@given(st.data())
def test_no_changed_answer_passes(data: st.DataObject) -> None:
    with pytest.raises(EnrolmentError):
        enrolment.open_answer(asked(), CLAIM.secret, _flip(data, _answer(asked())))


def test_an_answer_to_another_request_is_refused() -> None:
    other = enrolment.ask(CLAIM, bare("box-2"), KEY.sign)
    with pytest.raises(EnrolmentError) as caught:
        enrolment.open_answer(asked(), CLAIM.secret, _answer(other))
    assert refusal_of(caught) == "answer-forged"


def test_a_refusal_says_why() -> None:
    no = Refusal("claim-used", "another box has used this claim" + "!" * 500)
    with pytest.raises(EnrolmentError, match="another box") as caught:
        enrolment.open_answer(asked(), CLAIM.secret, no.encode())
    assert refusal_of(caught) == "claim-used"


@pytest.mark.parametrize(
    "junk",
    [["refused", "invented", "x"], ["granted", "x", "y"], ["no"], {}]
    + [["given", *GRANT.fields(), bytes(32)], ["granted", *GRANT.fields()[:5], 0, "x", bytes(32)]],
)
def test_other_messages_are_no_answer(junk: object) -> None:
    with pytest.raises(EnrolmentError) as caught:
        enrolment.open_answer(asked(), CLAIM.secret, wire.dump(junk))
    assert refusal_of(caught) == "malformed"


@given(st.binary(max_size=200))
def test_any_bytes_are_a_message_or_a_plain_error(data: bytes) -> None:
    with pytest.raises(EnrolmentError):
        Request.decode(data)
    with pytest.raises(EnrolmentError):
        enrolment.open_answer(asked(), CLAIM.secret, data)


def test_a_huge_message_is_not_even_read() -> None:
    with pytest.raises(EnrolmentError, match="bytes"):
        Request.decode(bytes(enrolment.MAX_MESSAGE + 1))


def _answer(request: Request) -> bytes:
    return enrolment.answer(request, CLAIM.secret, GRANT)


def _flip(data: st.DataObject, message: bytes) -> bytes:
    place = data.draw(st.integers(0, len(message) - 1))
    bit = data.draw(st.integers(0, 7))
    changed = bytearray(message)
    changed[place] ^= 1 << bit
    return bytes(changed)
