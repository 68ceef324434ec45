"""What a clinical rule is, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum

from edge.model.reading import Value


@dataclass(frozen=True, slots=True)
class RuleResult:
    """A parameter that a rule judged, with the value and the bound that it reached."""

    name: str
    value: Value
    bound: Decimal


class Silence(StrEnum):
    """Why no rule judges a value that may be dangerous."""

    NO_AGE = "no-age"
    CHILD = "child"
    IMPROBABLE = "improbable"


@dataclass(frozen=True, slots=True)
class Rule:
    """One clinical rule: its stable name, a title for people, the level of its alerts, its source.

    `judge` takes the values of one reading and the person's age in years (None: not known).
    It is for people of at least `minimum_years`.
    `concerns` says whether these values would give a result at some age: only then is the age of
    the person looked up and the rule judged.
    """

    name: str
    title: str
    level: str
    citation: Callable[[], str]
    concerns: Callable[[Sequence[Value]], bool]
    judge: Callable[[Sequence[Value], int | None], tuple[RuleResult, ...]]
    minimum_years: Callable[[], int]

    def silent(self, age_years: int | None) -> Silence | None:
        """Return why the rule judges nothing at this age, None when it judges."""
        if age_years is None:
            return Silence.NO_AGE
        return Silence.CHILD if age_years < self.minimum_years() else None
