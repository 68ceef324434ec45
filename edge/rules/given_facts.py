"""Facts as somebody gave them, made ready for a rule: read, checked, completed from one another.

What cannot be is refused in words and counts as missing. An age in one unit is an age in the
others, as exactly as it follows: month m of a life begins on day m x 30.4369 (the mean Gregorian
month), so two months begin on day 60.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from functools import lru_cache
from typing import Final

from edge.model.units import reckoned
from edge.rules.anaemia_group import GROUPS
from edge.rules.facts import BY_NAME, FactType, Refusal, beyond, is_one_of, read
from edge.rules.possible import UNKNOWN, Possible, between, bounds, known, rounded, single
from edge.rules.table import Alias, Input, RuleTable

AGES: Final = ("age_days", "age_months", "age_years")
"""From the finest unit to the coarsest."""

_DAYS_OF: Final = {
    "age_days": Decimal(1),
    "age_months": Decimal("30.436875"),
    "age_years": Decimal("365.2425"),
}
_DIGITS = re.compile(r"[+-]?[0-9]{1,12}(\.[0-9]{1,12})?")
_SLACK_DAYS = 3
"""By how much a calendar month may begin earlier or later than a mean one."""


PREGNANT_FROM_YEARS: Final = 10
PREGNANT_UNTIL_YEARS: Final = 60
"""Women of these ages are asked; WHO counts adolescents from 10 years. The end is a proposal."""


@dataclass(slots=True)
class GivenFacts:
    """What is known of each fact of a rule, by its name in FACTS.

    `told` are those that were given and can be; `refused` says in words why others cannot be, and
    `is_impossible` that a measured number is among them.
    """

    values: dict[str, Possible] = field(default_factory=dict)
    told: set[str] = field(default_factory=set)
    refused: dict[str, str] = field(default_factory=dict)
    warnings: list[str] = field(default_factory=list)
    is_impossible: bool = False


def whom(rule: RuleTable, facts: Mapping[str, object]) -> GivenFacts:
    """Read the facts that say whom a rule is for; whatever they are, nothing is raised."""
    given = GivenFacts()
    names = (*AGES, *(fact.name for condition in rule.conditions for fact in condition.facts))
    _take_all(given, rule, facts, names)
    _complete_ages(given)
    _complete(given, rule, facts, names)
    return given


def add_inputs(given: GivenFacts, rule: RuleTable, facts: Mapping[str, object]) -> None:
    """Read the other facts that a rule judges by."""
    names = tuple(name for name in rule.inputs if name not in given.values)
    _take_all(given, rule, facts, names)
    _refuse_in_unit(given, rule)
    _refuse_crossed_pressures(given)
    _complete(given, rule, facts, names)


def _take_all(
    given: GivenFacts, rule: RuleTable, facts: Mapping[str, object], names: tuple[str, ...]
) -> None:
    for name in names:
        if name not in given.values:
            _take_one(given, rule, rule.inputs.get(name) or Input(BY_NAME[name]), facts)


def _complete(
    given: GivenFacts, rule: RuleTable, facts: Mapping[str, object], names: tuple[str, ...]
) -> None:
    """Fill in what follows from other facts, round, and assume what the table assumes."""
    _add_group(given, facts)
    _add_not_pregnant(given)
    for name in names:
        taken = rule.inputs.get(name)
        if taken is None:
            continue
        given.values[name] = rounded(given.values[name], taken.step)
        if (
            taken.assume is not None
            and name not in given.told
            and single(given.values[name]) is None
        ):
            given.values[name] = known(taken.assume)
            given.warnings += [taken.warning] if taken.warning else []


def _take_one(
    given: GivenFacts, rule: RuleTable, taken: Input, facts: Mapping[str, object]
) -> None:
    fact = taken.fact
    name, raw = _raw(taken, facts)
    if fact.name == "glucose" and raw in ("HI", "LO"):
        unit = rule.inputs.get(fact.told_by)
        raw = beyond(raw, _raw(unit, facts)[1] if unit else None)
    possible = read(fact, raw) if name else fact.unknown
    if isinstance(possible, Refusal):
        given.refused[name] = possible.text
        given.is_impossible |= fact.type is FactType.NUMBER and fact.name not in AGES
        possible = fact.unknown
    elif name and (raw is not None or fact.type is FactType.NAME):
        given.told.add(fact.name)
    given.values[fact.name] = possible


def _raw(taken: Input, facts: Mapping[str, object]) -> tuple[str, object]:
    """Return under which name an input came ("": it did not), and its value in the fact's unit."""
    name = taken.fact.name
    if facts.get(name) is not None:
        return name, facts[name]
    for alias in taken.also:
        fits = all(is_one_of(facts.get(key), words) for key, words in alias.when.items())
        if facts.get(alias.name) is not None and fits:
            return alias.name, _as_fact(facts[alias.name], alias, taken.fact.unit)
    return (name, None) if name in facts else ("", None)


def _as_fact(raw: object, alias: Alias, unit: str) -> object:
    """Return a raw value as the fact's own: text as a number, another unit reckoned."""
    if alias.is_text and isinstance(raw, str) and _DIGITS.fullmatch(raw):
        raw = Decimal(raw)
    if not alias.unit or isinstance(raw, bool) or not isinstance(raw, int | Decimal):
        return raw
    number = Decimal(raw)
    return reckoned(number, alias.unit, unit) if number.is_finite() else raw


