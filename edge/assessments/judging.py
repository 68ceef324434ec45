"""Judging an entry: every rule that reads one of its facts, the results kept, the alerts raised.

All of it happens in the transaction of the entry itself. A rule that fails is an issue of the box
and nothing more: the entry is kept, the other rules judge.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass

from edge.assessments import alerts, facts, measured_facts, record, rule_log, uncertain
from edge.assessments.cause import Cause
from edge.assessments.facts import GatheredFacts, RuleFacts
from edge.assessments.uncertain import Judgement
from edge.model.clock import Stamp
from edge.rules import library
from edge.rules.assessment import Assessment, Level, Status
from edge.rules.engine import assess
from edge.rules.table import RuleTable
from edge.store.store import Store

FAULTS = (
    *(ArithmeticError, AssertionError, AttributeError, LookupError),
    *(RuntimeError, TypeError, ValueError),
)
"""What a mistake in a rule raises. An error of the disk is no mistake of a rule."""

log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class _Judged:
    """What one rule found of the facts that it read."""

    rule: RuleTable
    judgement: Judgement
    facts: RuleFacts


def judge(store: Store, now: Stamp, cause: Cause, names: Collection[str]) -> tuple[int, ...]:
    """Judge an entry that holds these facts, by name; return the alerts that it raises.

    Inside the caller's transaction.
    """
    concerned = [r for r in tables(store).values() if not facts.names_of(r).isdisjoint(names)]
    if not concerned:
        return ()
    gathered = facts.gather(store, cause)
    held = record.standing(store, cause, {rule.id for rule in concerned})
    raised: list[int] = []
    failing = rule_log.failing(store)
    for judged in [_judge(rule, gathered) for rule in concerned]:
        if judged.judgement.assessment.status is Status.FAILED:
            rule_log.note_failure(store, now, judged.rule)
        elif judged.rule.id in failing:
            rule_log.note_success(store, judged.rule)
        if _is_news(store, judged, held.get(judged.rule.id)):
            raised += _keep(store, now, cause, judged)
    return tuple(raised)


def tables(store: Store) -> Mapping[str, RuleTable]:
    """Return the rules in use at a box: those of the product, and its site's."""
    return library.rules(store.home)


def by_rule(rule: RuleTable) -> Callable[[uncertain.Facts], Assessment]:
    """Return the function that judges facts by a rule and never raises."""

    def judged(known: uncertain.Facts) -> Assessment:
        try:
            return assess(rule, known)
        except FAULTS:
            log.exception("the rule %s failed", rule.id)
            return Assessment(
                rule.id, rule.version, rule.sha256, rule.is_draft, Status.FAILED, {}, Level.NONE
            )

    return judged


def _judge(rule: RuleTable, gathered: GatheredFacts) -> _Judged:
    read = gathered.of_rule(rule)
    return _Judged(rule, uncertain.judge(by_rule(rule), read.facts), read)


def _is_news(store: Store, judged: _Judged, held: record.Standing | None) -> bool:
    """Whether a result is kept: it differs from what stands, and says something.

    What was not measured again does not take back what was found while it was new.
    """
    found = judged.judgement.assessment
    if held is None:
        asks = found.status is Status.NEEDS_INPUT
        says = found.status is not Status.NOT_APPLICABLE
        return says and not (asks and judged.judgement.possible.rank <= Level.ROUTINE.rank)
    if held.digest == record.digest_of(found):  # another dangerous reading is marked, too
        is_urgent = found.level.rank >= Level.URGENT.rank
        return is_urgent and not held.readings >= set(judged.facts.readings)
    if found.level.rank >= held.level.rank:
        return True
    measured = record.fact_names(store, held.entry) & measured_facts.EVERY
    return measured <= judged.facts.measured.keys()


def _keep(store: Store, now: Stamp, cause: Cause, judged: _Judged) -> list[int]:
    level = judged.judgement.assessment.level
    if level.rank < Level.URGENT.rank:
        record.keep(store, now, cause, (judged.judgement, judged.facts, ()))
        return []
    names = _dangerous(judged)
    measured = [judged.facts.measured[name] for name in names]
    entries = {entry for one in measured for entry in one.entries}
    entry = record.keep(store, now, cause, (judged.judgement, judged.facts, entries))
    alert = alerts.Alert(judged.rule, level, entry, tuple(zip(names, measured, strict=True)))
    return alerts.raise_once(store, now, cause, alert)


def _dangerous(judged: _Judged) -> list[str]:
    """Return the measured facts because of which it is urgent, the one that counts first.

    Those that are urgent by themselves, else those without which it would be less urgent, else all.
    """
    facts_of, level = judged.facts, judged.judgement.assessment.level
    order = [*judged.rule.inputs, *sorted(facts_of.measured)]
    names = list(dict.fromkeys(name for name in order if name in facts_of.measured))

    def rank(known: uncertain.Facts) -> int:
        return uncertain.judge(by_rule(judged.rule), known).assessment.level.rank

    alone = {name: rank(facts_of.with_only(name)) for name in names}
    without = {name: rank(facts_of.without(name)) for name in names}
    names.sort(key=lambda name: (-alone[name], without[name]))
    return (
        [name for name in names if alone[name] >= Level.URGENT.rank]
        or [name for name in names if without[name] < level.rank]
        or names
    )
