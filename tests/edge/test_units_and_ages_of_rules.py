"""Units, ways of saying an age, settings of the site: none changes a class wrongly."""

from __future__ import annotations

from datetime import date, timedelta
from decimal import ROUND_HALF_UP, Decimal

import pytest

from edge.model.age import from_birth
from edge.rules import rules
from edge.rules.assessment import Status
from edge.rules.engine import assess
from edge.rules.texts import IMPOSSIBLE, NOT_JUDGED

TENTH = Decimal("0.1")
WELL = {"age_years": 40, "pregnant": False, "rr": 16, "spo2": 97, "o2": False, "sbp": 125}
ADULT = WELL | {"hr": 70, "consciousness": "A"}


def result(rule: str, **facts: object) -> dict[str, object]:
    return dict(assess(rules()[rule], facts).result)


def test_every_tenth_of_a_degree_fahrenheit_is_judged_as_its_celsius() -> None:
    for tenths in range(800, 1130):
        fahrenheit = Decimal(tenths) / 10
        celsius = ((fahrenheit - 32) * 5 / 9).quantize(TENTH, ROUND_HALF_UP)
        by_f = result("news2", **ADULT, temp_f_raw=str(fahrenheit))
        by_c = result("news2", **ADULT, temp_c=celsius)
        assert by_f["subscores"] == by_c["subscores"], fahrenheit


def test_every_pound_is_judged_as_its_kilograms() -> None:
    person = {"age_years": 40, "pregnant": False, "height_cm": 165}
    for pounds in range(40, 500):
        by_pound = result("bmi_adult", **person, weight_lb=pounds)
        by_kg = result("bmi_adult", **person, weight_kg=pounds * Decimal("0.45359237"))
        assert by_pound == by_kg


def test_every_gram_a_decilitre_is_judged_as_its_grams_a_litre() -> None:
    person = {"group": "woman_nonpreg_15plus", "altitude_m": 0, "smoker": False}
    for grams in range(30, 250):
        by_litre = result("anaemia", **person, hb_g_per_l=grams)
        by_decilitre = result("anaemia", **person, hb_g_per_dl=Decimal(grams) / 10)
        assert by_litre == by_decilitre


@pytest.mark.parametrize("kind", ["fasting", "2h", "random"])
def test_a_glucose_in_the_other_unit_is_at_most_a_rounding_away(kind: str) -> None:
    """The meter's own unit decides; beside a bound the two units round differently."""
    order = rules()["glucose_adult"].order["category"]
    person = {"kind": kind, "symptoms": True, "pregnant": False, "age_years": 40}
    for tenths in range(20, 330):
        mmol = Decimal(tenths) / 10
        mg = (mmol * Decimal("18.0156")).to_integral_value(ROUND_HALF_UP)
        own = result("glucose_adult", **person, value=mmol, unit="mmol/L")["category"]
        other = result("glucose_adult", **person, value=mg, unit="mg/dL")["category"]
        beside = {
            result("glucose_adult", **person, value=mmol + more, unit="mmol/L")["category"]
            for more in (-TENTH, Decimal(0), TENTH)
        }
        assert other in beside, (kind, mmol, own, other)
        assert own in order


def test_an_age_in_days_months_or_years_is_one_age() -> None:
    """Whichever the facts say, the same table applies."""
    for days in (1, 27, 55, 65, 300, 400, 1700, 1900, 4000, 4500, 5700, 6000, 7000, 20_000):
        months = int(Decimal(days) / Decimal("30.436875"))
        by_days = {name: assess(rule, {"age_days": days}).reason for name, rule in rules().items()}
        by_both = {
            name: assess(rule, {"age_days": days, "age_months": months}).reason
            for name, rule in rules().items()
        }
        assert by_days == by_both


BIRTHS = (
    *(date(2020, 2, day) for day in (27, 28, 29)),
    date(2020, 3, 1),
    date(2021, 1, 31),
    date(2019, 12, 31),
    date(2024, 2, 29),
    date(2023, 8, 30),
)
BOUNDS = (
    ("imci_fast_breathing", 60),
    ("muac", 60),
    ("iitt", 144),
    ("news2", 192),
    ("bp_grade_adult", 216),
    ("bmi_adult", 228),
)


