"""Finding names among tens of thousands: candidates by SQLite's full-text index, order by likeness.

Three searches, each wider and less exact than the one before: every word by sound or beginning, any
word, shared trigrams. Chinese names of two characters are too short for them and are found by LIKE.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from edge.patients import names
from edge.patients.names import NameKeys
from edge.store.store import Store

NET = 400
"""How many candidates one net may bring in."""

TRIGRAM_NET = 150
LEAST = 0.7
"""Names less alike than this are somebody else's; a slip of a key keeps 0.85 and more."""

ENOUGH = 50
"""So many candidates by sound make the trigram net unnecessary for a single word."""

_SELECT = "SELECT rowid AS row, latin_words, sounds FROM name_key WHERE"
_HAN = re.compile("[\u3400-\u4dbf\u4e00-\u9fff]")


@dataclass(frozen=True, slots=True)
class NameMatch:
    """A row of the patient table and how alike its name is, 0 to 1 (above 1: as written)."""

    row: int
    likeness: float


def put(store: Store, row: int, name: str) -> None:
    """Index a patient's name inside the caller's transaction, replacing what was there."""
    key = names.keys(name)
    store.execute("DELETE FROM name_key WHERE rowid = ?", (row,))
    store.execute("DELETE FROM name_trigram WHERE rowid = ?", (row,))
    store.execute(
        "INSERT INTO name_key (rowid, sounds, latin_words, joined, initials)"
        " VALUES (?, ?, ?, ?, ?)",
        (row, " ".join(key.sounds), key.latin, key.joined, key.initials),
    )
    store.execute("INSERT INTO name_trigram (rowid, latin_text) VALUES (?, ?)", (row, key.latin))


def find(store: Store, text: str, limit: int) -> list[NameMatch]:
    """Return the rows whose names are most like `text`, best first."""
    asked = names.keys(text)
    written = _as_written(store, text)
    judged = ((row, names.likeness(asked, key)) for row, key in _candidates(store, asked).items())
    found = {row: likeness for row, likeness in judged if likeness >= LEAST}
    found |= {row: 2.0 - place / 1000 for place, row in enumerate(written)}
    best = sorted(found.items(), key=lambda item: (-item[1], item[0]))
    return [NameMatch(row, score) for row, score in best[:limit]]


def _candidates(store: Store, asked: NameKeys) -> dict[int, NameKeys]:
    if not asked.words:
        return {}
    found = _match(store, _every_word(asked), NET)
    if len(asked.words) == 1 or len(found) < NET:
        found |= _match(store, _any_word(asked), NET)
    if len(asked.words) == 1:
        found |= _match(store, f'initials : "{asked.joined}"', NET)
        if len(found) >= ENOUGH:
            return found
    return found | _by_trigram(store, asked)


def _every_word(asked: NameKeys) -> str:
    terms = zip(asked.words, asked.sounds, strict=True)
    return " AND ".join(f"({_by_sound_or_start(word, sound)})" for word, sound in terms)


def _by_sound_or_start(word: str, sound: str) -> str:
    return f'sounds : "{sound}" OR latin_words : "{word[:3]}"*'


def _any_word(asked: NameKeys) -> str:
    terms = [f'sounds : "{sound}"' for sound in asked.sounds]
    terms += [f'latin_words : "{word[:4]}"*' for word in asked.words]
    if len(asked.words) == 1:
        terms.append(f'joined : "{asked.joined}"*')
    return " OR ".join(terms)


def _match(store: Store, query: str, limit: int) -> dict[int, NameKeys]:
    rows = store.rows(f"{_SELECT} name_key MATCH ? ORDER BY rank LIMIT ?", (query, limit))
    return {r["row"]: _stored_keys(r["latin_words"], r["sounds"]) for r in rows}


def _by_trigram(store: Store, asked: NameKeys) -> dict[int, NameKeys]:
    grams = {word[i : i + 3] for word in asked.words for i in range(len(word) - 2)}
    if not grams:
        return {}
    query = " OR ".join(f'"{gram}"' for gram in sorted(grams))
    rows = store.rows(
        "SELECT rowid AS row, latin_text FROM name_trigram WHERE name_trigram MATCH ?"
        " ORDER BY rank LIMIT ?",
        (query, TRIGRAM_NET),
    )
    return {r["row"]: names.keys_of_latin(r["latin_text"]) for r in rows}


def _stored_keys(latin_words: str, sounds: str) -> NameKeys:
    return NameKeys(tuple(latin_words.split()), tuple(sounds.split()))


def _as_written(store: Store, text: str) -> list[int]:
    text = " ".join(text.split())
    if _HAN.search(text):
        like = "%" + re.sub(r"([\\%_])", r"\\\1", text) + "%"
        query = "SELECT row FROM patient WHERE name LIKE ? ESCAPE '\\' ORDER BY length(name), row"
        return [r["row"] for r in store.rows(f"{query} LIMIT {NET}", (like,))]
    query = f"SELECT row FROM patient WHERE name = ? COLLATE NOCASE ORDER BY row LIMIT {NET}"
    return [r["row"] for r in store.rows(query, (text,))]
