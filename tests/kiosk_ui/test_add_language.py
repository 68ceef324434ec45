"""A language is begun by one command: its empty catalog, and the rows that it still needs."""

from __future__ import annotations

import re
import shutil
from datetime import date
from pathlib import Path

import pytest
from babel.dates import format_date
from click.testing import CliRunner, Result

from edge.model.languages import LANGUAGES, Language, Texts
from kiosk_ui import catalogs
from kiosk_ui.catalog_commands import main
from kiosk_ui.fonts import FONTS
from kiosk_ui.voices import VOICES, Engine, Voice

MADE_UP = "eo", "he"
"""Languages that are never shipped: one for each direction of writing."""


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of the catalogs."""
    copy = tmp_path / "translations"
    shutil.copytree(catalogs.FOLDER, copy)
    monkeypatch.setattr(catalogs, "FOLDER", copy)
    return copy


def run(*words: str) -> Result:
    return CliRunner().invoke(main, words)


def printed(output: str, name: str) -> str:
    """Return the row of a table that the command printed."""
    found = re.search(rf"^    {name}\(([^\n]+|\n.*?^    )\),$", output, re.M | re.S)
    assert found
    return found[0].strip().rstrip(",")


@pytest.mark.parametrize("code", MADE_UP)
def test_the_catalog_is_empty_and_holds_every_text(code: str) -> None:
    answer = run("add", code)
    assert answer.exit_code == 0, answer.output
    catalog = catalogs.read(catalogs.source(code))
    assert {m.id for m in catalog if m.id} == {m.id for m in catalogs.template() if m.id}
    assert catalogs.texts_state(code) is Texts.STARTED
    assert catalogs.compile_all() == [catalogs.source(code).with_suffix(".mo")]


@pytest.mark.parametrize("code", MADE_UP)
def test_the_rows_can_be_pasted(code: str) -> None:
    output = run("add", code).output
    names = {"Language": Language, "Texts": Texts, "Voice": Voice, "Engine": Engine}
    row = eval(printed(output, "Language"), names)
    assert (row.code, row.texts) == (code, Texts.STARTED)
    assert row.direction == ("rtl" if code == "he" else "ltr")
    assert row.months.split(",")[2] == format_date(date(2026, 3, 1), "MMM", locale=code)
    assert eval(printed(output, "Voice"), names).language == code
    assert ("No font" in output) == (code == "he")


def test_a_catalog_without_a_row_fails_the_check() -> None:
    assert run("check").exit_code == 0
    run("add", "eo")
    answer = run("check")
    assert answer.exit_code == 1
    assert "eo has no row in LANGUAGES" in answer.output


def test_a_language_without_a_catalog_fails_the_check(folder: Path) -> None:
    shutil.rmtree(folder / "ur")
    assert "ur has no catalog" in run("check").output


def test_a_language_without_a_voice_or_font_fails_the_check(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(catalogs, "VOICES", [row for row in VOICES if row.language != "ur"])
    monkeypatch.setattr(catalogs, "FONTS", [font for font in FONTS if font.name != "Hans"])
    output = run("check").output
    assert "ur has no voice" in output
    assert "zh has no font" in output


def test_a_row_that_does_not_know_of_the_review_fails_the_check(folder: Path) -> None:
    po = folder / "ur" / "LC_MESSAGES" / "messages.po"
    complete = po.read_text("utf-8")
    po.write_text(complete.replace("#, machine, ", "#, ").replace("#, machine\n", ""), "utf-8")
    assert catalogs.texts_state("ur") is Texts.REVIEWED
    assert "its row says machine" in run("check").output


def test_what_cannot_be_added_is_said(folder: Path) -> None:
    for code, why in (
        ("en", "already a row"),
        ("ur", "already a row"),
        ("xx", "knows no language"),
    ):
        answer = run("add", code)
        assert answer.exit_code == 1
        assert why in answer.output
    run("add", "eo")
    assert "already a catalog" in run("add", "eo").output
    assert {path.name for path in folder.iterdir()} == {
        "eo", *(row.code for row in LANGUAGES if row.texts is not Texts.SOURCE),
    }  # fmt: skip


def test_an_update_keeps_translations_and_takes_in_new_texts(folder: Path) -> None:
    po = folder / "ur" / "LC_MESSAGES" / "messages.po"
    before = {m.id: m.string for m in catalogs.read(po) if m.id}
    text = po.read_text("utf-8")
    gone = re.sub(r'\n#[^\n]*\nmsgid "Allergies"\nmsgstr "[^"]*"\n', "\n", text)
    assert gone != text
    po.write_text(gone, "utf-8")
    assert "ur: 1 texts are not those of the pages" in run("check").output
    assert run("update").exit_code == 0
    after = {m.id: m.string for m in catalogs.read(po) if m.id}
    assert after == before | {"Allergies": ""}
    assert catalogs.texts_state("ur") is Texts.STARTED


def test_the_recipe_names_files_that_exist() -> None:
    root = catalogs.ROOM.parent
    recipe = (root / "docs" / "how-to" / "add-a-language.md").read_text("utf-8")
    paths = re.findall(r"`((?:edge|kiosk_ui|scripts|tests)/[-\w./]+)", recipe)
    assert len(paths) > 5
    assert [path for path in paths if not (root / path).exists() and "CODE" not in path] == []
