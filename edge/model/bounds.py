"""Bounds of numbers that another machine sends, by their meaning.

A sum of thousands of counts still fits into 63 bits, and every moment is a date that can be
computed with and shown in any time zone. What is larger is refused where it comes in.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Final

MAX_COUNT: Final = 2**48 - 1
"""The largest number of records, revisions, epochs, bytes or milliseconds of a running time."""

LAST_MS: Final = 253_370_764_799_999
"""The last moment, Unix milliseconds: the end of the year 9998."""

MAX_DIGITS: Final = 30
"""A measured value has so many digits at most, and its exponent is not beyond it either way."""


def is_measurable(number: Decimal) -> bool:
    """Whether a number can be what a device measured: finite, and short enough to be shown."""
    if not number.is_finite():
        return False
    _, digits, exponent = number.as_tuple()
    assert isinstance(exponent, int)
    return len(digits) <= MAX_DIGITS and -MAX_DIGITS <= exponent <= MAX_DIGITS
