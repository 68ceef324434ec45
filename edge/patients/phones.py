"""Telephone numbers: one number has several forms, and all of them find its holder.

ITU-T E.164 (2010): a country code of one to three digits and the national number, at most 15
digits; E.123: written with "+" or, as dialled in most countries, after the prefix 00. Within a
country a 0 stands before the national number. So +92 301 2345678, 0092 301 2345678, 0301 2345678
and 301 2345678 are one number, whatever the country is (docs/decisions/0014-telephones.md).
"""

from __future__ import annotations

import re
import unicodedata

LEAST_WHOLE = 7
"""A number of fewer significant digits is only a part of one; national numbers have more."""

LONGEST_PREFIX = 4
"""A country code, and in some countries the 0 that is kept behind it."""

_NUMBER = re.compile(r"\+?\d{3,20}")
_BETWEEN = re.compile(r"[\s().\-/\u2010-\u2015]")
_TRUNK_BEHIND_CODE = re.compile(r"(?<=\d)\s*\(0\)")


def tidy(text: str) -> str | None:
    """Return a number as digits with an optional "+", "" for none, None when it is none."""
    plain = unicodedata.normalize("NFC", text)
    plain = "".join(str(int(c)) if c.isdecimal() else c for c in plain)
    digits = _BETWEEN.sub("", _TRUNK_BEHIND_CODE.sub("", plain))
    return digits if digits == "" or _NUMBER.fullmatch(digits) else None


def significant(number: str) -> str:
    """Return the digits of a tidied number that all its forms end with, as far as it tells."""
    return number.lstrip("+0")


def is_same(one: str | None, other: str | None) -> bool:
    """Whether two tidied numbers are one, written in whichever form."""
    if not one or not other:
        return False
    shorter, longer = sorted((significant(one), significant(other)), key=len)
    if len(shorter) < LEAST_WHOLE:
        return one == other
    if shorter == longer:
        return True
    both_whole = _is_international(one) and _is_international(other)
    fits = longer.endswith(shorter) and len(longer) - len(shorter) <= LONGEST_PREFIX
    return fits and not both_whole


def may_be(number: str, typed: str) -> bool:
    """Whether what was typed is a number, or a part of it that tells something."""
    part = significant(typed)
    return is_same(number, typed) or (bool(part) and part in significant(number))


def _is_international(number: str) -> bool:
    return number.startswith(("+", "00"))
