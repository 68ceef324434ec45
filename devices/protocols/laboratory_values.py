r"""The grammar of a laboratory result: a number, a bound, a titre, or a word of a closed table.

Whatever is not wholly understood is refused with a reason, never guessed at: `1,234` may be a
thousand or one, so it is no number here. HL7's structured numeric (`SN`, comparator, number,
separator, number) is `<=^0.5`, `^1^:^128`, `^2^+`. A code in digits (SNOMED CT) is a code only in a
coded value; a number behind a word is the result where a unit is agreed, else it is kept beside it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass, replace
from decimal import Decimal

from devices.protocols import laboratory_units
from devices.protocols.laboratory_words import (
    NO_QUANTITY,
    NOTHING_SAID,
    WORD_OF,
    WORD_OF_CODE,
)

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
_NUMBER = re.compile(r"[+-]?(?:\d{1,9}(?:\.\d{0,6})?|\.\d{1,6})(?:[eE][+-]?\d{1,2})?")
_COMMA = re.compile(r"([+-]?\d{1,9}),(\d{1,6})")
_GROUPED = re.compile(r"[+-]?\d{1,3}(?:(,\d{3})+(\.\d{1,6})|(\.\d{3})+(,\d{1,6}))")
_TITRE = re.compile(r"1\s*[:/]\s*(\d{1,7})")
_WITH_UNIT = re.compile(r"([-+.,\d]*\d(?:[eE][+-]?\d{1,2})?)\s*([^\d\s].*)", re.DOTALL)
_THOUSAND = 3
_NOTHING = frozenset({"", "----", "---", "--", "-----", "*", "**", "***", "****", "*****", "."})
_FAILED = frozenset({"INVALID", "ERROR", "NO RESULT", "NORESULT", "FAILED", "VOID", "N/A", "NA"})
_CODED = frozenset({"CE", "CWE", "CNE", "CF"})
_PLUSES = re.compile(r"\(?\+{1,4}\)?|[1-4]\s?\+|\+\s?[1-4]")
_SIGNS: Mapping[str, str] = {
    **dict.fromkeys(("(-)", "[-]", "-VE", "(-VE)"), "negative"),
    **dict.fromkeys(("+VE", "(+VE)"), "positive"),
    **dict.fromkeys(("+-", "-+", "+/-", "-/+", "(+/-)", "(+-)", "(\u00b1)"), "trace"),
}
_FLAGGED = re.compile(r"[*!]\s*(?P<behind>[^*!].*)|(?P<before>.*[^*!\s])\s*[*!]", re.DOTALL)
_WORD_THEN_MORE = re.compile(r"(.*?[^\W\d_])[\s:]*\(?\s*([<>=\u2264\u2265+\d.][^()]*)\)?")
_TRIPLET = 3


@dataclass(frozen=True, slots=True)
class Number:
    """A number or a bound; `unit` is one that the value itself carries, `flagged` a mark at it."""

    value: Decimal
    comparator: str = ""
    unit: str = ""
    flagged: bool = False


@dataclass(frozen=True, slots=True)
class Word:
    """A result in a word of `edge.model.coded_results`; `beside` is a signal sent with it."""

    word: str
    beside: Number | None = None
    flagged: bool = False


@dataclass(frozen=True, slots=True)
class NoValue:
    """The device says that it has none."""


Understood = Number | Word | NoValue | None
"""None: there is something, and it is no result of this grammar."""


def understand(text: str, kind: str = "", unit: str = "", component: str = "^") -> Understood:
    """Return what a value field says; `kind` is HL7's value type, `unit` the agreed one in UCUM."""
    text = text.strip().strip('"').strip()
    if kind in _CODED:
        return _coded(text, unit, component)
    if kind == "SN" or (kind in ("", "NM") and _looks_structured(text, component)):
        return _structured(text, unit, component)
    parts = [part.strip() for part in text.split(component) if part.strip()]
    if not parts:
        return NoValue()
    if len(parts) == 1 and not unit and kind != "NM" and parts[0] in WORD_OF_CODE:
        return None  # a code where a value was to stand
    return _together([_single(part, unit, kind) for part in parts], unit)


def _together(found: list[Understood], unit: str) -> Understood:
    """Return a word, or a number, or of both the number where the site expects one."""
    if isinstance(found[0], NoValue):
        return NoValue()
    words = {each for each in found if isinstance(each, Word)}
    numbers = [each for each in found if isinstance(each, Number)]
    if None in found or len(words) > 1 or len(numbers) > 1:
        return None
    if not words:
        return numbers[0]
    word = words.pop()
    if not numbers:
        return word
    return numbers[0] if unit or numbers[0].unit else replace(word, beside=numbers[0])


