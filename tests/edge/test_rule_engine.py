"""What the engine answers when something is missing, said otherwise, or not exactly known."""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

import pytest

from edge.rules import rules
from edge.rules.assessment import Assessment, Level, Status, to_json
from edge.rules.engine import assess
from edge.rules.loader import load
from edge.rules.possible import Range
from edge.rules.texts import INCOMPLETE, NOT_JUDGED, sentence, texts

SMALL = """
id = "small"
version = "1"
status = "draft"
title = "Two of three signs"
citations = ["a guideline, 2026"]
licence = "ours"
missing = "bounds"
respond_to = "two"

[[input]]
fact = "stridor"

[[input]]
fact = "vision"

[[input]]
fact = "bleeding"

[[combination]]
name = "number"
combine = "count"
equals = true
of = ["stridor", "vision", "bleeding"]

[[lookup]]
name = "two"
of = "number"
step = 1
bands = [{ most = 1, gives = false }, { least = 2, gives = true }]

[[output]]
name = "number"

[[output]]
name = "two"

[[response]]
to = false
level = "routine"
staff = "Fewer than two."

[[response]]
to = true
level = "urgent"
staff = "Two or more."
"""

NORMAL: Mapping[str, object] = {
    "age_years": Decimal(45), "pregnant": False, "rr": Decimal(16), "spo2": Decimal(97),
    "o2": False, "sbp": Decimal(125), "hr": Decimal(70), "consciousness": "A",
    "temp_c": Decimal("37.0"),
}  # fmt: skip


def small(**facts: object) -> Assessment:
    return assess(load(SMALL, "small.toml"), facts)


def judged(rule: str, **facts: object) -> Assessment:
    numbers = {
        name: Decimal(str(value)) if type(value) in (int, float) else value
        for name, value in facts.items()
    }
    return assess(rules()[rule], numbers)


def test_signs_are_counted() -> None:
    assert small(stridor=True, vision=True, bleeding=False).result["number"] == 2
    assert small(stridor=False, vision=False, bleeding=False).result["number"] == 0


def test_of_a_missing_sign_the_bounds_are_given() -> None:
    some = small(stridor=True, vision=None)
    assert (some.status, some.missing) == (Status.INCOMPLETE, ("vision", "bleeding"))
    assert some.result["number_lower_bound"] == 1
    assert some.result["number_upper_bound"] == 3
    assert (some.result["two"], some.result["two_at_least"]) == (None, False)


def test_a_mild_result_that_is_not_complete_calms_nobody() -> None:
    assert [r.staff for r in small(stridor=True).responses] == [INCOMPLETE]
    assert [r.staff for r in small(stridor=True, vision=True).responses] == ["Two or more."]
    whole = small(stridor=True, vision=False, bleeding=False)
    assert [r.staff for r in whole.responses] == ["Fewer than two."]
    assert whole.level is Level.ROUTINE


def test_what_is_certain_needs_no_further_sign() -> None:
    some = small(stridor=True, vision=True)
    assert some.result["two"] is True
    assert some.level is Level.URGENT


def test_without_anything_told_the_rule_asks() -> None:
    nothing = small()
    assert (nothing.status, nothing.level) == (Status.NEEDS_INPUT, Level.NONE)
    assert nothing.missing == ("stridor", "vision", "bleeding")
    assert [r.staff for r in nothing.responses] == [NOT_JUDGED]
    assert "stridor" not in sentence(nothing)
    assert "noise when breathing in" in sentence(nothing)


def test_a_rule_that_asks_gives_no_bounds() -> None:
    part = judged("shock_index_obstetric", pregnant_or_postpartum=True, hr=150)
    assert (part.status, part.missing) == (Status.NEEDS_INPUT, ("sbp",))
    assert part.result["shock_index"] is None


def test_a_warning_needs_all_its_conditions() -> None:
    nobody = judged("news2", **NORMAL, spo2_scale=1, scale2_authorised_by=None)
    assert "warning" not in nobody.result
    second = judged("news2", **NORMAL, spo2_scale=2, scale2_authorised_by=None)
    assert second.result["warning"] == "scale2_not_authorised"
    unknown = judged("news2", **NORMAL, spo2_scale="x", scale2_authorised_by="Dr Khan")
    assert unknown.result["scale_used"] == 1


def test_an_age_in_years_alone_is_judged_where_every_month_of_it_agrees() -> None:
    slow = judged("imci_fast_breathing", age_years=0, rr=45)
    assert (slow.status, slow.result["fast_breathing"]) == (Status.OK, False)
    fast = judged("imci_fast_breathing", age_years=0, rr=55)
    assert (fast.status, fast.result["fast_breathing"]) == (Status.INCOMPLETE, None)
    assert fast.missing == ("age_months",)
    four = judged("imci_fast_breathing", age_years=4, rr=41)
    assert four.result["fast_breathing"] is True


