"""Triage from 12 years and below, and the young infant: each criterion alone; what is missing."""

from __future__ import annotations

from decimal import Decimal

import pytest

from edge.rules import rules
from edge.rules.assessment import Assessment, Level, Status
from edge.rules.engine import assess
from edge.rules.facts import FactType

Facts = dict[str, object]


def calm(rule: str, **more: object) -> Facts:
    """Facts of somebody of whom everything was asked and measured, and nothing was found."""
    well: Facts = {
        "hr": 80,
        "rr": 18,
        "spo2": 98,
        "temp_c": Decimal("36.8"),
        "axillary_temp_c": Decimal("36.8"),
        "sbp": 118,
        "dbp": 72,
        "crt_s": 2,
        "weight_kg": Decimal("3.4"),
        "consciousness": "A",
    }
    flags = [n for n, t in rules()[rule].inputs.items() if t.fact.type is FactType.FLAG]
    told = {name: False for name in flags} | well | more
    return {name: value for name, value in told.items() if value is not None}


def judged(rule: str, **more: object) -> Assessment:
    return assess(rules()[rule], calm(rule, **more))


ADULT_RED: list[Facts] = [
    *(
        {sign: True}
        for sign in ("stridor", "breathless", "cyanosis", "weak_fast_pulse", "bleeding")
    ),
    *({sign: True} for sign in ("convulsion", "hypoglycaemia", "high_risk_trauma", "poisoning")),
    *({sign: True} for sign in ("threatened_limb", "snake_bite", "ecg_ischaemia", "violent")),
    {"consciousness": "U"},
    {"crt_s": 4},
    {"hr": 49},
    {"hr": 151},
    {"stiff_neck": True, "severe_headache": True},
    {"consciousness": "V", "temp_c": Decimal("38.0")},
    {"temp_c": Decimal("35.9"), "severe_headache": True},
    {"chest_pain": True, "age_years": 51},
    {"abdominal_pain": True, "age_years": 70},
    {"pregnant": True, "sbp": 160},
    {"pregnant": True, "dbp": 110},
    {"pregnant": True, "labour": True},
    {"pregnant": True, "vision": True},
    {"pregnant": True, "severe_headache": True},
    {"pregnant": True, "injury": True},
]
ADULT_YELLOW: list[Facts] = [
    *({s: True} for s in ("wheezing", "vomits_everything", "diarrhoea", "unable_to_drink")),
    *({s: True} for s in ("severe_pallor", "some_bleeding", "fainting", "agitation", "vision")),
    *({s: True} for s in ("general_weakness", "weakness_one_side", "severe_pain", "rash_worse")),
    *({s: True} for s in ("limb_injury", "injury", "surgical_diagnosis", "sexual_assault")),
    *({s: True} for s in ("testicular_pain", "no_urine", "exposure", "pregnancy_referred")),
    {"mouth_neck_swelling": True},
    {"confusion": True},
    {"hr": 59},
    {"hr": 131},
    {"rr": 9},
    {"rr": 31},
    {"spo2": 91},
    {"temp_c": Decimal("39.1")},
    {"temp_c": Decimal("35.9")},
    {"consciousness": "V"},
]
ADULT_GREEN: list[Facts] = [
    {},
    {"hr": 60},
    {"hr": 130},
    {"rr": 10},
    {"rr": 30},
    {"spo2": 92},
    {"temp_c": Decimal("39.0")},
    {"temp_c": Decimal("36.0")},
    {"crt_s": 3},
    {"severe_headache": True},
    {"chest_pain": True, "age_years": 50},
    {"sbp": 200},
    {"labour": True},
]


@pytest.mark.parametrize(
    ("colour", "found"),
    [("red", facts) for facts in ADULT_RED]
    + [("yellow", facts) for facts in ADULT_YELLOW]
    + [("green", facts) for facts in ADULT_GREEN],
    ids=str,
)
def test_from_12_years_each_criterion_alone_gives_its_colour(colour: str, found: Facts) -> None:
    answer = judged("iitt", **({"age_years": 30, "sex": "f"} | found))
    assert answer.status is Status.OK
    assert answer.result["colour"] == colour


CHILD: list[tuple[str, Facts]] = [
    *(("red", {sign: True}) for sign in ("cold_hands_feet", "stridor", "convulsion", "snake_bite")),
    ("red", {"lethargic": True, "sunken_eyes": True}),
    ("yellow", {"sunken_eyes": True, "visible_wasting": True}),
    ("green", {"sunken_eyes": True}),
    ("red", {"agitation": True, "temp_c": Decimal("38.0")}),
    ("yellow", {"agitation": True}),
    ("red", {"age_days": 7, "hr": 120, "rr": 40}),
    ("yellow", {"age_days": 8, "hr": 120, "rr": 40}),
    ("red", {"age_days": 50, "hr": 120, "rr": 40, "temp_c": Decimal("35.9")}),
    ("yellow", {"age_days": 190, "hr": 120, "rr": 40}),
    ("yellow", {"age_days": 300, "hr": 181, "rr": 40}),
    ("green", {"age_days": 300, "hr": 180, "rr": 50}),
    ("yellow", {"age_days": 300, "hr": 120, "rr": 51}),
    ("green", {"age_days": 1000, "hr": 80, "rr": 20}),
    ("yellow", {"age_days": 1000, "hr": 79, "rr": 20}),
    ("yellow", {"age_days": 1000, "hr": 100, "rr": 41}),
    ("green", {"hr": 140, "rr": 30}),
    ("yellow", {"hr": 141}),
    ("yellow", {"bilateral_oedema": True}),
]


