"""Writes the tables of the rules for clinicians: every threshold, its source, what is to sign.

The page is docs/clinical.md; what it says is read from the same tables by which the box judges.
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Iterator, Mapping
from decimal import Decimal

from edge.rules import plausibility
from edge.rules.assessment import Response
from edge.rules.facts import BY_NAME
from edge.rules.possible import INFINITE, Word
from edge.rules.table import Band, Combination, Combine, Condition, Formula, Lookup, RuleTable, Step


def overview(rules: Iterable[RuleTable]) -> str:
    """Return the list of all rules, as a table of Markdown."""
    rows = ["| rule | what it judges | for whom | state | from memory |", "|---|---|---|---|---|"]
    for rule in rules:
        whom = "; ".join(_condition(condition) for condition in rule.conditions) or "everybody"
        link = f"[`{rule.id}`](#{rule.id})"
        memory = len(rule.from_memory) or ""
        rows.append(f"| {link} | {rule.title} | {whom} | {_state(rule)} | {memory} |")
    return "\n".join(rows) + "\n"


def to_settle(rules: Iterable[RuleTable]) -> str:
    """Return what of the tables is from memory, one line each."""
    return "".join(f"- `{rule.id}`: {what}\n" for rule in rules for what in rule.from_memory)


def in_full(rules: Iterable[RuleTable]) -> str:
    """Return every rule with its thresholds, one section each."""
    return "\n".join("\n".join(_section(rule)) for rule in rules)


def limits() -> str:
    """Return beyond which limits a measured value is refused, doubted or asked about again."""
    rows = ["| value | unit | refused outside | doubted outside | asked again outside |"]
    rows.append("|---|---|---|---|---|")
    for one in plausibility.all_limits():
        spans = (_span(bounds) for bounds in (one.hard, one.improbable, one.soft))
        rows.append(f"| {one.name} | {one.unit} | {' | '.join(spans)} |")
    return "\n".join(rows) + "\n"


def _state(rule: RuleTable) -> str:
    if rule.is_draft:
        return "draft, to be signed by a clinician"
    signers = ", ".join(f"{one.name}, {one.role}, {one.date}" for one in rule.reviewers)
    return f"signed by {signers}"


def _section(rule: RuleTable) -> Iterator[str]:
    yield f"### {rule.id}\n"
    yield f"{rule.title}. Version {rule.version}, {_state(rule)}.\n"
    for citation in rule.citations:
        yield f"- Source: {citation}"
    for what in rule.from_memory:
        yield f"- **From memory**, to be looked up: {what}"
    for condition in rule.conditions:
        yield f"- Only for: {_condition(condition)}"
    yield f"- {rule.licence}"
    yield from _steps(rule)
    yield "\n| result | how soon | what staff read |\n|---|---|---|"
    for word, response in rule.responses.items():
        yield f"| {_word(word)} | {_how_soon(response)} | {response.staff} |"
    yield ""


def _how_soon(response: Response) -> str:
    after = _span_of_time(response.recheck_min) if response.recheck_min else ""
    return (
        f"{response.level.value}, measured again after {after}" if after else response.level.value
    )


def _span_of_time(minutes: int) -> str:
    """Return minutes in the largest unit in which they are whole, from two hours on."""
    for unit, length in (("days", 24 * 60), ("hours", 60)):
        if minutes % length == 0 and minutes > length:
            return f"{minutes // length} {unit}"
    return f"{minutes} minutes"


def _steps(rule: RuleTable) -> Iterator[str]:
    lookups = [step for step in rule.steps.values() if isinstance(step, Lookup)]
    if lookups:
        yield "\n| what | where | bounds |\n|---|---|---|"
    for lookup in lookups:
        for variant in lookup.variants:
            bands = "; ".join(f"{_band(band)}: {_word(band.gives)}" for band in variant.bands)
            bounds = bands if variant.of else f"always {_word(variant.bands[0].gives)}"
            of = f" ({_measured(variant.of)})" if variant.of else ""
            yield f"| {_name(lookup.name)}{of} | {_where(variant.when)} | {bounds} |"
    others = [step for step in rule.steps.values() if not isinstance(step, Lookup)]
    if others:
        yield ""
    for step in others:
        yield f"- {_name(step.name)}: {_worked_out(step)}"


def _worked_out(step: Step) -> str:
    of = ", ".join(_name(name) for name in step.of) if not isinstance(step, Lookup) else ""
    if isinstance(step, Formula):
        said = (inspect.getdoc(step.function) or "").removeprefix("Return ").rstrip(".")
        return f"{said.splitlines()[0].split(';')[0]} (of {of})"
    assert isinstance(step, Combination)
    if step.combine is Combine.SUM:
        return f"the sum of {of}"
    if step.combine is Combine.MAX:
        return f"the most severe of {of}"
    wanted = "" if step.equals is True else f" is {_word(step.equals or False)}"
    many = "how many" if step.combine is Combine.COUNT else "whether one"
    return f"{many} of these{wanted or ' holds'}: {of}"


def _condition(condition: Condition) -> str:
    ask = "" if condition.asks else " (also where this is not known)"
    return f"{condition.label}: {_band(condition.band)}{ask}"


def _where(when: Mapping[str, frozenset[Word]]) -> str:
    return ", ".join(f"{_name(name)} is {_words(words)}" for name, words in when.items())


def _band(band: Band) -> str:
    if band.words:
        return _words(band.words)
    if band.least == -INFINITE and band.high == INFINITE:
        return "whatever"
    if band.least == -INFINITE:
        return f"below {_number(band.high)}" if band.is_open else f"at most {_number(band.high)}"
    if band.high == INFINITE:
        return f"from {_number(band.least)}"
    to = f"to below {_number(band.high)}" if band.is_open else f"to {_number(band.high)}"
    return f"{_number(band.least)} {to}" if band.least != band.high else _number(band.least)


def _words(words: Iterable[Word]) -> str:
    return " or ".join(sorted(_word(word) for word in words))


def _word(word: Word) -> str:
    if isinstance(word, bool):
        return "yes" if word else "no"
    return _number(word) if isinstance(word, Decimal) else word.replace("_", " ") or "nothing"


def _name(name: str) -> str:
    fact = BY_NAME.get(name)
    return name.replace("_", " ") if fact is None else fact.label


def _measured(name: str) -> str:
    fact = BY_NAME.get(name)
    return _name(name) if fact is None or not fact.unit else f"{fact.label}, {fact.unit}"


def _number(number: Decimal) -> str:
    return f"{number.normalize():f}"


def _span(bounds: tuple[Decimal, Decimal] | None) -> str:
    return "" if bounds is None else f"{_number(bounds[0])} to {_number(bounds[1])}"
