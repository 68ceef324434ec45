"""Allergies, conditions, medicines: added by anybody, decided by a clinician, never vanishing."""

from __future__ import annotations

import json

import pytest
from hand_clock import HandClock
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from edge.model.errors import InvalidForm, NotFound
from edge.patients import edits, register, summary
from edge.patients.form import PatientForm
from edge.patients.summary import Member
from edge.store import journal
from edge.store.store import Store


@pytest.fixture
def hand() -> HandClock:
    return HandClock()


@pytest.fixture
def sita(store: Store, hand: HandClock) -> str:
    return register.register(store, hand.now(), PatientForm("Sita", birth="1950"), "w1").id


def hospital_says(store: Store, patient_id: str, **told: object) -> None:
    """Put what the feed would bring into its table."""
    with store.transaction():
        store.execute("DELETE FROM patient_edit")
        store.execute(
            "INSERT OR REPLACE INTO feed_item (entity, id, rev, body, bucket, mark)"
            " VALUES ('patient', ?, 7, ?, 0, 0)",
            (patient_id, json.dumps({"name": "Sita"} | told)),
        )


def test_an_allergy_shows_at_once_and_travels_as_an_addition(
    store: Store, hand: HandClock, sita: str
) -> None:
    summary.add(store, hand.now(), sita, "allergies", "  Penicillin\t", "w1")
    assert summary.of(store, sita).allergies == (Member("Penicillin", waits=True),)
    [(_, said)] = journal.since(store, store.journal_position() - 1)
    assert (said.kind, said.actor) == ("patient", "w1")
    assert said.body["set"] == {"allergies": {"add": ["Penicillin"]}}
    assert (said.body["rev"], register.get(store, sita).rev) == (2, 2)
    assert edits.pending(store, sita) >= {"allergies"}


def test_what_is_known_is_not_told_twice(store: Store, hand: HandClock, sita: str) -> None:
    summary.add(store, hand.now(), sita, "allergies", "Penicillin", "w1")
    before = store.journal_position()
    summary.add(store, hand.now(), sita, "allergies", "penicillin", "w2")
    assert store.journal_position() == before


def test_striking_out_is_asked_and_the_allergy_stays_visible(
    store: Store, hand: HandClock, sita: str
) -> None:
    hospital_says(store, sita, allergies=["latex", "penicillin"])
    summary.ask_to_strike(store, hand.now(), sita, "allergies", "latex", "w1")
    latex, penicillin = summary.of(store, sita).allergies
    assert (latex, penicillin) == (
        Member("latex", waits=True, striking=True),
        Member("penicillin"),
    )
    hospital_says(store, sita, allergies=["latex", "penicillin"], review={"allergies": ["latex"]})
    assert summary.of(store, sita).allergies[0] == Member("latex", striking=True)
    with pytest.raises(InvalidForm):
        summary.ask_to_strike(store, hand.now(), sita, "allergies", "peanut", "w1")


def test_medicines_are_proposed_and_the_decided_ones_stay(
    store: Store, hand: HandClock, sita: str
) -> None:
    hospital_says(store, sita, medicines="metformin 500 mg")
    summary.propose_medicines(store, hand.now(), sita, "metformin 850 mg", "w1")
    known = summary.of(store, sita)
    assert (known.medicines, known.proposed) == ("metformin 500 mg", "metformin 850 mg")
    before = store.journal_position()
    summary.propose_medicines(store, hand.now(), sita, "metformin 850 mg", "w1")
    assert store.journal_position() == before


def test_what_cannot_be_kept_is_refused_and_nothing_is_written(
    store: Store, hand: HandClock, sita: str
) -> None:
    before = store.journal_position()
    for text in ("", "  ", "x" * 201, "a\x00b"):
        with pytest.raises(InvalidForm):
            summary.add(store, hand.now(), sita, "allergies", text, "w1")
    with pytest.raises(InvalidForm):
        summary.add(store, hand.now(), sita, "name", "Gita", "w1")
    with pytest.raises(NotFound):
        summary.add(store, hand.now(), "nobody", "allergies", "latex", "w1")
    assert store.journal_position() == before


@given(st.lists(st.tuples(st.booleans(), st.sampled_from(["latex", "milk", "nuts"]))))
@settings(
    max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
def test_nothing_that_was_added_ever_disappears_by_a_workers_word(
    store: Store, sita: str, said: list[tuple[bool, str]]
) -> None:
    hand = HandClock()
    with store.transaction():
        store.execute("DELETE FROM patient_edit")
    added: set[str] = set()
    for adds, text in said:
        if adds:
            summary.add(store, hand.now(), sita, "allergies", text, "w1")
            added.add(text)
        elif text in added:
            summary.ask_to_strike(store, hand.now(), sita, "allergies", text, "w1")
        assert {one.text for one in summary.of(store, sita).allergies} == added


def test_none_known_differs_from_never_asked(store: Store, hand: HandClock, sita: str) -> None:
    assert summary.of(store, sita).none_known == frozenset()
    summary.say_none_known(store, hand.now(), sita, "allergies", "w1")
    before = store.journal_position()
    summary.say_none_known(store, hand.now(), sita, "allergies", "w1")
    assert store.journal_position() == before
    known = summary.of(store, sita)
    assert (known.allergies, known.none_known) == ((), {"allergies"})
    [(_, said)] = journal.since(store, before - 1)
    assert said.body["set"] == {"allergies": {"add": ["No known allergies"]}}
    summary.add(store, hand.now(), sita, "allergies", "Milk", "w1")
    known = summary.of(store, sita)
    assert ([m.text for m in known.allergies], known.none_known) == (["Milk"], frozenset())
    summary.say_none_known(store, hand.now(), sita, "allergies", "w1")
    assert [m.text for m in summary.of(store, sita).allergies] == ["Milk"]
    with pytest.raises(InvalidForm):
        summary.say_none_known(store, hand.now(), sita, "medicines", "w1")
