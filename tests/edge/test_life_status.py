"""Who has died or moved away: marked on every record, found by search, on no list."""

from __future__ import annotations

from datetime import date

import pytest

from edge.feed import messages, replica
from edge.model.clock import Clock
from edge.model.errors import InvalidForm
from edge.model.feed_item import Change, Cursor
from edge.model.life_status import LifeDay
from edge.patients import life_status, register
from edge.patients.form import PatientForm
from edge.patients.life_status import LifeStatus
from edge.store.store import Store

DIED = LifeStatus.DECEASED
VISIT = {"by": "Dr Aziz", "at_ms": 1, "when": "2026-12-03T09:30", "what": "Eyes"}


def tell(store: Store, ver: int, entity: str, item_id: str, body: dict[str, object]) -> None:
    replica.apply(store, [Change(ver, entity, item_id, ver, body)], Cursor(1, ver))


@pytest.mark.parametrize(
    ("text", "marked"),
    [
        ("2026-11-30", LifeDay("2026-11-30")),
        ("2026-11", LifeDay("2026-11")),
        ("2026", LifeDay("2026")),
        ("yes 2026-11-30", LifeDay(said="2026-11-30")),
        ("yes", None),
        ("2026-13", None),
        ("yes 2026-02-30", None),
        ("", None),
        (None, None),
    ],
)
def test_a_stored_day_is_read_as_exactly_as_it_was_known(
    text: str | None, marked: LifeDay | None
) -> None:
    assert LifeDay.parse(text) == marked
    if marked is not None:
        assert str(marked) == text


def test_who_has_died_is_still_found_and_is_nobody_to_be_registered_again(
    store: Store, clock: Clock
) -> None:
    form = PatientForm("Zahra Bibi", "female", "1950", village="Mithi")
    zahra = register.register(store, clock.now(), form, "w1")
    assert register.possible_duplicates(store, form, clock.now()) == [zahra]
    marked = life_status.mark(store, clock.now(), zahra.id, DIED, "", "w1")
    assert LifeDay.parse(marked.deceased) == LifeDay(said=clock.now().wall.date().isoformat())
    assert [p.deceased for p in register.search(store, "Zahra")] == [marked.deceased]
    assert register.possible_duplicates(store, form, clock.now()) == []
    back = life_status.take_back(store, clock.now(), zahra.id, "w1")
    assert back.deceased is None
    assert [p.id for p in register.possible_duplicates(store, form, clock.now())] == [zahra.id]


def test_who_moved_away_may_come_back_and_is_offered_when_registered(
    store: Store, clock: Clock
) -> None:
    form = PatientForm("Zahra Bibi", "female", "1950", village="Mithi")
    zahra = register.register(store, clock.now(), form, "w1")
    life_status.mark(store, clock.now(), zahra.id, LifeStatus.MOVED_AWAY, "2026", "w1")
    assert [p.id for p in register.possible_duplicates(store, form, clock.now())] == [zahra.id]


def test_a_day_that_has_not_come_is_refused(store: Store, clock: Clock) -> None:
    zahra = register.register(store, clock.now(), PatientForm("Zahra"), "w1")
    with pytest.raises(InvalidForm):
        life_status.mark(store, clock.now(), zahra.id, DIED, "2099", "w1")
    assert life_status.is_here(store, zahra.id)


def test_the_appointments_of_whoever_the_hospital_says_has_died_are_on_no_list(
    store: Store,
) -> None:
    tell(store, 1, "patient", "p1", {"name": "Zahra", "sex": "female"})
    tell(store, 2, "patient", "p2", {"name": "Zahra", "sex": "female", "replaced_by": "p1"})
    tell(store, 3, "appointment", "a1", VISIT | {"patient": "p2"})
    today = date(2026, 12, 1)
    assert [a.id for a in messages.coming(store, today)] == ["a1"]
    dead: dict[str, object] = {"name": "Zahra", "sex": "female", "deceased": "2026-11"}
    tell(store, 4, "patient", "p1", dead)
    assert messages.coming(store, today) == []
    tell(store, 5, "patient", "p1", {"name": "Zahra", "sex": "female"})
    assert [a.id for a in messages.coming(store, today)] == ["a1"]
