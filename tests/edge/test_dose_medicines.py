"""Doses from the site's list, and what speaks against a medicine."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.medicines import doses, site_list, stops
from edge.medicines.doses import Dose, NoDose
from edge.medicines.site_list import Medicine, MedicinesError
from edge.medicines.stops import KnownFacts, StopKind

LISTED = site_list.shipped()
WEIGHTS = st.decimals(Decimal("0.5"), Decimal(200), places=2)
AGES = st.integers(0, 40000)


@given(st.sampled_from(sorted(LISTED)), st.none() | WEIGHTS, st.none() | AGES)
def test_no_dose_is_above_the_most_of_the_list(
    word: str, weight: Decimal | None, age: int | None
) -> None:
    medicine = LISTED[word]
    dose = doses.of(medicine, weight, age)
    if isinstance(dose, Dose):
        rows = [row for row in medicine.doses if row.unit == dose.unit]
        assert 0 < dose.amount <= max(row.most for row in rows)
        assert any(dose.amount % row.step == 0 for row in rows)
        if weight is not None:
            assert all(
                dose.amount <= row.per_kg * weight
                for row in rows
                if row.per_kg is not None and (age is None or age < 4380)
            )


@pytest.mark.parametrize(
    ("weight", "dose"),
    [
        ("4.1", "0"),
        ("4.2", "62.5"),
        ("8.3", "62.5"),
        ("8.4", "125"),
        ("12.5", "187.5"),
        ("39", "500"),
    ],
)
def test_a_dose_by_weight_is_rounded_down_to_what_can_be_given(weight: str, dose: str) -> None:
    found = doses.of(LISTED["paracetamol"], Decimal(weight), 700)
    assert (found.amount if isinstance(found, Dose) else Decimal(0)) == Decimal(dose)


def test_a_missing_fact_is_named_and_never_guessed() -> None:
    assert doses.of(LISTED["paracetamol"], None, 700) == NoDose("weight")
    assert doses.of(LISTED["amlodipine"], None, None) == NoDose("age")
    assert doses.of(LISTED["cotrimoxazole"], Decimal(60), 15000) == NoDose("none")
    assert doses.of(LISTED["amoxicillin-dt"], Decimal(60), 15000) == NoDose("outside")


def kinds(word: str, known: KnownFacts) -> list[StopKind]:
    return [stop.kind for stop in stops.against(LISTED[word], known, LISTED)]


@pytest.mark.parametrize(
    "allergy", ["Penicillin", "penicillins (rash)", "amoxicillin-dt", "青霉素过敏", "پنسلین"]
)
def test_an_allergy_to_the_class_stops_the_medicine(allergy: str) -> None:
    assert kinds("amoxicillin-dt", KnownFacts(allergies=(allergy,))) == [StopKind.ALLERGY]
    assert kinds("paracetamol", KnownFacts(allergies=(allergy,))) == []


def test_another_medicine_of_the_class_stops_it() -> None:
    assert kinds("ibuprofen", KnownFacts(allergies=("Aspirin",))) == [StopKind.ALLERGY]
    assert kinds("ibuprofen", KnownFacts(medicines="Aspirin 75 mg")) == [StopKind.TAKEN]
    assert kinds("ibuprofen", KnownFacts(given=("aspirin",))) == [StopKind.TAKEN]
    assert kinds("amlodipine", KnownFacts(medicines="Amlodipine 5 mg", given=("amlodipine",))) == []
    assert kinds("amlodipine", KnownFacts(given_now=("amlodipine",))) == [StopKind.TAKEN]


@pytest.mark.parametrize(
    ("word", "weeks", "stopped"),
    [
        *(("ibuprofen", weeks, weeks is None or weeks >= 28) for weeks in (None, 8, 27, 28, 40)),
        *(("cotrimoxazole", weeks, weeks not in (14, 27)) for weeks in (None, 13, 14, 27, 28)),
        *(("losartan", weeks, True) for weeks in (None, 8, 20, 40)),
        ("paracetamol", 20, False),
    ],
)
def test_a_pregnancy_stops_by_its_trimester(word: str, weeks: int | None, stopped: bool) -> None:
    known = KnownFacts(pregnant=True, gestation_weeks=weeks)
    assert kinds(word, known) == ([StopKind.PREGNANCY] if stopped else [])
    assert kinds(word, KnownFacts(pregnant=False, gestation_weeks=weeks)) == []


def test_an_age_outside_stops_and_an_unknown_one_does_not() -> None:
    assert kinds("zinc", KnownFacts(age_days=59)) == [StopKind.AGE]
    assert kinds("zinc", KnownFacts(age_days=60)) == []
    assert kinds("zinc", KnownFacts()) == []


ROW = 'word = "x"\nlabel = "X"\nform = "f"\nclasses = []\nsource = "example"\n'
DOSE = '[[medicine.dose]]\nunit = "mg"\nstep = "5"\nmost = "10"\nhow_often = "daily"\n'


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("[[medicine]]\n" + ROW.replace("example", " "), "'x': no source is cited"),
        ("[[medicine]]\n" + ROW.replace('form = "f"\n', ""), "'x': form is missing"),
        ("[[medicine]]\n" + ROW + DOSE, "'x': a dose has either per_kg or amount"),
        ("[[medicine]]\n" + ROW + DOSE + 'amount = "20"\n', "'x': amount is more than `most`"),
        ("[[medicine]]\n" + ROW + DOSE + 'amount = "much"\n', "'x': a value has the wrong form"),
        ("[[medicine]]\n" + ROW + 'not_pregnant = "4"\n', "'x': not_pregnant is always"),
        ("[[medicine]]\n" + ROW + "[[medicine]]\n" + ROW, "'x' stands there twice"),
        ("[[medicine", "not written as TOML"),
    ],
)
def test_a_bad_list_names_its_row(text: str, said: str) -> None:
    with pytest.raises(MedicinesError, match=said):
        site_list.parse(text)


def test_a_site_has_its_own_list(tmp_path: Path) -> None:
    assert site_list.of_home(tmp_path) == LISTED
    own = "[[medicine]]\n" + ROW + DOSE + 'amount = "10"\n'
    (tmp_path / site_list.FILE).write_text(own, encoding="utf-8")
    assert list(site_list.of_home(tmp_path)) == ["x"]


def test_every_shipped_row_says_that_a_clinician_must_sign_it() -> None:
    unsigned: list[Medicine] = [row for row in LISTED.values() if not row.signed]
    assert all("a clinician must sign" in row.source for row in unsigned)
    assert len(LISTED) >= 12
