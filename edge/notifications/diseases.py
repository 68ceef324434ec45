"""Which diseases are notifiable: a list as data, with who is suspected and what suggests it.

A site's own list replaces the packaged one; a list that cannot be read is refused with a sentence,
and the packaged one is used. Nothing is reported by itself: a suggestion is shown to the worker.
"""

from __future__ import annotations

import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from pathlib import Path
from typing import Any, Final

from edge.model.age import Age
from edge.model.errors import SettingsError

FILE: Final = "diseases.toml"
YEAR_DAYS: Final = 365


@dataclass(frozen=True, slots=True)
class Disease:
    """One row. `word` stands in records; `label` and `definition` are English texts.

    `suggested_by`: sets of words; all words of one set together suggest it. `oldest_days` bounds
    the age of whom it is suggested for, None: any age. `checked` says where the definition is from.
    """

    word: str
    label: str
    definition: str
    suggested_by: tuple[frozenset[str], ...]
    oldest_days: int | None
    checked: str


@dataclass(frozen=True, slots=True)
class DiseaseList:
    """A list with its version, its sources, and "draft" or "signed".

    `problem` says why the site's own list is not used, "" when nothing is wrong.
    """

    id: str
    version: str
    status: str
    citations: tuple[str, ...]
    diseases: Mapping[str, Disease]
    problem: str = ""


def load(home: Path | None = None) -> DiseaseList:
    """Return the site's list, else the packaged one."""
    if home is None or not (home / FILE).is_file():
        return packaged()
    try:
        return parse((home / FILE).read_text(encoding="utf-8"))
    except (SettingsError, OSError, UnicodeDecodeError) as error:
        own, problem = packaged(), f"{FILE}: {error}"
        return DiseaseList(own.id, own.version, own.status, own.citations, own.diseases, problem)


@cache
def packaged() -> DiseaseList:
    """Return the list that comes with the release."""
    return parse((files(__package__) / FILE).read_text(encoding="utf-8"))


def parse(text: str) -> DiseaseList:
    """Return a list; raises `SettingsError` that names the disease and the key."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise SettingsError(str(error)) from error
    head, rows = raw.get("list"), raw.get("disease")
    if not isinstance(head, dict) or not isinstance(rows, list) or not rows:
        raise SettingsError("a list needs [list] and at least one [[disease]]")
    citations = head.get("citations")
    if not isinstance(citations, list) or not citations:
        raise SettingsError("list.citations: name at least one source")
    found = [_disease(row, number) for number, row in enumerate(rows, start=1)]
    diseases = {one.word: one for one in found}
    if len(diseases) < len(found):
        raise SettingsError("each disease has a word of its own")
    identity, version, status = (str(head.get(key, "")) for key in ("id", "version", "status"))
    return DiseaseList(identity, version, status, tuple(map(str, citations)), diseases)


def suggested(listed: DiseaseList, words: Collection[str], age: Age | None) -> tuple[Disease, ...]:
    """Return what the words of a visit suggest, in the order of the list. Pure.

    A bound of age counts only where the age is known: a danger is not hidden because it is not.
    """
    present = frozenset(words)
    return tuple(
        one
        for one in listed.diseases.values()
        if any(together <= present for together in one.suggested_by if together)
        and (one.oldest_days is None or age is None or age.days <= one.oldest_days)
    )


def result_words(coded: Collection[tuple[str, str]]) -> frozenset[str]:
    """Return results of tests, as pairs of LOINC code and word, as the words of a list."""
    return frozenset(f"test:{code}:{word}" for code, word in coded)


def _disease(row: Any, number: int) -> Disease:
    if not isinstance(row, dict):
        raise SettingsError(f"disease {number} is no table")
    texts = {}
    for key in ("word", "label", "definition", "checked"):
        text = row.get(key)
        if not isinstance(text, str) or not text.strip():
            raise SettingsError(f"disease {number}: {key} is missing")
        texts[key] = text
    if not texts["word"].replace("-", "").isalnum() or texts["word"].lower() != texts["word"]:
        raise SettingsError(f"disease {number}: word has small letters, digits and - only")
    sets = row.get("suggested_by", [])
    if not isinstance(sets, list) or not all(_is_words(one) for one in sets):
        raise SettingsError(f"disease {number}: suggested_by is a list of lists of words")
    return Disease(
        texts["word"],
        texts["label"],
        texts["definition"],
        tuple(frozenset(one) for one in sets),
        _oldest(row, number),
        texts["checked"],
    )


def _oldest(row: Mapping[str, Any], number: int) -> int | None:
    for key, days in (("oldest_days", 1), ("oldest_years", YEAR_DAYS)):
        value = row.get(key)
        if value is not None:
            if not isinstance(value, int) or value < 0:
                raise SettingsError(f"disease {number}: {key} is a whole number")
            return value * days if days == 1 else (value + 1) * days
    return None


def _is_words(value: object) -> bool:
    return isinstance(value, list) and all(isinstance(one, str) for one in value)


KIOSK_TEXTS: Final = tuple(
    text for one in packaged().diseases.values() for text in (one.label, one.definition)
)
"""Texts for the kiosk's catalogs."""
