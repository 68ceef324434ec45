"""A reading of the usual form reads by one typed decode just as when it is read with care."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.model.entry import canonical_json
from hospital.entries import parse
from hospital.entries.facts import ReadingFact
from hospital.receiving import handlers
from hospital.receiving.handlers import READERS

_TEXT = st.text(st.characters(exclude_categories=["Cs"]), max_size=12) | st.just("x" * 2001)
_DECIMAL = st.decimals(-999, 999, allow_nan=False, places=2).map(str)
_STRANGE = ["-0", "1E+9", "NaN", "007", "0.0000001", "99999999999999", "1.", "x"]
_NUMBER = _DECIMAL | st.sampled_from(_STRANGE)
_COUNT = st.integers(0, 2**40) | st.sampled_from([-1, 2**63, 10**18])
_UNITS = st.sampled_from(["mm[Hg]", "%", 'a"b', "\\"])


@st.composite
def _readings(draw: st.DrawFn) -> dict[str, object]:
    values = draw(st.lists(st.tuples(st.just("8480-6"), _NUMBER, _UNITS).map(list), max_size=3))
    body: dict[str, object] = {"kind": "weight", "source": "device", "values": values}
    for name in draw(st.sets(st.sampled_from(["device", "model", "patient", "record", "time"]))):
        body[name] = draw(_TEXT | st.none() | st.integers())
    if draw(st.booleans()):
        body["quality"] = ["body_movement"]
    stamp = [draw(_COUNT), draw(_COUNT), draw(_COUNT), draw(st.sampled_from(["ntp", "unsure"]))]
    record: dict[str, object] = {"at": stamp, "body": body, "kind": "reading"}
    if draw(st.booleans()):
        record["actor"] = draw(_TEXT)
    return record


@given(st.lists(_readings(), min_size=2, max_size=6))
@settings(max_examples=200, deadline=None)
def test_the_usual_form_reads_as_with_care(drawn: list[dict[str, object]]) -> None:
    records = [canonical_json(r) for r in drawn]
    for record in [*records, *records]:
        assert handlers.understand(record) == parse.understand_with_care(record, READERS)


@given(_readings(), st.data())
@settings(max_examples=100, deadline=None)
def test_a_changed_byte_never_reads_as_something_else(
    drawn: dict[str, object], data: st.DataObject
) -> None:
    record = bytearray(canonical_json(drawn))
    handlers.understand(bytes(record))
    record[data.draw(st.integers(0, len(record) - 1))] = data.draw(st.integers(0, 255))
    assert handlers.understand(bytes(record)) == parse.understand_with_care(bytes(record), READERS)


def test_the_digits_of_equal_values_stay_apart() -> None:
    for digits in ("120", "120.0", "0", "-0", "1.20E+2"):
        body = {"kind": "weight", "source": "device", "values": [["8480-6", digits, "mm[Hg]"]]}
        fact = handlers.understand(
            canonical_json({"at": [1, 2, 3, "ntp"], "body": body, "kind": "reading"})
        ).fact
        assert isinstance(fact, ReadingFact)
        assert fact.said == f'[["8480-6","{digits if "E" not in digits else "120"}","mm[Hg]",""]]'


def test_what_a_newer_box_says_more_is_passed_over() -> None:
    said = b'{"at":[1,2,3,"ntp"],"body":{"kind":"weight","new":[1],"source":"device","values":[]}'
    read = handlers.understand(said + b',"kind":"reading","newer":{}}')
    assert isinstance(read.fact, ReadingFact)
    assert read == handlers.understand(canonical_json(json.loads(said + b',"kind":"reading"}')))


@pytest.mark.parametrize(
    "field",
    [
        b'"new":1.5',
        b'"new":[1e3]',
        b'"new":NaN',
        b'"record":-Infinity',
        b'"new":' + b"9" * 5000,
        b'"new":"\xff"',
        b'"new":"\xed\xa0\x80"',
        b'"patient":"\\ud800"',
        b'"patient":"a\\u0000"',
        b'"patient":7',
        b'"patient":"' + b"x" * 2001 + b'"',
        b'"quality":null',
        b'"values":[["8480-6",120,"mm[Hg]"]]',
        b'"values":[["8480-6",1.5,"mm[Hg]"]]',
        b'"values":[["8480-6","NaN","mm[Hg]"]]',
        b'"values":[["8480-6","Infinity","mm[Hg]"]]',
        b'"values":[["8480-6","120"]]',
        b'"values":[["8480-6","120","mm[Hg]","<","more"]]',
        b'"values":[' + b",".join([b'["a","1","b"]'] * 65) + b"]",
    ],
)
def test_one_field_too_strange_and_nothing_is_entered(field: bytes) -> None:
    body = b'{"kind":"weight","source":"device","values":[],' + field + b"}"
    read = handlers.understand(b'{"at":[1,2,3,"ntp"],"body":' + body + b',"kind":"reading"}')
    assert read.fact is None
    assert read.trouble


@pytest.mark.parametrize("stamp", ["[true,2,3,", "[-1,2,3,", "[1,2,9223372036854775808,", "[1,3,"])
def test_a_time_that_is_no_count_is_trouble(stamp: str) -> None:
    body = '{"kind":"weight","source":"device","values":[]}'
    record = f'{{"at":{stamp}"ntp"],"body":{body},"kind":"reading"}}'
    assert handlers.understand(record.encode()).trouble


def test_of_a_key_said_twice_the_last_holds() -> None:
    body = '{"kind":"height","source":"device","values":[],"kind":"weight"}'
    fact = handlers.understand(
        f'{{"at":[1,2,3,"ntp"],"body":{body},"kind":"reading"}}'.encode()
    ).fact
    assert isinstance(fact, ReadingFact)
    assert fact.kind == "weight"