def _birthday(birth: date, months: int) -> date:
    """The first day on which so many calendar months are completed."""
    year, month = divmod(birth.year * 12 + birth.month - 1 + months, 12)
    for back in range(4):
        try:
            day = date(year, month + 1, birth.day - back)
        except ValueError:
            continue
        return day if not back else day + timedelta(days=1)
    raise AssertionError


@pytest.mark.parametrize("birth", BIRTHS, ids=str)
@pytest.mark.parametrize(("name", "months"), BOUNDS)
def test_a_rule_begins_or_ends_on_the_day_itself(name: str, months: int, birth: date) -> None:
    turn = _birthday(birth, months)
    applies = []
    for day in (turn - timedelta(days=1), turn):
        age = from_birth(birth.isoformat(), day)
        assert age is not None
        facts = {"age_years": age.years, "age_days": age.days, "pregnant": False, "sex": "f"}
        facts |= {"age_months": _months(birth, day)}
        status = assess(rules()[name], facts).status
        applies.append(status is not Status.NOT_APPLICABLE)
    assert applies == ([True, False] if name in ("imci_fast_breathing", "muac") else [False, True])


def _months(birth: date, day: date) -> int:
    months = (day.year - birth.year) * 12 + day.month - birth.month
    return months - (day.day < birth.day)


@pytest.mark.parametrize("unit", ["mg/dL", "mmol/L"])
def test_the_words_of_a_glucose_meter_are_judged_as_beyond_its_range(unit: str) -> None:
    adult = {"age_years": 50, "pregnant": False, "glucose_unit": unit}
    high = assess(rules()["hyperglycaemia_adult"], adult | {"glucose": "HI"})
    assert (high.result["very_high"], high.level) == (True, "urgent")
    low = assess(rules()["hypoglycaemia_adult"], adult | {"value": "LO"})
    assert (low.result["level_at_least"], low.level) == ("level2", "emergency")
    child = {"age_years": 3, "glucose_unit": unit, "glucose": "LO"}
    assert assess(rules()["hypoglycaemia_child"], child).result["low"] is True
    assert "refused" in result("hyperglycaemia_adult", **adult, glucose="LOW")


@pytest.mark.parametrize(
    ("rule", "facts"),
    [
        ("news2", {"age_years": 40, "rr": 2}),
        ("news2", {"age_years": 40, "spo2": 38, "pregnant": False}),
        ("shock_index_adult", {"age_years": 40, "hr": 18, "sbp": 120}),
        ("imci_hypoxaemia", {"age_years": 2, "spo2": 38}),
        ("bp_grade_adult", {"age_years": 40, "sbp": 80, "dbp": 90}),
    ],
)
def test_an_impossible_value_sends_the_worker_to_the_patient_first(
    rule: str, facts: dict[str, object]
) -> None:
    answer = assess(rules()[rule], facts)
    assert [response.staff for response in answer.responses] == [IMPOSSIBLE]


def test_an_impossible_age_or_word_is_asked_for_as_before() -> None:
    answer = assess(rules()["news2"], {"age_years": 400, "consciousness": "X"})
    assert [response.staff for response in answer.responses] == [NOT_JUDGED]


def test_the_site_decides_by_which_bounds_a_weight_is_talked_about() -> None:
    person = {"age_years": 40, "pregnant": False, "weight_kg": 65, "height_cm": 165}  # 23.9
    usual = assess(rules()["bmi_adult"], person)
    asian = assess(rules()["bmi_adult"], person | {"asian_bmi": True})
    assert (usual.result["who_class"], usual.result["asian_risk"]) == ("normal", "increased")
    assert usual.result == asian.result
    assert (usual.level, asian.level) == ("none", "routine")


