"""The facts of a patient for the rules: what was measured, what was said, who it is, where.

Gathered once for an entry that is judged; each rule takes those that it reads, and of a measured
one only a value that is not older than the rule allows.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from edge.assessments import measured_facts, person_facts, said_facts
from edge.assessments.cause import Cause
from edge.assessments.measured_facts import MeasuredFact
from edge.assessments.person_facts import CORRECTED
from edge.assessments.uncertain import AGE_FACTS, LIKELY
from edge.patients import edits
from edge.rules.table import RuleTable
from edge.store.store import Store


@dataclass(frozen=True, slots=True)
class RuleFacts:
    """What one rule judges: facts by name, and the measured ones among them."""

    facts: Mapping[str, object]
    measured: Mapping[str, MeasuredFact]

    @property
    def readings(self) -> tuple[int, ...]:
        """The readings (journal numbers) that the facts came from, oldest first."""
        return tuple(sorted({entry for one in self.measured.values() for entry in one.entries}))

    def with_only(self, name: str) -> dict[str, object]:
        """Return the facts as if nothing but one had been measured."""
        return {
            known: fact
            for known, fact in self.facts.items()
            if known == name or known not in self.measured
        }

    def without(self, name: str) -> dict[str, object]:
        """Return the facts as if one had not been measured."""
        return {known: fact for known, fact in self.facts.items() if known != name}


BY_CORRECTED_AGE = frozenset({"who_growth"})
"""Rules that judge a small child born too early by the corrected age: growth (Engle WA, American
Academy of Pediatrics, 2004). Vaccines and all else go by the age since birth."""


@dataclass(frozen=True, slots=True)
class GatheredFacts:
    """All that is known of a patient at the time of an entry."""

    known: Mapping[str, object]
    measured: Mapping[str, MeasuredFact]

    def of_rule(self, rule: RuleTable) -> RuleFacts:
        """Return those that a rule reads, each as new as the rule wants it."""
        names = names_of(rule)
        if names & set(AGE_FACTS):
            names |= {LIKELY}
        facts = {name: fact for name, fact in self.known.items() if name in names}
        if rule.id in BY_CORRECTED_AGE:
            corrected = {n: self.known.get(f"{CORRECTED}{n}") for n in names}
            facts |= {name: fact for name, fact in corrected.items() if fact is not None}
        measured = {
            n: one for n, one in self.measured.items() if n in names and _fits(rule, n, one)
        }
        return RuleFacts(facts | {n: one.fact for n, one in measured.items()}, measured)


def gather(store: Store, cause: Cause) -> GatheredFacts:
    """Gather the facts at the time of a cause."""
    ids = edits.one_person(store, cause.patient_id)
    known = person_facts.of(store, ids, cause) | said_facts.of(store, ids, cause)
    return GatheredFacts(known, measured_facts.newest(store, ids, cause))


def names_of(rule: RuleTable) -> set[str]:
    """Return the facts that a rule reads, of the person and measured ones."""
    return set(_names(rule))


def _names(rule: RuleTable) -> Iterator[str]:
    for name, one in rule.inputs.items():
        yield name
        yield one.fact.name
        for alias in one.also:
            yield alias.name
            yield from alias.when
    for condition in rule.conditions:
        yield from (fact.name for fact in condition.facts)


def _fits(rule: RuleTable, name: str, measured: MeasuredFact) -> bool:
    """Whether a value is new enough for a rule."""
    most = [
        one.max_age_min
        for given, one in rule.inputs.items()
        if name in (given, one.fact.name, *(alias.name for alias in one.also))
    ]
    return all(limit is None or measured.age_min <= limit for limit in most)
