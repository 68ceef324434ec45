"""Clinical rules: cited tables (TOML) and the small pure engine that reads them.

Each rule is one file of `tables/`. The red score of NEWS2 (`news2_red`) is judged by intake at
once, and the desk names it.
"""

from __future__ import annotations

from collections.abc import Iterable

from edge.model.age import Age
from edge.model.reading import IMPROBABLE, Value
from edge.rules import news2_red
from edge.rules.library import rules
from edge.rules.rule import Rule, Silence

__all__ = ["RULES", "rules", "silent", "silent_at"]

RULES: tuple[Rule, ...] = (news2_red.RULE,)


def silent(values: Iterable[Value], age: Age | None, quality: Iterable[str] = ()) -> Silence | None:
    """Return why a value that may be dangerous is judged by no rule, None when it is judged.

    `quality` are the doubts that nobody has settled yet.
    """
    if IMPROBABLE in quality:
        return Silence.IMPROBABLE
    values, years = tuple(values), None if age is None else age.years
    reasons = (rule.silent(years) for rule in RULES if rule.concerns(values))
    return next((reason for reason in reasons if reason is not None), None)


def silent_at(age: Age | None) -> Silence | None:
    """Return why no rule judges anybody of this age, None when one does."""
    reasons = [rule.silent(None if age is None else age.years) for rule in RULES]
    return None if None in reasons else reasons[0]
