"""The number of a card: what is read as one, and what a part of one is."""

from __future__ import annotations

import pytest

from edge.model.clock import Clock
from edge.model.errors import InvalidForm
from edge.patients import cards, register
from edge.patients.cards import CardShape
from edge.patients.form import PatientForm
from edge.store.store import Store


@pytest.mark.parametrize("text", ["1042", "hp-1042", " 10 42 ", "۱۰۴۲", "٧٧", "A/1.2#3", "7"])
def test_letters_digits_and_signs_between_them_are_a_number(text: str) -> None:
    assert cards.is_number(cards.tidy(text))


@pytest.mark.parametrize("text", ["", "&é", "-_-", "hp-", "-1", "a--1", "اب", "10_42", "1" * 41])
def test_anything_else_is_none(text: str) -> None:
    assert not cards.is_number(cards.tidy(text))


def test_a_garbled_number_is_not_kept_and_one_on_file_stays(store: Store, clock: Clock) -> None:
    now = clock.now()
    with pytest.raises(InvalidForm) as refused:
        register.register(store, now, PatientForm("Amina", card="&é'à"), None)
    assert refused.value.fields == {"card": "alphabet"}
    amina = register.register(store, now, PatientForm("Amina", card="77"), None)
    with store.transaction():  # as an earlier release kept it
        store.execute("UPDATE patient SET card = 'چ-۷۷' WHERE id = ?", (amina.id,))
    changed = register.correct(store, now, amina.id, {"village": "Chak 14", "card": "چ-۷۷"}, None)
    assert (changed.village, changed.card) == ("Chak 14", "چ-۷۷")


@pytest.mark.parametrize("whole", ["79927398713", "4539578763621486"])
def test_a_check_digit_tells_a_part_from_the_whole(whole: str) -> None:
    shape = CardShape(luhn=True)
    assert shape.fits(whole)
    wrong = [d for d in "0123456789" if d != whole[-1]]
    assert not any(shape.fits(whole[:-1] + digit) for digit in wrong)
    assert not shape.fits("7")


def test_a_prefix_and_a_length_are_asked_for() -> None:
    shape = CardShape("hp", 6)
    assert shape.fits("HP1042")
    assert not any(shape.fits(part) for part in ("1042", "HP104", "HP10420", "XP1042"))
    assert CardShape().fits("7")
