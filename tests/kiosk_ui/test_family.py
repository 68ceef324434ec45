"""Mother and children at the kiosk: the baby's form, the tie, and what is refused in words."""

from __future__ import annotations

from kiosk_desk import Desk

from edge.model.clock import Clock
from edge.patients import family, register
from edge.patients.form import PatientForm
from edge.store.store import Store


def test_a_wrong_number_of_weeks_keeps_what_was_typed(
    desk: Desk, store: Store, clock: Clock
) -> None:
    rubina = register.register(store, clock.now(), PatientForm("Rubina", sex="female"), "w1")
    answer = desk.post(f"/patients/{rubina.id}/baby", age="1", age_unit="days", gestation="60")
    assert answer.status_code == 422
    assert "No pregnancy has so many or so few weeks." in answer.text
    assert 'value="60"' in answer.text
    assert family.children_of(store, rubina.id) == []


def test_a_mother_is_chosen_by_search_and_taken_back(
    desk: Desk, store: Store, clock: Clock
) -> None:
    rubina = register.register(store, clock.now(), PatientForm("Rubina", sex="female"), "w1")
    child = register.register(store, clock.now(), PatientForm("Noor", birth="2024"), "w1")
    path = f"/patients/{child.id}/family"
    assert f"{path}/mother/{rubina.id}" in desk.get(f"{path}/found", q="Rubina")
    assert desk.post(f"{path}/mother/{rubina.id}").status_code == 303
    assert "She is not the mother" in desk.get(path)
    assert desk.post(f"{path}/no-mother").status_code == 303
    assert register.get(store, child.id).mother is None


def test_a_man_as_mother_is_refused_in_words(desk: Desk, store: Store, clock: Clock) -> None:
    bilal = register.register(store, clock.now(), PatientForm("Bilal", sex="male"), "w1")
    child = register.register(store, clock.now(), PatientForm("Noor", birth="2024"), "w1")
    answer = desk.post(f"/patients/{child.id}/family/mother/{bilal.id}")
    assert answer.status_code == 409
    assert "This person cannot be a mother" in answer.text


def test_the_age_of_a_child_born_too_early_is_corrected_beside_it(
    desk: Desk, store: Store, clock: Clock
) -> None:
    rubina = register.register(store, clock.now(), PatientForm("Rubina", sex="female"), "w1")
    answer = desk.post(f"/patients/{rubina.id}/baby", age="10", age_unit="weeks", gestation="32")
    assert answer.status_code == 303
    assert "corrected" in desk.get(f"/patients/{rubina.id}/family")
