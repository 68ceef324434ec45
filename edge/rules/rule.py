"""What a clinical rule is, and what it finds."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from edge.model.reading import Value


@dataclass(frozen=True, slots=True)
class RuleResult:
    """A parameter that a rule judged, with the value and the bound that it reached."""

    name: str
    value: Value
    bound: Decimal


@dataclass(frozen=True, slots=True)
class Rule:
    """One clinical rule: its stable name, a title for people, the level of its alerts, its source.

    `judge` takes the values of one reading and the person's age in years (None: not known).
    `concerns` says whether these values would give a result at some age: only then is the age of
    the person looked up and the rule judged.
    """

    name: str
    title: str
    level: str
    citation: Callable[[], str]
    concerns: Callable[[Sequence[Value]], bool]
    judge: Callable[[Sequence[Value], int | None], tuple[RuleResult, ...]]
