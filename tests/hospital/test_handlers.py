"""What becomes of a record of each kind: entered by its row of the table, or kept as it came."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import every_kind
import pytest
from hand_clock import HandClock

from edge.model.entry import Entry, EntryKind
from edge.model.entry_kinds import BY_KIND, ENTRY_KINDS, AtHospital
from edge.store import journal
from edge.store.store import Store
from hospital.archive import Archive, scalar
from hospital.desk import wording
from hospital.entries import facts
from hospital.fleet import boxes
from hospital.fleet.boxes import Box
from hospital.receiving import apply, handlers
from hospital.views import chart, controls
from sync.keys.keys import BoxKeys

BOX = Box("box-test", "Thar", BoxKeys.generate().public, "0a", 1)
TABLES = ("reading", "assignment", "compared", "patient_edit", "alert", "staff", "anchor")
MORE_TABLES = ("control", "file", "seen", "setting_answer")
VISIT_TABLES = ("visit", "visit_note", "visit_move", "medicine", "taken_back")
CARE_TABLES = (
    *("programme_entry", "appointment_entry", "call_entry", "immunization", "fridge_reading"),
)


@pytest.fixture
def written(store: Store, tmp_path: Path) -> list[Entry]:
    """What a box has written: an entry or more of every kind that a journal holds."""
    every_kind.write(store, tmp_path, HandClock())
    return [entry for _, entry in journal.since(store, 0)]


@pytest.fixture
def held(archive: Archive) -> Archive:
    with archive.transaction():
        boxes.enter(archive, BOX)
    return archive


def keep(archive: Archive, entries: list[Entry]) -> None:
    for seq, entry in enumerate(entries, start=1):
        with archive.transaction():
            apply.keep(archive, BOX, (1, "c", seq), [entry.canonical()], 5)


def test_each_kind_is_applied_or_said_to_be_kept_only() -> None:
    applied = {row.kind for row in ENTRY_KINDS if row.at_hospital is AtHospital.APPLIED}
    kept = {row.kind for row in ENTRY_KINDS if row.at_hospital is AtHospital.KEPT}
    assert set(handlers.HANDLERS) == applied
    assert applied | kept == set(EntryKind)


def test_what_the_product_writes_is_entered_without_trouble(
    held: Archive, written: list[Entry]
) -> None:
    keep(held, written)
    troubles = held.rows("SELECT kind, trouble FROM record WHERE trouble IS NOT NULL")
    assert [dict(r) for r in troubles] == []
    for table in (*TABLES, *MORE_TABLES, *VISIT_TABLES, *CARE_TABLES):
        assert scalar(held, f"SELECT count(*) AS n FROM {table}"), table


def test_every_record_that_comes_moves_what_the_desk_refreshes_by(
    held: Archive, written: list[Entry]
) -> None:
    positions = [chart.position(held)]
    for entry in written:
        keep(held, [entry])
        positions.append(chart.position(held))
    assert len(set(positions)) == len(positions)


def test_facts_name_only_keys_that_a_box_writes() -> None:
    apart = {"actor", "at", "fields", "added", "struck"}
    for kind, handler in handlers.HANDLERS.items():
        owner = handler.read.__self__  # type: ignore[attr-defined]
        fact = facts.ReadingBody if owner is facts.ReadingFact else owner
        keys = set(fact.__struct_encode_fields__) - apart
        assert keys <= {field.name for field in BY_KIND[kind].body}, kind


def _analysed(written: list[Entry]) -> list[Entry]:
    """Return the readings with results in words that an analyser made."""
    readings = [entry for entry in written if entry.kind == EntryKind.READING]
    return [r for r in readings if "coded" in r.body and r.body["source"] == "device"]


def test_a_result_in_words_and_its_sample_come_to_the_desk(
    held: Archive, written: list[Entry]
) -> None:
    coded = _analysed(written)
    keep(held, coded)
    (shown,) = chart.latest(held)
    assert [(v.code, v.word) for v in shown.coded] == [("75622-1", "negative")]
    assert shown.sample == "S-101"
    assert "negative" in [str(line.text) for line in wording.shown(shown)]


def test_quality_control_comes_to_the_desk_and_to_no_patient(
    held: Archive, written: list[Entry]
) -> None:
    filed = [entry for entry in written if entry.kind == EntryKind.CONTROL]
    keep(held, filed)
    keep(held, filed)
    (shown,) = controls.latest(held)
    assert (shown.clinic, shown.model, shown.sample) == ("Thar", "HL7 analyser", "S-101")
    assert [str(value.value) for value in shown.values] == ["12.3"]
    assert [value.word for value in shown.coded] == ["negative"]
    assert chart.latest(held) == []


def test_a_hospital_that_does_not_know_results_in_words_takes_the_reading(
    held: Archive, written: list[Entry]
) -> None:
    """A box of a newer release may write keys and words that this release has never heard of."""
    (entry,) = _analysed(written)
    newer = {**entry.body, "coded": [["75622-1", "of-a-newer-release"]], "unheard_of": 1}
    keep(held, [replace(entry, body={**newer, "values": []})])
    assert held.rows("SELECT 1 FROM record WHERE trouble IS NOT NULL") == []
    (shown,) = chart.latest(held)
    assert [str(line.text) for line in wording.shown(shown)] == ["of-a-newer-release"]
