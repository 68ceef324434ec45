"""Who is meant by a card, a telephone, a village or a year: of linked records the one that stands.

"May be the same" never proposes the husband or the baby.
"""

from __future__ import annotations

import pytest

from edge.feed import replica
from edge.model.clock import Clock
from edge.model.errors import InvalidForm
from edge.model.feed_item import Change, Cursor
from edge.model.patient import Patient
from edge.model.patient_codes import Sex
from edge.patients import duplicates, register
from edge.patients.form import PatientForm
from edge.store.store import Store


def add(store: Store, clock: Clock, name: str, **fields: str) -> Patient:
    return register.register(store, clock.now(), PatientForm(name, **fields), "w1")


def link(store: Store, patient: Patient, kept: Patient) -> None:
    body = {"name": patient.name, "replaced_by": kept.id}
    body |= {n: v for n, v in (("card", patient.card), ("phone", patient.phone)) if v}
    replica.apply(store, [Change(1, "patient", patient.id, 1, body)], Cursor(1, 1))


@pytest.fixture
def one_man(store: Store, clock: Clock) -> Patient:
    """One man with two records, linked at the desk: he stands under the first."""
    kept = add(store, clock, "Imran Shah", card="1042", phone="03001112223")
    other = add(store, clock, "Muhammad Imran", card="2077", phone="0345999888")
    link(store, other, kept)
    return kept


@pytest.mark.parametrize(
    "text",
    ["1042", "2077", "03001112223", "0345999888", "+92345999888", "Muhammad Imran", "Imran Shah"],
)
def test_each_identifier_leads_to_the_record_that_stands(
    store: Store, one_man: Patient, text: str
) -> None:
    assert [p.id for p in register.search(store, text)] == [one_man.id]


def test_a_card_of_a_linked_record_cannot_be_given_away(
    store: Store, clock: Clock, one_man: Patient
) -> None:
    assert [p.id for p in register.holders(store, "2077")] == [one_man.id]
    with pytest.raises(InvalidForm, match="card: taken"):
        add(store, clock, "Somebody Else", card="2077")
    own = register.correct(store, clock.now(), one_man.id, {"card": "2077"}, "w1")
    assert own.card == "2077"


def test_a_card_on_two_records_offers_both(store: Store, clock: Clock) -> None:
    one, two = add(store, clock, "Amina", card="55"), add(store, clock, "Bilal")
    body = {"name": "Bilal", "card": "55"}  # as another box may have written it
    replica.apply(store, [Change(1, "patient", two.id, 1, body)], Cursor(1, 1))
    assert {p.id for p in register.holders(store, "55")} == {one.id, two.id}
    assert {p.id for p in register.search(store, "55")} == {one.id, two.id}
    assert register.by_card(store, "55") is None


def test_a_record_whose_other_is_not_here_stays_findable(store: Store, clock: Clock) -> None:
    here = add(store, clock, "Imran Shah", card="1042")
    body = {"name": "Imran Shah", "card": "1042", "replaced_by": "of-another-clinic"}
    replica.apply(store, [Change(1, "patient", here.id, 1, body)], Cursor(1, 1))
    assert [p.id for p in register.search(store, "1042")] == [here.id]


@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("Ahmad Kot Ali", "Ahmad Raza"),
        ("ahmed kot", "Ahmad Raza"),
        ("Ahmad Chak", "Ahmad Khan"),
        ("Ahmad 1950", "Ahmad Khan"),
        ("Ahmad 1986", "Ahmad Raza"),
        ("احمد 1950", "Ahmad Khan"),
        ("Kot Ali", "Ahmad Raza"),
        ("1986", "Ahmad Raza"),
    ],
)
def test_a_village_and_a_year_count(store: Store, clock: Clock, text: str, name: str) -> None:
    add(store, clock, "Ahmad Khan", village="Chak 14", birth="1950")
    add(store, clock, "Ahmad Raza", village="Kot Ali", birth="1986")
    add(store, clock, "Ahmad Bakhsh", village="Bhimdhunga")
    assert register.search(store, text)[0].name == name


def fields(name: str, sex: Sex, birth: str, **more: str) -> Patient:
    return Patient(name, sex, birth, id=name, **more)


AMINA = fields("Amina Bibi", Sex.FEMALE, "1990", village="Kot", phone="03001112223")
TWIN_RECORD = fields("Ameena Bibi", Sex.FEMALE, "1991", village="Kot", phone="+923001112223")
HUSBAND = fields("Amin Khan", Sex.MALE, "1986", village="Kot", phone="03001112223")
BABY = fields("Amina", Sex.FEMALE, "2026-11", village="Kot", phone="03001112223")
NEIGHBOUR = fields("Zulekha Begum", Sex.FEMALE, "1990", village="Kot", phone="03001112223")


def test_the_family_on_one_telephone_is_not_the_same_person() -> None:
    assert duplicates.score(AMINA, TWIN_RECORD) >= duplicates.PROBABLE
    for other in (HUSBAND, BABY, NEIGHBOUR):
        assert duplicates.score(AMINA, other) < duplicates.POSSIBLE, other.name
        assert duplicates.score(other, AMINA) == duplicates.score(AMINA, other)
    card = fields("Z.", Sex.UNKNOWN, "1990", card="77")
    assert duplicates.score(card, fields("Zulekha", Sex.FEMALE, "1990", card="77")) > 1
