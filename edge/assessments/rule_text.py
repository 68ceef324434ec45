"""A rule's table as people read it: bands in words, for the pages of the kiosk and of the desk.

Texts are English source texts; numbers and units stand apart from them.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal

from edge.assessments.uncertain import LIKELY
from edge.rules.facts import BY_NAME, Fact
from edge.rules.possible import INFINITE, Word
from edge.rules.table import Band, Combination, Lookup, RuleTable, Variant


@dataclass(frozen=True, slots=True)
class BandText:
    """One band: the values, their unit as people write it, and what they give."""

    values: str
    unit: str
    gives: str


@dataclass(frozen=True, slots=True)
class LookupText:
    """One table of a rule: what is looked up, under which conditions, and its bands."""

    of: str
    when: tuple[str, ...]
    bands: tuple[BandText, ...]


@dataclass(frozen=True, slots=True)
class InputText:
    """What a rule reads: the label, its unit, and for how many minutes a value counts."""

    label: str
    unit: str
    max_age_min: int | None


@dataclass(frozen=True, slots=True)
class RuleText:
    """A whole rule: whom it is for (labels under `gives`), what it reads, its tables, its sums.

    A sum is its name, how its parts are combined, and of what.
    """

    conditions: tuple[BandText, ...]
    inputs: tuple[InputText, ...]
    lookups: tuple[LookupText, ...]
    sums: tuple[tuple[str, str, tuple[str, ...]], ...]


_UNITS = {"mm[Hg]": "mmHg", "Cel": "°C", "a": "years", "mo": "months", "d": "days", "wk": "weeks"}


def of(rule: RuleTable) -> RuleText:
    """Return a rule as people read it."""
    steps = rule.steps.values()
    variants = [v for step in steps if isinstance(step, Lookup) for v in step.variants if v.of]
    return RuleText(
        tuple(_band(c.band, c.fact, c.label) for c in rule.conditions),
        tuple(
            InputText(one.fact.label, _UNITS.get(one.fact.unit, one.fact.unit), one.max_age_min)
            for one in rule.inputs.values()
        ),
        tuple(map(_lookup, variants)),
        tuple(
            (named(step.name), step.combine.value, tuple(map(named, step.of)))
            for step in steps
            if isinstance(step, Combination)
        ),
    )


def named(name: str) -> str:
    """Return what a fact or a step of a table is called."""
    fact = BY_NAME.get(name)
    return name.replace("_", " ") if fact is None else fact.label


def shown(facts: Mapping[str, object]) -> list[tuple[str, str]]:
    """Return facts as they were used: label and value in words."""
    used = [(name, value) for name, value in sorted(facts.items()) if name != LIKELY]
    return [(named(name), _fact(value)) for name, value in used]


def _lookup(variant: Variant) -> LookupText:
    fact = BY_NAME.get(variant.of)
    when = tuple(_when(variant.when))
    bands = tuple(_band(band, fact, _word(band.gives)) for band in variant.bands)
    return LookupText(named(variant.of), when, bands)


def _when(conditions_of: Mapping[str, Sequence[Word] | frozenset[Word]]) -> Iterator[str]:
    for name, words in conditions_of.items():
        yield f"{named(name)}: {', '.join(sorted(map(_word, words)))}"


def _band(band: Band, fact: Fact | None, gives: str) -> BandText:
    unit = "" if fact is None else _UNITS.get(fact.unit, fact.unit)
    if band.words:
        return BandText(", ".join(sorted(map(_word, band.words))), "", gives)
    low, high = band.least, band.high
    if high == INFINITE:
        return BandText(f"≥ {low:f}" if low != -INFINITE else "", unit, gives)
    if low == -INFINITE:
        return BandText(f"{'<' if band.is_open else '≤'} {high:f}", unit, gives)
    end = f"< {high:f}" if band.is_open else f"{high:f}"
    return BandText(f"{low:f} – {end}", unit, gives)


def _word(word: Word) -> str:
    if isinstance(word, bool):
        return "yes" if word else "no"
    return f"{word:f}" if isinstance(word, Decimal) else word


def _fact(value: object) -> str:
    if isinstance(value, Mapping):
        low, high = value.get("least"), value.get("most")
        if low is None or high is None:
            return f"≥ {low}" if high is None else f"≤ {high}"
        return f"{low} – {high}"
    if isinstance(value, bool):
        return "yes" if value else "no"
    return str(value)
