"""Whatever fails, kiosk and desk say so in one plain sentence and with the right code."""

from __future__ import annotations

import re

import pytest
from web_sites import ORIGIN, Site


def sentence(page: str) -> str:
    """Return what the page tells its reader."""
    [told] = re.findall(r'role="alert">(.*?)</(?:div|p)>', page, re.S)
    return re.sub(r"<[^>]+>", "", told).strip()


@pytest.mark.parametrize(
    ("method", "path", "code", "words"),
    [
        ("GET", "/nowhere", 404, "There is no such page"),
        ("GET", "/web/nowhere.js", 404, "There is no such page"),
        ("GET", "/sign-out", 405, "There is no such page"),
        ("GET", "/broken", 500, "Something went wrong"),
    ],
)
def test_a_failure_is_a_sentence(site: Site, method: str, path: str, code: int, words: str) -> None:
    answer = site.client.open(path, method=method)
    assert answer.status_code == code
    assert words in sentence(answer.text)
    assert "Traceback" not in answer.text
    assert "ZeroDivisionError" not in answer.text


def test_a_form_that_is_too_large_is_a_sentence(site: Site) -> None:
    form = {"csrf": site.csrf, "text": "x" * 1_100_000}
    answer = site.client.post("/sign-out", data=form, headers=ORIGIN)
    assert answer.status_code == 413
    assert sentence(answer.text) == "That was too much at once."
    assert site.signed_in()


def test_a_forged_write_is_a_sentence(site: Site) -> None:
    answer = site.client.post("/sign-out", data={"csrf": "ü"}, headers=ORIGIN)
    assert answer.status_code == 403
    assert "page" in sentence(answer.text)


def test_a_redirect_of_the_router_is_no_failure(site: Site) -> None:
    answer = site.client.get("/slash")
    assert (answer.status_code, answer.location) == (308, "http://localhost/slash/")
