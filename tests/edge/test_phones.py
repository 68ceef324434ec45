"""Telephone numbers in all their forms are one number, and a part of one finds it."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.patients import phones

NATIONAL = st.from_regex(r"[1-9][0-9]{6,10}", fullmatch=True)
CODES = st.sampled_from(["1", "7", "92", "251", "977", "86", "39"])


@given(CODES, NATIONAL)
def test_the_forms_of_a_number_are_one(code: str, number: str) -> None:
    forms = [f"+{code}{number}", f"00{code}{number}", f"0{number}", number]
    for one in forms:
        for other in forms:
            assert phones.is_same(one, other), (one, other)
            assert phones.may_be(one, other)


@given(NATIONAL, NATIONAL)
def test_being_one_number_goes_both_ways(one: str, other: str) -> None:
    assert phones.is_same(one, other) == phones.is_same(other, one)
    assert phones.is_same(one, one)


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("+923012345678", "+913012345678"),
        ("03012345678", "03012345679"),
        ("112", "0112"),
        ("+923012345678", "2345678"),
        ("03012345678", None),
        ("", ""),
    ],
)
def test_other_numbers_are_others(one: str | None, other: str | None) -> None:
    assert not phones.is_same(one, other)


@pytest.mark.parametrize(
    ("typed", "kept"),
    [
        (" +92 (301) 23-45 678", "+923012345678"),
        ("+44 (0) 20 7946 0018", "+442079460018"),
        ("۰۳۰۱۲۳۴", "0301234"),
        ("", ""),
        ("call", None),
        ("12", None),
    ],
)
def test_a_number_is_tidied(typed: str, kept: str | None) -> None:
    assert phones.tidy(typed) == kept


def test_a_part_of_a_number_finds_it() -> None:
    assert phones.may_be("03012345678", "2345")
    assert phones.may_be("+923012345678", "0301")
    assert not phones.may_be("03012345678", "9999")
    assert not phones.may_be("03012345678", "000")
