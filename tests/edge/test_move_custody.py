"""The outbox: what waits, what was sent, what a receipt covers, and a new epoch after a fork."""

from __future__ import annotations

import pytest
from hand_clock import HandClock
from readings import cuff, pressure

from edge.equipment.registry import Device, met
from edge.model.entry import GENESIS, Entry, EntryKind, Lane, chain
from edge.patients import register
from edge.patients.form import PatientForm
from edge.readings import history, intake
from edge.store import journal, outbox, pruning
from edge.store.store import Store


@pytest.fixture
def hand() -> HandClock:
    return HandClock()


@pytest.fixture
def busy(store: Store, hand: HandClock) -> Store:
    """A registration, two readings that wait in the tray, one alert: 3 clinical records and 1."""
    sita = register.register(store, hand.now(), PatientForm("Sita", birth="1950"), None).id
    intake.accept(store, cuff(hand.advance(10), device=None))
    intake.accept(store, cuff(hand.advance(10), pressure(85, 50), device=None))
    with store.transaction():
        journal.append(store, EntryKind.ALERT, hand.now(), {"patient": sita})
    return store


def test_the_ledger_counts_what_receipts_cover(busy: Store, hand: HandClock) -> None:
    opened = hand.now().wall_ms - 20_000
    ledger = outbox.ledger(busy)
    assert (ledger.captured, ledger.confirmed, ledger.waiting, ledger.sent) == (4, 0, 4, 0)
    assert (ledger.oldest_waiting_wall_ms, ledger.last_receipt_ms) == (opened, None)
    outbox.mark_sent(busy, Lane.CLINICAL, 3)
    outbox.mark_custody(busy, Lane.CLINICAL, 2, 1, hand.now())
    ledger = outbox.ledger(busy)
    assert (ledger.sent, ledger.confirmed, ledger.safe, ledger.waiting) == (3, 2, 1, 2)
    assert ledger.oldest_waiting_wall_ms == opened + 20_000
    assert ledger.last_receipt_ms == hand.now().wall_ms
    outbox.mark_custody(busy, Lane.CLINICAL, 3, 3, hand.now())
    outbox.mark_custody(busy, Lane.ALERT, 1, 1, hand.now())
    ledger = outbox.ledger(busy)
    assert (ledger.confirmed, ledger.waiting, ledger.oldest_waiting_wall_ms) == (4, 0, None)


def test_custody_may_move_back_when_the_hospital_was_restored(busy: Store, hand: HandClock) -> None:
    outbox.mark_custody(busy, Lane.CLINICAL, 3, 3, hand.now())
    outbox.mark_custody(busy, Lane.CLINICAL, 1, 1, hand.now())
    held = outbox.state(busy, Lane.CLINICAL)
    assert (held.last, held.cum, held.safe, held.sent) == (3, 1, 1, 3)


def test_only_covered_entries_are_shown_as_confirmed(busy: Store, hand: HandClock) -> None:
    outbox.mark_custody(busy, Lane.CLINICAL, 2, 0, hand.now())
    assert outbox.confirmed_entries(busy, [1, 2, 3, 4, 99]) == {1, 2}
    assert outbox.confirmed_entries(busy, []) == set()
    assert history.one(busy, 2).confirmed  # type: ignore[union-attr]
    assert not history.one(busy, 3).confirmed  # type: ignore[union-attr]


def test_the_chain_can_be_asked_at_any_place(busy: Store) -> None:
    first, second, *_ = outbox.records(busy, Lane.CLINICAL, 1, 9)
    assert outbox.chain_at(busy, Lane.CLINICAL, 0) == GENESIS
    assert outbox.chain_at(busy, Lane.CLINICAL, 1) == chain(GENESIS, first.record)
    assert outbox.chain_at(busy, Lane.CLINICAL, 2) == second.chain
    assert outbox.chain_at(busy, Lane.CLINICAL, 4) is None


def test_records_come_in_pages(busy: Store) -> None:
    assert [q.seq for q in outbox.records(busy, Lane.CLINICAL, 2, 1)] == [2]
    assert [q.seq for q in outbox.records(busy, Lane.CLINICAL, 2, 9)] == [2, 3]
    assert outbox.records(busy, Lane.CLINICAL, 4, 9) == []


