"""A value without a checksum asks a person to compare it; the answer is kept for ever."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hand_clock import HandClock
from readings import cuff, pressure

from edge.model.entry import EntryKind
from edge.model.errors import ActionRefused, NotFound
from edge.model.reading import IMPROBABLE, UNCHECKED, Reading
from edge.patients import register
from edge.patients.form import PatientForm
from edge.readings import history, intake, retract
from edge.readings.intake import AcceptedReading
from edge.store import journal
from edge.store.store import Store


@pytest.fixture
def hand() -> HandClock:
    return HandClock()


def unchecked(hand: HandClock) -> Reading:
    reading = cuff(hand.now())
    return replace(reading, measured=replace(reading.measured, quality=(UNCHECKED,)))


def entry_of(store: Store, reading: Reading) -> int:
    accepted = intake.accept(store, reading)
    assert isinstance(accepted, AcceptedReading)
    return accepted.entry


def needs(store: Store, entry: int) -> bool:
    held = history.one(store, entry)
    assert held is not None
    return held.needs_confirmation


def test_a_compared_reading_needs_it_no_more(store: Store, hand: HandClock) -> None:
    entry = entry_of(store, unchecked(hand))
    assert needs(store, entry)
    intake.confirm(store, hand.advance(5), entry, actor="amina")
    intake.confirm(store, hand.advance(5), entry, actor="bilal")
    assert not needs(store, entry)
    said = [one for _, one in journal.since(store, 0) if one.kind == EntryKind.CONFIRM]
    assert [one.actor for one in said] == ["amina"]
    assert set(said[0].body) == {"reading"}


def test_there_is_nothing_to_compare_in_a_checked_reading(store: Store, hand: HandClock) -> None:
    entry = entry_of(store, cuff(hand.now()))
    assert not needs(store, entry)
    with pytest.raises(ActionRefused, match="checksum"):
        intake.confirm(store, hand.now(), entry, actor="amina")
    with pytest.raises(NotFound):
        intake.confirm(store, hand.now(), 999, actor="amina")


def test_only_a_reading_that_came_unchecked_is_compared(store: Store, hand: HandClock) -> None:
    """Neither another kind of entry, nor a reading with another remark on its quality."""
    sita = register.register(store, hand.now(), PatientForm("Sita"), None)
    (registration,) = [
        entry for entry, one in journal.since(store, 0) if one.kind == EntryKind.PATIENT
    ]
    with pytest.raises(NotFound):
        intake.confirm(store, hand.now(), registration, actor="amina")
    reading = cuff(hand.advance(1), patient=sita.id)
    remarked = replace(reading, measured=replace(reading.measured, quality=("movement",)))
    entry = entry_of(store, remarked)
    with pytest.raises(ActionRefused, match="checksum"):
        intake.confirm(store, hand.now(), entry, actor="amina")


def test_a_struck_reading_that_is_compared_raises_no_alert(store: Store, hand: HandClock) -> None:
    sita = register.register(store, hand.now(), PatientForm("Sita", birth="1950"), None).id
    for struck in (False, True):
        reading = cuff(hand.advance(1), pressure(70, 40), patient=sita, record=str(struck))
        marked = replace(reading, measured=replace(reading.measured, quality=(IMPROBABLE,)))
        entry = entry_of(store, marked)
        if struck:
            retract.strike(store, hand.advance(1), entry, "not his", actor="amina")
        before = store.scalar("SELECT count(*) FROM alert")
        intake.confirm(store, hand.advance(1), entry, actor="amina")
        after = store.scalar("SELECT count(*) FROM alert")
        assert (after > before) is not struck


def test_only_a_doubted_reading_is_told_apart(store: Store, hand: HandClock) -> None:
    entry = entry_of(store, cuff(hand.now()))
    with pytest.raises(ActionRefused, match="came before"):
        intake.tell_apart(store, hand.now(), entry, actor="amina")
    with pytest.raises(NotFound):
        intake.tell_apart(store, hand.now(), 999, actor="amina")
