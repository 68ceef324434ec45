"""Languages: chosen at the screen, direction on the page, numbers that keep their order."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from kiosk_desk import ORIGIN

from edge.model.languages import LANGUAGES
from kiosk_ui import wording


@pytest.mark.parametrize(
    ("code", "tag", "direction", "word"),
    [("en", "en", "ltr", "Health worker"), ("ur", "ur", "rtl", "ہیلتھ ورکر"),
     ("zh", "zh-Hans", "ltr", "医务人员")],
)  # fmt: skip
def test_a_choice_changes_the_page(
    client: FlaskClient, code: str, tag: str, direction: str, word: str
) -> None:
    answer = client.post("/language", data={"code": code, "next": "/"}, headers=ORIGIN)
    assert answer.status_code == 303
    page = client.get("/").text
    assert f'<html lang="{tag}" dir="{direction}">' in page
    assert word in page
    for row in LANGUAGES:
        assert row.name in page


def test_an_unknown_language_changes_nothing(client: FlaskClient) -> None:
    answer = client.post("/language", data={"code": "xx"}, headers=ORIGIN)
    assert "Set-Cookie" not in answer.headers
    client.set_cookie("language", "../../etc")
    assert 'lang="en"' in client.get("/").text


def test_numbers_are_isolated_and_grouped(app: Flask) -> None:
    with app.test_request_context():
        assert str(wording.count(1204)) == '<bdi dir="ltr" class="number">1,204</bdi>'
        assert "<b>" not in str(wording.t("typed by %(name)s", name="<b>"))
        shown = str(wording.quantity("120/80", "mm[Hg]"))
    assert shown.startswith('<bdi dir="ltr"')
    assert "120/80" in shown
    assert "mmHg" in shown
