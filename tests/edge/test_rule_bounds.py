"""Bounds of every band, made from the tables themselves, and what must hold of every rule."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from edge.rules import rules
from edge.rules.assessment import Level, Status
from edge.rules.engine import assess
from edge.rules.facts import BY_NAME, FACTS, FactType
from edge.rules.possible import known
from edge.rules.steps import Steps
from edge.rules.table import RuleTable

RULES = rules()
TABLES = {name: tomllib.loads(rule.source, parse_float=Decimal) for name, rule in RULES.items()}
SLIGHTLY = Decimal("0.001")


def numeric_lookups() -> list[tuple[str, dict[str, Any]]]:
    return [
        (name, row)
        for name, table in TABLES.items()
        for row in table.get("lookup", [])
        if "bands" in row and "is" not in row["bands"][0]
    ]


def step_of(rule: str, row: Mapping[str, Any]) -> Decimal | None:
    inputs = {i["fact"]: i for i in TABLES[rule].get("input", [])}
    step = row.get("step", inputs.get(row["of"], {}).get("step"))
    return None if step is None else Decimal(step)


def expected(row: Mapping[str, Any], value: Decimal) -> object:
    """What the chart gives, read band by band as a person reads it."""
    for band in row["bands"]:
        above = "least" not in band or value >= band["least"]
        below = ("most" not in band or value <= band["most"]) and (
            "below" not in band or value < band["below"]
        )
        if above and below:
            return band["gives"]
    raise AssertionError(f"{value} is in no band")


@pytest.mark.parametrize(
    ("rule", "row"), numeric_lookups(), ids=lambda v: v if isinstance(v, str) else v["name"]
)
def test_each_band_begins_and_ends_where_its_table_says(rule: str, row: dict[str, Any]) -> None:
    step = step_of(rule, row)
    ends = {Decimal(b[key]) for b in row["bands"] for key in ("least", "most", "below") if key in b}
    ulp = step or SLIGHTLY
    when = {
        name: known(word[0] if isinstance(word, list) else word)
        for name, word in row.get("when", {}).items()
    }
    when = {
        n: known(Decimal(next(iter(v)))) if type(next(iter(v))) is int else v
        for n, v in when.items()
    }
    for value in sorted({end + n * ulp for end in ends for n in (-1, 0, 1)}):
        found = Steps(RULES[rule], {**when, row["of"]: known(value)}).possible(row["name"])
        assert found == {expected(row, value)}, value


NUMBERS = {
    name: sorted({Decimal(b[k]) for _, row in numeric_lookups() if row["of"] == name
                  for b in row["bands"] for k in ("least", "most", "below") if k in b})
    for name in {row["of"] for _, row in numeric_lookups()}
}  # fmt: skip


def values_of(name: str) -> st.SearchStrategy[object]:
    fact = BY_NAME[name]
    if fact.type is FactType.FLAG:
        return st.booleans()
    if fact.type is FactType.WORD:
        return st.sampled_from(fact.choices)
    if fact.type is FactType.NAME:
        return st.just("Dr Khan")
    ends = NUMBERS.get(name, [Decimal(10)])
    near = st.builds(lambda end, by: max(end + by, Decimal(0)), st.sampled_from(ends),
                     st.sampled_from([Decimal(n) / 10 for n in (-10, -1, 0, 1, 10)]))  # fmt: skip
    return near.filter(lambda n: fact.least <= n <= fact.most)


def names_of(rule: RuleTable) -> list[str]:
    return list(dict.fromkeys([*(c.fact.name for c in rule.conditions), *rule.inputs]))


@st.composite
def cases(draw: st.DrawFn) -> tuple[RuleTable, dict[str, object], dict[str, object]]:
    """A rule, facts that tell everything it asks, and some of them."""
    rule = RULES[draw(st.sampled_from(sorted(RULES)))]
    whole = {name: draw(values_of(name)) for name in names_of(rule)}
    if {"temp_c", "axillary_temp_c"} <= set(whole):  # one measurement, with and without its place
        whole["temp_c"] = whole["axillary_temp_c"]
    for age in ("age_days", "age_months", "age_years"):
        if age in whole:
            others = [name for name in ("age_days", "age_months", "age_years") if name != age]
            whole = {k: v for k, v in whole.items() if k not in others}
            break
    if assess(rule, {**whole, "pregnant": None}).result != assess(rule, whole).result:
        whole |= {"sex": "f"} if "sex" in whole else {}
        whole = {k: v for k, v in whole.items() if not k.startswith("age_")}
        whole["age_years"] = Decimal(draw(st.integers(18, 49)))
    left = draw(st.sets(st.sampled_from(sorted(whole))))
    return rule, whole, {name: value for name, value in whole.items() if name not in left}


@pytest.mark.long
@settings(
    max_examples=120, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
@given(cases())
def test_a_missing_input_never_hides_and_never_adds(
    case: tuple[RuleTable, dict[str, object], dict[str, object]],
) -> None:
    rule, whole, some = case
    full, part = assess(rule, whole), assess(rule, some)
    assume(full.status is Status.OK and not full.result.get("refused"))
    assume(not any(taken.assume is not None for taken in rule.inputs.values()) or some == whole)
    if part.status is Status.NOT_APPLICABLE:
        raise AssertionError("a missing fact made the rule not apply")
    assert part.level.rank <= full.level.rank
    for output in rule.outputs:
        if output.is_object or output.asked or output.otherwise:
            continue
        value, told = full.result.get(output.name), part.result.get(output.name)
        if told is not None:
            assert told == value, output.name
        low = part.result.get(f"{output.name}_lower_bound")
        high = part.result.get(f"{output.name}_upper_bound")
        if isinstance(value, Decimal) and isinstance(low, Decimal) and isinstance(high, Decimal):
            assert low <= value <= high, output.name
        least = part.result.get(f"{output.name}_at_least")
        of = output.of[output.name]
        if isinstance(least, str | bool) and isinstance(value, str | bool) and of in rule.order:
            assert rule.rank(of, least) <= rule.rank(of, value), output.name


@pytest.mark.long
@settings(
    max_examples=40, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)
@given(cases(), st.randoms())
def test_the_order_of_facts_changes_nothing(
    case: tuple[RuleTable, dict[str, object], dict[str, object]], random: Any
) -> None:
    rule, _, some = case
    names = list(some)
    random.shuffle(names)
    assert assess(rule, {name: some[name] for name in names}) == assess(rule, some)


HOSTILE = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text() | st.decimals()
    | st.sampled_from([Decimal("1e999999"), Decimal("-0"), Decimal("sNaN"), 10**400, "NaN", b"1"]),
    lambda inner: st.lists(inner, max_size=2) | st.dictionaries(
        st.sampled_from(["least", "most", "x"]), inner, max_size=3),
    max_leaves=4,
)  # fmt: skip


NAMES = st.sampled_from(
    [*(fact.name for fact in FACTS), "value", "unit", "kind", "from", "to", "group"]
    + ["temp_c_raw", "temp_f_raw", "spo2_raw", "anything"]
)


@pytest.mark.long
@settings(max_examples=150, suppress_health_check=[HealthCheck.too_slow])
@given(st.sampled_from(sorted(RULES)), st.dictionaries(NAMES, HOSTILE, max_size=12))
def test_no_facts_make_a_rule_raise(rule: str, facts: dict[str, object]) -> None:
    answer = assess(RULES[rule], facts)
    assert answer.level in Level
    assert answer.status is not Status.FAILED


NEWS2_ZERO = {"rr": (12, 20), "sbp": (111, 219), "hr": (51, 90)}
NORMAL: dict[str, object] = {
    "age_years": Decimal(45), "pregnant": False, "rr": Decimal(16), "spo2": Decimal(97),
    "o2": False, "sbp": Decimal(125), "hr": Decimal(70), "consciousness": "A",
    "temp_c": Decimal("37.0"), "spo2_scale": Decimal(1),
}  # fmt: skip


def news2_points(name: str, value: Decimal) -> Decimal:
    subscores = assess(RULES["news2"], {**NORMAL, name: value}).result["subscores"]
    assert isinstance(subscores, Mapping)
    points = subscores[name]
    assert isinstance(points, Decimal)
    return points


@pytest.mark.parametrize("name", NEWS2_ZERO)
def test_news2_only_grows_with_the_distance_from_the_zero_band(name: str) -> None:
    low, high = NEWS2_ZERO[name]
    fact = BY_NAME[name]
    down = [news2_points(name, Decimal(n)) for n in range(high, int(fact.least) - 1, -1)]
    up = [news2_points(name, Decimal(n)) for n in range(low, int(fact.most) + 1)]
    assert down == sorted(down)
    assert up == sorted(up)


def test_a_temperature_in_fahrenheit_is_judged_as_its_celsius() -> None:
    for tenth in range(900, 1100):
        fahrenheit = Decimal(tenth) / 10
        exact = (Fraction(tenth, 10) - 32) * 5 / 9
        celsius = Decimal(int(exact * 10 + Fraction(1, 2))) * Decimal("0.1")
        raw = {**NORMAL, "temp_c": None, "temp_f_raw": str(fahrenheit)}
        given_raw = assess(RULES["news2"], raw).result
        assert given_raw["temp_c_used"] == str(celsius)
        assert (
            given_raw["total"]
            == assess(RULES["news2"], {**NORMAL, "temp_c": celsius}).result["total"]
        )


def test_hba1c_is_of_the_same_class_in_both_units() -> None:
    for tenth in range(30, 150):
        percent = assess(RULES["hba1c"], {"value": Decimal(tenth) / 10, "unit": "%"}).result
        value = percent["mmol_per_mol"]
        other = assess(RULES["hba1c"], {"value": value, "unit": "mmol/mol"}).result
        assert percent["category"] == other["category"], tenth


def test_glucose_is_judged_in_the_unit_of_its_meter() -> None:
    def category(kind: str, value: Decimal, unit: str) -> object:
        facts = {"kind": kind, "value": value, "unit": unit, "symptoms": True, "pregnant": False}
        return assess(RULES["glucose_adult"], facts).result["category"]

    at = {"fasting": (126, "7.0"), "2h_75g": (200, "11.1"), "random": (200, "11.1")}
    for kind, (mg, mmol) in at.items():
        assert category(kind, Decimal(mg), "mg/dL") == "diabetes_range"
        assert category(kind, Decimal(mg - 1), "mg/dL") != "diabetes_range"
        assert category(kind, Decimal(mmol), "mmol/L") == "diabetes_range"
        assert category(kind, Decimal(mmol) - Decimal("0.1"), "mmol/L") != "diabetes_range"
