"""Pruning: only what the hospital's backup covers, only from the beginning, never a damaged run."""

from __future__ import annotations

import tempfile
from decimal import Decimal
from pathlib import Path

import pytest
from hand_clock import HandClock
from hypothesis import given, settings
from hypothesis import strategies as st
from readings import cuff, pressure

from edge.jobs import prune
from edge.model.clock import ClockQuality
from edge.model.entry import Entry, Lane, chain
from edge.model.reading import Code, Value
from edge.patients import register
from edge.patients.form import PatientForm
from edge.readings import history, intake
from edge.settings.box_settings import Settings
from edge.store import issues, journal, outbox, pruning
from edge.store.store import Store
from edge.visits import visits

LATER = 10**15


@pytest.fixture
def hand() -> HandClock:
    return HandClock()


def record(store: Store, hand: HandClock, count: int, lane: Lane = Lane.CLINICAL) -> None:
    with store.transaction():
        for number in range(count):
            journal.append_in(store, lane, Entry("view", hand.advance(1), {"number": number}))


def test_only_what_is_safe_goes_and_the_rest_knows_where_it_begins(
    store: Store, hand: HandClock
) -> None:
    record(store, hand, 10)
    before = {seq: outbox.chain_at(store, Lane.CLINICAL, seq) for seq in range(11)}
    outbox.mark_custody(store, Lane.CLINICAL, 8, 5, hand.now())
    assert pruning.prune(store, Lane.CLINICAL, LATER).records == 5
    held = outbox.state(store, Lane.CLINICAL)
    assert (held.base, held.safe, held.cum, held.last) == (5, 5, 8, 10)
    assert outbox.chain_at(store, Lane.CLINICAL, 4) is None
    assert all(outbox.chain_at(store, Lane.CLINICAL, n) == before[n] for n in range(5, 11))
    assert [q.seq for q in outbox.records(store, Lane.CLINICAL, 1, 99)] == [6, 7, 8, 9, 10]
    assert pruning.prune(store, Lane.CLINICAL, LATER).records == 0
    record(store, hand, 1)
    assert outbox.state(store, Lane.CLINICAL).last == 11
    assert outbox.agrees(store, outbox.state(store, Lane.CLINICAL))


def test_a_lane_pruned_to_its_end_goes_on_numbering(store: Store, hand: HandClock) -> None:
    record(store, hand, 3)
    outbox.mark_custody(store, Lane.CLINICAL, 3, 3, hand.now())
    end = outbox.chain_at(store, Lane.CLINICAL, 3)
    position = store.journal_position()
    assert pruning.prune(store, Lane.CLINICAL, LATER).records == 3
    assert store.journal_position() == position
    record(store, hand, 1)
    [one] = outbox.records(store, Lane.CLINICAL, 1, 9)
    assert (one.seq, one.chain) == (4, chain(end or b"", one.record))
    assert store.journal_position() == position + 1


def test_readings_stay_in_the_history_and_lose_their_raw_bytes(
    store: Store, hand: HandClock
) -> None:
    sita = register.register(store, hand.now(), PatientForm("Sita"), None).id
    done = intake.accept(store, cuff(hand.advance(1), device=None, patient=sita))
    with store.transaction():
        store.execute("UPDATE reading SET raw = x'00ff'")
    outbox.mark_custody(store, Lane.CLINICAL, 2, 2, hand.now())
    gone = pruning.prune(store, Lane.CLINICAL, LATER)
    assert (gone.records, gone.raw) == (2, 1)
    assert [r.entry for r in history.of_patient(store, sita)] == [done.entry]
    assert history.of_patient(store, sita)[0].confirmed


def test_history_goes_on_request_but_not_what_raised_an_alert(
    store: Store, hand: HandClock
) -> None:
    sita = register.register(store, hand.now(), PatientForm("Sita", birth="1950"), None).id
    intake.accept(store, cuff(hand.advance(1), device=None, patient=sita))
    low = intake.accept(store, cuff(hand.advance(1), pressure(85, 50), device=None, patient=sita))
    record(store, hand, 1)
    last = outbox.state(store, Lane.CLINICAL).last
    outbox.mark_custody(store, Lane.CLINICAL, last, last, hand.now())
    pruning.prune(store, Lane.CLINICAL, LATER, history=True)
    assert [r.entry for r in history.of_patient(store, sita)] == [low.entry]


