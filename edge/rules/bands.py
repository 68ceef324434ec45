"""Reads the bands of a table, and refuses gaps and overlaps between them.

A number goes from one band into the next without a gap: at the step to which it is rounded (8, then
9), or at the same number when it is not rounded (below 0.9, then from 0.9). Words are all there,
each once.
"""

from __future__ import annotations

from collections.abc import Mapping
from decimal import Decimal

from edge.rules.possible import INFINITE, Word
from edge.rules.table import Band
from edge.rules.table_rows import Row

KEYS = ("is", "least", "most", "below")


def read_band(row: Row, gives: Word) -> Band:
    """Return the band that a row describes."""
    if row.has("is"):
        if row.has("least") or row.has("most") or row.has("below"):
            raise row.wrong('"is" stands alone, without "least", "most" or "below"')
        return Band(gives, frozenset(row.words("is")))
    least, most, below = row.number("least"), row.number("most"), row.number("below")
    if most is not None and below is not None:
        raise row.wrong('give "most" (included) or "below" (excluded), not both')
    low = -INFINITE if least is None else least
    high = next((end for end in (most, below) if end is not None), INFINITE)
    if low > high or (low == high and below is not None):
        raise row.wrong(f"the band from {low} to {high} is empty")
    return Band(gives, frozenset(), low, high, below is not None)


def check_numbers(bands: tuple[Band, ...], rows: tuple[Row, ...], step: Decimal | None) -> None:
    """Raise `TableError` at the line of the band before which there is a gap or an overlap."""
    for band, row in zip(bands, rows, strict=True):
        if band.words:
            raise row.wrong('this is a number: give "least", "most" or "below", not "is"')
    if bands[0].least != -INFINITE:
        raise rows[0].wrong(f"what is below {bands[0].least} is in no band")
    for before, band, row in zip(bands, bands[1:], rows[1:], strict=False):
        _check_next(before, band, row, step)
    if bands[-1].high != INFINITE:
        raise rows[-1].wrong(f"what is above {bands[-1].high} is in no band")


def _check_next(before: Band, band: Band, row: Row, step: Decimal | None) -> None:
    if not before.is_open and step is None:
        raise row.wrong('this is not rounded: the band before must end with "below", not "most"')
    begins = before.high if before.is_open else before.high + (step or 0)
    if band.least < begins:
        raise row.wrong(f"this band overlaps the one before: it must begin at {begins}")
    if band.least > begins:
        raise row.wrong(f"there is a gap: this band must begin at {begins}, not {band.least}")


def check_words(bands: tuple[Band, ...], rows: tuple[Row, ...], choices: frozenset[Word]) -> None:
    """Raise `TableError` when a word is in two bands, in none, or is none of the choices."""
    seen: set[Word] = set()
    for band, row in zip(bands, rows, strict=True):
        if not band.words:
            raise row.wrong('this is a word: say which with "is"')
        for word in sorted(band.words, key=str):
            if word not in choices or isinstance(word, bool) != isinstance(
                next(iter(choices)), bool
            ):
                allowed = ", ".join(sorted(map(shown, choices)))
                raise row.wrong(f"{shown(word)} is not possible here; possible are {allowed}")
            if word in seen:
                raise row.wrong(f"{shown(word)} is in two bands")
            seen.add(word)
    for word in sorted(choices - seen, key=str):
        raise rows[-1].wrong(f"{shown(word)} is in no band")


def shown(word: Word) -> str:
    """Return a value as a table writes it."""
    return str(word).lower() if isinstance(word, bool) else str(word)


def conditions(row: Row) -> Mapping[str, frozenset[Word]]:
    """Return the conditions of `when`: for each name the words that it may be."""
    when = row.row("when")
    return {name: frozenset(when.words(name)) for name in when.table}
