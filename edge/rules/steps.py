"""Works out the steps of a rule over what is known of its inputs.

Every step gives the set of what it may be: one value when all that it needs is known, several
otherwise, none where a formula is not defined.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from functools import reduce
from itertools import product
from typing import Final

from edge.rules.possible import UNKNOWN, Possible, Range, Word, between, half_up, rounded
from edge.rules.table import (
    Combination,
    Combine,
    Formula,
    Lookup,
    RuleTable,
    Step,
    Variant,
)

MOST_LISTED: Final = 62
"""How many whole numbers are worked out one by one: the days of two months."""


class Steps:
    """The steps of one rule for one person; each is worked out once, when it is asked for."""

    def __init__(self, rule: RuleTable, inputs: Mapping[str, Possible]) -> None:
        self.rule = rule
        self._known = dict(inputs)

    def possible(self, name: str) -> Possible:
        """Return what a step or an input may be."""
        if name not in self._known:
            self._known[name] = self._work_out(self.rule.steps[name])
        return self._known[name]

    def missing(self) -> tuple[str, ...]:
        """Return the inputs to ask for until every output is known, in the table's order."""
        names = {n for o in self.rule.outputs if not o.is_optional for n in o.of.values()}
        asked = self._asked(names)
        return tuple(name for name in self.rule.inputs if name in asked)

    def must_meet(self, when: Mapping[str, frozenset[Word]]) -> bool:
        """Whether conditions hold whatever is missing."""
        met = ((self.possible(name), words) for name, words in when.items())
        return all(isinstance(p, frozenset) and p <= words for p, words in met)

    def _asked(self, names: Iterable[str]) -> set[str]:
        asked: set[str] = set()
        seen: set[str] = set()
        pending = list(names)
        while pending:
            name = pending.pop()
            step, possible = self.rule.steps.get(name), self.possible(name)
            if name in seen or not (isinstance(possible, Range) or len(possible) > 1):
                continue
            seen.add(name)
            if step is None:
                asked.add(name)
            else:
                pending.extend(self._needed(step))
        return asked

    def _needed(self, step: Step) -> set[str]:
        """Return the names that a step looks at, whichever of its variants applies."""
        if not isinstance(step, Lookup):
            return set(step.of)
        variants = self._variants(step)
        conditions = {name for variant in variants for name in variant.when}
        return conditions | set.intersection(*({v.of} - {""} for v in variants))

    def _work_out(self, step: Step) -> Possible:
        if isinstance(step, Lookup):
            return frozenset(v for variant in self._variants(step) for v in self._found(variant))
        values = [self._listed(name) for name in step.of]
        sets = [value for value in values if not isinstance(value, Range)]
        if len(sets) == len(values):
            if isinstance(step, Combination):
                return self._combined(step, sets)
            return _applied(step, sets)
        if isinstance(step, Formula) and step.is_monotone:
            return _between_ends(step, [self._ends(name) for name in step.of])
        return UNKNOWN

    def _listed(self, name: str) -> Possible:
        """Return what an input may be; of a few whole numbers, such as days of a month, each."""
        possible = self.possible(name)
        taken = self.rule.inputs.get(name)
        if not isinstance(possible, Range) or taken is None or taken.step != 1:
            return possible
        if possible.high - possible.low > MOST_LISTED:
            return possible
        first = half_up(possible.low, taken.step)
        return frozenset(first + Decimal(n) for n in range(int(possible.high - first) + 1))

    def _ends(self, name: str) -> frozenset[Word]:
        """Return the values of a set, or the two ends of a number that a person can have."""
        possible = self.possible(name)
        if not isinstance(possible, Range):
            return possible
        taken = self.rule.inputs.get(name)
        if taken is None:
            return frozenset({possible.low, possible.high})
        fact = taken.fact
        return frozenset({max(possible.low, fact.least), min(possible.high, fact.most)})

    def _variants(self, lookup: Lookup) -> list[Variant]:
        """Return the variants that may apply."""
        return [
            variant
            for variant in lookup.variants
            if all(self._may_be(name, words) for name, words in variant.when.items())
        ]

    def _may_be(self, name: str, words: frozenset[Word]) -> bool:
        possible = self.possible(name)
        return not isinstance(possible, Range) and not possible.isdisjoint(words)

    def _found(self, variant: Variant) -> set[Word]:
        """Return what the bands give that the value may lie in."""
        if not variant.of:
            return {variant.bands[0].gives}
        value = rounded(self.possible(variant.of), variant.step)
        return {band.gives for band in variant.bands if band.may_hold(value)}

    def _combined(self, step: Combination, sets: Iterable[frozenset[Word]]) -> Possible:
        if step.combine is Combine.MAX:  # of those that there are
            nothing: frozenset[Word] = frozenset()
            return reduce(self._higher_of(step.name), filter(None, sets), nothing)
        start, fold = _FOLDS[step.combine]
        return reduce(
            lambda sums, values: frozenset(fold(s, v, step.equals) for s in sums for v in values),
            sets,
            frozenset({start}),
        )

    def _higher_of(
        self, name: str
    ) -> Callable[[frozenset[Word], frozenset[Word]], frozenset[Word]]:
        def higher(one: frozenset[Word], other: frozenset[Word]) -> frozenset[Word]:
            pairs = product(one or other, other)
            return frozenset(max(pair, key=lambda v: self.rule.rank(name, v)) for pair in pairs)

        return higher


def _applied(step: Formula, sets: Iterable[frozenset[Word]]) -> Possible:
    results = (step.function(*values) for values in product(*sets))
    return frozenset(result for result in results if result is not None)


def _between_ends(step: Formula, ends: list[frozenset[Word]]) -> Possible:
    """Return the bounds of a formula that only rises or only falls with each number."""
    numbers = [end for values in ends for end in values if isinstance(end, Decimal)]
    if not all(number.is_finite() for number in numbers):
        return UNKNOWN
    found = _applied(step, ends)
    assert isinstance(found, frozenset)
    results = [value for value in found if isinstance(value, Decimal)]
    return between(min(results), max(results)) if results else frozenset()


_FOLDS: Final[Mapping[Combine, tuple[Word, Callable[[Word, Word, Word | None], Word]]]] = {
    Combine.SUM: (Decimal(0), lambda total, value, _: Decimal(total) + Decimal(value)),
    Combine.COUNT: (Decimal(0), lambda count, value, wanted: Decimal(count) + (value == wanted)),
    Combine.ANY: (False, lambda found, value, wanted: bool(found) or value == wanted),
}
"""How a value is added to what was combined so far, and from what it begins."""
