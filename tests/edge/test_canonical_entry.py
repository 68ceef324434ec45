"""A record is the same bytes wherever it is written, and its chain and id follow from them."""

from __future__ import annotations

import json
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.model.clock import ClockQuality, Stamp
from edge.model.entry import GENESIS, Entry, canonical_json, chain, content_id

texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=20)
leaves = st.none() | st.booleans() | st.integers(-(2**63), 2**63) | texts
values = st.recursive(
    leaves, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4)
)
bodies = st.dictionaries(texts, values, max_size=5)
stamps = st.builds(
    Stamp,
    st.integers(1, 2**31),
    st.integers(0, 2**53),
    st.integers(0, 2**53),
    st.sampled_from(ClockQuality),
)


@given(values)
def test_canonical_json_reads_back_and_does_not_depend_on_order(value: object) -> None:
    written = canonical_json(value)
    assert json.loads(written) == value
    assert canonical_json(json.loads(written)) == written
    assert b"\n" not in written


def test_canonical_json_is_sorted_tight_utf8() -> None:
    value = {"b": [1, True, None], "a": "é", "ä": {"z": "", "y": -0}}
    assert canonical_json(value) == '{"a":"é","b":[1,true,null],"ä":{"y":0,"z":""}}'.encode()


@pytest.mark.parametrize("foreign", [1.5, float("nan"), Decimal(1), b"x", {1: 2}, {"a": {2.0}}, ()])
def test_foreign_types_have_no_canonical_form(foreign: object) -> None:
    if foreign == ():
        assert canonical_json(foreign) == b"[]"
        return
    with pytest.raises(ValueError, match="record"):
        canonical_json(foreign)


@given(st.builds(Entry, texts, stamps, bodies, st.none() | texts))
def test_an_entry_reads_back_from_its_record(entry: Entry) -> None:
    assert Entry.parse(entry.canonical()) == entry


@pytest.mark.parametrize(
    "record",
    [b"", b"[]", b"null", b"{}", b"\xff", b'{"at":[1,2,3],"body":{},"kind":"x"}',
     b'{"at":[1,2,3,"sure"],"body":{},"kind":"x"}',
     b'{"at":[1,2,3,"ntp"],"body":{"v":1.5},"kind":"x"}',
     b'{"at":[1,2,3,"ntp"],"body":{"v":NaN},"kind":"x"}',
     b'{"at":[1,2,3,"ntp"],"body":{"v":-Infinity},"kind":"x"}'],
)  # fmt: skip
def test_what_is_no_record_is_refused(record: bytes) -> None:
    with pytest.raises(ValueError, match=r".+"):
        Entry.parse(record)


@given(st.binary(max_size=80))
def test_any_bytes_are_a_record_or_refused(record: bytes) -> None:
    try:
        entry = Entry.parse(record)
    except ValueError:
        return
    assert isinstance(entry, Entry)


@given(st.lists(st.binary(max_size=30), min_size=1, max_size=6), st.data())
def test_a_chain_tells_every_change_order_and_loss(
    records: list[bytes], data: st.DataObject
) -> None:
    def link(some: list[bytes]) -> bytes:
        end = GENESIS
        for record in some:
            end = chain(end, record)
        return end

    whole = link(records)
    assert len(whole) == 16
    place = data.draw(st.integers(0, len(records) - 1))
    changed = [*records[:place], records[place] + b"!", *records[place + 1 :]]
    assert link(changed) != whole
    assert link(records[:place] + records[place + 1 :]) != whole
    if records != records[::-1]:
        assert link(records[::-1]) != whole


@given(texts, st.binary(max_size=60))
def test_a_content_id_is_a_uuid_of_box_and_record(box: str, record: bytes) -> None:
    identity = content_id(box, record)
    assert identity == content_id(box, record)
    assert (identity.version, identity.variant) == (8, "specified in RFC 4122")
    assert identity != content_id(box + "x", record)
    assert identity != content_id(box, record + b"x")
