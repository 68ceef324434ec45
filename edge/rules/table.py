"""A clinical rule as data: what a file of `edge/rules/tables/` says, parsed and checked.

How a table is written stands in docs/how-to/add-a-clinical-rule.md. A rule is a few named steps
between its inputs and its outputs: a lookup finds a value in bands, a combination adds values up
or takes the highest, a formula is a function of `edge/rules/formulas.py`.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from enum import StrEnum

from edge.rules.assessment import Response
from edge.rules.facts import Fact
from edge.rules.possible import INFINITE, Possible, Range, Word


@dataclass(frozen=True, slots=True)
class Band:
    """Values that a rule treats alike: words, or numbers from `least` to `high`.

    `high` is excluded when `is_open` ("below 0.9") and included otherwise ("at most 8").
    """

    gives: Word
    words: frozenset[Word] = frozenset()
    least: Decimal = -INFINITE
    high: Decimal = INFINITE
    is_open: bool = False

    def holds(self, value: Word) -> bool:
        """Whether a known value lies in the band."""
        if self.words or not isinstance(value, Decimal):
            return value in self.words
        return self._reaches(value, value)

    def may_hold(self, possible: Possible) -> bool:
        """Whether the value may lie in the band."""
        if isinstance(possible, Range):
            return not self.words and self._reaches(possible.low, possible.high)
        return any(self.holds(value) for value in possible)

    def must_hold(self, possible: Possible) -> bool:
        """Whether the value lies in the band whatever it is."""
        if not isinstance(possible, Range):
            return all(self.holds(value) for value in possible)
        return self.least <= possible.low and self._under(possible.high)

    def _reaches(self, low: Decimal, high: Decimal) -> bool:
        return self.least <= high and self._under(low)

    def _under(self, number: Decimal) -> bool:
        return number < self.high if self.is_open else number <= self.high


class Worse(StrEnum):
    """In which direction a number gets worse."""

    UP = "up"
    DOWN = "down"
    AWAY = "away"
    """On both sides of what is expected."""


@dataclass(frozen=True, slots=True)
class Variant:
    """One table of a lookup: `of` is judged by `bands` where every condition of `when` holds.

    A value is rounded half up to `step` first. Without `of` there is one band, which always holds.
    `worse` says in which direction a number gets worse.
    """

    of: str
    bands: tuple[Band, ...]
    when: Mapping[str, frozenset[Word]] = field(default_factory=dict)
    step: Decimal | None = None
    worse: Worse | None = None


@dataclass(frozen=True, slots=True)
class Lookup:
    """Finds a value in bands; of several variants exactly one applies."""

    name: str
    variants: tuple[Variant, ...]


class Combine(StrEnum):
    """How values are made into one."""

    SUM = "sum"
    MAX = "max"
    ANY = "any"
    COUNT = "count"


@dataclass(frozen=True, slots=True)
class Combination:
    """One value of several: their sum, the highest; whether any, or how many, are `equals`."""

    name: str
    combine: Combine
    of: tuple[str, ...]
    equals: Word | None = None


@dataclass(frozen=True, slots=True)
class Formula:
    """A function of `edge/rules/formulas.py` of some values.

    `is_monotone`: it only rises or only falls with each number, so its bounds follow from theirs.
    """

    name: str
    function: Callable[..., Word | None]
    of: tuple[str, ...]
    is_monotone: bool = False


Step = Lookup | Combination | Formula


@dataclass(frozen=True, slots=True)
class Alias:
    """Another name under which an input may come: in another unit, or as text of a device."""

    name: str
    unit: str = ""
    is_text: bool = False
    when: Mapping[str, frozenset[Word]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Input:
    """A fact that the rule judges by, and how.

    `step`: the chart's own precision. After `max_age_min` minutes a reading counts as missing.
    `assume` is taken when nobody said, with the warning `warning`. While one that `must_be_said`
    is missing, the status is `needs_input`.
    """

    fact: Fact
    step: Decimal | None = None
    max_age_min: int | None = None
    also: tuple[Alias, ...] = ()
    assume: Word | None = None
    warning: str = ""
    must_be_said: bool = False


@dataclass(frozen=True, slots=True)
class Condition:
    """Whom the rule is for: the fact must lie in the band, else it does not apply for `reason`.

    `asks`: it judges nobody of whom this is not known; otherwise it does, with a warning. A person
    of whom the wider flag `or_fact` is known to hold is judged whatever `fact` is.
    """

    fact: Fact
    band: Band
    reason: str
    asks: bool = True
    or_fact: Fact | None = None

    @property
    def facts(self) -> tuple[Fact, ...]:
        """Return the facts that it reads."""
        return (self.fact,) if self.or_fact is None else (self.fact, self.or_fact)

    @property
    def label(self) -> str:
        """Return the label of the widest fact by which it may hold."""
        return (self.or_fact or self.fact).label


@dataclass(frozen=True, slots=True)
class Output:
    """A value of the result: `of` one step or input, by its name there; or an object of several.

    Rounded half up to `step`, as text when `is_text`. `asked`: whether that input is asked for.
    While the result is incomplete, `known_as` is the name of what is certain. While the value is
    not known, that of `otherwise` is shown. Nothing is asked for one that `is_optional`.
    """

    name: str
    of: Mapping[str, str] = field(default_factory=dict)
    is_object: bool = False
    step: Decimal | None = None
    is_text: bool = False
    asked: str = ""
    known_as: str = ""
    otherwise: str = ""
    is_optional: bool = False


@dataclass(frozen=True, slots=True)
class Caution:
    """A word beside the result, such as "scale2_not_authorised", where every condition holds."""

    word: str
    when: Mapping[str, frozenset[Word]]


@dataclass(frozen=True, slots=True)
class Reviewer:
    """A clinician who answers for a table."""

    name: str
    role: str
    date: str


@dataclass(frozen=True, slots=True)
class RuleTable:
    """One version of a rule; `source` is the text of its file, `sha256` that text's hash."""

    id: str
    version: str
    status: str
    title: str
    citations: tuple[str, ...]
    licence: str
    conditions: tuple[Condition, ...]
    inputs: Mapping[str, Input]
    steps: Mapping[str, Step]
    order: Mapping[str, tuple[Word, ...]]
    outputs: tuple[Output, ...]
    respond_to: str
    responses: Mapping[Word, Response]
    bounds: bool
    sha256: str
    cautions: tuple[Caution, ...] = ()
    from_memory: tuple[str, ...] = ()
    reviewers: tuple[Reviewer, ...] = ()
    source: str = field(default="", repr=False)

    @property
    def is_draft(self) -> bool:
        """Whether no clinician has signed it yet."""
        return self.status != "reviewed"

    def rank(self, name: str, value: Word) -> Decimal:
        """Return how severe a value of a step is among the others: least first."""
        order = self.order.get(name)
        return Decimal(value) if order is None else Decimal(order.index(value))
