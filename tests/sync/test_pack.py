"""The codec: lossless for anything, small for readings, strict with what comes in."""

from __future__ import annotations

import contextlib
import hashlib
import importlib.util
import json
from pathlib import Path
from types import ModuleType

import cbor2
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.model.entry import canonical_json
from sync import packing
from sync.packing import CodecError, decode, encode, templates, zstd_dictionary
from sync.packing.vocabulary import KEYS, WORDS


def _load_vitals() -> ModuleType:
    path = Path(__file__).with_name("vitals.py")
    spec = importlib.util.spec_from_file_location("vitals", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


readings = _load_vitals().readings

_TEXT = st.text(max_size=30)
_DECIMAL = st.decimals(allow_nan=False, allow_infinity=False, places=2).map(str)
_LIKELY = st.sampled_from(
    ["120", "120.0", "36.40", "-0", "-0.0", "00", "1.", ".5", "0.000001", "1e3", "+1", "٣"]
    + ["2026-11-22T08:30:00", "2026-13-22T08:30:00", "2026-11-22T24:00:00", "0001-01-01T00:00:00"]
    + ["018f2f6e-0000-7000-8000-000000000001", "018F2F6E-0000-7000-8000-000000000001"]
    + [*WORDS[:20], "", "\x00", "\u2028", "𝄞"]
)
_LEAF = st.none() | st.booleans() | st.integers() | _TEXT | _DECIMAL | _LIKELY | st.uuids().map(str)
_KEY = st.sampled_from(KEYS) | _TEXT
_JSON = st.recursive(
    _LEAF,
    lambda inner: st.lists(inner, max_size=5) | st.dictionaries(_KEY, inner, max_size=5),
    max_leaves=20,
)
_STAMP = st.tuples(st.integers(), st.integers(), st.integers(), _LIKELY).map(list)
_ENTRY = st.fixed_dictionaries({"at": _STAMP | _JSON, "body": _JSON, "kind": _LIKELY})
_RECORD = (_JSON | _ENTRY).map(canonical_json) | st.binary(max_size=60)


@given(st.lists(_RECORD, max_size=12))
@settings(max_examples=400, deadline=None)
def test_any_records_come_back_byte_for_byte(records: list[bytes]) -> None:
    assert packing.unpack(packing.pack(records)) == records
    assert packing.unpack(packing.pack_plain(records)) == records


_VALUE = _LIKELY | _TEXT | _DECIMAL | st.uuids().map(str)
_MOULD = st.fixed_dictionaries(
    {
        "actor": _LIKELY,
        "at": st.tuples(st.integers(), st.integers(), st.integers(), _LIKELY).map(list),
        "body": st.fixed_dictionaries({"values": st.lists(_VALUE, max_size=3), "n": st.integers()}),
    }
).map(canonical_json)


@given(st.lists(_MOULD, max_size=40))
@settings(max_examples=300, deadline=None)
def test_a_shape_seen_before_packs_to_the_same_bytes_as_a_walk(records: list[bytes]) -> None:
    folded = encode.encode_batch(records)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(encode, "TRIED_MOULDS", 0)
        assert encode.encode_batch(records) == folded
    listed = cbor2.loads(cbor2.dumps(folded))
    filled = decode.decode_batch(listed, 1 << 20)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(templates, "template", lambda _shape: None)
        assert decode.decode_batch(listed, 1 << 20) == filled == records


@pytest.mark.parametrize(
    "record",
    [
        b'{"b":1,"a":2}',
        b'{"a": 1}',
        b'{"a":1.0}',
        b'{"a":NaN}',
        b'{"a":1,"a":1}',
        b'{"a":"\\u0041"}',
        b'{"a":"\\ud800"}',
        b"[" * 400 + b"]" * 400,
        b"[" + b"7," * 500 + b"7]",
        b'"' + b"x" * 5_000 + b'"',
        b"\xff\xfe",
        b"",
        str(2**70).encode(),
    ],
)
def test_a_record_that_is_not_canonical_travels_as_its_bytes(record: bytes) -> None:
    assert packing.unpack(packing.pack([record, *readings(3), record])) == [
        record,
        *readings(3),
        record,
    ]


@pytest.mark.parametrize("width", [199, 200, 201, 202])
def test_a_record_of_any_width_survives(width: int) -> None:
    record = canonical_json([7] * width)
    assert packing.unpack(packing.pack([record, record])) == [record, record]


@pytest.mark.parametrize("depth", range(12))
def test_nesting_of_any_depth_survives(depth: int) -> None:
    value: object = [1, "x"]
    for _ in range(depth):
        value = {"k": value} if depth % 2 else [value]
    assert packing.unpack(packing.pack([canonical_json(value)])) == [canonical_json(value)]


def test_the_digits_of_a_value_survive() -> None:
    values = ["120", "120.0", "36.40", "36.4", "-0", "0", "-0.50", "007", "1.1234567", "99999999"]
    records = [canonical_json({"body": {"values": [["8310-5", v, "Cel"]]}}) for v in values]
    unpacked = [json.loads(r) for r in packing.unpack(packing.pack(records))]
    assert [u["body"]["values"][0][1] for u in unpacked] == values


@pytest.mark.parametrize(
    ("count", "limit"), [(1, 125), (20, 22), (100, 13), (300, 11), (500, 10.5)]
)
def test_a_reading_takes_few_bytes(count: int, limit: float) -> None:
    batch = readings(count)
    assert len(packing.pack(batch)) / count <= limit


def test_the_dictionary_is_the_one_that_was_released() -> None:
    digest = hashlib.sha256(zstd_dictionary.content()).hexdigest()
    assert digest == "665bee1564bc93f41295f8e352c90bb7f0db31a06a423a2caffbcc0b285bccca"


def test_a_payload_of_the_first_release_is_read_for_ever() -> None:
    payload = bytes.fromhex((Path(__file__).parent / "payload-1.hex").read_text())
    assert packing.unpack(payload) == readings(6)


@pytest.mark.parametrize("count", [0, 1, 5, 400])
def test_fit_names_a_batch_that_fits(count: int) -> None:
    batch = readings(count)
    n, _ = packing.fill(batch)
    assert (n > 0) == (count > 0)
    assert n <= 1 or len(packing.pack(batch[:n])) <= packing.SMALL_PAYLOAD_BYTES
    assert count < 400 or n > 250


def test_fit_takes_a_record_that_is_too_large_alone() -> None:
    batch = [canonical_json({"raw": hashlib.sha512(bytes([i])).hexdigest() * 60}) for i in range(9)]
    assert packing.fill(batch, budget=64) == (1, None)


@given(st.binary(max_size=200))
@settings(max_examples=300, deadline=None)
def test_garbage_is_refused_with_our_own_error(data: bytes) -> None:
    for payload in (data, b"\x00" + data, b"\x01" + data, b"\x02" + data):
        with contextlib.suppress(CodecError):
            assert isinstance(packing.unpack(payload), list)


@given(st.data())
@settings(max_examples=300, deadline=None)
def test_a_damaged_payload_never_raises_anything_else(data: st.DataObject) -> None:
    stored = bytearray(_stored(readings(4)))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(stored) - 1))
        stored[at] = data.draw(st.integers(0, 255))
    with contextlib.suppress(CodecError):
        assert isinstance(packing.unpack(bytes(stored)), list)


