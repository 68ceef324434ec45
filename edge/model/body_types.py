"""The keys of a journal body and what each may hold: in words for documents, and as a check."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal, InvalidOperation
from uuid import UUID

from edge.model.bounds import LAST_MS, MAX_COUNT, is_measurable

_WORD = re.compile(r"[a-z0-9][a-z0-9_-]*")
_HEX = re.compile(r"(?:[0-9a-f]{2})*")


@dataclass(frozen=True, slots=True)
class BodyType:
    """A type in words, and whether a value is of it."""

    words: str
    fits: Callable[[object], bool]


@dataclass(frozen=True, slots=True)
class BodyField:
    """One key of a body. A personal one tells something of a person beyond a random number."""

    name: str
    type: BodyType
    says: str
    required: bool = False
    personal: bool = False


def needed(name: str, type_: BodyType, says: str, *, personal: bool = False) -> BodyField:
    """Return a key that no body of the kind lacks."""
    return BodyField(name, type_, says, required=True, personal=personal)


def one_of(*words: str) -> BodyType:
    """Return the type of a text that is one of these."""
    return BodyType(" or ".join(f"`{word}`" for word in words), lambda value: value in words)


def optional(type_: BodyType) -> BodyType:
    """Return the type that also holds null."""
    return BodyType(f"{type_.words}, or null", lambda value: value is None or type_.fits(value))


def _is_text(value: object) -> bool:
    return isinstance(value, str)


def _is_count(value: object) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and 0 <= value <= MAX_COUNT


def _is_moment(value: object) -> bool:
    return isinstance(value, int) and _is_count(value) and value <= LAST_MS


def _is_uuid(value: object) -> bool:
    try:
        return isinstance(value, str) and str(UUID(value)) == value
    except ValueError:
        return False


def _is_number(value: object) -> bool:
    try:
        return isinstance(value, str) and is_measurable(Decimal(value))
    except InvalidOperation:
        return False


def _is_time(value: object) -> bool:
    try:
        return isinstance(value, str) and datetime.fromisoformat(value).tzinfo is None
    except ValueError:
        return False


def _is_day(value: object) -> bool:
    try:
        return isinstance(value, str) and date.fromisoformat(value).isoformat() == value
    except ValueError:
        return False


def _is_value(value: object) -> bool:
    if not isinstance(value, list | tuple) or not 3 <= len(value) <= 4:
        return False
    return all(map(_is_text, value)) and _is_number(value[1]) and value[3:] not in ([""], ("",))


def _is_coded(value: object) -> bool:
    return isinstance(value, list | tuple) and len(value) == 2 and all(map(_is_text, value))


def _is_patch(value: object) -> bool:
    return isinstance(value, dict) and all(map(_is_change, value.values()))


def _is_change(value: object) -> bool:
    if isinstance(value, dict):
        lists = value.values()
        return set(value) <= {"add", "remove"} and all(map(_is_texts, lists))
    return value is None or _is_text(value)


def _is_texts(value: object) -> bool:
    return isinstance(value, list | tuple) and all(map(_is_text, value))


def _matches(pattern: re.Pattern[str]) -> Callable[[object], bool]:
    return lambda value: isinstance(value, str) and pattern.fullmatch(value) is not None


TEXT = BodyType("text", _is_text)
WORD = BodyType("word: `a-z` `0-9` `-` `_`", _matches(_WORD))
HEX = BodyType("bytes as lower-case hex", _matches(_HEX))
COUNT = BodyType("integer, 0 to 2^48-1", _is_count)
MOMENT = BodyType("Unix milliseconds before the year 9999", _is_moment)
TRUTH = BodyType("`true` or `false`", lambda value: isinstance(value, bool))
UUID_TEXT = BodyType("UUID, lower case", _is_uuid)
NUMBER = BodyType("number as text", _is_number)
DAY = BodyType("local calendar day `YYYY-MM-DD`", _is_day)
MONTH = BodyType("month: `YYYY-MM`", _matches(re.compile(r"[0-9]{4}-(?:0[1-9]|1[0-2])")))
TIME = BodyType("`YYYY-MM-DDThh:mm:ss`", _is_time)
DAY = BodyType("day: `YYYY-MM-DD`", _is_day)
_VALUE = "`[LOINC code, number, UCUM unit]`, perhaps a fourth text `<`, `>`, `<=` or `>=`"
VALUE = BodyType(_VALUE, _is_value)
VALUES = BodyType(
    f"list of values: {_VALUE}",
    lambda value: isinstance(value, list | tuple) and all(map(_is_value, value)),
)
CODED = BodyType(
    "list of results in words: `[LOINC code, word]`",
    lambda value: isinstance(value, list | tuple) and all(map(_is_coded, value)),
)
TEXTS = BodyType("list of texts", _is_texts)
PATCH = BodyType(
    'map: field to text or null; of a list `{"add": texts}` or `{"remove": texts}`', _is_patch
)
