"""Box and hospital compute the same bytes, whatever the order in which records came."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path

import every_kind
import pytest
from hand_clock import HandClock

from edge.feed import replica
from edge.model.entry import Entry, Lane
from edge.model.feed_item import Cursor
from edge.reports import box_facts, closing
from edge.reports.core import indicators, register
from edge.store import journal, outbox, pruning
from edge.store.store import Store
from hospital.archive import Archive
from hospital.archive.settings import HospitalSettings
from hospital.feed import feed
from hospital.fleet import boxes
from hospital.fleet.boxes import Box
from hospital.receiving import apply
from hospital.receiving.jobs import month_checks
from hospital.reports import clinic_facts, month, statements
from sync.keys.keys import BoxKeys

KEYS = BoxKeys.generate().public
MONTH = "2026-11"


@pytest.fixture
def written(store: Store, tmp_path: Path) -> list[Entry]:
    """What a box has written: an entry or more of every kind that a journal holds."""
    every_kind.write(store, tmp_path, HandClock())
    return [entry for _, entry in journal.since(store, 0)]


@pytest.fixture
def held(archive: Archive, store: Store) -> Archive:
    with archive.transaction():
        boxes.enter(archive, Box(store.box_id(), "Thar", KEYS, "0a", 1))
    return archive


def arrive(archive: Archive, box: str, entries: list[Entry], order: list[int]) -> None:
    """Let records come in an order of their own, each with its place in its lane."""
    known = boxes.get(archive, box)
    assert known is not None
    for place in order:
        with archive.transaction():
            apply.keep(archive, known, (1, "c", place + 1), [entries[place].canonical()], 5)


def test_both_ends_agree_in_any_order_of_arrival(
    held: Archive, store: Store, written: list[Entry]
) -> None:
    order = list(range(len(written)))
    random.Random(7).shuffle(order)
    own = indicators.canonical(box_facts.report(store, MONTH))
    half = len(order) // 2
    arrive(held, store.box_id(), written, order[:half])
    assert indicators.canonical(month.of_box(held, store.box_id(), MONTH)) != own
    arrive(held, store.box_id(), written, order[half:] + order[: half // 2])
    assert indicators.canonical(month.of_box(held, store.box_id(), MONTH)) == own
    assert indicators.canonical(month.of_clinic(held, "Thar", MONTH)) == own


def test_pruning_changes_no_number_and_the_table_can_be_made_anew(
    store: Store, written: list[Entry]
) -> None:
    before = indicators.canonical(box_facts.report(store, MONTH))
    rows = [tuple(row) for row in store.rows("SELECT * FROM fact")]
    with store.transaction():
        store.execute("DELETE FROM fact")
        store.execute("DELETE FROM facts_reach")
    assert indicators.canonical(box_facts.report(store, MONTH)) == before
    assert [tuple(row) for row in store.rows("SELECT * FROM fact")] == rows
    for lane in (Lane.ALERT, Lane.CLINICAL):
        last = outbox.state(store, lane).last
        outbox.mark_custody(store, lane, last, last, HandClock().now())
        while pruning.prune(store, lane, 10**15, history=True).records:
            pass
    left = store.scalar("SELECT count(*) FROM journal")
    assert left < len(written)
    assert indicators.canonical(box_facts.report(store, MONTH)) == before


def test_what_no_report_has_read_yet_is_not_pruned(store: Store, written: list[Entry]) -> None:
    with store.transaction():
        store.execute("INSERT OR REPLACE INTO facts_reach (one, entry, version) VALUES (1, 3, 1)")
    last = outbox.state(store, Lane.CLINICAL).last
    outbox.mark_custody(store, Lane.CLINICAL, last, last, HandClock().now())
    assert 0 < pruning.prune(store, Lane.CLINICAL, 10**15).records <= 3
    assert pruning.prune(store, Lane.CLINICAL, 10**15).records == 0


def test_a_release_that_keeps_other_facts_takes_them_anew(
    held: Archive, store: Store, written: list[Entry]
) -> None:
    arrive(held, store.box_id(), written, list(range(len(written))))
    own = box_facts.report(store, MONTH)
    assert month.of_box(held, store.box_id(), MONTH) == own
    with held.transaction():
        held.execute("UPDATE fact SET kind = 'visit-opened'")
        held.execute("UPDATE facts_reach SET version = 0")
    with store.transaction():
        store.execute("UPDATE fact SET kind = 'visit-opened'")
        store.execute("UPDATE facts_reach SET version = 0")
    assert box_facts.report(store, MONTH) == own
    assert month.of_box(held, store.box_id(), MONTH) == own


def test_a_clinic_without_a_box_has_no_report(held: Archive) -> None:
    with pytest.raises(Exception, match="no clinic Nowhere"):
        month.of_clinic(held, "Nowhere", MONTH)


def test_many_records_are_read_in_portions(
    held: Archive, store: Store, written: list[Entry], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(clinic_facts, "PORTION", 3)
    monkeypatch.setattr(clinic_facts, "PEOPLE_AT_ONCE", 1)
    monkeypatch.setattr(box_facts, "BATCH", 3)
    arrive(held, store.box_id(), written, list(range(len(written))))
    own = box_facts.report(store, MONTH)
    assert month.of_box(held, store.box_id(), MONTH) == own


def test_the_hospital_says_whether_it_counts_what_the_box_stated(
    held: Archive, store: Store, written: list[Entry]
) -> None:
    arrive(held, store.box_id(), written, list(range(len(written))))
    stated = statements.of_month(held, "Thar", "2026-10")
    assert [(one.restates, one.why) for one in stated] == [(0, ""), (1, "a visit from paper")]
    [newest] = statements.newest(stated)
    compared = statements.compare(held, newest)
    assert compared.is_equal
    assert compared.differences == ()
    first = statements.compare(held, stated[0])
    assert not first.is_equal
    assert ("visits.all", 0, 1) in first.differences


def test_the_box_is_told_whether_the_hospital_counts_the_same(
    held: Archive, store: Store, written: list[Entry], tmp_path: Path
) -> None:
    work = month_checks.begin(HospitalSettings(tmp_path))
    closed = closing.statements(store, "2026-10")[-1]
    assert closing.hospital_count(store, closed) is None
    late = next(n for n, e in enumerate(written) if e.body.get("day") == "2026-10-30")
    order = [n for n in range(len(written)) if n != late]
    arrive(held, store.box_id(), written, order)
    tell(work, held, store)
    told = closing.hospital_count(store, closed)
    assert told is not None
    assert not told.is_equal
    assert ("visits.all", 1, 0) in told.differences
    arrive(held, store.box_id(), written, [late])
    tell(work, held, store)
    assert closing.hospital_count(store, closed) == closing.HospitalCount(True)


def tell(work: Callable[[Archive, int], None], archive: Archive, store: Store) -> None:
    """Let the hospital's job turn, and bring the clinic's feed to the box."""
    work(archive, 1)
    with archive.transaction():
        clinic = feed.lock(archive, "Thar")
        changes = clinic.since(0, 10_000)
    replica.apply(store, changes, Cursor(clinic.now.epoch, clinic.now.ver))


def test_the_register_of_a_day_needs_only_the_facts_of_its_visits(
    store: Store, written: list[Entry]
) -> None:
    whole = box_facts.settled(store)
    days = {visit.day for visit in whole.visits.values()}
    assert len(days) > 2
    for day in days:
        own = register.rows(box_facts.settled_day(store, day), day)
        assert [row.cells() for row in own] == [row.cells() for row in register.rows(whole, day)]
