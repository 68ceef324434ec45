"""Taking back what was recorded: to the tray, or struck out; never erased, never twice."""

from __future__ import annotations

import pytest
from hand_clock import HandClock
from readings import cuff, pressure

from edge.model.errors import ActionRefused, NotFound
from edge.patients import register
from edge.patients.form import PatientForm
from edge.readings import history, intake, retract
from edge.store import journal
from edge.store.store import Store


@pytest.fixture
def hand() -> HandClock:
    return HandClock()


@pytest.fixture
def sita(store: Store, hand: HandClock) -> str:
    return register.register(store, hand.now(), PatientForm("Sita", birth="1950"), "w1").id


@pytest.fixture
def gita(store: Store, hand: HandClock) -> str:
    return register.register(store, hand.now(), PatientForm("Gita", birth="1961"), "w1").id


def low(store: Store, hand: HandClock, patient: str) -> int:
    """Record a pressure that is urgent."""
    reading = cuff(hand.now(), pressure(85, 50, 135), patient=patient)
    outcome = intake.accept(store, reading)
    assert isinstance(outcome, intake.AcceptedReading)
    assert history.urgent(store, [outcome.entry])
    return outcome.entry


def test_a_reading_on_the_wrong_patient_goes_to_the_tray_and_on_to_the_right_one(
    store: Store, hand: HandClock, sita: str, gita: str
) -> None:
    entry = low(store, hand, sita)
    retract.to_tray(store, hand.now(), entry, actor="w2")
    assert history.of_patient(store, sita) == []
    assert [r.entry for r in history.in_tray(store)] == [entry]
    assert history.urgent(store, [entry]) == frozenset()

    intake.claim(store, hand.now(), entry, gita, actor="w2")
    assert [r.entry for r in history.of_patient(store, gita)] == [entry]
    assert history.urgent(store, [entry]) == {entry}  # judged anew, for her age


def test_a_wrong_reading_stays_in_the_history_struck_out(
    store: Store, hand: HandClock, sita: str
) -> None:
    entry = low(store, hand, sita)
    retract.strike(store, hand.now(), entry, "measured-wrongly", actor="w2")
    [held] = history.of_patient(store, sita)
    assert (held.entry, held.struck) == (entry, True)
    [(_, said)] = journal.since(store, store.journal_position() - 1)
    assert (said.kind, said.actor) == ("claim", "w2")
    assert said.body == {
        "reading": journal.identity(store, entry),
        "patient": sita,
        "why": "measured-wrongly",
    }


def test_nothing_is_taken_back_twice_nor_from_nobody(
    store: Store, hand: HandClock, sita: str
) -> None:
    struck, moved = low(store, hand, sita), low(store, hand, sita)
    retract.strike(store, hand.now(), struck, "trial", actor="w2")
    retract.to_tray(store, hand.now(), moved, actor="w2")
    before = store.journal_position()
    for entry in (struck, moved):
        with pytest.raises(ActionRefused, match="no patient holds"):
            retract.to_tray(store, hand.now(), entry, actor="w2")
        with pytest.raises(ActionRefused, match="no patient holds"):
            retract.strike(store, hand.now(), entry, "trial", actor="w2")
    with pytest.raises(NotFound, match="no reading"):
        retract.to_tray(store, hand.now(), 999, actor="w2")
    assert store.journal_position() == before
