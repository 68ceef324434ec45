r"""The grammar of a laboratory result: a number, a bound, a titre, or a word of a closed table.

Whatever is not wholly understood is refused with a reason, never guessed at: `1,234` may be a
thousand or one, so it is no number here. HL7's structured numeric (`SN`, comparator, number,
separator, number) is `<=^0.5`, `^1^:^128`, `^2^+`.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal

from devices.protocols import laboratory_units
from devices.protocols.laboratory_words import WORD_OF

TITRE_UNITS = frozenset({"{titer}", "{ratio}"})

_COMPARATORS: Mapping[str, str] = {
    "": "",
    "=": "",
    "<": "<",
    ">": ">",
    "<=": "<=",
    ">=": ">=",
    "=<": "<=",
    "=>": ">=",
    "\u2264": "<=",
    "\u2265": ">=",
    "\uff1c": "<",
    "\uff1e": ">",
}
_PREFIX = re.compile(
    r"(?P<comparator>[<>=\u2264\u2265\uff1c\uff1e]{0,2})\s*(?P<rest>.*)", re.DOTALL
)
_NUMBER = re.compile(r"[+-]?\d{1,9}(?:\.\d{1,6})?(?:[eE][+-]?\d{1,2})?")
_COMMA = re.compile(r"([+-]?\d{1,9}),(\d{1,6})")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:(,\d{3})+(\.\d{1,6})|(\.\d{3})+(,\d{1,6}))")
_TITRE = re.compile(r"1\s*[:/]\s*(\d{1,7})")
_WITH_UNIT = re.compile(r"([-+.,\d]*\d(?:[eE][+-]?\d{1,2})?)\s*([^\d\s].*)", re.DOTALL)
_THOUSAND = 3
_NOTHING = frozenset({"", "----", "---", "--", "-----", "*", "**", "***", "****", "*****", "."})
_FAILED = frozenset({"INVALID", "ERROR", "NO RESULT", "NORESULT", "FAILED", "VOID", "N/A", "NA"})
_CODED = frozenset({"CE", "CWE", "CNE", "CF"})
_PLUSES = re.compile(r"\(?\+{1,4}\)?|[1-4]\s?\+|\+\s?[1-4]")


@dataclass(frozen=True, slots=True)
class Number:
    """A number or a bound, without its unit."""

    value: Decimal
    comparator: str = ""


@dataclass(frozen=True, slots=True)
class Word:
    """A result in a word of `edge.model.coded_results`."""

    word: str


@dataclass(frozen=True, slots=True)
class NoValue:
    """The device says that it has none."""


Understood = Number | Word | NoValue | None
"""None: there is something, and it is no result of this grammar."""


def understand(text: str, kind: str = "", unit: str = "", component: str = "^") -> Understood:
    """Return what a value field says; `kind` is HL7's value type, `unit` the agreed one in UCUM."""
    text = text.strip().strip('"').strip()
    if kind == "SN" or (kind in ("", "NM") and _looks_structured(text, component)):
        return _structured(text, unit, component)
    parts = [part.strip() for part in text.split(component) if part.strip()]
    if not parts:
        return NoValue()
    found = [_single(part, unit) for part in parts]
    words = [each for each in found if isinstance(each, Word)]
    if len(parts) == 1:
        return found[0]
    if kind in _CODED:
        return words[0] if words and all(word == words[0] for word in words) else None
    return found[0] if isinstance(found[0], Word) else None  # a word and the signal behind it


def _single(text: str, unit: str) -> Understood:
    if text in _NOTHING or text.upper() in _FAILED:
        return NoValue()
    word = _word(text, unit)
    return word if word is not None else _number(text, unit)


def _word(text: str, unit: str) -> Word | None:
    """Plus signs are a grade only where no unit is agreed: a counter's `+++` is too much."""
    if _PLUSES.fullmatch(text):
        digits = re.sub(r"[^1-4]", "", text)
        count = int(digits) if digits else text.count("+")
        return None if unit else Word(f"{count}-plus")
    if text in ("(-)", "[-]"):
        return Word("negative")
    levelled = re.sub(r"[\s_-]+", " ", text.upper()).strip(" .()[]!*")
    word = WORD_OF.get(levelled)
    return None if word is None else Word(word)


def _number(text: str, unit: str) -> Number | None:
    match = _PREFIX.fullmatch(text)
    if match is None or match["comparator"] not in _COMPARATORS:
        return None
    rest, comparator = match["rest"].strip(), _COMPARATORS[match["comparator"]]
    titre = _TITRE.fullmatch(rest)
    if titre is not None:
        return Number(Decimal(titre[1]), comparator) if unit in TITRE_UNITS else None
    value = _decimal(rest)
    if value is None:
        value = _with_unit(rest, unit)
    return None if value is None else Number(value, comparator)


def _with_unit(text: str, unit: str) -> Decimal | None:
    """A value that carries its unit counts when that is the agreed one."""
    match = _WITH_UNIT.fullmatch(text)
    if match is None or not unit or laboratory_units.canonical(match[2]) != unit:
        return None
    return _decimal(match[1])


def _decimal(text: str) -> Decimal | None:
    """Return a number with a point or a comma; None where a comma may part thousands."""
    if _NUMBER.fullmatch(text):
        return Decimal(text)
    comma = _COMMA.fullmatch(text)
    if comma is not None:
        whole, rest = comma[1].lstrip("+-"), comma[2]
        parts_thousands = len(rest) == _THOUSAND and len(whole) <= _THOUSAND and whole[0] != "0"
        return None if parts_thousands else Decimal(f"{comma[1]}.{rest}")
    if _GROUPED.fullmatch(text):
        decimal_sign = text[max(text.rfind(","), text.rfind("."))]
        grouping = "," if decimal_sign == "." else "."
        return Decimal(text.replace(grouping, "").replace(decimal_sign, "."))
    return None


def _looks_structured(text: str, component: str) -> bool:
    first, found, rest = text.partition(component)
    sign = first.strip()
    return bool(found) and bool(sign) and sign in _COMPARATORS and bool(rest.strip(component + " "))


def _structured(text: str, unit: str, component: str) -> Understood:
    parts = [part.strip() for part in text.split(component)] + [""] * 4
    if component not in text:
        return _single(text, unit)
    comparator, first, separator, second = parts[:4]
    if comparator not in _COMPARATORS or any(parts[4:]):
        return None
    number = _decimal(first)
    if number is None:
        return NoValue() if not any(parts) else None
    if not separator and not second:
        return Number(number, _COMPARATORS[comparator])
    if separator == "+" and not second:
        return _word(f"{first}+", unit)
    if separator in (":", "/") and first == "1" and second.isdigit() and unit in TITRE_UNITS:
        return Number(Decimal(second), _COMPARATORS[comparator])
    return None
