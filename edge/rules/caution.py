"""Whether other bands of a lookup are as cautious: worked out for all that can be.

Where two tables of bands differ, the lookup gives one value before and another after. For every
combination of what the other steps can give, the level with the new value must be at least the
level with the old one. The other steps are taken by the few values that they give, so this is a
proof and not a sample.
"""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from itertools import product
from math import prod
from typing import Final

from edge.rules.bands import shown
from edge.rules.possible import INFINITE, Word, known
from edge.rules.steps import Steps
from edge.rules.table import RuleTable, Variant
from edge.rules.table_checks import names_in, words_of

MOST_CASES: Final = 20_000
SLIGHTLY: Final = Decimal("0.000001")


def less_cautious(rule: RuleTable, name: str, before: Variant, after: Variant) -> str:
    """Return in words where the new bands of a step are less cautious, "" when nowhere."""
    given = {band.gives for band in before.bands}
    for band in after.bands:
        if band.gives not in given:
            return f"{shown(band.gives)} is none of the values of this lookup"
    taken = rule.inputs.get(before.of)
    step = before.step or (taken.step if taken else None) or SLIGHTLY
    found = list(_changes(before, after, step))
    changes = {(old, new): at for at, old, new in reversed(found)}  # the first place of each
    if not changes:
        return ""
    others = _others(rule, name)
    choices = [sorted(values, key=str) for values in others.values()]
    cases = prod(len(values) for values in choices) * len(changes)
    if not 0 < cases <= MOST_CASES:
        return "it cannot be worked out for this rule what the change does"
    for values in product(*choices):
        case = dict(zip(others, values, strict=True))
        for (old, new), at in changes.items():
            if _level(rule, {**case, name: new}) < _level(rule, {**case, name: old}):
                return f"at {at} it gives {shown(new)} instead of {shown(old)}, which is milder"
    return ""


def _level(rule: RuleTable, values: dict[str, Word]) -> int:
    """Return the rank of the least level that is possible with these values of steps."""
    steps = Steps(rule, {name: known(value) for name, value in values.items()})
    possible = steps.possible(rule.respond_to)
    assert isinstance(possible, frozenset)
    return min((rule.responses[word].level.rank for word in possible), default=0)


def _changes(before: Variant, after: Variant, step: Decimal) -> Iterator[tuple[str, Word, Word]]:
    """Yield where the bands differ, with the value before and after."""
    numbers = {end for v in (before, after) for b in v.bands for end in (b.least, b.high)}
    finite = sorted(number for number in numbers if abs(number) != INFINITE)
    points: list[Word] = [n for end in finite for n in (end - step, end, end + step)]
    words = {word for v in (before, after) for band in v.bands for word in band.words}
    for point in (*points, *sorted(words, key=str)):
        old, new = _gives(before, point), _gives(after, point)
        if old is not None and new is not None and old != new:
            yield shown(point), old, new


def _gives(variant: Variant, value: Word) -> Word | None:
    return next((band.gives for band in variant.bands if band.holds(value)), None)


def _others(rule: RuleTable, name: str) -> dict[str, frozenset[Word]]:
    """Return what the steps can give that meet this one on the way to the response."""
    needed = {step: names_in(rule.steps[step]) for step in rule.steps}
    later = {name}
    while True:
        more = {step for step, names in needed.items() if names & later} - later
        if not more:
            break
        later |= more
    beside = {n for step in later - {name} for n in needed[step]} - later
    return {n: _values(rule, n, later) for n in sorted(beside)}


def _values(rule: RuleTable, name: str, later: set[str]) -> frozenset[Word]:
    """Return the values of a step or input; of a number one in each band that it meets."""
    words = words_of(rule, name)
    if words is not None:
        return words
    variants = [v for other in later for v in getattr(rule.steps[other], "variants", ())]
    bands = [band for variant in variants if variant.of == name for band in variant.bands]
    ends = {end for band in bands for end in (band.least, band.high) if abs(end) != INFINITE}
    return frozenset(ends | {min(ends) - 1, max(ends) + 1} if ends else ends)