def test_two_months_begin_on_the_sixtieth_day() -> None:
    for days, rr, fast in ((59, 55, False), (60, 55, True), (364, 45, False), (366, 45, True)):
        answer = judged("imci_fast_breathing", age_days=days, rr=rr, rr_second=rr)
        assert answer.result["fast_breathing"] is fast, days


def test_ages_that_do_not_agree_are_refused() -> None:
    answer = judged("imci_fast_breathing", age_days=59, age_months=9, rr=55)
    assert answer.status is Status.NEEDS_INPUT
    assert set(answer.result["refused"]) == {"age_days", "age_months"}  # type: ignore[arg-type]
    calendar = judged("imci_fast_breathing", age_days=59, age_months=2, rr=55)
    assert calendar.result["fast_breathing"] is True


def test_a_meter_that_shows_hi_is_judged_by_its_bound() -> None:
    high = {"least": Decimal("33.3")}
    answer = judged("hyperglycaemia_adult", age_years=50, value=high, unit="mmol/L",
                    vomits_everything=False, lethargic=False, breathless=False)  # fmt: skip
    assert (answer.status, answer.level) == (Status.OK, Level.URGENT)
    low = judged("hypoglycaemia_adult", age_years=50, value={"most": Decimal("1.1")},
                 unit="mmol/L", needs_help=False)  # fmt: skip
    assert low.result["level"] == "level2"


def test_a_number_of_another_unit_is_refused_where_no_meter_shows_it() -> None:
    answer = judged("hba1c", age_years=50, value=48, unit="%")
    assert answer.missing == ("hba1c",)
    assert answer.result["refused"] == {"hba1c": "hba1c must be from 3 to 20 %"}


def test_a_bound_beyond_every_meter_of_the_unit_is_refused() -> None:
    beyond = {"least": Decimal(1000)}
    answer = judged("hyperglycaemia_adult", age_years=50, value=beyond, unit="mmol/L")
    assert "glucose" in answer.missing
    assert "glucose" in answer.result["refused"]  # type: ignore[operator]


def test_pressures_that_cross_are_refused_together() -> None:
    answer = judged("bp_grade_adult", age_years=50, pregnant=False, sbp=80, dbp=92)
    assert answer.missing == ("sbp", "dbp")


@pytest.mark.parametrize(
    ("facts", "status"),
    [
        ({"pregnant": True, "sex": None}, Status.OK),
        ({"pregnant": False}, Status.NOT_APPLICABLE),
        ({"pregnant": None}, Status.NEEDS_INPUT),
        ({"sex": "m"}, Status.NOT_APPLICABLE),
        ({"age_years": 9}, Status.NOT_APPLICABLE),
        ({"age_years": 10}, Status.NEEDS_INPUT),
        ({"age_years": 60}, Status.NOT_APPLICABLE),
    ],
)
def test_only_who_can_be_pregnant_is_asked(facts: dict[str, object], status: Status) -> None:
    assert judged("bp_pregnancy", sbp=150, dbp=95, **facts).status is status


def test_a_temperature_of_another_place_is_never_converted() -> None:
    under_arm = judged("imci_temperature", age_months=6, temp_c=38.6, temp_site="axillary")
    assert under_arm.result["category"] == "very_high"
    oral = judged("imci_temperature", age_months=6, temp_c=38.6, temp_site="oral")
    assert (oral.result["category"], oral.missing) == (None, ("axillary_temp_c",))


def test_a_result_keeps_the_digits_of_its_step() -> None:
    answer = judged("news2", **{**NORMAL, "temp_c": None}, temp_f_raw="95.0")
    assert answer.result["temp_c_used"] == "35.0"


def test_a_result_is_written_the_same_way_each_time() -> None:
    assert (
        to_json({"b": Decimal("1.50"), "a": [Decimal(2), None, True]})
        == '{"a":[2,null,true],"b":1.5}'
    )


def test_a_range_has_two_ends_in_their_order() -> None:
    assert Range(Decimal(1), Decimal(1)).low == 1
    with pytest.raises(ValueError, match="the range 2 to 1 is empty"):
        Range(Decimal(2), Decimal(1))


def test_every_sentence_of_a_rule_is_listed_for_translation() -> None:
    listed = list(texts([load(SMALL, "small.toml")]))
    assert {"Two of three signs", "Fewer than two.", "Two or more."} <= set(listed)
