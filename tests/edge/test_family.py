"""Mother and children: a baby is tied to its mother, twins are apart, and mistakes are refused."""

from __future__ import annotations

import pytest

from edge.feed import replica
from edge.model.clock import Clock
from edge.model.errors import ActionRefused, InvalidForm, NotFound
from edge.model.feed_item import Change, Cursor
from edge.model.patient import Patient
from edge.patients import duplicates, family, register
from edge.patients.form import PatientForm
from edge.store.store import Store


@pytest.fixture
def rubina(store: Store, clock: Clock) -> Patient:
    form = PatientForm("Rubina", sex="female", birth="1998", village="Mithi", phone="03001112223")
    return register.register(store, clock.now(), form, "w1")


def born(store: Store, clock: Clock, mother: Patient, **fields: str) -> Patient:
    given = {"name": "Baby of Rubina", "age": "0", "age_unit": "days"} | fields
    return family.register_baby(store, clock.now(), mother.id, PatientForm(**given), "w1")


def test_a_baby_has_the_village_and_the_telephone_of_its_mother(
    store: Store, clock: Clock, rubina: Patient
) -> None:
    baby = born(store, clock, rubina)
    assert (baby.mother, baby.village, baby.phone) == (rubina.id, "Mithi", "03001112223")
    assert baby.birth_order is None
    assert family.mother_of(store, baby) == rubina


def test_twins_are_numbered_and_never_taken_for_one_another(
    store: Store, clock: Clock, rubina: Patient
) -> None:
    first, second, third = (born(store, clock, rubina) for _ in range(3))
    twins = family.children_of(store, rubina.id)
    assert [one.birth_order for one in twins] == ["1", "2", "3"]
    assert {one.id for one in twins} == {first.id, second.id, third.id}
    assert duplicates.score(twins[0], twins[1]) == 0


def test_a_sister_of_an_earlier_birth_is_no_twin(
    store: Store, clock: Clock, rubina: Patient
) -> None:
    born(store, clock, rubina, name="Zahra", birth="2019-03-04", age="")
    assert born(store, clock, rubina).birth_order is None


def test_a_name_given_later_takes_nothing_from_the_tie(
    store: Store, clock: Clock, rubina: Patient
) -> None:
    baby = born(store, clock, rubina)
    named = register.correct(store, clock.now(), baby.id, {"name": "Noor"}, "w1")
    assert named.mother == rubina.id
    assert [one.name for one in family.children_of(store, rubina.id)] == ["Noor"]


def test_children_of_a_linked_record_are_children_of_the_one_that_stands(
    store: Store, clock: Clock, rubina: Patient
) -> None:
    other = register.register(store, clock.now(), PatientForm("Rubina B.", sex="female"), "w1")
    baby = born(store, clock, other)
    linked = {"name": "Rubina B.", "sex": "female", "replaced_by": rubina.id}
    replica.apply(store, [Change(1, "patient", other.id, 1, linked)], Cursor(1, 1))
    assert [one.id for one in family.children_of(store, rubina.id)] == [baby.id]
    assert family.mother_of(store, register.get(store, baby.id)) == rubina


@pytest.mark.parametrize(("sex", "birth"), [("male", "1990"), ("female", "2020")])
def test_who_cannot_be_a_mother_is_refused_and_nobody_is_registered(
    store: Store, clock: Clock, sex: str, birth: str
) -> None:
    somebody = register.register(store, clock.now(), PatientForm("B", sex=sex, birth=birth), "w1")
    with pytest.raises(ActionRefused, match="cannot be a mother"):
        born(store, clock, somebody)
    assert register.count(store) == 1


def test_nobody_is_their_own_mother_or_the_mother_of_theirs(
    store: Store, clock: Clock, rubina: Patient
) -> None:
    baby = born(store, clock, rubina, sex="female", birth="1999", age="")
    for child, mother in ((rubina, rubina), (rubina, baby)):
        with pytest.raises(ActionRefused) as refused:
            family.set_mother(store, clock.now(), child.id, mother.id, "w1")
        assert refused.value.kind == "own-mother"


def test_a_mother_is_said_later_and_taken_back(store: Store, clock: Clock, rubina: Patient) -> None:
    child = register.register(store, clock.now(), PatientForm("Noor", birth="2024"), "w1")
    assert family.set_mother(store, clock.now(), child.id, rubina.id, "w1").mother == rubina.id
    assert family.set_mother(store, clock.now(), child.id, None, "w1").mother is None
    assert family.children_of(store, rubina.id) == []
    with pytest.raises(NotFound):
        family.set_mother(store, clock.now(), child.id, "nobody", "w1")


@pytest.mark.parametrize(
    ("weeks", "kind"), [("19", "impossible"), ("46", "impossible"), ("x", "format")]
)
def test_weeks_of_pregnancy_that_cannot_be_are_named(
    store: Store, clock: Clock, rubina: Patient, weeks: str, kind: str
) -> None:
    with pytest.raises(InvalidForm) as wrong:
        born(store, clock, rubina, gestation=weeks)
    assert wrong.value.fields == {"gestation": kind}
