"""Readings of a known form read just as when each is read with care."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge.model.entry import canonical_json
from hospital.entries import fast_readings, parse

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
def test_a_known_form_reads_as_with_care(drawn: list[dict[str, object]]) -> None:
    records = [canonical_json(r) for r in drawn]
    for record in [*records, *records]:
        assert parse.understand(record) == parse._understand(record)


@given(_readings(), st.data())
@settings(max_examples=100, deadline=None)
def test_a_changed_byte_never_reads_as_something_else(
    drawn: dict[str, object], data: st.DataObject
) -> None:
    record = bytearray(canonical_json(drawn))
    parse.understand(bytes(record))
    record[data.draw(st.integers(0, len(record) - 1))] = data.draw(st.integers(0, 255))
    assert parse.understand(bytes(record)) == parse._understand(bytes(record))


def test_the_digits_of_equal_values_stay_apart() -> None:
    for digits in ("120", "120.0", "0", "-0", "1.20E+2"):
        body = {"kind": "weight", "source": "device", "values": [["8480-6", digits, "mm[Hg]"]]}
        fact = parse.understand(
            canonical_json({"at": [1, 2, 3, "ntp"], "body": body, "kind": "reading"})
        ).fact
        assert isinstance(fact, fast_readings.ReadingFact)
        assert fact.said == f'[["8480-6","{digits if "E" not in digits else "120"}","mm[Hg]",""]]'


def test_a_form_is_learnt_and_the_oldest_is_forgotten(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(fast_readings, "_forms", ())
    body = {"kind": "weight", "source": "device", "values": [["29463-7", "61.2", "kg"]]}
    record = {"at": [1, 2, 3, "ntp"], "body": body, "kind": "reading"}
    assert fast_readings.read(canonical_json(record)) is None
    parse.understand(canonical_json(record))
    other = json.loads(canonical_json(record).replace(b"61.2", b"70.25"))
    fact = fast_readings.read(canonical_json(other))
    assert fact is not None
    assert fact.said == '[["29463-7","70.25","kg",""]]'
    for number in range(fast_readings.TRIED):
        unit = {"values": [["29463-7", "1", f"unit-{number}"]]}
        parse.understand(canonical_json(record | {"body": body | unit}))
    assert fast_readings.read(canonical_json(record)) is None
    assert len(fast_readings._forms) == fast_readings.TRIED