def test_what_somebody_still_has_to_claim_outlives_a_full_disk(
    store: Store, hand: HandClock
) -> None:
    """A reading in the tray goes when a person has said whose it is, and not before."""
    sita = register.register(store, hand.now(), PatientForm("Sita"), None).id
    waits, claimed, thrown = (intake.accept(store, cuff(hand.advance(1))).entry for _ in range(3))
    intake.claim(store, hand.advance(1), claimed, sita, actor="amina")
    intake.discard(store, hand.advance(1), thrown, "nobody's", actor="amina")
    last = outbox.state(store, Lane.CLINICAL).last
    outbox.mark_custody(store, Lane.CLINICAL, last, last, hand.now())
    pruning.prune(store, Lane.CLINICAL, LATER, history=True)
    assert [r.entry for r in history.in_tray(store)] == [waits]
    intake.claim(store, hand.advance(1), waits, sita, actor="amina")
    assert [r.entry for r in history.of_patient(store, sita)] == [waits]


def test_what_was_confirmed_stays_so_when_its_place_in_the_stream_is_gone(
    store: Store, hand: HandClock
) -> None:
    """A WELCOME after the pruning says again what the receipts before it have said."""
    sita = register.register(store, hand.now(), PatientForm("Sita"), None).id
    fat = (Value(Code.BODY_FAT, Decimal(22), "%"),)  # no rule reads it: one entry a reading
    for _ in range(3):
        intake.accept(store, cuff(hand.advance(1), fat, device=None, patient=sita))
    for cum in (3, 4):
        outbox.mark_custody(store, Lane.CLINICAL, cum, 3, hand.now())
        pruning.prune(store, Lane.CLINICAL, LATER)
        outbox.mark_custody(store, Lane.CLINICAL, cum, 3, hand.now())
        shown = [r.confirmed for r in history.of_patient(store, sita)]
        assert sorted(shown) == [False] * (4 - cum) + [True] * (cum - 1)


def test_an_open_visit_keeps_everything_from_its_beginning(store: Store, hand: HandClock) -> None:
    record(store, hand, 3)
    sita = register.register(store, hand.now(), PatientForm("Sita"), None).id
    visits.open_visit(store, hand.advance(1), sita, actor=None)
    record(store, hand, 3)
    last = outbox.state(store, Lane.CLINICAL).last
    outbox.mark_custody(store, Lane.CLINICAL, last, last, hand.now())
    pruning.prune(store, Lane.CLINICAL, LATER)
    assert outbox.state(store, Lane.CLINICAL).base == 4


def test_of_several_open_visits_the_first_keeps_everything_from_its_beginning(
    store: Store, hand: HandClock
) -> None:
    sita = register.register(store, hand.now(), PatientForm("Sita"), None).id
    maria = register.register(store, hand.now(), PatientForm("Maria"), None).id
    record(store, hand, 2)
    visits.open_visit(store, hand.advance(1), sita, actor=None)
    record(store, hand, 2)
    visits.open_visit(store, hand.advance(1), maria, actor=None, station="two")
    last = outbox.state(store, Lane.CLINICAL).last
    outbox.mark_custody(store, Lane.CLINICAL, last, last, hand.now())
    assert pruning.prune(store, Lane.CLINICAL, LATER).records == 4
    assert outbox.state(store, Lane.CLINICAL).base == 4


def test_it_tells_how_much_of_what_went(store: Store, hand: HandClock) -> None:
    record(store, hand, 5)
    outbox.mark_custody(store, Lane.CLINICAL, 5, 4, hand.now())
    gone = pruning.prune(store, Lane.CLINICAL, LATER)
    assert gone == pruning.PruningResult(records=4, raw=0, entries=4)
    nothing = pruning.prune(store, Lane.CLINICAL, LATER)
    assert nothing == pruning.PruningResult(records=0, raw=0, entries=0)


def test_a_chain_that_fits_under_other_numbers_is_damaged() -> None:
    records = [b"one", b"two", b"three"]
    links = [chain(b"", records[0])]
    for one in records[1:]:
        links.append(chain(links[-1], one))
    rows = list(zip((1, 2, 3), records, links, strict=True))
    pruning.check_chain(b"", 0, rows, "c")
    for wrong in ((1, 2, 4), (2, 3, 4), (1, 3, 2)):
        moved = [(number, *row[1:]) for number, row in zip(wrong, rows, strict=True)]
        with pytest.raises(pruning.DamagedRecords, match="lane c, record"):
            pruning.check_chain(b"", 0, moved, "c")


def test_a_damaged_run_is_not_pruned_but_told(store: Store, hand: HandClock) -> None:
    record(store, hand, 3)
    outbox.mark_custody(store, Lane.CLINICAL, 3, 3, hand.now())
    with store.transaction():
        store.execute("UPDATE journal SET record = replace(record, 'view', 'vieW') WHERE id = 2")
    box = Settings(Path(), "box-test", "Clinic", retention_days=0)
    hand.advance(86_400)
    prune.judge(store, box, hand.now(), pressed=False)
    assert outbox.state(store, Lane.CLINICAL).base == 0
    assert [c.kind for c in issues.current(store)] == ["records-damaged"]
    assert "(1)" in issues.current(store)[0].sentence()


