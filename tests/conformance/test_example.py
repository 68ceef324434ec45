"""The example of docs/cs1/example.json comes out of the foreign box's functions."""

from __future__ import annotations

import base64
import hashlib
import json
import re
from pathlib import Path

import foreign_bytes as cs1
import foreign_packing as packing
import pytest
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from foreign_box import Box, Kind, Pack
from foreign_bytes import Grant, Keys

ROOT = Path(__file__).parents[2]
EXAMPLE = json.loads((ROOT / "docs/cs1/example.json").read_text())


def given(block: str, name: str) -> bytes:
    """Return a value of the example: bytes, or the bytes of a text."""
    value = EXAMPLE[block][name]
    return value["text"].encode() if isinstance(value, dict) else bytes.fromhex(value)


def text(block: str, name: str) -> str:
    return given(block, name).decode()


BOX_ID = text("keys", "box id (text)")
KEYS = Keys(
    Ed25519PrivateKey.from_private_bytes(given("keys", "box Ed25519, private")),
    X25519PrivateKey.from_private_bytes(given("keys", "box X25519, private")),
)
HOSPITAL = X25519PrivateKey.from_private_bytes(given("keys", "hospital X25519, private"))
GRANT = Grant(
    "CERT",
    "CA",
    given("keys", "hospital Ed25519, public"),
    given("keys", "hospital X25519, public"),
    "mqtt.example",
    8883,
    "Chak 14",
)
READING = given("records", "record: reading, lane c (text)")
ALERT = given("records", "record: alert, lane a (text)")


@pytest.fixture
def box() -> Box:
    """The box of the example, in the example's session."""
    made = Box(BOX_ID, GRANT, KEYS)
    made.nonce = bytes(range(8))
    made.lanes["c"].append(READING)
    made.lanes["a"].append(ALERT)
    return made


def parts(frame: bytes) -> tuple[bytes, bytes]:
    """Return header and opened payload of a frame up; its signature is checked to be the box's."""
    header, body, _ = cs1.decode(frame)
    assert cs1.signed(header, body, KEYS.sign) == frame
    return header, cs1.HPKE.decrypt(body, HOSPITAL, info=b"CS1-up" + header)


def test_the_foreign_box_imports_nothing_of_ours() -> None:
    ours = {package.parent.name for package in ROOT.glob("*/__init__.py")}
    assert "sync" in ours
    for file in Path(__file__).parent.glob("foreign_*.py"):
        imports = re.findall(r"^\s*(?:from|import) (\w+)", file.read_text(), re.MULTILINE)
        assert ours.isdisjoint(imports)


def test_key_ids_and_nonces() -> None:
    for whose in ("box Ed25519", "box X25519", "hospital Ed25519", "hospital X25519"):
        assert cs1.key_id(given("keys", f"{whose}, public")) == given("keys", f"{whose}, key id")
    assert KEYS.public == (
        given("keys", "box Ed25519, public"),
        given("keys", "box X25519, public"),
    )
    assert cs1.next_nonce(bytes(range(8))) == given("down", "nonce of the next session")


def test_claim_request_and_answer() -> None:
    claim = cs1.read_claim(text("claim", "claim text"))
    assert cs1.encode(list(vars(claim).values())) == given("claim", "claim array (CBOR)")
    request, digest = cs1.make_request(claim, BOX_ID, "CSR", KEYS)
    assert request == given("enrol", "request (CBOR, the bytes to post)")
    assert digest == given("enrol", "request digest")
    word = base64.b32encode(digest[:5]).decode()
    assert f"{word[:4]}-{word[4:]}" == text("enrol", "fingerprint")
    assert cs1.read_answer(given("enrol", "answer (CBOR)"), claim, digest) == GRANT


def test_an_answer_that_somebody_changed_is_refused() -> None:
    claim = cs1.read_claim(text("claim", "claim text"))
    answer = cs1.decode(given("enrol", "answer (CBOR)"))
    answer[5] = "elsewhere.example"
    with pytest.raises(ValueError, match="does not know the claim"):
        cs1.read_answer(cs1.encode(answer), claim, given("enrol", "request digest"))


def test_records_have_their_content_ids_and_chains() -> None:
    for record, name in ((READING, "reading, lane c"), (ALERT, "alert, lane a")):
        assert cs1.canonical(json.loads(record)) == record
        assert cs1.content_id(BOX_ID, record) == text("records", f"content id: {name}")
        after = given("records", f"chain after it: {name}")
        assert cs1.next_chain(cs1.ZEROS, record) == after


def test_hello(box: Box) -> None:
    header, payload = parts(given("hello", f"frame, topic cs/1/u/{BOX_ID}/h"))
    assert header == given("hello", "header") == box.header("h", [0, 0, cs1.ZEROS], 0, [0])
    lanes = {"a": [0, 0, 1], "c": [0, 0, 1]}
    about = {"clock": "unsure", "version": "example 1"}
    hello = [Kind.HELLO, [1, 1], 1, box.nonce, lanes, False, about]
    assert payload == given("hello", "payload (HELLO)") == cs1.encode(hello)


@pytest.mark.parametrize(
    ("block", "lane", "pack"),
    [("reading", "c", cs1.plain), ("alert", "a", cs1.plain), ("single", "a", packing.pack)],
)
def test_frames_of_records(box: Box, block: str, lane: str, pack: Pack) -> None:
    box.pack = pack
    theirs = parts(given(block, f"frame, topic cs/1/u/{BOX_ID}/{lane}"))
    assert parts(box.frame(lane, box.lanes[lane].records)) == theirs
    assert theirs[0] == given(block, "header")
    assert pack(box.lanes[lane].records)[1] == given(block, "payload")


def test_packed_payloads() -> None:
    batch = packing.Batch()
    batch.add(READING)
    assert b"\0" + batch.cbor() == given("packed", "payload, stored (CBOR after one byte 00)")
    assert packing.inflate(given("packed", "payload, zstd with dictionary 1")) == batch.cbor()
    assert packing.inflate(packing.deflate(batch.cbor())) == batch.cbor()


def test_the_published_dictionary_has_the_hash_that_the_page_gives() -> None:
    digest = hashlib.sha256((packing.DOCS / "cs1/zstd-dictionary-1.bin").read_bytes()).hexdigest()
    assert digest in (packing.DOCS / "packing.md").read_text()


def test_messages_down_and_what_the_box_does_with_a_changed_one() -> None:
    for name in ("WELCOME", "RECEIPT", "NACK", "FENCE"):
        frame = given("down", f"frame ({name}), topic cs/1/d/{BOX_ID}/r")
        payload = given("down", f"payload ({name})")
        assert cs1.open_down(frame, BOX_ID, GRANT, KEYS) == ("r", bytes(range(8)), payload)
        changed = bytes([*frame[:-70], frame[-70] ^ 1, *frame[-69:]])
        with pytest.raises(InvalidSignature):
            cs1.open_down(changed, BOX_ID, GRANT, KEYS)
        with pytest.raises(ValueError, match="another box"):
            cs1.open_down(frame, "another", GRANT, KEYS)


def test_only_a_receipt_of_the_box_s_own_chain_agrees(box: Box) -> None:
    receipt = cs1.decode(given("down", "payload (RECEIPT)"))
    cum, chain, *safe = receipt[4]
    assert box.lanes["a"].agrees(cum, chain, *safe)
    assert not box.lanes["a"].agrees(cum, bytes([chain[0] ^ 1, *chain[1:]]), *safe)
    assert not box.lanes["a"].agrees(cum + 1, chain, *safe)
    assert not box.lanes["a"].agrees(cum, chain, 1, cs1.ZEROS)
