"""What somebody typed into a search: a number, names, villages and years of birth together.

Kiosk and desk read a query by the same functions, each over its own tables.
"""

from __future__ import annotations

import unicodedata
from dataclasses import dataclass

from edge.model.age import OLDEST_YEARS
from edge.model.patient import PatientFields
from edge.patients import cards, names, phones

LONGEST = 120
LEAST_DIGITS = 4
"""So few digits are looked for among telephone numbers."""

LEAST_LIKENESS = 0.7
"""Names less alike than this are somebody else's; a slip of a key keeps 0.85 and more."""

SAME_VILLAGE = 0.9
YEAR_FITS, YEAR_DIFFERS = 0.1, -0.25
EXACT_YEARS, ESTIMATED_YEARS = 1, 5
"""How far a year of birth may be from the one on file, known or said as an age."""

_FIRST_YEAR = 2100 - 2 * OLDEST_YEARS


@dataclass(frozen=True, slots=True)
class SearchQuery:
    """A query, read: `number` is the card's and `phone` the telephone that it may be."""

    text: str
    words: tuple[str, ...]
    years: tuple[int, ...]
    number: str
    phone: str

    @property
    def is_number(self) -> bool:
        """Whether it has digits and no letters."""
        return any(c.isdecimal() for c in self.text) and not any(c.isalpha() for c in self.text)

    @property
    def names(self) -> str:
        """The words that may be of a name or a village."""
        return " ".join(self.words)


def read(text: str) -> SearchQuery:
    """Read what was typed."""
    text = " ".join(text.split())[:LONGEST]
    years = tuple(year for word in text.split() if (year := _year(word)) is not None)
    words = tuple(word for word in text.split() if _year(word) is None)
    number = cards.tidy(text)
    digits = phones.tidy(text) or ""
    phone = digits if len(digits) >= LEAST_DIGITS else ""
    return SearchQuery(text, words, years, number if cards.is_number(number) else "", phone)


def holds_number(query: SearchQuery, patient: PatientFields) -> bool:
    """Whether the query is this person's card, or their telephone or a part of it."""
    if query.number and query.number == patient.card:
        return True
    return bool(query.phone and patient.phone and phones.may_be(patient.phone, query.phone))


def likeness(query: SearchQuery, patient: PatientFields) -> float:
    """Return how well a person fits a query of words and years, 0 for not at all."""
    fit = year_fits(query, patient)
    if not query.words:
        return max(0.8 + fit, 0.0) if fit > 0 else 0.0
    asked = names.keys(query.names)
    by_name = names.likeness(asked, names.keys(patient.name))
    best = max(by_name, _with_village(asked, patient))
    return best + fit if best >= LEAST_LIKENESS else 0.0


def keys_text(patient: PatientFields) -> str:
    """Return what a person is found by, as one text: for tables that are searched by LIKE.

    Latin words of name and village, their sounds after "=", the telephone after "#", the card
    after "@" and the likely year of birth after "~", each between spaces.
    """
    name, village = names.keys(patient.name), names.keys(patient.village or "")
    born = patient.birth_or_likely
    parts = [*name.words, name.joined, *village.words]
    parts += [f"={sound}" for sound in (*name.sounds, *village.sounds)]
    parts += [f"#{phones.significant(patient.phone)}"] if patient.phone else []
    parts += [f"@{patient.card}"] if patient.card else []
    parts += [f"~{born[:4]}"] if born else []
    return f" {' '.join(parts)} "


def found_by(word: str) -> list[list[str]]:
    """Return by which parts of `keys_text` a word of a query finds: all of one list together."""
    number = cards.tidy(word)
    ways = [[f"@{number} "]] if cards.is_number(number) else []
    year = _year(word)
    if year is not None:
        ways += [[f"~{year + apart} "] for apart in (0, -1, 1)]
    if all(unicodedata.category(c)[0] in "LM" for c in word):
        key = names.keys(word)
        ways += [[f" {w}" for w in key.words]] if key.words else []
        sounds = [f"={s} " for w, s in zip(key.words, key.sounds, strict=True) if len(w) > 2]
        ways += [sounds] if sounds and len(sounds) == len(key.words) else []
    return ways


def is_village(words: names.NameKeys, village: str) -> bool:
    """Whether some word of a query is a word of a village's name."""
    stored = names.keys(village)
    one_by_one = (
        names.likeness(names.keys_of_latin(word), stored) >= SAME_VILLAGE for word in words.words
    )
    return any(one_by_one)


def _with_village(asked: names.NameKeys, patient: PatientFields) -> float:
    """Return the likeness of each word to the name or the village, whichever it is of."""
    if not patient.village:
        return 0.0
    return names.likeness(asked, names.keys(f"{patient.name} {patient.village}"))


def year_fits(query: SearchQuery, patient: PatientFields) -> float:
    """Return what a year in the query adds to a person or takes away."""
    born = patient.birth_or_likely
    if not query.years or born is None:
        return 0.0
    apart = min(abs(int(born[:4]) - year) for year in query.years)
    known = patient.birth is not None and len(patient.birth) > 4
    allowed = 0 if known else EXACT_YEARS if patient.birth else ESTIMATED_YEARS
    return YEAR_FITS if apart <= allowed else YEAR_DIFFERS


def _year(word: str) -> int | None:
    if len(word) != 4 or not word.isdecimal():
        return None
    year = int("".join(str(unicodedata.decimal(c)) for c in word))
    return year if _FIRST_YEAR <= year <= 2100 else None