def _refuse_in_unit(given: GivenFacts, rule: RuleTable) -> None:
    """Refuse a number that no meter shows in the unit that was told."""
    for name, taken in rule.inputs.items():
        unit = single(given.values.get(taken.fact.told_by, UNKNOWN))
        if unit is None or name not in given.told:
            continue
        least, most = taken.fact.bounds[unit]
        low, high = bounds(given.values[name])
        if low > most or high < least or (low == high and not least <= low <= most):
            _refuse(given, (name,), f"{name} must be from {least} to {most} {unit}")


def _refuse_crossed_pressures(given: GivenFacts) -> None:
    high, low = (single(given.values.get(name, UNKNOWN)) for name in ("sbp", "dbp"))
    if isinstance(high, Decimal) and isinstance(low, Decimal) and high <= low:
        _refuse(given, ("sbp", "dbp"), f"systolic {high} is not above diastolic {low}")


def _refuse(given: GivenFacts, names: tuple[str, ...], why: str) -> None:
    given.is_impossible |= not set(names) <= set(AGES)
    for name in names:
        given.refused[name] = why
        given.values[name] = BY_NAME[name].unknown
        given.told.discard(name)


def _complete_ages(given: GivenFacts) -> None:
    """Fill in the age in each unit from the finest that is told; ages that differ are refused."""
    told = tuple((name, given.values[name]) for name in AGES if name in given.told)
    ages = _ages(told)
    if ages is None:
        why = "the ages in days, months and years do not agree"
        _refuse(given, tuple(name for name, _ in told), why)
    else:
        given.values |= ages


@lru_cache(maxsize=256)
def _ages(told: tuple[tuple[str, Possible], ...]) -> Mapping[str, Possible] | None:
    """Return the age in each unit, None when they do not agree; many rules ask the same."""
    if not told:
        return {}
    spans = [_span(name, age) for name, age in told]
    if max(low for low, _ in spans) - min(high for _, high in spans) > _SLACK_DAYS:
        return None
    low, high = spans[0]
    ages = {name: between(_completed(name, low), _completed(name, high)) for name in AGES}
    return ages | {name: between(*(_floor(end) for end in bounds(age))) for name, age in told}


def _span(name: str, age: Possible) -> tuple[Decimal, Decimal]:
    """Return the first and the last day of life on which somebody is of an age."""
    low, high = (_floor(end) for end in bounds(age))
    return _floor(max(low, Decimal(0)) * _DAYS_OF[name]), _floor((high + 1) * _DAYS_OF[name]) - 1


def _completed(name: str, day: Decimal) -> Decimal:
    """Return the completed days, months or years on a day of life."""
    return ((day + 1) / _DAYS_OF[name]).to_integral_value(ROUND_CEILING) - 1


def _floor(number: Decimal) -> Decimal:
    return number.to_integral_value(ROUND_FLOOR)


def _add_group(given: GivenFacts, facts: Mapping[str, object]) -> None:
    """Take what the name of a group of people says, where the person's own facts say nothing."""
    group = facts.get("group")
    for name, possible in (GROUPS.get(group, {}) if isinstance(group, str) else {}).items():
        if name in given.values and name not in given.told:
            given.values[name] = possible
            given.told.add(name)


def _add_not_pregnant(given: GivenFacts) -> None:
    """Nobody below 10 years or from 60 is asked whether she is pregnant."""
    youngest, oldest = bounds(given.values["age_years"])
    if youngest < PREGNANT_UNTIL_YEARS and oldest >= PREGNANT_FROM_YEARS:
        return
    for name in ("pregnant", "postpartum", "pregnant_or_postpartum"):
        if name in given.values and name not in given.told:
            given.values[name] = known(False)
            given.told.add(name)


def with_derived(facts: Mapping[str, object]) -> dict[str, object]:
    """Return facts with those that follow from them."""
    whole = dict(facts)
    for name, follow in _DERIVED.items():
        follows = follow(whole) if whole.get(name) is None else None
        if follows is not None:
            whole[name] = follows
    return whole


def _no_man(facts: Mapping[str, object]) -> bool | None:
    return False if facts.get("sex") == "m" else None


def _altered_unless_alert(facts: Mapping[str, object]) -> bool | None:
    acvpu = facts.get("consciousness")
    return acvpu != "A" if isinstance(acvpu, str) and acvpu in tuple("ACVPU") else None


def _any_of(*names: str) -> Callable[[Mapping[str, object]], bool | None]:
    """Return a fact that holds when one of some holds, and not when none of them does."""

    def follow(facts: Mapping[str, object]) -> bool | None:
        values = [facts.get(name) for name in names]
        if any(value is True for value in values):
            return True
        return False if all(value is False for value in values) else None

    return follow


_DERIVED: Final[Mapping[str, Callable[[Mapping[str, object]], bool | None]]] = {
    "pregnant": _no_man,
    "postpartum": _no_man,
    "pregnant_or_postpartum": _any_of("pregnant", "postpartum"),
    "altered_mentation": _altered_unless_alert,
    "danger_symptoms": _any_of(
        "chest_pain", "breathless", "weakness_one_side", "vision", "severe_headache", "confusion"
    ),
}
"""Facts that follow from others, in this order."""