@pytest.mark.parametrize(("low_mb", "gone"), [(10**9, 3), (0, 0)])
def test_what_is_safe_goes_early_when_the_real_disk_is_nearly_full(
    store: Store, hand: HandClock, tmp_path: Path, low_mb: int, gone: int
) -> None:
    record(store, hand, 3)
    outbox.mark_custody(store, Lane.CLINICAL, 3, 3, hand.now())
    box = Settings(tmp_path, "box-test", "Clinic", disk_low_mb=low_mb)
    prune.run(store, box, hand.advance(60))
    assert outbox.state(store, Lane.CLINICAL).base == gone


def test_age_counts_only_by_a_clock_that_somebody_vouched_for(
    store: Store, hand: HandClock
) -> None:
    record(store, hand, 3)
    outbox.mark_custody(store, Lane.CLINICAL, 3, 2, hand.now())
    box = Settings(Path(), "box-test", "Clinic")
    prune.judge(store, box, hand.now(), pressed=False)
    assert outbox.state(store, Lane.CLINICAL).base == 0
    hand.advance(91 * 86_400)
    hand.quality = ClockQuality.FLOOR
    prune.judge(store, box, hand.now(), pressed=False)
    assert outbox.state(store, Lane.CLINICAL).base == 0
    hand.quality = ClockQuality.NTP
    prune.judge(store, box, hand.now(), pressed=False)
    assert outbox.state(store, Lane.CLINICAL).base == 2


def test_a_full_disk_does_not_wait_for_the_age(store: Store, hand: HandClock) -> None:
    record(store, hand, 3)
    outbox.mark_custody(store, Lane.CLINICAL, 3, 2, hand.now())
    hand.advance(1)
    prune.judge(store, Settings(Path(), "box-test", "Clinic"), hand.now(), pressed=True)
    assert outbox.state(store, Lane.CLINICAL).base == 2


STEPS = st.lists(
    st.one_of(
        st.tuples(st.just("record"), st.integers(1, 5), st.booleans()),
        st.tuples(st.just("receipt"), st.integers(0, 30), st.integers(0, 30)),
        st.tuples(st.just("prune"), st.booleans(), st.booleans()),
        st.tuples(st.just("epoch"), st.just(0), st.just(0)),
    ),
    max_size=15,
)


@settings(max_examples=60, deadline=None)
@given(STEPS)
def test_nothing_unsafe_is_ever_pruned(steps: list[tuple[str, int, int]]) -> None:
    """Whatever receipts say and whenever it is pruned: what is gone was covered by a backup."""
    hand = HandClock()
    with tempfile.TemporaryDirectory() as folder:
        store = Store.create(Path(folder) / "box.db", "box-test")
        made: list[bytes] = []
        safe: set[bytes] = set()
        for kind, first, second in steps:
            held = outbox.state(store, Lane.CLINICAL)
            if kind == "record":
                record(store, hand, first)
            elif kind == "receipt":
                cum = min(max(first, held.base), held.last)
                covered = max(held.safe, min(second, cum))
                outbox.mark_custody(store, Lane.CLINICAL, cum, covered, hand.now())
                kept = outbox.records(store, Lane.CLINICAL, 1, 999)
                safe |= {q.record for q in kept if q.seq <= covered}
            elif kind == "epoch":
                outbox.start_epoch(store, held.epoch + 1, hand.now(), "fork")
            else:
                box = Settings(Path(), "box-test", "Clinic", retention_days=second)
                prune.judge(store, box, hand.advance(1), pressed=bool(first))
            here = {q.record for q in outbox.records(store, Lane.CLINICAL, 1, 999)}
            made += [r for r in here if r not in made]
            assert {r for r in made if r not in here} <= safe
            chain_holds(store)
        store.close()


def chain_holds(store: Store) -> None:
    held = outbox.state(store, Lane.CLINICAL)
    link = outbox.chain_at(store, Lane.CLINICAL, held.base)
    for queued in outbox.records(store, Lane.CLINICAL, 1, 999):
        link = chain(link or b"", queued.record)
        assert queued.chain == link


def test_a_record_that_is_gone_from_the_file_is_damage(store: Store, hand: HandClock) -> None:
    record(store, hand, 3)
    outbox.mark_custody(store, Lane.CLINICAL, 3, 3, hand.now())
    store.rows("PRAGMA foreign_keys = OFF")
    with store.transaction():
        store.execute("DELETE FROM journal WHERE id = 2")
    with pytest.raises(pruning.DamagedRecords):
        pruning.prune(store, Lane.CLINICAL, LATER)
    assert outbox.state(store, Lane.CLINICAL).base == 0
