"""What must hold between the rows of a table: names, words, bands, variants, responses."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from itertools import product
from math import prod
from typing import Final

from edge.rules.bands import check_numbers, check_words, shown
from edge.rules.facts import BY_NAME
from edge.rules.possible import Word
from edge.rules.table import Combination, Combine, Lookup, RuleTable, Step, Variant, Worse
from edge.rules.table_rows import Row

MOST_CASES: Final = 10_000
"""How many cases the conditions of a lookup may make."""

Words = frozenset[Word] | None
"""What a name may be: a closed set of words, or any number (None)."""


def check(rule: RuleTable, top: Row) -> None:
    """Raise `TableError` when the rows of a table do not fit together."""
    _check_names(rule, top)
    words = {name: words_of(rule, name) for name in (*rule.inputs, *rule.steps)}
    for row in (*top.rows("lookup"), *top.rows("caution")):
        _check_conditions(row, words)
    for name, rows in _by_name(top.rows("lookup")).items():
        step = rule.steps[name]
        assert isinstance(step, Lookup)
        _check_variants(step, rows, words)
        for variant, row in zip(step.variants, rows, strict=True):
            check_bands(rule, name, variant, row)
    _check_order(rule, top, words)
    _check_responses(rule, top, words)
    _check_conditions_of_people(top)
    if rule.status == "reviewed" and not rule.reviewers:
        raise top.wrong("a reviewed rule names its reviewers", "status")


def _check_names(rule: RuleTable, top: Row) -> None:
    """Refuse a name that nothing gives, and steps that need one another."""
    known = set(rule.inputs)
    for name in rule.inputs:
        if name in rule.steps:
            raise top.wrong(f'"{name}" is an input and cannot be a step as well', "input")
    pending = dict(rule.steps)
    while pending:
        ready = [name for name, step in pending.items() if names_in(step) <= known]
        if not ready:
            _refuse_names(rule, top, known | set(pending))
        known |= set(ready)
        for name in ready:
            del pending[name]
    for output, row in zip(rule.outputs, top.rows("output"), strict=True):
        for name in {*output.of.values(), output.asked, output.otherwise} - {"", *known}:
            raise row.wrong(f'nothing is called "{name}"', "of")


def names_in(step: Step) -> set[str]:
    """Return the inputs and steps that a step looks at."""
    if isinstance(step, Lookup):
        return {n for v in step.variants for n in (*v.when, v.of) if n}
    return set(step.of)


def _refuse_names(rule: RuleTable, top: Row, known: set[str]) -> None:
    for kind in ("lookup", "combination", "formula"):
        for row in top.rows(kind):
            for name in sorted(names_in(rule.steps[row.text("name")]) - known):
                raise row.wrong(f'nothing is called "{name}"', "of")
    raise top.wrong("the steps need one another in a circle", "lookup", 0)


def words_of(rule: RuleTable, name: str) -> Words:
    """Return the words that an input or a step may give, None when it gives any number."""
    if name in rule.inputs:
        unknown = rule.inputs[name].fact.unknown
        return unknown if isinstance(unknown, frozenset) else None
    step = rule.steps[name]
    if isinstance(step, Lookup):
        return frozenset(band.gives for variant in step.variants for band in variant.bands)
    if isinstance(step, Combination) and step.combine is Combine.ANY:
        return frozenset({False, True})
    if isinstance(step, Combination) and step.combine is Combine.MAX:
        sets = [words_of(rule, of) for of in step.of]
        return None if None in sets else frozenset().union(*(s for s in sets if s))
    return None


def _by_name(rows: Iterable[Row]) -> Mapping[str, list[Row]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        found.setdefault(row.text("name", row.text("word", "")), []).append(row)
    return found


def _check_conditions(row: Row, words: Mapping[str, Words]) -> None:
    when = row.row("when")
    for name in when.table:
        choices = words.get(name)
        if choices is None:
            raise row.wrong(
                f'"when" asks for "{name}", which is no word of an input or a step', "when"
            )
        for word in when.words(name):
            if word not in choices:
                raise row.wrong(f'"{name}" is never {shown(word)}', "when")


def _check_variants(step: Lookup, rows: list[Row], words: Mapping[str, Words]) -> None:
    """Of the variants exactly one applies, whatever the conditions are."""
    names = sorted({name for variant in step.variants for name in variant.when})
    choices = [sorted(words[name] or (), key=str) for name in names]
    if prod(len(values) for values in choices) > MOST_CASES:
        raise rows[0].wrong(f'"{step.name}" has too many conditions: part it', "when")
    for values in product(*choices):
        case = dict(zip(names, values, strict=True))
        fitting = [i for i, v in enumerate(step.variants) if _fits(v, case)]
        said = ", ".join(f"{name} = {shown(word)}" for name, word in case.items()) or "every case"
        if not fitting:
            raise rows[-1].wrong(f'"{step.name}" has no bands where {said}', "when")
        if len(fitting) > 1:
            raise rows[fitting[1]].wrong(f'"{step.name}" has two rows for {said}', "when")


def _fits(variant: Variant, case: Mapping[str, Word]) -> bool:
    return all(case[name] in words for name, words in variant.when.items())


def check_bands(rule: RuleTable, name: str, variant: Variant, row: Row) -> None:
    """Raise `TableError` when the bands of a row leave a gap, overlap, or miss a word."""
    if not variant.of:
        return
    rows, taken = row.rows("bands"), rule.inputs.get(variant.of)
    choices = words_of(rule, variant.of)
    if choices is None:
        check_numbers(variant.bands, rows, variant.step or (taken.step if taken else None))
        _check_direction(rule, name, variant, row)
    else:
        check_words(variant.bands, rows, choices)


def _check_direction(rule: RuleTable, name: str, variant: Variant, row: Row) -> None:
    """Refuse bands that get milder where they are said to get worse."""
    if variant.worse is None:
        return
    ranks = [rank_of(rule, name, band.gives) for band in variant.bands]
    known = [rank for rank in ranks if rank is not None]
    if len(known) < len(ranks):
        raise row.wrong('"worse" needs the words of this step under [order]', "worse")
    mildest = known.index(min(known)) if variant.worse is Worse.AWAY else 0
    mildest = len(known) - 1 if variant.worse is Worse.DOWN else mildest
    before, after = known[: mildest + 1], known[mildest:]
    if before != sorted(before, reverse=True) or after != sorted(after):
        raise row.wrong(f'this does not get worse "{variant.worse}"', "worse")


def rank_of(rule: RuleTable, name: str, word: Word) -> Decimal | None:
    """Return how severe a word of a step is, also in a step that takes the highest of several."""
    highest = (
        step.name
        for step in rule.steps.values()
        if isinstance(step, Combination) and step.combine is Combine.MAX and name in step.of
    )
    order = next((rule.order[n] for n in (name, *highest) if n in rule.order), None)
    if order is not None:
        return Decimal(order.index(word)) if word in order else None
    return None if isinstance(word, str) else Decimal(word)


def _check_order(rule: RuleTable, top: Row, words: Mapping[str, Words]) -> None:
    order = top.row("order")
    for name, listed in rule.order.items():
        given = words.get(name)
        if given is None or not given <= set(listed) or len(set(listed)) != len(listed):
            raise order.wrong(f'"{name}" must list each of its words once, the mildest first', name)
    for row in top.rows("combination"):
        step = rule.steps[row.text("name")]
        of_words = words[step.name]
        if of_words and any(isinstance(w, str) for w in of_words) and step.name not in rule.order:
            raise row.wrong(f'[order] must say which word of "{step.name}" is higher', "name")


def _check_responses(rule: RuleTable, top: Row, words: Mapping[str, Words]) -> None:
    if not rule.respond_to and not rule.responses:
        return
    choices = words.get(rule.respond_to)
    if choices is None:
        raise top.wrong(f'"{rule.respond_to}" gives no words to respond to', "respond_to")
    for index, row in enumerate(top.rows("response")):
        word = row.word("to")
        if word not in choices:
            raise row.wrong(f'"{rule.respond_to}" is never {shown(word)}', "to")
        if word in [earlier.word("to") for earlier in top.rows("response")[:index]]:
            raise row.wrong(f"{shown(word)} has two responses", "to")
    for word in sorted(choices - set(rule.responses), key=str):
        raise top.wrong(f"there is no response to {shown(word)}", "respond_to")


def _check_conditions_of_people(top: Row) -> None:
    for row in top.rows("applies"):
        fact = BY_NAME[row.text("fact")]
        choices = fact.unknown
        for word in row.words("is") if row.has("is") else ():
            if not isinstance(choices, frozenset) or word not in choices:
                raise row.wrong(f"{fact.name} is never {shown(word)}", "is")
        if not row.has("is") and isinstance(choices, frozenset):
            raise row.wrong(f'{fact.name} is a word: say which with "is"', "fact")
