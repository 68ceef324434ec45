"""Finding people by name in any spelling or script, by card and by telephone."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import pytest

from edge.model.clock import Clock, ClockQuality, Stamp
from edge.model.patient import Patient
from edge.patients import register
from edge.patients.form import PatientForm
from edge.store.store import Store

Add = Callable[..., Patient]


@pytest.fixture
def add(store: Store, clock: Clock) -> Add:
    def _add(name: str, **fields: str) -> Patient:
        return register.register(store, clock.now(), PatientForm(name, **fields), "w1")

    return _add


@pytest.fixture
def village(add: Add) -> None:
    for name in ("Muhammad Khan", "Laxmi Thapa", "Fatima Bibi", "王伟", "王小明", "Ram Bahadur",
                 "Choudhury Ali", "चन्द्र गुरुङ", "نصرت پروین", "Hari Prasad Sharma"):  # fmt: skip
        add(name)


def first(store: Store, text: str) -> str:
    found = register.search(store, text)
    return found[0].name if found else ""


@pytest.mark.usefixtures("village")
@pytest.mark.parametrize(
    ("text", "name"),
    [
        ("mohammed khan", "Muhammad Khan"),
        ("محمد خان", "Muhammad Khan"),
        ("मुहम्मद खान", "Muhammad Khan"),
        ("khan muhammad", "Muhammad Khan"),
        ("muh", "Muhammad Khan"),
        ("lakshmi", "Laxmi Thapa"),
        ("लक्ष्मी थापा", "Laxmi Thapa"),
        ("faatimah", "Fatima Bibi"),
        ("fatmia bibi", "Fatima Bibi"),
        ("王伟", "王伟"),
        ("wang wei", "王伟"),
        ("wangwei", "王伟"),
        ("汪伟", "王伟"),
        ("小明", "王小明"),
        ("明", "王小明"),
        ("chaudhry", "Choudhury Ali"),
        ("chandra gurung", "चन्द्र गुरुङ"),
        ("nusrat parveen", "نصرت پروین"),
        ("hps", "Hari Prasad Sharma"),
    ],
)
def test_a_name_is_found_however_it_is_written(store: Store, text: str, name: str) -> None:
    assert first(store, text) == name


@pytest.mark.usefixtures("village")
@pytest.mark.parametrize(
    "text", ["", "   ", "zzz", "%", "_", '"', "NOTZ", "xq* OR (", "'; --", "0"]
)
def test_odd_text_finds_nothing_and_breaks_nothing(store: Store, text: str) -> None:
    assert register.search(store, text) == []


def test_a_card_or_a_telephone_comes_first(store: Store, add: Add) -> None:
    add("Sita One", card="HP-77")
    phone = add("Sita Two", phone="0301 2345678")
    add("HP Sita", phone="0301 9999999")
    assert first(store, "hp-77") == "Sita One"
    assert register.search(store, "+92 301 2345678"[4:]) == [phone]
    assert first(store, "2345678") == "Sita Two"
    assert {p.name for p in register.search(store, "0301")} == {"Sita Two", "HP Sita"}


def test_never_more_than_asked_for(store: Store, add: Add) -> None:
    for number in range(20):
        add("Ram Thapa", card=f"C{number}")
    assert len(register.search(store, "ram thapa")) == register.SHOWN
    assert len(register.search(store, "ram thapa", limit=3)) == 3


def test_somebody_who_may_be_registered_already_is_asked_about(store: Store, add: Add) -> None:
    held = add("Muhammad Khan", sex="male", birth="1948", village="Kot", phone="03011111")
    add("Muhammad Khan", sex="male", birth="1990", village="Bot")
    add("Laxmi Thapa", sex="female", birth="1948")
    form = PatientForm("Mohammed Khan", "male", "1950", village="kot")
    assert register.possible_duplicates(store, form)[0] == held
    assert register.possible_duplicates(store, PatientForm("Ganesh Rai", "male", "1950")) == []


def test_an_age_counts_like_a_birth_when_asking_for_duplicates(store: Store, add: Add) -> None:
    held = add("Muhammad Khan", sex="male", birth="1948")
    now = Stamp(1, 1, 1_796_000_000_000, ClockQuality.NTP)
    old = register.possible_duplicates(store, PatientForm("Mohamad Khan", "male", age="77"), now)
    young = register.possible_duplicates(store, PatientForm("Mohamad Khan", "male", age="7"), now)
    assert (old, young) == ([held], [])


def test_a_family_telephone_is_no_duplicate_but_a_card_is(store: Store, add: Add) -> None:
    mother = add("Fatima Bibi", sex="female", phone="0301 1111", card="F1")
    assert register.possible_duplicates(store, PatientForm("Ganesh", phone="03011111")) == []
    assert register.possible_duplicates(store, PatientForm("Fatma B", phone="03011111")) == [mother]
    assert register.possible_duplicates(store, PatientForm("Ganesh", card="f1")) == [mother]


@pytest.mark.system
def test_one_among_fifty_thousand(store: Store, clock: Clock) -> None:
    first_names = [a + b for a in ("Ra", "Su", "Mo", "Bi", "Ka", "Na", "Jo", "Pre", "Vi", "Ha")
                   for b in ("mesh", "nil", "han", "lal", "mala", "deem", "ginder", "kash", "jay",
                             "rid")]  # fmt: skip
    last_names = [a + b for a in ("Tha", "Gu", "Sha", "Ra", "Ku", "Ad", "Be", "Cha", "Lim", "Pan")
                  for b in ("pa", "rung", "rma", "wal", "mari")]  # fmt: skip
    everybody = itertools.product(first_names, ("Bahadur", "Prasad", "Devi", "Lal", ""), last_names)
    forms = [PatientForm(" ".join(parts)) for parts in everybody] * 2
    with store.transaction():
        for form in forms[:49_998]:
            register.register(store, clock.now(), form, None)
    wanted = register.register(store, clock.now(), PatientForm("Mst. Zulaikha Begum"), "w1")
    chinese = register.register(
        store, clock.now(), PatientForm("欧阳娜娜", phone="13800001234"), "w1"
    )
    assert register.count(store) == 50_000
    for text in ("zulekha begum", "زلیخا بیگم", "mst zulaikha", "Zulaikha"):
        assert register.search(store, text)[0] == wanted, text
    for text in ("欧阳娜娜", "娜娜", "ouyang nana", "ouyangnana", "1380000"):
        assert register.search(store, text)[0] == chinese, text
    assert register.search(store, "Mohan Prasad Gurung")[0].name == "Mohan Prasad Gurung"