def test_a_new_epoch_sends_everything_again_from_one(busy: Store, hand: HandClock) -> None:
    outbox.mark_custody(busy, Lane.CLINICAL, 2, 2, hand.now())
    before = [q.record for q in outbox.records(busy, Lane.CLINICAL, 1, 9)]
    outbox.start_epoch(busy, 5, hand.now(), "fork at 2")
    for lane, count in ((Lane.ALERT, 1), (Lane.CLINICAL, 4)):
        held = outbox.state(busy, lane)
        assert (held.epoch, held.last, held.cum, held.safe, held.sent) == (5, count, 0, 0, 0)
    queued = outbox.records(busy, Lane.CLINICAL, 1, 9)
    assert [q.seq for q in queued] == [1, 2, 3, 4]
    assert [q.record for q in queued[:3]] == before
    epoch = Entry.parse(queued[3].record)
    assert (epoch.kind, epoch.body) == ("epoch", {"epoch": 5, "why": "fork at 2"})
    link = GENESIS
    for one in queued:
        link = chain(link, one.record)
        assert one.chain == link
    assert outbox.ledger(busy).confirmed == 0
    assert not history.one(busy, 2).confirmed  # type: ignore[union-attr]


def test_what_is_recorded_after_a_new_epoch_follows_on(busy: Store, hand: HandClock) -> None:
    outbox.start_epoch(busy, 2, hand.now(), "restored")
    intake.accept(busy, cuff(hand.now(), device=None))
    assert [q.seq for q in outbox.records(busy, Lane.CLINICAL, 1, 9)] == [1, 2, 3, 4, 5]


def test_the_links_state_keeps_since_when(store: Store, hand: HandClock) -> None:
    assert outbox.ledger(store).link == "never"
    began = hand.now().wall_ms
    outbox.set_link(store, "up", hand.now(), "hospital.example")
    outbox.set_link(store, "up", hand.advance(60), "hospital.example")
    assert store.scalar("SELECT since_ms FROM link") == began
    outbox.set_link(store, "down", hand.advance(60))
    ledger = outbox.ledger(store)
    assert (ledger.link, ledger.link_detail) == ("down", None)
    assert store.scalar("SELECT since_ms FROM link") == began + 120_000


def test_counts_by_model_tell_what_is_confirmed(store: Store, hand: HandClock) -> None:
    met(store, hand.now(), Device("ble-cuff", "UA-651BLE", "ble", "AA:BB", "listening"))
    for _ in range(3):
        intake.accept(store, cuff(hand.now()))
    outbox.mark_custody(store, Lane.CLINICAL, 2, 0, hand.now())
    [line] = history.count_by_model(store)
    assert (line.model, line.link, line.readings, line.confirmed) == ("UA-651BLE", "ble", 3, 1)


def test_reading_the_journal_on_from_a_place(busy: Store) -> None:
    assert [i for i, _ in journal.since(busy, 2)] == [3, 4]
    assert [i for i, _ in journal.since(busy, 0, limit=1)] == [1]
    assert journal.read(busy, 99) is None


def test_a_new_epoch_in_a_transaction_that_has_appended_leaves_no_gap(
    busy: Store, hand: HandClock
) -> None:
    with busy.transaction():
        journal.append(busy, "view", hand.now(), {"n": 1})
        outbox.start_epoch(busy, 4, hand.now(), "fork")
        journal.append(busy, "view", hand.now(), {"n": 2})
    held = outbox.records(busy, Lane.CLINICAL, 1, 99)
    assert [q.seq for q in held] == [1, 2, 3, 4, 5, 6]
    link = GENESIS
    for queued in held:
        link = chain(link, queued.record)
        assert queued.chain == link


def test_a_new_epoch_leaves_nothing_of_the_old_one_behind(busy: Store, hand: HandClock) -> None:
    outbox.mark_custody(busy, Lane.CLINICAL, 3, 3, hand.now())
    pruning.prune(busy, Lane.CLINICAL, 10**15)
    outbox.start_epoch(busy, 7, hand.now(), "fork")
    assert busy.scalar("SELECT count(*) FROM outbox WHERE epoch <> 7") == 0
    for lane in Lane.CLINICAL, Lane.ALERT:
        held = outbox.state(busy, lane)
        assert (held.epoch, held.sent, held.cum, held.safe, held.base) == (7, 0, 0, 0, 0)
        outbox.mark_custody(busy, lane, 0, 0, hand.now())
    assert outbox.confirmed_entries(busy, list(range(1, 20))) == set()
    assert outbox.ledger(busy).confirmed == 0


def test_the_ledger_says_why_the_link_is_as_it_is(store: Store, hand: HandClock) -> None:
    ledger = outbox.ledger(store)
    assert (ledger.link, ledger.link_detail) == ("never", None)
    outbox.set_link(store, "fenced", hand.now(), "revoked")
    ledger = outbox.ledger(store)
    assert (ledger.link, ledger.link_detail) == ("fenced", "revoked")


def test_a_lane_that_is_not_there_is_an_error_and_no_empty_lane(store: Store) -> None:
    with store.transaction():
        store.execute("DELETE FROM stream WHERE lane = 'c'")
    with pytest.raises(LookupError, match="lane c"):
        outbox.state(store, Lane.CLINICAL)
    assert outbox.chain_at(store, Lane.CLINICAL, 0) is None
