"""Reading records that anybody may have written."""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from archives import open_at
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.model.entry import EntryKind, canonical_json
from hospital.archive import Archive, scalar
from hospital.entries import parse
from hospital.fleet import boxes
from hospital.fleet.boxes import Box
from hospital.receiving import apply, handlers
from hospital.views import chart
from sync.keys.keys import BoxKeys

BOX = Box("box-one", "Thar", BoxKeys.generate().public, "0a", 1)
AT = [1, 2, 3, "ntp"]

texts = st.text(st.characters(exclude_categories=[]), max_size=8)
plain = st.none() | st.booleans() | st.integers(-(2**70), 2**70) | texts | st.just("NaN")
junk = st.recursive(
    plain, lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4)
)
keys = st.sampled_from(
    ["patient", "rev", "name", "sex", "set", "kind", "source", "values", "value", "reading"]
    + ["rule", "level", "parameter", "quality", "boot", "t_ms", "utc_ms", "error_ms", "why"]
)
value_rows = st.lists(st.tuples(texts, st.sampled_from(["1", "1E+9", "NaN", "x"]), texts))
bodies = st.dictionaries(keys, junk | value_rows.map(lambda rows: [list(r) for r in rows]))
kinds = st.sampled_from([str(k) for k in EntryKind]) | texts
times = st.just(AT) | st.lists(junk, max_size=5)
wild = st.fixed_dictionaries({"kind": kinds | junk, "body": bodies | junk, "at": times})


@given(st.binary(max_size=60) | wild.map(lambda r: json.dumps(r).encode()))
def test_any_bytes_are_understood_or_in_trouble(record: bytes) -> None:
    read = handlers.understand(record)
    assert read.fact is None or read.trouble is None
    assert read.kind


@pytest.mark.parametrize("record", [b"[" * 60_000, b'{"kind":' + b"9" * 6000 + b"}"])
def test_hostile_json_is_only_trouble(record: bytes) -> None:
    assert handlers.understand(record).trouble


def test_a_tombstone_is_noted() -> None:
    record = canonical_json({"kind": "tombstone", "body": {"bytes": 9, "sha256": "00"}})
    assert handlers.understand(record).trouble == "the box could not send this record"


def test_kinds_without_a_row_are_no_trouble() -> None:
    record = canonical_json({"kind": "sign-in", "body": {}, "at": AT})
    assert handlers.understand(record) == parse.Understood("sign-in")


@pytest.fixture
def held(archive_address: str) -> Iterator[Archive]:
    opened = open_at(archive_address)
    with opened.transaction():
        boxes.enter(opened, BOX)
    yield opened
    opened.close()


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(wild, min_size=1, max_size=4))
def test_no_record_can_block_the_archive(held: Archive, raw: list[object]) -> None:
    rows = {json.dumps(r, sort_keys=True).encode() for r in raw}
    before = scalar(held, "SELECT count(*) AS n FROM record")
    with held.transaction():
        new = apply.keep(held, BOX, (1, "c", 1), sorted(rows), 5)
    assert scalar(held, "SELECT count(*) AS n FROM record") == before + new
    for charted in chart.latest(held):
        assert charted.placed.utc_ms >= 0
    chart.patients(held)
    chart.alerts(held)


def test_a_value_too_large_for_the_engine_is_kept_raw(held: Archive) -> None:
    body = {"patient": "p", "rev": 2**48 - 1, "name": "A"}
    record = canonical_json({"kind": "patient", "body": body, "at": AT})
    over = canonical_json({"kind": "patient", "body": body | {"rev": 2**48}, "at": AT})
    with held.transaction():
        apply.keep(held, BOX, (1, "c", 1), [record, over], 5)
    troubles = [r["trouble"] for r in held.rows("SELECT trouble FROM record ORDER BY seq")]
    assert troubles[0] is None
    assert "rev is no count" in troubles[1]


def test_many_edits_of_one_patient_are_merged_once_and_the_bad_ones_are_named(
    held: Archive,
) -> None:
    def edit(number: int, patient: str, **fields: object) -> bytes:
        body = {"patient": patient, "rev": number} | fields
        return canonical_json({"kind": "patient", "body": body, "at": [1, number, 5, "ntp"]})

    good = [edit(n, "p", name="A", village=f"v{n}") for n in range(1, 40)]
    bad = [edit(n, f"nameless-{n}") for n in range(40, 44)]
    with held.transaction():
        apply.keep(held, BOX, (1, "c", 1), [*good[:20], *bad, *good[20:]], 5)
    [patient] = held.rows("SELECT * FROM patient")
    assert (patient["village"], patient["rev"]) == ("v39", 39)
    troubles = held.rows("SELECT trouble FROM record WHERE trouble IS NOT NULL")
    assert [t["trouble"] for t in troubles] == ["not entered: a patient without a name"] * 4
    edits = held.rows("SELECT DISTINCT rev FROM patient_edit ORDER BY rev")
    assert [e["rev"] for e in edits] == list(range(1, 40))
