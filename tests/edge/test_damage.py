"""What the disk has changed is marked, told and kept; the entries beside it stay as they are."""

from __future__ import annotations

import sqlite3
from pathlib import Path

import pytest
from hand_clock import HandClock

from edge.jobs import check_records, prune
from edge.model.entry import Lane
from edge.settings.box_settings import Settings
from edge.store import damage, issues, journal, losses, outbox
from edge.store.store import Store

COUNT = 5
LANE = Lane.CLINICAL


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, "box-test", "Clinic")


@pytest.fixture
def full(store: Store) -> Store:
    """A box with some entries in its clinical lane."""
    clock = HandClock()
    for number in range(COUNT):
        with store.transaction():
            journal.append(store, "view", clock.advance(1), {"patient": "p", "what": f"w{number}"})
    return store


def change(file: Path, sql: str, *values: object) -> None:
    """Change the file as no code of ours does."""
    plain = sqlite3.connect(file)
    with plain:
        plain.execute(sql, values)
    plain.close()


def change_letter(file: Path, entry: int) -> None:
    change(file, "UPDATE journal SET record = replace(record, 'w', 'v') WHERE id = ?", entry)


def damaged(store: Store) -> list[int]:
    return [q.seq for q in outbox.records(store, LANE, 1, 100) if q.damaged]


def wrong(store: Store) -> list[str]:
    return [c.kind for c in issues.current(store)]


def test_one_changed_letter_is_found_and_nothing_beside_it(full: Store, box_file: Path) -> None:
    assert damage.find(full) == []
    change_letter(box_file, 3)
    assert damaged(full) == [3]
    assert [d.seq for d in damage.find(full)] == [3]


@pytest.mark.parametrize("entry", [1, 3, COUNT])
def test_what_is_no_text_any_more_is_found_and_stops_no_page(
    full: Store, box_file: Path, entry: int
) -> None:
    sql = "UPDATE journal SET record = CAST(x'7b22ff' AS TEXT) WHERE id = ?"
    change(box_file, sql, entry)
    assert damaged(full) == [entry]
    assert outbox.ledger(full).waiting == COUNT
    assert outbox.ledger(full).oldest_waiting_wall_ms is not None


def test_an_entry_that_is_gone_is_found(full: Store, box_file: Path) -> None:
    change(box_file, "DELETE FROM journal WHERE id = 2")
    assert damaged(full) == [2]


def test_a_changed_chain_is_put_right_by_the_record_after_it(full: Store, box_file: Path) -> None:
    before = [q.chain for q in outbox.records(full, LANE, 1, 100)]
    change(box_file, "UPDATE outbox SET chain = zeroblob(16) WHERE seq = 2")
    assert damaged(full) == []
    assert damage.check(full, HandClock().now()) == 0
    assert [q.chain for q in outbox.records(full, LANE, 1, 100)] == before
    assert wrong(full) == []


def test_it_is_told_once_in_the_journal_and_stays_said(
    full: Store, box_file: Path, settings: Settings
) -> None:
    change_letter(box_file, 2)
    change_letter(box_file, 4)
    for _ in range(2):
        check_records.run(full, settings, HandClock().now())
    assert wrong(full) == ["records-damaged"]
    told = [e.body for _, e in journal.since(full, COUNT)]
    assert told == [{"count": 1, "lane": "c", "last": seq, "what": "damaged"} for seq in (2, 4)]
    prune.judge(full, settings, HandClock().now(), pressed=True)
    assert wrong(full) == ["records-damaged"]
    losses.acknowledge(full, HandClock().now(), "tech")
    assert wrong(full) == []
    assert damaged(full) == [2, 4]
    [(_, said)] = journal.since(full, full.journal_position() - 1)
    assert (said.actor, said.body) == ("tech", {"count": 2, "what": "known"})


def test_numbering_anew_does_not_make_it_genuine(full: Store, box_file: Path) -> None:
    change_letter(box_file, 3)
    outbox.start_epoch(full, 2, HandClock().now(), "fork")
    assert damaged(full) == [3]
    assert damage.count(full) == 1


def test_it_is_found_in_a_long_lane_at_any_place(
    full: Store, box_file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for place in range(1, COUNT + 1):
        monkeypatch.setattr(damage, "BATCH", place)
        assert damage.find(full) == []
    change(box_file, "UPDATE outbox SET chain = zeroblob(16) WHERE seq = 3")
    change_letter(box_file, 5)
    for place in range(1, COUNT + 1):
        monkeypatch.setattr(damage, "BATCH", place)
        assert [d.seq for d in damage.find(full)] == [5]


def test_pruning_passes_what_is_marked_and_keeps_it(
    full: Store, box_file: Path, settings: Settings
) -> None:
    clock = HandClock()
    change_letter(box_file, 2)
    outbox.mark_custody(full, LANE, COUNT, COUNT, clock.now())
    later = clock.advance(10**9)
    prune.judge(full, settings, later, pressed=True)
    assert outbox.state(full, LANE).base == 0
    prune.judge(full, settings, later, pressed=True)
    assert outbox.state(full, LANE).base == COUNT
    left = [r["id"] for r in full.rows("SELECT id FROM journal WHERE id <= ?", (COUNT,))]
    assert left == [2]
