"""Where a record or segment ends: at CR, or at LF where no CR stands between two of them.

A LF inside a note of a message with CR is a part of the note, and what follows it no result. But a
single CR behind the last record, or behind the header alone, makes no message of CR: taken for one,
all its results would be one long field that nobody reads.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Grammar:
    """What a row looks like: `row` matches a whole one; `head`, `result` and `notes` begin one.

    `notes` may hold free text, so that a LF there is none that ends a row.
    """

    row: re.Pattern[str]
    head: str
    result: str
    notes: tuple[str, ...]


def rows_of(text: str, grammar: Grammar) -> list[str]:
    """Return the rows of a text, without their ends and without empty ones."""
    text = text.strip("\n")
    by_cr = _rows(text.split("\r"))
    by_lf = _rows(re.split(r"[\r\n]", text))
    if "\r" not in text or _is_by_lf(by_cr, by_lf, grammar):
        return by_lf
    return by_cr


def holds_unread_rows(row: str, grammar: Grammar) -> bool:
    """Whether a LF in a row is followed by what looks like a result."""
    found = (each for each in row.split("\n")[1:] if each.startswith(grammar.result))
    return any(map(grammar.row.fullmatch, found))


def _is_by_lf(by_cr: list[str], by_lf: list[str], grammar: Grammar) -> bool:
    """Whether LF ends rows though a CR stands somewhere: they are whole, and no note holds a LF.

    Where CR parts rows, it must have shown no result, and LF some. A header holds no free text.
    """
    whole = all(map(grammar.row.fullmatch, by_lf))
    if any("\n" in row and row.startswith(grammar.notes) for row in by_cr):
        return False
    if len(by_cr) == 1:
        return whole or by_cr[0].startswith(grammar.head)
    found = (any(row.startswith(grammar.result) for row in rows) for rows in (by_cr, by_lf))
    return whole and tuple(found) == (False, True)


def _rows(parts: list[str]) -> list[str]:
    return [row for part in parts if (row := part.strip("\r\n"))]
