"""Names in any script become one Latin form and one sound."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.patients import names


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Muhammad Khan", "muhammad khan"),
        ("  Nguyễn Văn  ", "nguyen van"),
        ("O'Brien", "obrien"),
        ("王伟", "wang wei"),
        ("单田芳", "shan tian fang"),
        ("李 Wei", "li wei"),
        ("عائشہ", "aayshh"),
        ("فاطِمہ", "fatmh"),
        ("12 34", ""),
        ("", ""),
    ],
)
def test_latin_form(name: str, expected: str) -> None:
    assert names.latin(name) == expected


@pytest.mark.parametrize(
    ("sound", "spellings"),
    [
        ("md", ["Muhammad", "Mohammed", "Mohamad", "محمد", "मुहम्मद"]),
        ("lksm", ["Laxmi", "Lakshmi", "Luxmi", "लक्ष्मी", "লক্ষ্মী", "لکشمی"]),
        ("cdr", ["Choudhury", "Chaudhry", "Chowdhury", "चौधरी", "چوہدری"]),
        ("as", ["Ayesha", "Aisha", "عائشہ", "आयशा"]),
        ("ftm", ["Fatima", "Fatimah", "فاطمہ", "फ़ातिमा"]),
        ("hsn", ["Hussain", "Hussein", "Hossain", "حسین", "हुसैन"]),
    ],
)
def test_spellings_of_one_name_share_their_sound(sound: str, spellings: list[str]) -> None:
    assert {s: names.keys(s).sounds for s in spellings} == {s: (sound,) for s in spellings}


def test_different_names_sound_different() -> None:
    sounds = {names.keys(n).sounds for n in ("Fatima", "Laxmi", "Ahmed", "Bilal", "Sita", "Rekha")}
    assert len(sounds) == 6


def test_likeness_orders_the_same_name_before_a_beginning_before_another() -> None:
    asked = names.keys("Mohammed")
    same, beginning, other = (
        names.likeness(asked, names.keys(n)) for n in ("Mohammed", "Mohammedzai", "Ramesh")
    )
    assert same == 1.0
    assert same > beginning > other
    assert names.likeness(asked, names.keys("")) == 0.0


@given(st.text(max_size=60))
def test_any_text_gives_plain_words_and_a_sound_for_each(text: str) -> None:
    key = names.keys(text)
    assert key.latin == "" or key.latin.replace(" ", "").isascii()
    assert key.latin.replace(" ", "").islower() or key.latin == ""
    assert len(key.words) == len(key.sounds)
    assert all(key.sounds), key
    assert len(key.initials) == len(key.words)


@given(st.text(max_size=30), st.text(max_size=30))
def test_likeness_stays_between_none_and_the_same(one: str, other: str) -> None:
    assert 0 <= names.likeness(names.keys(one), names.keys(other)) <= 1
