"""A value without a checksum asks a person to compare it; the answer is kept for ever."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hand_clock import HandClock
from readings import cuff

from edge.model.entry import EntryKind
from edge.model.errors import ActionRefused, NotFound
from edge.model.reading import UNCHECKED, Reading
from edge.readings import history, intake
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
