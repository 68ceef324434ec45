"""The types of a journal record's fields, by which msgspec checks each as it decodes it.

Nobody vouches for a record. A number in it is a text that becomes a `Decimal`, never a float.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal, InvalidOperation
from functools import lru_cache
from typing import Annotated

import msgspec

from edge.model.bounds import LAST_MS, MAX_COUNT, is_measurable

MAX_TEXT = 2000
MAX_VALUES = 64
FIRST_YEAR, LAST_YEAR = 1900, 9998
"""Days outside of these are nobody's visit, and not every engine and zone can place them."""

Text = Annotated[str, msgspec.Meta(max_length=MAX_TEXT)]
LongText = Annotated[str, msgspec.Meta(max_length=20_000)]
"""Canonical JSON inside a body: what a letter or a result says."""

Uuid = Annotated[
    str, msgspec.Meta(pattern="^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$")
]
"""A UUID in lower case, as a box makes it."""

Day = Annotated[
    str, msgspec.Meta(pattern=r"^[0-9]{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12][0-9]|3[01])$")
]
"""A calendar day "YYYY-MM-DD"."""

Count = Annotated[int, msgspec.Meta(ge=0, le=MAX_COUNT)]
Moment = Annotated[int, msgspec.Meta(ge=0, le=LAST_MS)]
"""Unix milliseconds."""
Word = Annotated[str, msgspec.Meta(pattern=r"^[a-z0-9][a-z0-9_-]*$", max_length=40)]
"""A word of a closed list, or of one that a newer release knows."""

_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")
_encode = msgspec.json.Encoder().encode


class MalformedField(ValueError):
    """The record does not have the form of its kind."""


class ValueRow(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A value in a body: code, number as text, unit and perhaps a comparator."""

    code: Text
    number: Text
    unit: Text
    comparator: Text = ""

    def checked(self) -> ValueRow:
        """Return the value as it is kept; raises `MalformedField` when its number is none."""
        digits = _digits(self.number)
        return self if digits == self.number else msgspec.structs.replace(self, number=digits)


class CodedRow(msgspec.Struct, frozen=True, array_like=True, forbid_unknown_fields=True):
    """A result in words in a body: code of the test, word of `edge.model.coded_results`."""

    code: Text
    word: Text


CodedRows = Annotated[tuple[CodedRow, ...], msgspec.Meta(max_length=MAX_VALUES)]
ValueRows = Annotated[tuple[ValueRow, ...], msgspec.Meta(max_length=MAX_VALUES)]
Members = Annotated[tuple[Text | None, ...], msgspec.Meta(max_length=MAX_VALUES)]


def values_json(rows: Sequence[ValueRow]) -> str:
    """Return values as JSON: a list of code, digits, unit and comparator, which may be empty."""
    return _encode([row.checked() for row in rows]).decode()


def coded_json(rows: Sequence[CodedRow]) -> str:
    """Return results in words as JSON: a list of code and word."""
    return _encode(rows).decode() if rows else "[]"


def checked_day(text: str) -> str:
    """Return a calendar day `YYYY-MM-DD`; raises `MalformedField` for another text."""
    try:
        day = date.fromisoformat(text)
        if day.isoformat() == text and FIRST_YEAR <= day.year <= LAST_YEAR:
            return text
    except ValueError:
        pass
    raise MalformedField(f"{text[:20]!r} is no day")


def checked_number(text: str) -> str:
    """Return a number as it is kept; raises `MalformedField` when it is none."""
    return _digits(text)


def sentence(error: msgspec.ValidationError) -> str:
    """Say what is wrong with which field."""
    what, _, name = str(error).rstrip("`").partition(" - at `$.")
    if what.startswith("Expected `int"):
        return f"{name} is no count: {what}"
    return f"{name}: {what}" if name else what


def check_storable(found: object) -> None:
    """Raise `MalformedField` for a text that an engine cannot hold, however deep it stands.

    PostgreSQL has no NUL, UTF-8 no surrogates.
    """
    inside: Iterable[object] = ()
    if isinstance(found, str):
        if not found.isprintable() and _UNSTORABLE.search(found):
            raise MalformedField("not a plain text")
    elif isinstance(found, msgspec.Struct):
        inside = msgspec.structs.astuple(found)
    elif isinstance(found, dict):
        inside = found.values()
    elif isinstance(found, tuple):
        inside = found
    for inner in inside:
        check_storable(inner)


@lru_cache(4096)
def _digits(number: str) -> str:
    """Return a number as `Decimal` writes it; the same ones come again and again."""
    try:
        decimal = Decimal(number)
    except InvalidOperation as error:
        raise MalformedField(f"{number[:40]!r} is no number") from error
    if not is_measurable(decimal):
        raise MalformedField(f"{number[:40]!r} is no number that can be measured")
    return str(decimal)
