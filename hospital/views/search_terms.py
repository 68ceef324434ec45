"""A search of the desk as conditions of SQL, and how well somebody fits it."""

from __future__ import annotations

from edge.model.patient import Patient
from edge.patients import phones, search_query
from edge.patients.search_query import SearchQuery


def is_exact(query: SearchQuery, patient: Patient) -> bool:
    """Whether the query is this person's card or telephone."""
    return search_query.holds_number(query, patient)


def fit(query: SearchQuery, patient: Patient) -> float:
    """Return how well a person fits, roughly: of those alike, the order is by what came last."""
    if not query.text or is_exact(query, patient):
        return 2.0
    return round(search_query.likeness(query, patient), 1)


def where(query: SearchQuery) -> tuple[str, tuple[str, ...]]:
    """Return the condition that finds whom a query may mean (table p), and its values."""
    found = [_word_where(word) for word in query.text.split()[:8]]
    every = " AND ".join(f"({sql})" for sql, _ in found)
    values = tuple(value for _, more in found for value in more)
    part = phones.significant(query.phone)[-phones.LEAST_WHOLE :]
    if query.is_number and part:
        return f"({every}) OR p.keys LIKE ?", (*values, f"%{part}%")
    return every, values


def _word_where(word: str) -> tuple[str, tuple[str, ...]]:
    ways = search_query.found_by(word)
    sql = ["p.sought LIKE ? ESCAPE '!'"]
    sql += [" AND ".join("p.keys LIKE ? ESCAPE '!'" for _ in way) for way in ways]
    values = [f"%{_escaped(word.casefold())}%"]
    values += [f"%{_escaped(part)}%" for way in ways for part in way]
    return " OR ".join(sql), tuple(values)


def _escaped(word: str) -> str:
    return word.replace("!", "!!").replace("%", "!%").replace("_", "!_")
