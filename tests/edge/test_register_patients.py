"""Registering and correcting patients: journal, table and index move together."""

from __future__ import annotations

import pytest

from edge.model.clock import Clock
from edge.model.errors import ActionRefused, InvalidForm, NotFound
from edge.model.patient_codes import Sex
from edge.patients import register
from edge.patients.form import PatientForm
from edge.store import journal
from edge.store.store import Store


def test_a_registration_is_one_entry_and_one_patient(store: Store, clock: Clock) -> None:
    form = PatientForm("Sita Devi", "female", "1948-06", phone="98-41", card="hp-1")
    patient = register.register(store, clock.now(), form, "w1")
    assert register.get(store, patient.id) == patient
    assert register.by_card(store, " HP-1 ") == patient
    assert register.count(store) == 1
    [(_, entry)] = journal.since(store, 0)
    assert (entry.kind, entry.actor) == ("patient", "w1")
    assert entry.body == {
        "patient": patient.id,
        "rev": 1,
        "name": "Sita Devi",
        "sex": "female",
        "birth": "1948-06",
        "phone": "9841",
        "card": "HP-1",
    }


def test_a_refused_form_leaves_nothing_behind(store: Store, clock: Clock) -> None:
    register.register(store, clock.now(), PatientForm("Sita", card="A1"), "w1")
    before = store.journal_position()
    with pytest.raises(InvalidForm) as taken:
        register.register(store, clock.now(), PatientForm("Kamala", card="a 1"), "w1")
    with pytest.raises(InvalidForm) as empty:
        register.register(store, clock.now(), PatientForm(""), "w1")
    assert (taken.value.fields, empty.value.fields) == ({"card": "taken"}, {"name": "required"})
    assert (store.journal_position(), register.count(store)) == (before, 1)
    assert register.search(store, "Kamala") == []


def test_a_correction_says_what_was_and_what_is(store: Store, clock: Clock) -> None:
    first = register.register(store, clock.now(), PatientForm("Sita", "male", village="Kot"), "w1")
    second = register.correct(
        store, clock.now(), first.id, {"sex": "female", "village": "", "name": "Sita "}, "w2"
    )
    assert (second.rev, second.sex, second.village) == (2, Sex.FEMALE, None)
    assert register.get(store, first.id) == second
    _, entry = journal.since(store, 0)[-1]
    assert entry.body == {
        "patient": first.id,
        "rev": 2,
        "base_rev": 0,
        "was": {"sex": "male", "village": "Kot"},
        "set": {"sex": "female", "village": None},
    }


def test_a_corrected_name_is_found_and_the_old_one_is_not(store: Store, clock: Clock) -> None:
    patient = register.register(store, clock.now(), PatientForm("Bilal"), "w1")
    register.correct(store, clock.now(), patient.id, {"name": "Kamala"}, "w1")
    assert [p.id for p in register.search(store, "kamala")] == [patient.id]
    assert register.search(store, "bilal") == []


def test_a_correction_that_changes_nothing_writes_nothing(store: Store, clock: Clock) -> None:
    patient = register.register(store, clock.now(), PatientForm("Sita", birth="1948"), "w1")
    before = store.journal_position()
    assert register.correct(store, clock.now(), patient.id, {"birth": "1948"}, "w1") == patient
    assert store.journal_position() == before


def test_two_people_correcting_at_once_do_not_overwrite_each_other(
    store: Store, clock: Clock
) -> None:
    patient = register.register(store, clock.now(), PatientForm("Sita"), "w1")
    register.correct(store, clock.now(), patient.id, {"village": "Kot"}, "w1", base_rev=1)
    with pytest.raises(ActionRefused) as refused:
        register.correct(store, clock.now(), patient.id, {"village": "Bot"}, "w2", base_rev=1)
    assert refused.value.kind == "changed-meanwhile"
    assert register.get(store, patient.id).village == "Kot"


def test_a_card_may_stay_with_its_holder_but_not_move_by_mistake(
    store: Store, clock: Clock
) -> None:
    now = clock.now()
    sita = register.register(store, now, PatientForm("Sita", card="A1"), "w1")
    gita = register.register(store, now, PatientForm("Gita"), "w1")
    assert register.correct(store, now, sita.id, {"card": "a1", "name": "Sita D"}, "w1").card
    with pytest.raises(InvalidForm, match="card: taken"):
        register.correct(store, now, gita.id, {"card": "A1"}, "w1")


def test_nobody_is_found_under_a_foreign_id(store: Store, clock: Clock) -> None:
    with pytest.raises(NotFound):
        register.get(store, "nobody")
    with pytest.raises(NotFound):
        register.correct(store, clock.now(), "nobody", {"name": "X"}, "w1")
    assert register.by_card(store, "nothing") is None