def _single(text: str, unit: str, kind: str = "") -> Understood:
    if text in _NOTHING or text.upper() in _FAILED:
        return NoValue()
    flagged = _FLAGGED.fullmatch(text)
    if flagged is not None:
        found = _single((flagged["behind"] or flagged["before"]).strip(), unit, kind)
        return replace(found, flagged=True) if isinstance(found, Number | Word) else found
    plain = _word(text, unit, kind) or _number(text, unit)
    return plain if plain is not None else _word_then_more(text, unit, kind)


def _word_then_more(text: str, unit: str, kind: str) -> Understood:
    """`NEG 0.03` is a word with its signal, `Pos(2+)` a word with its grade."""
    match = _WORD_THEN_MORE.fullmatch(text)
    word = _word(match[1], unit, kind) if match else None
    if match is None or word is None or isinstance(word, NoValue):
        return word
    more = match[2].strip()
    if _PLUSES.fullmatch(more):
        if word.word not in ("positive", "reactive", "detected", "present"):
            return None
        return word if more == "+" else _word(more, unit, kind)
    return _together([word, _number(more, unit)], unit)


def _word(text: str, unit: str, kind: str = "") -> Word | NoValue | None:
    """Return a word of the table that may stand here.

    Where a unit is agreed no grade counts: a counter's `+++` is too much. `NR` is there no
    non-reactive: nothing was reported.
    """
    if _PLUSES.fullmatch(text):
        digits = re.sub(r"[^1-4]", "", text)
        count = int(digits) if digits else text.count("+")
        return None if unit else Word(f"{count}-plus")
    levelled = _level(text)
    if (unit or kind == "NM") and levelled in NOTHING_SAID:
        return NoValue()
    return _allowed(_SIGNS.get(text.upper()) or WORD_OF.get(levelled), unit)


def _allowed(word: str | None, unit: str) -> Word | None:
    return Word(word) if word and (not unit or word in NO_QUANTITY) else None


def _level(text: str) -> str:
    return re.sub(r"[\s_-]+", " ", text.upper()).strip(" .()[]")


def _coded(text: str, unit: str, component: str) -> Understood:
    """Return the word of a coded value: by a standard's code, or by code and text in words.

    A number is only a code here. Code and text, and two triplets, must not contradict each other.
    """
    parts = [part.strip() for part in text.split(component)] + [""] * (2 * _TRIPLET)
    pairs = [(parts[at], parts[at + 1]) for at in (0, _TRIPLET) if any(parts[at : at + 2])]
    said = [part for pair in pairs for part in pair if part]
    if all(part in _NOTHING or part.upper() in _FAILED for part in said):
        return NoValue()
    words = {word for pair in pairs for word in _words_of(*pair, unit)}
    return words.pop() if len(words) == 1 else None


def _words_of(code: str, text: str, unit: str) -> set[Word]:
    """Return what a code and its text say; a local code counts only as far as its text agrees."""
    standard = _allowed(WORD_OF_CODE.get(_level(code)), unit)
    spelled, named = _word(code, unit), _word(text, unit)
    if text and not isinstance(named, Word):
        return {standard} if standard else set()
    return {each for each in (standard, spelled, named) if isinstance(each, Word)}


def _number(text: str, unit: str) -> Number | None:
    match = _PREFIX.fullmatch(text)
    if match is None or match["comparator"] not in _COMPARATORS:
        return None
    rest, comparator = match["rest"].strip(), _COMPARATORS[match["comparator"]]
    titre = _TITRE.fullmatch(rest)
    if titre is not None:
        return _titre(titre[1], comparator, unit)
    value = _decimal(rest)
    if value is not None:
        return Number(value, comparator)
    value = _with_unit(rest, unit)
    return None if value is None else Number(value, comparator, unit)


def _titre(dilution: str, comparator: str, unit: str) -> Number | None:
    """1:160 is a titre wherever the site expects one or has agreed no unit."""
    fits = not unit or unit in TITRE_UNITS
    return Number(Decimal(dilution), comparator, unit or "{titer}") if fits else None


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
    if separator in (":", "/") and first == "1" and _TITRE.fullmatch(f"1:{second}"):
        return _titre(second, _COMPARATORS[comparator], unit)
    return None
