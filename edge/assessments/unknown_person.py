"""Judging a value of somebody of whom nothing is known: who measures alone, without a card.

Only grown people measure alone, so what would be urgent for anybody from `ADULT_YEARS` on, woman or
man, pregnant or not, is taken as urgent: a person who may be in danger is sent to a health worker.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from edge.assessments import facts, judging, measured_facts, uncertain
from edge.model.reading import Value
from edge.rules.assessment import Level
from edge.rules.table import RuleTable

ADULT_YEARS = 16
"""From this age on NEWS2 is meant to be used (Royal College of Physicians, 2017)."""

DAYS_OF_YEAR = 365.2425


def most_urgent(tables: Mapping[str, RuleTable], values: Sequence[Value]) -> Level:
    """Return how urgent values may be, by some rules, that are a grown person's."""
    least = int(ADULT_YEARS * DAYS_OF_YEAR) + 1
    known: dict[str, object] = {
        "age_days": {"least": least, "most": uncertain.OLDEST_DAYS},
        **measured_facts.of_values(values),
    }
    names = measured_facts.names_of(values)
    levels = [
        uncertain.judge(judging.by_rule(rule), known).possible
        for rule in tables.values()
        if not facts.names_of(rule).isdisjoint(names)
    ]
    return uncertain.highest(Level.NONE, *levels)
