"""Each word in the name of a room or a module is explained in the glossary, or is a plain word.

Plain words stand in plain_words.txt: English that a dictionary explains, and the field's terms.
A new module whose name brings a new word must explain it, or say that it is plain.
"""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGES = ("edge", "devices", "sync", "web", "kiosk_ui", "provisioning", "hospital")
DEVICE_NAMES = {"protocols", "wired", "sessions"}
"""Folders whose files are named after devices and standards."""


def words() -> set[str]:
    found: set[str] = set()
    for package in PACKAGES:
        for file in (ROOT / package).rglob("*.py"):
            parts = file.relative_to(ROOT).with_suffix("").parts
            if not DEVICE_NAMES.intersection(parts[:-1]):
                found |= {word for part in parts for word in part.split("_") if word}
    return found - {"init", "main"}


def explained() -> set[str]:
    page = (ROOT / "docs" / "glossary.md").read_text(encoding="utf-8")
    terms = re.findall(r"^\| ([a-z][-a-z ]*) \|", page, re.MULTILINE)
    return {word for term in terms for word in re.split(r"[- ]", term)}


def plain() -> set[str]:
    lines = (Path(__file__).parent / "plain_words.txt").read_text(encoding="utf-8").split()
    assert lines == sorted(set(lines)), "plain_words.txt is sorted, each word once"
    return set(lines)


def _forms(word: str) -> set[str]:
    """The word itself, and what it may be a plural of."""
    return {word, word.removesuffix("s"), word.removesuffix("es"), word.removesuffix("ies") + "y"}


def test_every_word_of_a_module_name_is_explained_or_plain() -> None:
    known = explained() | plain()
    assert {word for word in words() if not _forms(word) & known} == set()


def test_no_plain_word_is_kept_that_no_module_uses() -> None:
    used = {form for word in words() for form in _forms(word)}
    assert plain() - used == set()


def test_no_word_is_both_explained_and_plain() -> None:
    assert explained() & plain() == set()
