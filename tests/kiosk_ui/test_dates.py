"""Dates as each language writes them, compared with the Unicode CLDR as Babel has it."""

from __future__ import annotations

from datetime import UTC, date, datetime
from pathlib import Path

import pytest
from babel.dates import format_date

from edge.model.languages import CODES, LANGUAGES, Language
from edge.settings.box_settings import Settings
from kiosk_ui import wording
from kiosk_ui.app import create_app

PATTERNS = {"en": "d MMM y", "ur": "d MMM y", "zh": "y年M月d日"}


@pytest.mark.parametrize("row", LANGUAGES, ids=CODES)
def test_months_are_those_of_the_unicode_cldr(row: Language) -> None:
    for number, name in enumerate(row.months.split(","), 1):
        assert name == format_date(date(2026, number, 1), "MMM", locale=row.code)


@pytest.mark.parametrize("language", PATTERNS)
def test_every_month_has_its_name(language: str, tmp_path: Path) -> None:
    app = create_app(Settings(home=tmp_path, box_id="box-test", clinic="Chak 12"))
    with app.test_request_context(headers={"Cookie": f"language={language}"}):
        for month in range(1, 13):
            moment = datetime(2026, month, 2 * month, 12, tzinfo=UTC)
            expected = format_date(moment.astimezone(), PATTERNS[language], locale=language)
            assert wording.day(moment) == wording.own_words(expected)


def test_texts_come_in_the_language_of_the_screen(tmp_path: Path) -> None:
    app = create_app(Settings(home=tmp_path, box_id="box-test", clinic="Chak 12"))
    told = []
    for language in PATTERNS:
        with app.test_request_context(headers={"Cookie": f"language={language}"}):
            told.append(wording.t("Blood pressure"))
    assert told[0] == "Blood pressure"
    assert len(set(told)) == len(PATTERNS)


def test_a_number_in_a_sentence_keeps_its_order(tmp_path: Path) -> None:
    app = create_app(Settings(home=tmp_path, box_id="box-test", clinic="Chak 12"))
    with app.test_request_context(headers={"Cookie": "language=ur"}):
        sentence = wording.t(
            "Below 140/90: controlled. Go on with the treatment if the pressure is not too low;"
            " low values have their own rule."
        )
        assert '<bdi dir="ltr" class="number">140/90</bdi>' in sentence
        assert "<bdi" not in wording.t("SpO2 scale")