@given(st.lists(st.integers(-3, 20) | st.binary(max_size=9) | st.lists(_LEAF), min_size=6))
@settings(max_examples=300, deadline=None)
def test_a_well_formed_array_of_nonsense_is_refused_or_read(parts: list[object]) -> None:
    payload = b"\x00" + cbor2.dumps([1, *parts], canonical=True)
    with contextlib.suppress(CodecError):
        assert isinstance(packing.unpack(payload), list)


@pytest.mark.parametrize("cut", [1, 2, 10, 100])
def test_a_cut_or_extended_payload_is_refused(cut: int) -> None:
    payload = packing.pack(readings(20))
    with pytest.raises(CodecError):
        packing.unpack(payload[:-cut])
    with pytest.raises(CodecError):
        packing.unpack(payload + bytes(cut))


def test_a_small_payload_cannot_become_a_large_one() -> None:
    zeros = zstandard.ZstdCompressor(
        compression_params=zstandard.ZstdCompressionParameters(
            format=zstandard.FORMAT_ZSTD1_MAGICLESS, write_content_size=1
        )
    ).compress(bytes(packing.MAX_INFLATED_BYTES + 1))
    with pytest.raises(CodecError, match="inflates"):
        packing.unpack(b"\x01" + zeros)
    text = "x" * 1_000
    shape = [0, *[0] * 199]
    parts = [1, 2000, b"\x00\x02", [shape], [text], b"", [], b"\x00\x00" * 199]
    with pytest.raises(CodecError, match="too large together"):
        packing.unpack(b"\x00" + cbor2.dumps(parts, canonical=True))


@pytest.mark.parametrize("records", [[b"x"] * 2001, [bytes(1 << 20)] * 5])
def test_too_much_is_refused_when_packing(records: list[bytes]) -> None:
    with pytest.raises(CodecError):
        packing.pack(records)


def test_too_many_rows_are_refused_when_reading() -> None:
    with pytest.raises(CodecError):
        packing.unpack(b"\x00" + cbor2.dumps([0, [b"x"] * 2001], canonical=True))
    with pytest.raises(CodecError):
        packing.unpack(bytes(packing.MAX_PAYLOAD_BYTES + 1))


def _stored(records: list[bytes]) -> bytes:
    """Return a payload without zstd, so that damage reaches the rows."""
    parts = [1, *encode.encode_batch(records)]
    return b"\x00" + cbor2.dumps(parts, canonical=True)


def test_what_is_too_large_together_goes_in_smaller_frames() -> None:
    """Repeated text compresses to nothing, and still may not inflate to more than is allowed."""
    records = [b'{"n":%d,"text":"%s"}' % (n, b"again and again " * 40) for n in range(2000)]
    n, payload = packing.fill(records)
    assert 1 < n < 2000
    assert payload is not None
    assert packing.unpack(payload) == records[:n]
    with pytest.raises(packing.PackTooLarge):
        packing.pack(records)


def test_a_message_of_the_hospital_may_inflate_to_more_than_records() -> None:
    parts: list[object] = [17, "x" * (packing.MAX_INFLATED_BYTES + 1)]
    assert packing.expand(packing.squeeze(parts)) == parts
