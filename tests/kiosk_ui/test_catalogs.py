"""Translations: complete, with the same placeholders and no other numbers, never fuzzy."""

from __future__ import annotations

import re
import shutil
from collections import Counter
from pathlib import Path

import pytest
from babel.messages.catalog import Message

from edge.model import languages
from edge.model.languages import SOURCE, Texts, by_code
from kiosk_ui import catalogs

PLACEHOLDER = re.compile(r"%\(\w+\)s")
LANGUAGES = tuple(language.code for language in languages.LANGUAGES if language is not SOURCE)


def strings(message: Message) -> list[str]:
    return [message.string] if isinstance(message.string, str) else list(message.string)


def ids(message: Message) -> list[str]:
    return [message.id] if isinstance(message.id, str) else list(message.id)


def numbers(text: str) -> Counter[str]:
    """The numbers of a sentence, which `t` isolates; those in words such as SpO2 are none."""
    return Counter(re.findall(r"(?<![A-Za-z\d])\d+(?:[./]\d+)*", text))


def test_the_languages_are_those_of_the_settings() -> None:
    assert {po.parent.parent.name for po in catalogs.sources()} == set(LANGUAGES)
    assert catalogs.problems() == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_text_of_the_pages_is_translated(language: str) -> None:
    wanted = {m.id for m in catalogs.template() if m.id}
    held = {m.id for m in catalogs.read(po_of(language)) if m.id}
    assert held == wanted


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_translation_is_empty_fuzzy_or_unlike_its_source(language: str) -> None:
    started = by_code(language).texts is Texts.STARTED
    for message in catalogs.read(po_of(language)):
        if not message.id or (started and not any(strings(message))):
            continue
        assert "fuzzy" not in message.flags, message.id
        wanted = sorted(PLACEHOLDER.findall(ids(message)[0]))
        for text in strings(message):
            assert text.strip(), message.id
            assert sorted(PLACEHOLDER.findall(text)) == wanted, message.id
            foreign = numbers(text) - numbers(ids(message)[0])
            assert not foreign, f"a number is written in the text of {message.id}"


def test_catalogs_are_compiled_when_missing_or_older(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    shutil.copytree(catalogs.FOLDER, tmp_path / "translations", ignore=lambda *_: ["messages.mo"])
    monkeypatch.setattr(catalogs, "FOLDER", tmp_path / "translations")
    assert len(catalogs.compile_all()) == len(LANGUAGES)
    assert catalogs.compile_all() == []


def po_of(language: str) -> Path:
    return catalogs.source(language)
