"""Facts for a rule: values at the edges of its bands, and whole sets drawn at random."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from decimal import Decimal
from random import Random

from edge.rules.facts import Fact, FactType
from edge.rules.possible import INFINITE
from edge.rules.table import Condition, Input, Lookup, RuleTable

AGES = {
    "age_days": Decimal(1),
    "age_months": Decimal("30.436875"),
    "age_years": Decimal("365.2425"),
}
FINEST = Decimal("0.1")


def numeric(rule: RuleTable) -> Iterable[Lookup]:
    """Yield the lookups of a rule that find a number in bands."""
    for step in rule.steps.values():
        if isinstance(step, Lookup) and any(v.of and not v.bands[0].words for v in step.variants):
            yield step


def edges(rule: RuleTable, name: str) -> list[Decimal]:
    """Return the numbers at which a band of an input begins or ends, and one step beside them."""
    step = (rule.inputs[name].step if name in rule.inputs else None) or FINEST
    ends = {
        end
        for lookup in numeric(rule)
        for variant in lookup.variants
        if variant.of == name
        for band in variant.bands
        for end in (band.least, band.high)
        if abs(end) != INFINITE
    }
    return sorted({end + more for end in ends for more in (-step, Decimal(0), step)})


def drawn(rule: RuleTable, random: Random) -> dict[str, object]:
    """Return a whole set of facts of somebody whom the rule is for."""
    first, last = _days(rule.conditions)
    facts: dict[str, object] = {"age_days": Decimal(random.randint(first, last))}
    conditions = {condition.fact.name: condition for condition in rule.conditions}
    for name, taken in {**{n: Input(c.fact) for n, c in conditions.items()}, **rule.inputs}.items():
        if name not in AGES:
            facts[name] = _one(rule, taken, conditions.get(name), random)
    for name, taken in rule.inputs.items():  # what depends on its unit
        if taken.fact.told_by:
            low, high = taken.fact.bounds[facts[taken.fact.told_by]]  # type: ignore[index]
            facts[name] = _number(rule, name, low, high, random)
    years = Decimal(str(facts["age_days"])) / AGES["age_years"]
    if facts.get("sex") == "m" or not 10 <= years < 60:
        facts |= {name: False for name in ("pregnant", "postpartum") if name in facts}
    if {"temp_c", "axillary_temp_c"} <= set(facts):  # one measurement, with and without its place
        facts["temp_c"] = facts["axillary_temp_c"]
    if {"sbp", "dbp"} <= set(facts) and facts["sbp"] <= facts["dbp"]:  # type: ignore[operator]
        facts["sbp"] = Decimal(str(facts["dbp"])) + random.randint(1, 100)
    return facts


def _one(rule: RuleTable, taken: Input, condition: Condition | None, random: Random) -> object:
    fact: Fact = taken.fact
    if fact.type is FactType.NAME:
        return random.choice(("a clinician", ""))
    if fact.type in (FactType.WORD, FactType.FLAG):
        choices = sorted(fact.unknown, key=str)  # type: ignore[arg-type]
        if condition is not None:
            choices = [choice for choice in choices if condition.band.holds(choice)]
        return random.choice(choices)
    low, high = fact.least, min(fact.most, Decimal(1000))
    if condition is not None:
        low, high = max(low, condition.band.least), min(high, condition.band.high)
    return _number(rule, fact.name, low, high, random)


def _number(rule: RuleTable, name: str, low: Decimal, high: Decimal, random: Random) -> Decimal:
    near = [edge for edge in edges(rule, name) if low <= edge <= high]
    if near and random.random() < 0.7:
        return random.choice(near)
    return Decimal(random.randint(int(low * 10) + 1, int(high * 10) - 1)) / 10


def _days(conditions: Sequence[Condition]) -> tuple[int, int]:
    """Return the first and the last day of life on which the rule applies."""
    low, high = Decimal(0), Decimal(40_000)
    if any(c.fact.name.startswith("pregnant") and c.band.holds(True) for c in conditions):
        low, high = Decimal(5_000), Decimal(18_000)
    for condition in conditions:
        size = AGES.get(condition.fact.name)
        if size is not None:
            band = condition.band
            low = max(low, band.least * size + 4 if band.least > 0 else low)
            end = band.high if band.is_open else band.high + 1
            high = min(high, end * size - 4)
    return int(low), int(high)


def without(facts: Mapping[str, object], rule: RuleTable, random: Random) -> dict[str, object]:
    """Return the facts without some of the inputs that nothing is assumed for."""
    losable = [n for n, taken in rule.inputs.items() if taken.assume is None and n in facts]
    units = {taken.fact.told_by for taken in rule.inputs.values()}
    lost = {name for name in losable if name not in units and random.random() < 0.4}
    return {name: value for name, value in facts.items() if name not in lost}
