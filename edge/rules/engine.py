"""Judges facts by a rule: `assess(rule, facts)`, the same at the box and at the hospital.

A fact that is missing, or that cannot be, is the set of all it may be (`edge/rules/possible.py`),
and so is every step that needs it. What is the same for all of them is known; of the rest the
bounds are given. So the answer contains the one that all facts would give, and no rule is silent.
"""

from __future__ import annotations

from collections.abc import Mapping

from edge.rules import given_facts
from edge.rules.assessment import Assessment, Json, Level, Response, Status
from edge.rules.given_facts import GivenFacts
from edge.rules.possible import known
from edge.rules.result import least_response, notes, written
from edge.rules.steps import Steps
from edge.rules.table import Condition, RuleTable
from edge.rules.texts import IMPOSSIBLE, NOT_JUDGED


def assess(rule: RuleTable, facts: Mapping[str, object]) -> Assessment:
    """Return what a rule says of facts, given by their names in FACTS or in the table."""
    facts = given_facts.with_derived(facts)
    given = given_facts.whom(rule, facts)
    conditions = [c for c in rule.conditions if not _holds_by_other(c, given)]
    for condition in conditions:
        if not condition.band.may_hold(given.values[condition.fact.name]):
            return _unjudged(rule, given, Status.NOT_APPLICABLE, reason=condition.reason)
    given_facts.add_inputs(given, rule, facts)
    in_doubt = [c for c in conditions if not c.band.must_hold(given.values[c.fact.name])]
    unknown = tuple(dict.fromkeys(c.fact.name for c in in_doubt if c.asks))
    if unknown:
        return _unjudged(rule, given, Status.NEEDS_INPUT, missing=unknown)
    given.warnings += [f"{condition.fact.name}_not_known" for condition in in_doubt]
    return _judged(rule, given)


def _holds_by_other(condition: Condition, given: GivenFacts) -> bool:
    return condition.or_fact is not None and given.values[condition.or_fact.name] == known(True)


def _judged(rule: RuleTable, given: GivenFacts) -> Assessment:
    steps = Steps(rule, given.values)
    missing = steps.missing()
    if missing and not (rule.bounds and given.told.intersection(rule.inputs)):
        return _unjudged(rule, given, Status.NEEDS_INPUT, missing=missing)
    status = Status.INCOMPLETE if missing else Status.OK
    if any(rule.inputs[name].must_be_said for name in missing):
        status = Status.NEEDS_INPUT
    response = least_response(steps, given, status)
    return _assessment(
        rule,
        status,
        written(steps, given, status, missing),
        missing=missing,
        responses=(response,) if response else (),
    )


def _unjudged(
    rule: RuleTable,
    given: GivenFacts,
    status: Status,
    missing: tuple[str, ...] = (),
    reason: str = "",
) -> Assessment:
    """Return that a rule is not for this person, or that it needs more facts first."""
    result: dict[str, Json] = {"status": status.value}
    result |= {"missing": list(missing)} if missing else {"reason": reason}
    result |= {o.name: None for o in rule.outputs if not o.is_object and not o.asked}
    asked = IMPOSSIBLE if given.is_impossible else NOT_JUDGED
    responses = (Response(Level.NONE, asked),) if missing else ()
    return _assessment(
        rule, status, result | notes(given), missing=missing, reason=reason, responses=responses
    )


def _assessment(
    rule: RuleTable,
    status: Status,
    result: Mapping[str, Json],
    *,
    missing: tuple[str, ...],
    reason: str = "",
    responses: tuple[Response, ...],
) -> Assessment:
    return Assessment(
        rule=rule.id,
        version=rule.version,
        sha256=rule.sha256,
        draft=rule.is_draft,
        status=status,
        result=result,
        level=responses[0].level if responses else Level.NONE,
        missing=missing,
        reason=reason,
        responses=responses,
    )
