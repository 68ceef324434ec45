"""A clinical rule in words, for a terminal: what `healthpost rules` shows."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from edge.rules.bands import shown
from edge.rules.possible import INFINITE, Word
from edge.rules.table import Band, Combination, Formula, Lookup, RuleTable, Variant


def rule_row(rule: RuleTable) -> dict[str, object]:
    """Return what a list of rules says of one."""
    return {
        "id": rule.id,
        "version": rule.version,
        "status": rule.status,
        "draft": rule.is_draft,
        "title": rule.title,
        "sha256": rule.sha256,
        "citations": list(rule.citations),
        "from_memory": list(rule.from_memory),
        "signed_by": [{"name": r.name, "role": r.role, "date": r.date} for r in rule.reviewers],
    }


def rule_text(rule: RuleTable) -> str:
    """Return a rule as a clinician reads it."""
    return "\n".join(_lines(rule))


def _lines(rule: RuleTable) -> Iterator[str]:
    yield f"{rule.title}\n{rule.id}, version {rule.version}"
    for reviewer in rule.reviewers:
        yield f"Signed by {reviewer.name}, {reviewer.role}, on {reviewer.date}."
    if rule.is_draft:
        yield "DRAFT: no clinician has signed this version."
    yield from (f"Source: {citation}" for citation in rule.citations)
    yield from (f"From memory, to be settled: {text}" for text in rule.from_memory)
    yield f"Licence: {rule.licence}"
    for condition in rule.conditions:
        yield f"For people with: {condition.label} {_band(condition.band)}"
    for taken in rule.inputs.values():
        rounding = f", rounded half up to {taken.step}" if taken.step else ""
        age = f", at most {taken.max_age_min} minutes old" if taken.max_age_min else ""
        fact = f"{taken.fact.name}: {taken.fact.label} {taken.fact.unit}".rstrip()
        yield f"Input {fact}{rounding}{age}"
    for step in rule.steps.values():
        yield from _step(step)
    for word, response in rule.responses.items():
        recheck = "" if response.recheck_min is None else f" Recheck: {response.recheck_min} min."
        yield f"{shown(word)}: {response.level.value}. {response.staff}{recheck}"


def _step(step: Lookup | Combination | Formula) -> Iterator[str]:
    if isinstance(step, Combination):
        equals = "" if step.equals is None else f" that are {shown(step.equals)}"
        yield f"{step.name}: {step.combine.value} of {', '.join(step.of)}{equals}"
    elif isinstance(step, Formula):
        yield f"{step.name}: {step.function.__name__} of {', '.join(step.of)}"
    else:
        yield from (_variant(step.name, variant) for variant in step.variants)


def _variant(name: str, variant: Variant) -> str:
    when = ", ".join(f"{of} is {_words(words)}" for of, words in variant.when.items())
    head = f"{name}, where {when}" if when else name
    if not variant.of:
        return f"{head}: {shown(variant.bands[0].gives)}"
    bands = "; ".join(f"{_band(band)} gives {shown(band.gives)}" for band in variant.bands)
    return f"{head}: {variant.of} {bands}"


def _band(band: Band) -> str:
    if band.words:
        return _words(band.words)
    least = "" if band.least == -INFINITE else f"from {band.least}"
    most = "below" if band.is_open else "to"
    high = "" if _is_endless(band.high) else f"{most} {band.high}"
    return f"{least} {high}".strip() or "any"


def _is_endless(number: Decimal) -> bool:
    return abs(number) == INFINITE


def _words(words: frozenset[Word]) -> str:
    return " or ".join(sorted(map(shown, words)))
