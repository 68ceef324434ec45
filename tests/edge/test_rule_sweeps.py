"""Every rule over the whole range of its values: one band each, worse where medicine says so."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from random import Random

import pytest
from rule_facts import drawn, edges, numeric, without

from edge.rules import rules
from edge.rules.assessment import Assessment, Level, Status
from edge.rules.engine import assess
from edge.rules.facts import BY_NAME
from edge.rules.possible import known, rounded, single
from edge.rules.table import RuleTable, Variant
from edge.rules.table_checks import rank_of

ALL = sorted(rules())
NOT_MEASURED = {"age_days", "age_months", "age_years", "gest_weeks", "altitude_m"}
"""Ages and places: in which direction they get worse is not the band's to say."""

NEITHER = {("bp_grade_adult", "isolated_systolic")}
"""Names a kind of finding, which is no worse than another."""

JUDGED = (Status.OK, Status.INCOMPLETE, Status.NEEDS_INPUT)
EACH = 40


def sweep(rule: RuleTable, variant: Variant) -> Iterator[Decimal]:
    """Yield each value at the step of a lookup over all that can be measured."""
    taken = rule.inputs.get(variant.of)
    step = variant.step or (taken.step if taken else None) or Decimal("0.1")
    least, most = Decimal(-8), Decimal(120)
    if taken is not None:
        units = taken.fact.bounds.values()
        least = min([taken.fact.least, *(low for low, _ in units)])
        most = min(max([taken.fact.most, *(high for _, high in units)]), Decimal(3000))
        if any(high for _, high in units):
            most = max(high for _, high in units)
    step = max(step, (most - least) / 20_000)
    count = int((most - least) / step) + 1
    for n in range(count):
        yield least + n * step
    yield from edges(rule, variant.of)


@pytest.mark.parametrize("name", ALL)
def test_each_value_lies_in_exactly_one_band(name: str) -> None:
    rule = rules()[name]
    for lookup in numeric(rule):
        for variant in lookup.variants:
            if not variant.of or variant.bands[0].words:
                continue
            taken = rule.inputs.get(variant.of)
            step = variant.step or (taken.step if taken else None)
            for value in sweep(rule, variant):
                judged = single(rounded(known(value), step))
                assert judged is not None
                assert sum(band.holds(judged) for band in variant.bands) == 1, (lookup.name, value)


@pytest.mark.parametrize("name", ALL)
def test_where_a_number_gets_worse_stands_in_the_table(name: str) -> None:
    rule = rules()[name]
    for lookup in numeric(rule):
        for variant in lookup.variants:
            if not variant.of or variant.bands[0].words or variant.of in NOT_MEASURED:
                continue
            ranks = [rank_of(rule, lookup.name, band.gives) for band in variant.bands]
            if None not in ranks and (name, lookup.name) not in NEITHER:
                assert variant.worse is not None, f"{name}: say how {lookup.name} gets worse"


@pytest.mark.parametrize("name", ALL)
def test_bounds_contain_what_comes_out_when_all_is_known(name: str) -> None:
    rule, random, compared = rules()[name], Random(f"bounds {name}"), 0
    for _ in range(EACH):
        facts = drawn(rule, random)
        whole, part = assess(rule, facts), assess(rule, without(facts, rule, random))
        assert whole.status is Status.OK, (facts, whole.missing, whole.result)
        if part.status in JUDGED:
            compared += 1
            assert_contains(rule, part, whole)
    assert compared


def assert_contains(rule: RuleTable, part: Assessment, whole: Assessment) -> None:
    """Whatever is said without some facts is not taken back when they come."""
    assert part.level.rank <= whole.level.rank, (part, whole)
    for output in rule.outputs:
        if output.asked or output.is_object or output.otherwise:
            continue
        value, said = whole.result[output.name], part.result.get(output.name)
        if value is None:
            continue  # not defined for this person, such as a length that no table has
        assert said is None or said == value, (output.name, part, whole)
        low = part.result.get(f"{output.name}_lower_bound")
        high = part.result.get(f"{output.name}_upper_bound")
        if isinstance(value, Decimal) and isinstance(low, Decimal) and isinstance(high, Decimal):
            assert low <= value <= high, (output.name, part, whole)
        least = part.result.get(output.known_as or f"{output.name}_at_least")
        order = rule.order.get(output.of[output.name])
        if order is not None and isinstance(least, str):
            assert order.index(least) <= order.index(value), (output.name, part, whole)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", ALL)
def test_beside_every_bound_a_rule_gives_one_of_its_responses(name: str) -> None:
    rule, random = rules()[name], Random(f"edges {name}")
    facts = drawn(rule, random)
    for measured in rule.inputs:
        for value in edges(rule, measured):
            fact = BY_NAME[measured]
            judged = assess(rule, facts | {measured: value})
            assert judged.status is not Status.FAILED
            if fact.least <= value <= fact.most and judged.status is Status.OK:
                assert judged.responses or not rule.responses


@pytest.mark.parametrize("name", ALL)
def test_nothing_that_can_be_told_makes_a_rule_fail(name: str) -> None:
    rule, random = rules()[name], Random(f"odd {name}")
    odd = (None, "", "x", -1, 10**30, float("nan"), float("inf"), Decimal("sNaN"), [], {}, True)
    for _ in range(EACH):
        facts = drawn(rule, random) | {
            n: random.choice(odd) for n in rule.inputs if random.random() < 0.3
        }
        judged = assess(rule, facts)
        assert judged.status is not Status.FAILED
        assert judged.level in Level
