"""The ledger: each lane's place and chain, "complete" only when compared, hours of disk."""

from __future__ import annotations

from pathlib import Path

import pytest
from hand_clock import HandClock
from hypothesis import given
from hypothesis import strategies as st

from edge.jobs import disk
from edge.model.entry import GENESIS, Entry, Lane
from edge.settings.box_settings import Settings
from edge.store import issues, journal, ledger, outbox
from edge.store.ledger import Sample
from edge.store.store import Store

HOUR_MS = 3_600_000


@pytest.fixture
def hand() -> HandClock:
    return HandClock()


def record(store: Store, hand: HandClock, count: int, lane: Lane = Lane.CLINICAL) -> None:
    with store.transaction():
        for number in range(count):
            journal.append_in(store, lane, Entry("view", hand.advance(1), {"number": number}))


def clinical(store: Store) -> ledger.LaneLedger:
    return next(one for one in ledger.lanes(store) if one.lane is Lane.CLINICAL)


def test_an_empty_lane_holds_nothing_and_is_not_called_complete(store: Store) -> None:
    one = clinical(store)
    assert (one.captured, one.first, one.last, one.chain) == (0, 1, 0, GENESIS.hex())
    assert one.sentence().startswith("no records held")
    assert not ledger.complete(ledger.lanes(store))


def test_the_ledger_prints_what_is_held_and_its_chain(store: Store, hand: HandClock) -> None:
    record(store, hand, 1200)
    one = clinical(store)
    chain = outbox.chain_at(store, Lane.CLINICAL, 1200)
    assert chain is not None
    assert one.sentence() == f"records 1…1,200 held, chain {chain.hex()}"
    assert (one.waiting, one.confirmed, one.complete) == (1200, 0, False)


def test_complete_needs_everything_confirmed_and_chains_that_agree(
    store: Store, hand: HandClock
) -> None:
    record(store, hand, 3)
    outbox.mark_custody(store, Lane.CLINICAL, 2, 0, hand.now())
    assert not clinical(store).complete
    outbox.mark_custody(store, Lane.CLINICAL, 3, 0, hand.now())
    assert clinical(store).complete
    assert ledger.complete(ledger.lanes(store))
    issues.note(store, hand.now(), outbox.DIFFERS, detail="lane c")
    assert not clinical(store).complete
    assert not outbox.ledger(store).agrees


def test_a_file_changed_after_the_receipt_is_not_complete(store: Store, hand: HandClock) -> None:
    record(store, hand, 3)
    outbox.mark_custody(store, Lane.CLINICAL, 3, 0, hand.now())
    with store.transaction():
        store.execute("UPDATE outbox SET chain = zeroblob(16) WHERE lane = 'c' AND seq = 3")
    assert not clinical(store).complete
    assert not outbox.ledger(store).agrees


def test_a_new_epoch_begins_unconfirmed(store: Store, hand: HandClock) -> None:
    record(store, hand, 3)
    outbox.mark_custody(store, Lane.CLINICAL, 3, 3, hand.now())
    outbox.start_epoch(store, 2, hand.now(), "fork")
    one = clinical(store)
    assert (one.epoch, one.confirmed, one.safe, one.last, one.complete) == (2, 0, 0, 4, False)


def test_hours_of_disk_are_measured_or_unknown() -> None:
    day = [Sample(0, 1_000), Sample(24 * HOUR_MS, 25_000)]
    assert ledger.hours_left(day, 100_000) == 100
    assert ledger.hours_left([], 100_000) is None
    assert ledger.hours_left([Sample(0, 1_000), Sample(HOUR_MS, 2_000)], 100_000) is None
    assert ledger.hours_left([Sample(0, 1_000), Sample(24 * HOUR_MS, 1_000)], 100_000) is None


@given(st.lists(st.tuples(st.integers(0, 10**13), st.integers(0, 10**12))), st.integers(0, 10**13))
def test_hours_of_disk_are_never_negative(pairs: list[tuple[int, int]], free: int) -> None:
    hours = ledger.hours_left([Sample(*p) for p in sorted(pairs)], free)
    assert hours is None or hours >= 0


def test_the_disk_job_samples_once_an_hour(store: Store, hand: HandClock, tmp_path: Path) -> None:
    settings = Settings(tmp_path, "box-test", "Clinic")
    for _ in range(5):
        disk.run(store, settings, hand.advance(1200))
    samples = ledger.samples(store)
    assert len(samples) == 2
    assert samples[0].taken > 0
    disk.run(store, settings, hand.advance(-7200))  # the clock was set back: begin anew
    assert len(ledger.samples(store)) == 1
