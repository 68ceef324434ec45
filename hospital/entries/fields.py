"""Reading the fields of a journal record that nobody vouches for: each is checked as it is taken.

Raises `Misformed` (a `ValueError`) for whatever does not have its form.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from edge.model.reading import Value

MAX_TEXT = 2000

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class Misformed(ValueError):
    """The record does not have the form of its kind."""


def value(row: object) -> Value:
    """Return a value: code, number, unit and perhaps a comparator."""
    if not isinstance(row, list) or len(row) not in (3, 4):
        raise Misformed("a value is code, number, unit and perhaps a comparator")
    for part in row:
        if type(part) is not str:
            raise Misformed("a value's parts are text")
    return _value_of(*row)


def said(row: object) -> str:
    """Return a value as JSON: code, digits, unit and comparator, which may be empty."""
    value(row)
    return _said_of(*row) if isinstance(row, list) else ""


@lru_cache(4096)
def _said_of(*row: str) -> str:
    one = _value_of(*row)  # not cached by value: 120 and 120.0 are equal, their digits are not
    parts = [one.code, str(one.value), one.unit, one.comparator]
    return json.dumps(parts, ensure_ascii=False, separators=(",", ":"))


@lru_cache(4096)
def _value_of(code: str, number: str, unit: str, comparator: str = "") -> Value:
    """Read a value; the same ones come again and again."""
    for part in (code, number, unit, comparator):
        storable(part)
    try:
        decimal = Decimal(number)
    except InvalidOperation as error:
        raise Misformed(f"{number!r} is no number") from error
    if not decimal.is_finite():
        raise Misformed(f"{number!r} is no finite number")
    return Value(code, decimal, unit, comparator)


def words(value: object) -> str:
    """Return a list of words as one text."""
    if not isinstance(value, list):
        raise Misformed("quality is no list")
    return " ".join(storable(word) or "" for word in value)


def count(body: Mapping[str, object], key: str) -> int:
    """Return a whole number that is not negative."""
    value = body.get(key)
    if type(value) is not int or not 0 <= value < 2**63:
        raise Misformed(f"{key} is no count")
    return value


def text(body: Mapping[str, object], key: str) -> str:
    """Return a text that must be there."""
    value = optional(body, key)
    if value is None:
        raise Misformed(f"{key} is missing")
    return value


def optional(body: Mapping[str, object], key: str) -> str | None:
    """Return a text, None when there is none."""
    value = body.get(key)
    if type(value) is str and len(value) <= MAX_TEXT and value.isprintable():
        return value  # as nearly every text is
    return storable(value)


def storable(value: object) -> str | None:
    """Return a text that both engines can hold; PostgreSQL has no NUL, UTF-8 no surrogates."""
    if value is None:
        return None
    if not isinstance(value, str) or len(value) > MAX_TEXT:
        raise Misformed("not a plain text")
    if not value.isprintable() and _UNSTORABLE.search(value):  # most are, and that is cheaper
        raise Misformed("not a plain text")
    return value
