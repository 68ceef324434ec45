"""Visits: one at a station, closed by the next, idle when nobody touches them."""

from __future__ import annotations

import pytest
from hand_clock import HandClock

from edge.model.errors import NotFound
from edge.patients import register
from edge.patients.form import PatientForm
from edge.store import journal
from edge.store.store import Store
from edge.visits import visits


@pytest.fixture
def hand() -> HandClock:
    return HandClock()


def person(store: Store, hand: HandClock, name: str) -> str:
    return register.register(store, hand.now(), PatientForm(name), None).id


def test_the_next_visit_closes_the_one_before(store: Store, hand: HandClock) -> None:
    sita, ram = person(store, hand, "Sita"), person(store, hand, "Ram")
    first = visits.open_visit(store, hand.now(), sita, actor="w1")
    second = visits.open_visit(store, hand.now(), ram, actor="w1", mode="alone")
    current = visits.current(store, hand.now())
    assert current == visits.get(store, second.id)
    assert (second.patient_id, second.mode) == (ram, "alone")
    assert visits.get(store, first.id).closed_why == "another patient"
    kinds = [e.kind for _, e in journal.since(store, 0)][2:]
    assert kinds == ["visit-opened", "visit-closed", "visit-opened"]


def test_stations_do_not_disturb_each_other(store: Store, hand: HandClock) -> None:
    sita, ram = person(store, hand, "Sita"), person(store, hand, "Ram")
    visits.open_visit(store, hand.now(), sita, actor="w1")
    visits.open_visit(store, hand.now(), ram, actor="w2", station="second")
    here, there = (visits.current(store, hand.now(), station=s) for s in ("main", "second"))
    assert here is not None
    assert there is not None
    assert (here.patient_id, there.patient_id) == (sita, ram)


def test_closing_says_whether_there_was_one(store: Store, hand: HandClock) -> None:
    visits.open_visit(store, hand.now(), person(store, hand, "Sita"), actor="w1")
    assert visits.close_visit(store, hand.now(), why="finished", actor="w1")
    assert not visits.close_visit(store, hand.now(), why="finished", actor="w1")
    assert visits.current(store, hand.now()) is None


def test_a_touched_visit_stays_and_an_idle_or_restarted_one_does_not(
    store: Store, hand: HandClock
) -> None:
    visit = visits.open_visit(store, hand.now(), person(store, hand, "Sita"), actor="w1")
    hand.advance(590)
    visits.touch(store, hand.now(), visit)
    hand.advance(590)
    assert visits.current(store, hand.now()) is not None
    hand.advance(11)
    assert visits.current(store, hand.now()) is None
    assert visits.current(store, hand.now(), idle_s=7200) is not None
    hand.restart(t_ms=hand.now().t_ms)
    assert visits.current(store, hand.now(), idle_s=7200) is None


def test_a_closed_visit_is_not_touched_awake(store: Store, hand: HandClock) -> None:
    visit = visits.open_visit(store, hand.now(), person(store, hand, "Sita"), actor="w1")
    visits.close_visit(store, hand.now(), why="finished")
    visits.touch(store, hand.advance(60), visit)
    assert visits.get(store, visit.id).active_t_ms == visit.active_t_ms


def test_a_visit_needs_a_patient(store: Store, hand: HandClock) -> None:
    sita = person(store, hand, "Sita")
    visits.open_visit(store, hand.now(), sita, actor="w1")
    with pytest.raises(NotFound):
        visits.open_visit(store, hand.now(), "nobody", actor="w1")
    current = visits.current(store, hand.now())
    assert current is not None
    assert current.patient_id == sita
    with pytest.raises(NotFound):
        visits.get(store, "none")
