"""What is known of a value: the set of what it may be.

A value that is known is a set of one. A word that is not known may be any word of its list; a
number that is not known is a range without ends. So a missing fact needs no code of its own: every
step of a rule works on sets, and what it gives contains what it would give if all were known.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Decimal

Word = str | bool | Decimal
"""A value as a table writes it: a word, true or false, or a number."""

INFINITE = Decimal("Infinity")


@dataclass(frozen=True, slots=True)
class Range:
    """A number of which only its bounds are known, both included."""

    low: Decimal = -INFINITE
    high: Decimal = INFINITE

    def __post_init__(self) -> None:
        if self.low > self.high:
            raise ValueError(f"the range {self.low} to {self.high} is empty")


Possible = Range | frozenset[Word]

UNKNOWN = Range()


def known(value: Word) -> Possible:
    """Return what is known of a value that is known."""
    return frozenset({value})


def between(low: Decimal, high: Decimal) -> Possible:
    """Return a number from `low` to `high`."""
    return known(low) if low == high else Range(low, high)


def single(possible: Possible) -> Word | None:
    """Return the value when it is known, None when it may be several."""
    if isinstance(possible, Range) or len(possible) != 1:
        return None
    return next(iter(possible))


def bounds(possible: Possible) -> tuple[Decimal, Decimal]:
    """Return the least and the most that a number may be."""
    if isinstance(possible, Range):
        return possible.low, possible.high
    numbers = [value for value in possible if isinstance(value, Decimal)]
    return min(numbers), max(numbers)


def rounded(possible: Possible, step: Decimal | None) -> Possible:
    """Return a number, or its bounds, rounded half up to a step; a word as it is."""
    if step is None or possible == frozenset() or isinstance(single(possible), str | bool):
        return possible
    return between(*(half_up(end, step) for end in bounds(possible)))


def half_up(number: Decimal, step: Decimal) -> Decimal:
    """Return a number rounded half up to a step (1, 0.1, 0.01), with its digits: 35.0."""
    return number.quantize(step, ROUND_HALF_UP) if number.is_finite() else number
