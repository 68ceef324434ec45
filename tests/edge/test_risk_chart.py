"""The WHO 2019 risk chart without laboratory: its cells follow from the published model."""

from __future__ import annotations

from decimal import Decimal
from itertools import product
from math import exp, floor, log

from hypothesis import given
from hypothesis import strategies as st

from edge.rules import rules
from edge.rules.assessment import Status
from edge.rules.engine import assess
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

AGE = st.integers(0, 120)
PRESSURE = st.one_of(st.none(), st.integers(30, 300))
INDEX = st.one_of(st.none(), st.integers(80, 700).map(lambda tenths: Decimal(tenths) / 10))
SMOKER = st.sampled_from((None, True, False))


def judged(**facts: object) -> dict[str, object]:
    told = {"cvd_region": "south_asia", "known_cvd": False, "pregnant": False, "height_cm": 100}
    if facts.get("weight_kg") is None:
        facts.pop("weight_kg", None)
    found = assess(rules()["cvd_risk"], told | facts)
    return dict(found.result)


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
    cells = list(product("mf", AGES, range(5), range(5), (True, False)))
    for sex, age, pressure, index, smoker in cells:
        middle = MIDDLE_PRESSURES[pressure], float(MIDDLE_INDEXES[index])
        expected = floor(modelled(sex, age + 2.5, *middle, smoker) + 0.5)
        assert risk("south_asia", Person(sex, age, smoker), pressure, index) == expected
    assert len(cells) == 700


def test_no_risk_falls_when_age_pressure_or_body_mass_grows() -> None:
    for sex, age, pressure, index in product("mf", range(40, 75), range(5), range(5)):
        for smoker in (True, False):
            here = risk("south_asia", Person(sex, age, smoker), pressure, index)
            worse = (
                risk("south_asia", Person(sex, min(age + 5, 74), smoker), pressure, index),
                risk("south_asia", Person(sex, age, smoker), min(pressure + 1, 4), index),
                risk("south_asia", Person(sex, age, smoker), pressure, min(index + 1, 4)),
                risk("south_asia", Person(sex, age, True), pressure, index),
            )
            assert all(here <= there for there in worse if here and there)


@given(AGE, PRESSURE, INDEX, SMOKER)
def test_bounds_hold_whatever_turns_out(
    age: int, systolic: int | None, index: Decimal | None, smoker: bool | None
) -> None:
    found = judged(sex="f", age_years=age, sbp=systolic, weight_kg=index, smoker=smoker)
    assert (found["status"] == Status.NOT_APPLICABLE) == (not 40 <= age <= 74)
    if found["status"] == Status.NOT_APPLICABLE:
        return
    low = found.get("risk_percent_lower_bound", found["risk_percent"])
    high = found.get("risk_percent_upper_bound", found["risk_percent"])
    for told in product(
        (smoker,) if smoker is not None else (True, False),
        (systolic,) if systolic is not None else MIDDLE_PRESSURES,
        (index,) if index is not None else MIDDLE_INDEXES,
    ):
        whole = judged(sex="f", age_years=age, smoker=told[0], sbp=told[1], weight_kg=told[2])
        assert whole["status"] == Status.OK
        assert low is None or low <= whole["risk_percent"] <= high


def test_a_bound_belongs_to_the_higher_band() -> None:
    asked = {"sex": "m", "age_years": 60, "smoker": False}
    by_pressure = [
        judged(**asked, sbp=systolic, weight_kg=25)["risk_percent"]
        for systolic in (119, 120, 139, 140)
    ]
    assert by_pressure == [7, 9, 9, 11]
    by_index = [
        judged(**asked, sbp=180, weight_kg=Decimal(index))["risk_percent"]
        for index in ("24.99", "25", "34.99", "35")
    ]
    assert by_index == [16, 18, 20, 22]


def test_a_region_without_a_chart_has_no_result() -> None:
    assert REGIONS == ("south_asia",)
    assert risk("oceania", Person("m", 60, False), 2, 2) is None
    found = judged(sex="m", age_years=60, smoker=False, sbp=150, weight_kg=27, cvd_region="none")
    assert found["status"] == Status.NOT_APPLICABLE
    assert found["reason"] == "no_chart_of_this_region"
