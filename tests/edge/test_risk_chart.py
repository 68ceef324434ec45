"""The WHO 2019 risk chart without laboratory: its cells follow from the published model."""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from math import exp, floor, log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from edge.rules.risk_chart import AGES, REGIONS, Person, risk

MIDDLE_PRESSURES = (110, 130, 150, 170, 190)
MIDDLE_INDEXES = (
    Decimal("17.5"),
    Decimal("22.5"),
    Decimal("27.5"),
    Decimal("32.5"),
    Decimal("37.5"),
)

# Log hazard ratios of age, body mass index, systolic pressure and smoking, then of the last three
# with age, and the survival without an event in 10 years; heart attack, then stroke (Lancet Global
# Health 2019;7:e1332, table 1.6 of appendix 2, and the authors' program whocvdrisk).
MODEL = {
    "m": (
        (0.073593, 0.0337219, 0.0133937, 0.5954767, -0.0010432, -0.0001837, -0.0200831, 0.9544258),
        (0.097674, 0.0159518, 0.0227294, 0.4999862, -0.0003516, -0.0004374, -0.0153895, 0.984826),
    ),
    "f": (
        (0.1049418, 0.0257616, 0.016726, 1.093132, -0.0006537, -0.0001966, -0.0343739, 0.9887124),
        (0.1046105, 0.0036406, 0.0216741, 0.7399405, -0.0000129, -0.0005311, -0.0203997, 0.9885706),
    ),
}

# The level and the slope of South Asia, of heart attack and of stroke. They are not published:
# they were fitted to the 350 cells of each sex, four numbers for 350.
SOUTH_ASIA = {
    "m": ((-0.2004254, 0.99471482), (-1.37293569, 0.52315917)),
    "f": ((-0.4259886, 0.70048159), (-1.0603482, 0.57664376)),
}

AGES_OF_PEOPLE = st.integers(0, 120)
PRESSURE = st.one_of(st.none(), st.integers(30, 300).map(Decimal))
INDEX = st.one_of(st.none(), st.integers(80, 700).map(lambda tenths: Decimal(tenths) / 10))
SMOKER = st.sampled_from((None, True, False))


def modelled(sex: str, age: float, systolic: int, index: float, smoker: bool) -> float:
    """The risk in percent by the model of the working group, adjusted to South Asia."""
    free = 1.0
    years, pressure, mass = age - 60, systolic - 120, index - 25
    for betas, (level, slope) in zip(MODEL[sex], SOUTH_ASIA[sex], strict=True):
        predictor = (
            betas[0] * years
            + betas[1] * mass
            + betas[2] * pressure
            + betas[3] * smoker
            + years * (betas[4] * mass + betas[5] * pressure + betas[6] * smoker)
        )
        free *= exp(-exp(level + slope * (predictor + log(-log(betas[7])))))
    return 100 * (1 - free)


def test_each_of_the_700_cells_is_what_the_published_model_gives() -> None:
    cells = list(product("mf", AGES, MIDDLE_PRESSURES, MIDDLE_INDEXES, (True, False)))
    for sex, age, systolic, index, smoker in cells:
        person = Person(sex, age, smoker, Decimal(systolic), index)
        expected = floor(modelled(sex, age + 2.5, systolic, float(index), smoker) + 0.5)
        assert risk("south_asia", person) == (expected, expected), person
    assert len(cells) == 700


@pytest.mark.parametrize("sex", "mf")
@pytest.mark.parametrize("smoker", [True, False])
def test_no_risk_falls_when_age_pressure_or_body_mass_grows(sex: str, smoker: bool) -> None:
    for age, systolic, index in product(AGES, MIDDLE_PRESSURES, MIDDLE_INDEXES):
        here = risk("south_asia", Person(sex, age, smoker, Decimal(systolic), index))
        worse = (
            Person(sex, min(age + 5, 74), smoker, Decimal(systolic), index),
            Person(sex, age, smoker, Decimal(systolic + 20), index),
            Person(sex, age, smoker, Decimal(systolic), index + 5),
            Person(sex, age, True, Decimal(systolic), index),
        )
        assert all(here <= risk("south_asia", person) for person in worse)


@given(AGES_OF_PEOPLE, PRESSURE, INDEX, SMOKER)
def test_bounds_hold_whatever_turns_out(
    age: int, systolic: Decimal | None, index: Decimal | None, smoker: bool | None
) -> None:
    bounds = risk("south_asia", Person("f", age, smoker, systolic, index))
    assert (bounds is None) == (not 40 <= age <= 74)
    if bounds is None:
        return
    for told in product(
        (smoker,) if smoker is not None else (True, False),
        (systolic,) if systolic is not None else map(Decimal, MIDDLE_PRESSURES),
        (index,) if index is not None else MIDDLE_INDEXES,
    ):
        exact = risk("south_asia", Person("f", age, *told))
        assert exact is not None
        assert exact[0] == exact[1]
        assert bounds[0] <= exact[0] <= bounds[1]


def test_a_bound_belongs_to_the_higher_band() -> None:
    known = [
        risk("south_asia", Person("m", 60, False, Decimal(systolic), Decimal(25)))
        for systolic in ("119", "120", "139", "140")
    ]
    assert known == [(7, 7), (9, 9), (9, 9), (11, 11)]
    by_index = [
        risk("south_asia", Person("m", 60, False, Decimal(180), Decimal(index)))
        for index in ("24.99", "25", "34.99", "35")
    ]
    assert by_index == [(16, 16), (18, 18), (20, 20), (22, 22)]


def test_a_region_without_a_chart_has_no_result() -> None:
    person = Person("m", 60, False, Decimal(150), Decimal(27))
    assert REGIONS == ("south_asia",)
    assert risk("oceania", person) is None
    assert risk("", person) is None
