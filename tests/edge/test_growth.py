"""Z-scores of growth: beside two other implementations, at each switch of the standards."""

from __future__ import annotations

import json
from collections.abc import Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.rules.growth import (
    LAST_DAY,
    LYING,
    SCORES,
    STANDING,
    Child,
    standard_length,
    z_score,
    z_score_5_19,
)
from edge.rules.lms import table

OPINIONS = Path(__file__).parents[1] / "vectors" / "opinions"
CASES = json.loads((Path(__file__).parents[1] / "vectors" / "clinical.json").read_text("utf-8"))
TABLES = (
    ("weight-for-age", 0, 1856),
    ("length-for-age", 0, 1856),
    ("bmi-for-age", 0, 1856),
    ("head-for-age", 0, 1856),
    ("arm-for-age", 91, 1856),
    ("weight-for-length", 450, 1100),
    ("weight-for-height", 650, 1200),
    ("bmi-for-age-5-19", 61, 228),
    ("height-for-age-5-19", 61, 228),
)
AGREED = Decimal("0.01")


def z_scores(child: Child) -> dict[str, Decimal]:
    found = {name: z_score(name, child) for name in SCORES}
    return {name: z for name, z in found.items() if z is not None}


def z_scores_5_19(child: Child) -> dict[str, Decimal]:
    found = {name: z_score_5_19(name, child) for name in ("z_bmi", "z_hfa")}
    return {name: z for name, z in found.items() if z is not None}


def kept(name: str) -> Iterator[tuple[dict[str, Any], dict[str, dict[str, float]]]]:
    for line in (OPINIONS / f"{name}.jsonl").read_text("utf-8").splitlines():
        row = json.loads(line)
        yield row["input"], row["answers"]


def child(case: dict[str, Any]) -> Child:
    numbers = {
        name: Decimal(str(case[name]))
        for name in ("weight_kg", "height_cm", "muac_mm", "head_cm")
        if name in case
    }
    return Child(case["sex"], case["age_days"], position=case.get("position"), **numbers)


@pytest.mark.parametrize(("name", "first", "last"), TABLES)
def test_a_table_has_a_row_for_each_key_and_rises_with_it(name: str, first: int, last: int) -> None:
    found = table(name)
    assert (found.first, found.last) == (first, last)
    for sex in "fm":
        rows = [found.row(sex, key) for key in range(first, last + 1)]
        assert all(row and row.median > 0 and 0 < row.variation < 1 for row in rows)
        assert found.row(sex, first - 1) is None
        assert found.row(sex, last + 1) is None


@pytest.mark.parametrize(("name", "first", "last"), TABLES)
def test_the_median_is_zero_and_a_value_at_a_score_has_that_score(
    name: str, first: int, last: int
) -> None:
    for sex in "fm":
        for key in range(first, last + 1, 37):
            row = table(name).row(sex, key)
            assert row is not None
            assert row.z(row.median) == 0
            for z in (-3, -2, -1, 1, 2, 3):
                assert row.z(row.at(Decimal(z))) == z


def test_the_shared_cases_come_out_to_the_last_digit() -> None:
    growth = [case for case in CASES["other"] if case["rule"] == "who_growth"]
    assert growth
    for case in growth:
        given_child = child(case["input"])
        lying = Child(
            given_child.sex,
            given_child.age_days,
            given_child.weight_kg,
            given_child.height_cm,
            LYING,
        )
        found = z_scores(lying)
        assert {name: float(found[name]) for name in case["expect"]} == case["expect"]


def test_four_hundred_children_have_the_scores_of_two_other_implementations() -> None:
    compared = 0
    for case, answers in kept("who_growth"):
        ours = z_scores(child(case))
        for theirs in answers.values():
            for name, z in theirs.items():
                assert abs(ours[name] - Decimal(str(z))) <= AGREED, (case, name, z)
                compared += 1
    assert compared > 3000


