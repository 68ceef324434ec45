"""Values that kill are never said to be well: the least level, whatever else is not known."""

from __future__ import annotations

from decimal import Decimal

import pytest

from edge.rules import rules
from edge.rules.assessment import Assessment, Level, Status
from edge.rules.engine import assess
from edge.rules.loader import load
from edge.rules.table_rows import TableError

Facts = dict[str, object]

AFTER_BIRTH: Facts = {"pregnant": False, "pregnant_or_postpartum": True, "age_years": 28}
SWOLLEN: Facts = {"bilateral_oedema": True, "sex": "f", "weight_kg": 5, "height_cm": 60}

DANGEROUS: list[tuple[str, Facts, Level]] = [
    ("iitt_child", {"age_years": 8, "spo2": 60}, Level.EMERGENCY),
    ("iitt_child", {"age_years": 8, "spo2": 89}, Level.EMERGENCY),
    ("iitt_child", {"age_years": 8, "spo2": 86, "altitude_m": 3000}, Level.EMERGENCY),
    ("iitt", {"age_years": 13, "spo2": 70}, Level.EMERGENCY),
    ("iitt", {"age_years": 28, "pregnant": True, "spo2": 60}, Level.EMERGENCY),
    ("iitt_child", {"age_years": 8, "rr": 6}, Level.URGENT),
    ("iitt_child", {"age_years": 3, "rr": 19}, Level.URGENT),
    ("iitt", {"age_years": 40, "rr": 9}, Level.URGENT),
    ("iitt_child", {"age_years": 2, "temp_c": 28}, Level.URGENT),
    ("iitt_child", {"age_years": 2, "temp_c": 41}, Level.URGENT),
    ("iitt_child", {"age_years": 2, "consciousness": "P"}, Level.URGENT),
    ("iitt_child", {"age_years": 2, "crt_s": Decimal("3.1")}, Level.EMERGENCY),
    ("iitt", {"age_years": 30, "crt_s": Decimal("3.4")}, Level.EMERGENCY),
    ("who_growth", {**SWOLLEN, "age_days": 120, "position": "lying"}, Level.URGENT),
    ("who_growth", {**SWOLLEN, "age_days": 400, "position": "lying"}, Level.URGENT),
    ("bmi_for_age_5_19", {**SWOLLEN, "age_days": 3000, "height_cm": 125}, Level.URGENT),
    ("bp_pregnancy", {**AFTER_BIRTH, "sbp": 170, "dbp": 108}, Level.EMERGENCY),
    ("bp_pregnancy", {"postpartum": True, "age_years": 28, "dbp": 110}, Level.EMERGENCY),
    ("preeclampsia_signs", {**AFTER_BIRTH, "convulsion": True}, Level.EMERGENCY),
    ("preeclampsia_signs", {"pregnant": True, "sbp": 165, "dbp": 112}, Level.EMERGENCY),
    ("imci_fast_breathing", {"age_years": 3, "rr": 6}, Level.EMERGENCY),
    ("imci_fast_breathing", {"age_days": 30, "rr": 19}, Level.EMERGENCY),
    ("newborn", {"age_days": 3, "rr": 6}, Level.EMERGENCY),
    ("newborn", {"age_days": 3, "temp_c": Decimal("38.5")}, Level.URGENT),
    ("newborn", {"age_days": 3, "temp_c": Decimal("34.9")}, Level.URGENT),
    ("imci_temperature", {"age_years": 2, "axillary_temp_c": 28}, Level.URGENT),
]


def judged(rule: str, **facts: object) -> Assessment:
    return assess(rules()[rule], facts)


@pytest.mark.parametrize(("rule", "facts", "least"), DANGEROUS, ids=str)
def test_a_dangerous_value_has_its_level_whatever_was_not_asked(
    rule: str, facts: Facts, least: Level
) -> None:
    assert judged(rule, **facts).level.rank >= least.rank


def test_low_oxygen_says_oxygen() -> None:
    for rule, age in (("iitt_child", 8), ("iitt", 13)):
        [response] = judged(rule, age_years=age, spo2=70).responses
        assert "Give oxygen" in response.staff


def test_an_oxygen_saturation_that_a_clinician_expects_is_no_emergency() -> None:
    scale2 = {"spo2_scale": 2, "scale2_authorised_by": "Dr Khan"}
    assert judged("iitt", age_years=60, spo2=88, **scale2).level is Level.SOON
    assert judged("iitt", age_years=60, spo2=87, **scale2).level is Level.EMERGENCY
    alone = {"spo2_scale": 2, "scale2_authorised_by": ""}
    assert judged("iitt", age_years=60, spo2=88, **alone).level is Level.EMERGENCY
    assert judged("iitt_child", age_years=8, spo2=87, altitude_m=3000).level is Level.SOON


def test_a_woman_who_is_not_pregnant_and_did_not_give_birth_is_not_judged() -> None:
    facts = {"age_years": 28, "pregnant": False, "postpartum": False, "sbp": 170, "dbp": 108}
    for rule in ("bp_pregnancy", "preeclampsia_signs"):
        assert judged(rule, **facts).status is Status.NOT_APPLICABLE


def test_a_severe_pressure_does_not_say_that_signs_are_absent() -> None:
    [response] = judged("preeclampsia_signs", pregnant=True, sbp=165, dbp=112).responses
    assert "without" not in response.staff
    pressure = judged("bp_pregnancy", pregnant=True, sbp=165, dbp=112).responses[0]
    assert response.recheck_min == pressure.recheck_min


def test_sugar_by_mouth_is_only_for_who_can_swallow() -> None:
    for value in (35, 60):
        facts = {"age_years": 40, "value": value, "unit": "mg/dL"}
        [response] = judged("hypoglycaemia_adult", **facts).responses
        assert "awake and can swallow" in response.staff


@pytest.mark.parametrize(
    ("rule", "facts"),
    [
        ("glucose_adult", {"value": 27, "unit": "mg/dL", "kind": "fasting"}),
        ("bp_hearts", {"sbp": 60, "dbp": 35}),
        ("bp_grade_adult", {"sbp": 60, "dbp": 35}),
    ],
    ids=str,
)
def test_a_very_low_value_is_not_called_expected(rule: str, facts: Facts) -> None:
    whole = {"age_years": 40, "pregnant": False, "symptoms": False, **facts}
    [response] = judged(rule, **whole).responses
    assert "expected range" not in response.staff + response.patient
    assert "own rule" in response.staff


def test_an_arm_that_nobody_has_is_refused() -> None:
    answer = judged("muac", age_months=20, muac_mm=11, bilateral_oedema=False)
    assert answer.missing == ("muac_mm",)


def test_of_responses_that_are_as_urgent_the_first_of_the_table_is_said() -> None:
    answer = judged("preeclampsia_signs", pregnant=True, sbp=165, dbp=112)
    table = rules()["preeclampsia_signs"].responses
    assert answer.responses == (table["severe_pressure"],)


def test_a_condition_may_hold_by_another_flag_only() -> None:
    text = rules()["bp_pregnancy"].source
    for wrong in ("sbp", "nothing"):
        changed = text.replace('or_fact = "pregnant_or_postpartum"', f'or_fact = "{wrong}"')
        with pytest.raises(TableError, match="yes or no"):
            load(changed, "wrong.toml")
