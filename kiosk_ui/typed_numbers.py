"""Numbers as people type them: any Unicode digits, one of . , ٫ before the decimals."""

from __future__ import annotations

import unicodedata
from decimal import Decimal, InvalidOperation

MAX_LENGTH = 12

_DECIMAL_SIGNS = ".,٫"


def number(text: str) -> Decimal | None:
    """Return the number, or None when the text is not exactly one; grouping is never guessed."""
    plain = "".join(_plain(char) for char in text.strip())
    if not plain or len(plain) > MAX_LENGTH or plain.count(".") > 1:
        return None
    if not set(plain) <= set("0123456789.") or plain.startswith(".") or plain.endswith("."):
        return None
    try:
        return Decimal(plain)
    except InvalidOperation:
        return None


def digits(text: str) -> str:
    """Return the text with every Unicode digit as 0 to 9 and everything else as it is."""
    return "".join(_digit(char) for char in text)


def _plain(char: str) -> str:
    return "." if char in _DECIMAL_SIGNS else _digit(char)


def _digit(char: str) -> str:
    value = unicodedata.decimal(char, None)
    return char if value is None else str(value)
