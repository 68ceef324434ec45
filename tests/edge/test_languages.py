"""The table of languages: complete rows, and nobody who keeps a list of their own."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import pytest

from edge.model import languages
from edge.model.languages import CODES, LANGUAGES, SOURCE, Language, Texts
from edge.settings import remote_settings
from edge.settings.box_settings import Settings

each_language = pytest.mark.parametrize("row", LANGUAGES, ids=CODES)


@each_language
def test_a_row_is_complete(row: Language) -> None:
    months = row.months.split(",")
    assert len(months) == 12
    assert len(set(months)) == 12
    assert "" not in months
    for part in ("{day}", "{month}", "{year}"):
        assert row.date_form.count(part) == 1
    assert row.direction in ("ltr", "rtl")
    assert row.name.strip() == row.name != ""
    assert row.tag.split("-")[0] == row.code
    assert [int(digit) for digit in row.digits] == list(range(10))


def test_codes_are_unique_and_one_language_is_the_source() -> None:
    assert len(set(CODES)) == len(LANGUAGES)
    assert [row for row in LANGUAGES if row.texts is Texts.SOURCE] == [SOURCE]


def test_a_code_without_a_row_is_an_error() -> None:
    with pytest.raises(KeyError):
        languages.by_code("xx")


def test_every_language_may_be_set_at_a_box_and_by_the_hospital(tmp_path: Path) -> None:
    assert Settings(home=tmp_path, box_id="box-test", clinic="Chak 12").languages == CODES
    assert remote_settings.rules()["kiosk.language"].choices == CODES


def test_numbers_and_dates_are_written_in_the_digits_of_the_row() -> None:
    bengali = replace(SOURCE, digits="০১২৩৪৫৬৭৮৯")
    assert bengali.numerals("120/80 mmHg") == "১২০/৮০ mmHg"
    assert bengali.date(date(2026, 3, 9)) == "৯ Mar ২০২৬"