def test_from_five_to_nineteen_years_another_implementation_agrees() -> None:
    compared = 0
    for case, answers in kept("bmi_for_age_5_19"):
        ours = z_scores_5_19(child(case))
        for theirs in answers.values():
            for name, z in theirs.items():
                assert abs(ours[name] - Decimal(str(z))) <= AGREED, (case, name, z)
                compared += 1
    assert compared == 800


def test_lying_and_standing_differ_by_seven_millimetres() -> None:
    for days, as_meant, other, corrected in (
        (730, LYING, STANDING, "85.7"),
        (731, STANDING, LYING, "84.3"),
    ):
        measured = Decimal(85)
        assert standard_length(Child("f", days, None, measured, as_meant)) == measured
        assert standard_length(Child("f", days, None, measured, other)) == Decimal(corrected)


def test_the_day_of_two_years_changes_the_table_and_not_the_child() -> None:
    before = z_scores(Child("m", 730, Decimal(12), Decimal("87.7"), LYING))
    after = z_scores(Child("m", 731, Decimal(12), Decimal("87.0"), STANDING))
    for name in ("z_lhfa", "z_wflh", "z_bmi"):
        assert abs(before[name] - after[name]) < Decimal("0.03")


def test_without_a_position_nothing_that_needs_a_length_is_said() -> None:
    unsaid = Child("f", 700, Decimal(8), Decimal(82), None, Decimal(120), Decimal(45))
    assert set(z_scores(unsaid)) == {"z_wfa", "z_acfa", "z_hcfa"}


def test_oedema_takes_the_scores_of_weight_away() -> None:
    swollen = Child("f", 700, Decimal(8), Decimal(82), LYING, Decimal(120), oedema=True)
    assert set(z_scores(swollen)) == {"z_lhfa", "z_acfa"}


@given(
    st.sampled_from("fm"),
    st.integers(-5, 7500),
    st.integers(1, 7000).map(lambda n: Decimal(n) / 100),
    st.integers(1, 2500).map(lambda n: Decimal(n) / 10),
    st.sampled_from((LYING, STANDING, None)),
)
def test_whatever_was_measured_a_score_is_a_number_or_missing(
    sex: str, days: int, weight: Decimal, length: Decimal, position: str | None
) -> None:
    measured = Child(sex, days, weight, length, position, length * 5, length / 2)
    scores = z_scores(measured) | z_scores_5_19(measured)
    assert all(z.is_finite() for z in scores.values())
    if not 0 <= days <= LAST_DAY:
        assert not set(scores) & {"z_lhfa", "z_wfa", "z_wflh"}


@given(
    st.sampled_from("fm"),
    st.integers(0, LAST_DAY),
    st.integers(100, 3000).map(lambda n: Decimal(n) / 100),
    st.integers(1, 200).map(lambda n: Decimal(n) / 100),
)
def test_more_weight_is_never_a_lower_score(
    sex: str, days: int, weight: Decimal, more: Decimal
) -> None:
    light = z_scores(Child(sex, days, weight, Decimal(80), LYING))
    heavy = z_scores(Child(sex, days, weight + more, Decimal(80), LYING))
    for name in ("z_wfa", "z_wflh", "z_bmi"):
        if name in light and name in heavy:
            assert light[name] <= heavy[name]


def test_a_length_beside_the_table_has_no_row() -> None:
    lengths = table("weight-for-length")
    for outside in ("449", "449.5", "1100.5", "1101"):
        assert lengths.between("f", Decimal(outside)) is None
    assert lengths.between("f", Decimal(450)) == lengths.row("f", 450)
    middle, low, high = (lengths.between("f", Decimal(key)) for key in ("450.5", "450", "451"))
    assert middle is not None
    assert low is not None
    assert high is not None
    assert low.median < middle.median < high.median


def test_nothing_measured_has_no_score() -> None:
    for position in (LYING, STANDING):
        assert z_scores(Child("f", 700, None, None, position)) == {}
