"""The number of a patient's card: how it is written, so that scan and typing agree.

A card has Latin letters, digits and - . / # between them. Other characters come from a scanner
whose keys this machine turns into another alphabet: they name nobody and are not kept.
"""

from __future__ import annotations

import re
import unicodedata
from dataclasses import dataclass

LONGEST = 40
"""Characters of the longest number that is kept."""

_NUMBER = re.compile(r"[0-9A-Z]+(?:[-./#][0-9A-Z]+)*")
_FRENCH_DIGITS = frozenset("&é\"'(-è_çàÉÈÇÀ")
"""What the row of digits gives on a French keyboard without the shift key."""


@dataclass(frozen=True, slots=True)
class CardShape:
    """What every card of a site has in common, so that a part of a code is told from a whole one.

    `length` counts all characters (0: any); `luhn` asks for the check digit of ISO/IEC 7812-1
    over the digits.
    """

    prefix: str = ""
    length: int = 0
    luhn: bool = False

    def fits(self, number: str) -> bool:
        """Whether a tidied number may be a card of this site."""
        digits = [int(c) for c in number if c.isdigit()]
        return (
            number.startswith(self.prefix.upper())
            and self.length in (0, len(number))
            and (not self.luhn or _is_checked(digits))
        )


def tidy(text: str) -> str:
    """Return the number without spaces, with ASCII digits and in capitals; "" for none."""
    plain = "".join(_digit(c) for c in unicodedata.normalize("NFC", text))
    return re.sub(r"\s", "", plain).upper()


def is_number(text: str) -> bool:
    """Whether a tidied text may be the number of a card."""
    return len(text) <= LONGEST and _NUMBER.fullmatch(text) is not None


def is_of_other_keys(text: str) -> bool:
    """Whether a search reads like digits scanned through the keys of a French keyboard."""
    signs = [c for c in text if not c.isspace()]
    return len(signs) >= 3 and sum(c in _FRENCH_DIGITS for c in signs) * 2 > len(signs)


def _is_checked(digits: list[int]) -> bool:
    doubled = [sum(divmod(2 * digit, 10)) for digit in digits[-2::-2]]
    return len(digits) > 1 and (sum(digits[-1::-2]) + sum(doubled)) % 10 == 0


def _digit(char: str) -> str:
    value = unicodedata.decimal(char, None)
    return char if value is None else str(value)