@pytest.mark.parametrize(("colour", "found"), CHILD, ids=str)
def test_below_12_years_each_criterion_alone_gives_its_colour(colour: str, found: Facts) -> None:
    answer = judged("iitt_child", **({"age_days": 3000} | found))
    assert answer.status is Status.OK, answer.missing
    assert answer.result["colour"] == colour


def test_one_red_sign_is_red_whatever_was_not_asked() -> None:
    answer = assess(rules()["iitt"], {"age_years": 30, "snake_bite": True})
    assert answer.result["colour"] == "red"
    assert answer.level is Level.EMERGENCY


def test_vitals_alone_give_the_colour_that_is_certain() -> None:
    vitals = {"age_years": 30, "hr": 135, "rr": 20, "spo2": 97, "temp_c": Decimal("36.8")}
    answer = assess(rules()["iitt"], vitals)
    assert answer.status is Status.INCOMPLETE
    assert answer.result["colour"] is None
    assert answer.result["colour_at_least"] == "yellow"
    assert answer.level is Level.SOON
    calm_vitals = assess(rules()["iitt"], vitals | {"hr": 80, "consciousness": "A"})
    assert calm_vitals.result["colour_at_least"] == "green"
    assert "stridor" in calm_vitals.missing


def test_at_a_birthday_the_triage_of_children_hands_over() -> None:
    child, adult = calm("iitt_child", age_years=11), calm("iitt", age_years=12, sex="f")
    assert assess(rules()["iitt_child"], child).status is Status.OK
    assert assess(rules()["iitt"], child).reason == "age_under_12"
    assert assess(rules()["iitt"], adult).status is Status.OK
    assert assess(rules()["iitt_child"], adult).reason == "age_12_or_more"


INFANT: list[tuple[str, Facts]] = [
    ("none", {}),
    *(("severe", {sign: True}) for sign in ("convulsion", "chest_indrawing", "not_feeding_well")),
    *(("severe", {s: True}) for s in ("moves_only_when_touched", "lethargic", "unable_to_drink")),
    ("none", {"rr": 60, "rr_second": 59}),
    ("severe", {"rr": 60, "rr_second": 60, "age_days": 6}),
    ("pneumonia", {"rr": 60, "rr_second": 60, "age_days": 7}),
    ("severe", {"axillary_temp_c": Decimal("38.0")}),
    ("none", {"axillary_temp_c": Decimal("37.9")}),
    ("severe", {"axillary_temp_c": Decimal("35.4")}),
    ("none", {"axillary_temp_c": Decimal("35.5")}),
    ("local_infection", {"umbilicus_red": True}),
    ("local_infection", {"skin_pustules": True}),
    ("jaundice", {"yellow_skin": True}),
    ("severe", {"yellow_skin": True, "yellow_within_a_day": True}),
    ("severe", {"yellow_skin": True, "age_days": 0}),
    ("severe", {"yellow_palms_or_soles": True}),
    ("low_weight", {"weight_kg": Decimal("2.49"), "age_days": 3}),
    ("none", {"weight_kg": Decimal("2.5"), "age_days": 3}),
    ("severe", {"weight_kg": Decimal("1.49"), "age_days": 3}),
    ("none", {"weight_kg": Decimal("2.4"), "age_days": 8}),
]


@pytest.mark.parametrize(("found", "facts"), INFANT, ids=str)
def test_a_young_infant_is_classed_by_each_sign_alone(found: str, facts: Facts) -> None:
    answer = judged("newborn", **({"age_days": 30, "rr": 45, "rr_second": 45} | facts))
    assert answer.status is Status.OK, answer.missing
    assert answer.result["class"] == found


def test_fast_breathing_of_a_young_infant_waits_for_the_second_count() -> None:
    answer = judged("newborn", age_days=30, rr=60, rr_second=None)
    assert answer.status is Status.INCOMPLETE
    assert answer.missing == ("rr_second",)
    assert answer.result["class_at_least"] == "none"


@pytest.mark.parametrize(
    ("days", "hr", "found"),
    [
        (30, 80, "far_outside"),
        (30, 111, "expected"),
        (30, 149, "expected"),
        (30, 190, "far_outside"),
        (200, 101, "expected"),
        (200, 170, "outside"),
        (1000, 120, "slightly_outside"),
        (2500, 109, "expected"),
        (2500, 50, "far_outside"),
        (5000, 99, "expected"),
        (5000, 140, "far_outside"),
    ],
)
def test_the_pulse_of_a_child_is_judged_by_age(days: int, hr: int, found: str) -> None:
    answer = assess(rules()["heart_rate_child"], {"age_days": days, "hr": hr})
    assert answer.result["class"] == found
