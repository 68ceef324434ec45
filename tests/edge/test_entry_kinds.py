"""The table of entry kinds says what the product writes: nothing else, and all of it."""

from __future__ import annotations

from pathlib import Path

import every_kind
import pytest
from hand_clock import HandClock

from edge.model.entry import Entry, EntryKind, Lane
from edge.model.entry_check import REPAIRS, problem
from edge.model.entry_kinds import BY_KIND, ENTRY_KINDS, lane_of
from edge.store import journal
from edge.store.store import Store
from sync.frames import framing


@pytest.fixture
def written(store: Store, tmp_path: Path) -> list[Entry]:
    """An entry or more of every kind."""
    every_kind.write(store, tmp_path, HandClock())
    entries = [entry for _, entry in journal.since(store, 0)]
    stands_for = entries[0].canonical()
    return [*entries, Entry.parse(framing.tombstone(stands_for, "too large"))]


def test_every_kind_has_one_row() -> None:
    assert [row.kind for row in ENTRY_KINDS] == list(EntryKind)


def test_every_kind_is_written_and_its_body_fits(written: list[Entry]) -> None:
    assert {entry.kind for entry in written} == set(EntryKind)
    assert [
        problem(entry.kind, entry.body) for entry in written if problem(entry.kind, entry.body)
    ] == []


def test_no_key_is_declared_that_nothing_writes(written: list[Entry]) -> None:
    for row in ENTRY_KINDS:
        keys = {key for entry in written if entry.kind == row.kind for key in entry.body}
        assert keys == {field.name for field in row.body}, row.kind


def test_an_entry_goes_into_the_lane_of_its_kind(store: Store, written: list[Entry]) -> None:
    rows = store.rows("SELECT DISTINCT lane, kind FROM journal")
    assert {r["kind"]: r["lane"] for r in rows} == {
        row.kind: row.lane for row in ENTRY_KINDS if row.kind is not EntryKind.TOMBSTONE
    }
    assert {r["kind"] for r in rows if r["lane"] == Lane.ALERT} == {"alert", "notification"}
    assert lane_of("of-a-newer-release") is Lane.CLINICAL


def test_a_subject_is_a_key_of_the_body_and_no_secret() -> None:
    for row in ENTRY_KINDS:
        if row.subject is not None:
            [field] = [field for field in row.body if field.name == row.subject]
            assert not field.personal


def test_what_does_not_fit_is_named() -> None:
    row = BY_KIND["visit-closed"]
    visit = "01890000-0000-7000-8000-000000000001"
    fits: dict[str, object] = {"visit": visit, "why": "idle"}
    assert problem(row.kind, fits) is None
    assert problem(row.kind, fits | {REPAIRS: "00"}) is None
    assert problem(row.kind, fits | {"why": "tired"}) == (
        "visit-closed: why is not `another patient` or `finished` or `idle`"
    )
    assert (
        problem(row.kind, fits | {"visit": "v1"}) == "visit-closed: visit is not UUID, lower case"
    )
    assert problem(row.kind, {"visit": visit}) == "visit-closed: why missing"
    assert problem(row.kind, fits | {"more": 1}) == "visit-closed: more is not declared"
    assert problem("dream", {}) == "no kind 'dream'"