def test_anaemia_asks_for_the_altitude_and_says_what_is_certain_without_it() -> None:
    woman = {"group": "woman_nonpreg_15plus", "smoker": False}
    high = assess(rules()["anaemia"], woman | {"hb_g_per_l": 170})
    assert high.status is Status.INCOMPLETE
    assert high.missing == ("altitude_m",)
    low = assess(rules()["anaemia"], woman | {"hb_g_per_l": 75})
    assert low.result["category"] == "severe"
    assert low.level == "urgent"


def test_a_girl_below_ten_and_a_man_are_not_asked_about_a_pregnancy() -> None:
    told = {"hb_g_per_l": 100, "altitude_m": 0, "smoker": False}
    assert assess(rules()["anaemia"], told | {"age_years": 6, "sex": "f"}).status is Status.OK
    assert assess(rules()["anaemia"], told | {"age_years": 30, "sex": "m"}).status is Status.OK
    asked = assess(rules()["anaemia"], told | {"age_years": 30, "sex": "f"})
    assert "pregnant" in asked.missing


def test_growth_without_a_position_asks_and_still_warns_of_what_is_certain() -> None:
    child = {"sex": "m", "age_days": 400, "weight_kg": Decimal("6.5"), "height_cm": 74}
    unsaid = assess(rules()["who_growth"], child)
    assert unsaid.status is Status.NEEDS_INPUT
    assert unsaid.missing == ("position",)
    assert unsaid.level == "urgent"
    for position in ("lying", "standing"):
        said = assess(rules()["who_growth"], child | {"position": position})
        assert said.status is Status.OK
        for name in ("z_lhfa", "z_wflh"):
            low, high = (unsaid.result[f"{name}_{end}_bound"] for end in ("lower", "upper"))
            assert low <= said.result[name] <= high


def test_a_score_that_is_hardly_right_is_measured_again() -> None:
    child = {"sex": "f", "age_days": 700, "weight_kg": 30, "height_cm": 82, "position": "lying"}
    answer = assess(rules()["who_growth"], child)
    assert set(answer.result["warnings"]) == {"z_wflh_implausible", "z_wfa_implausible"}
    assert answer.level == "soon"


def test_an_age_known_to_the_month_gives_bounds_of_growth() -> None:
    child = {"sex": "f", "age_months": 20, "weight_kg": 8, "height_cm": 82, "position": "lying"}
    answer = assess(rules()["who_growth"], child)
    assert answer.status is Status.INCOMPLETE
    assert answer.result["wasting"] == "severe"
    low, high = (answer.result[f"z_wfa_{end}_bound"] for end in ("lower", "upper"))
    exact = assess(rules()["who_growth"], child | {"age_days": 620}).result["z_wfa"]
    assert low <= exact <= high


def test_a_result_that_is_certain_says_its_own_sentence_although_something_is_missing() -> None:
    child = {"sex": "m", "age_days": 400, "weight_kg": Decimal("6.5"), "height_cm": 74}
    answer = assess(rules()["who_growth"], child)
    assert [response.staff[:14] for response in answer.responses] == ["Severe wasting"]
    assert "z_wfa_lower_bound" not in answer.result


def test_a_number_that_no_meter_shows_in_its_unit_is_refused() -> None:
    person = {"kind": "fasting", "symptoms": False, "pregnant": False, "age_years": 40}
    answer = assess(rules()["glucose_adult"], person | {"value": 3000, "unit": "mg/dL"})
    assert answer.status is not Status.OK
    assert answer.result["refused"]


def test_one_sign_of_several_is_enough_for_a_fact_that_follows_from_them() -> None:
    facts = {"age_years": 50, "pregnant": False, "sbp": 190, "dbp": 112, "chest_pain": True}
    assert result("bp_urgent_adult", **facts)["emergency"] is True


def test_a_month_of_life_ends_the_day_before_the_next() -> None:
    """A baby of one month is within the chart for 0 to 59 days whichever its day is."""
    answer = assess(rules()["newborn"], {"age_months": 1, "convulsion": True})
    assert answer.result["class"] == "severe"
    assert assess(rules()["newborn"], {"age_months": 2}).status is Status.NOT_APPLICABLE
