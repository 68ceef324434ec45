"""Whatever a browser sends, no page fails: 400, 404 or a sentence, never an error of ours."""

from __future__ import annotations

import re
from collections.abc import Iterator
from urllib.parse import urljoin, urlsplit

import pytest
from web_sites import ORIGIN, Site

from edge.model.bounds import MAX_COUNT
from web.numbers import whole_number

LARGE = (str(MAX_COUNT + 1), str(2**63 - 1), str(2**63), "9" * 5000)
NUMBERS = ("0", "-1", "٣", *LARGE, "1e9", "0x1")
SPLIT = ("\r\nSet-Cookie: a=b", "/\t/evil")
TEXTS = ("", "\x00", *SPLIT, "ü", "\ud800", "x" * 9000, "%00", "'", "<b>")
HOSTILE = (*NUMBERS, *TEXTS)
TESTS_OWN = "broken"


def rules(site: Site, method: str) -> Iterator[str]:
    for rule in site.app.url_map.iter_rules():
        if (
            method in (rule.methods or ())
            and TESTS_OWN not in rule.rule
            and "static" not in rule.rule
        ):
            yield rule.rule


def filled(rule: str, text: str) -> str:
    return re.sub("<[^>]+>", lambda _: _quoted(text) or "-", rule)


def _quoted(text: str) -> str:
    return "".join(f"%{byte:02X}" for byte in text.encode("utf-8", "surrogatepass"))


def stays_here(location: str) -> bool:
    return urlsplit(urljoin("http://localhost/a/b", location)).netloc == "localhost"


def fields(site: Site) -> set[str]:
    """Return what any form or address of the application calls its fields."""
    folder = site.app.jinja_env.loader
    assert folder is not None
    found = {"next", "q", "page", "after", "most", "kind", "entry", "rev", "language"}
    for name in [n for n in folder.list_templates() if n.endswith(".html")]:
        source, _, _ = folder.get_source(site.app.jinja_env, name)
        found |= set(re.findall(r'name="([a-z_0-9-]+)"', source))
    return found - {"csrf", "viewport", "color-scheme"}


@pytest.mark.timeout(300)
def test_no_address_fails(site: Site) -> None:
    failed = []
    names = sorted(fields(site))
    for rule in rules(site, "GET"):
        for text in HOSTILE:
            query = "&".join(f"{name}={_quoted(text)}" for name in names)
            answer = site.client.get(f"{filled(rule, text)}?{query[:16000]}", buffered=True)
            if answer.status_code >= 500:
                failed.append((rule, text[:20], answer.status_code))
            assert "Set-Cookie: a=b" not in str(answer.headers)
            assert stays_here(answer.headers.get("Location", ""))
    assert failed == []


@pytest.mark.timeout(300)
def test_no_form_fails(new_site: Site) -> None:
    failed = []
    names = sorted(fields(new_site) - {"pin", "password"})
    for rule in rules(new_site, "POST"):
        if "sign" in rule:  # these end the session
            continue
        for text in HOSTILE:
            body = "&".join(f"{name}={_quoted(text)}" for name in names)
            answer = new_site.client.post(
                filled(rule, text),
                data=f"csrf={new_site.csrf}&{body}"[:60_000],
                content_type="application/x-www-form-urlencoded",
                headers=ORIGIN,
                buffered=True,
            )
            if answer.status_code >= 500:
                failed.append((rule, text[:20], answer.status_code))
            assert stays_here(answer.headers.get("Location", ""))
    assert failed == []


@pytest.mark.parametrize("text", [None, *TEXTS, *NUMBERS[1:]])
def test_what_is_no_whole_number_of_ours_is_none(text: str | None) -> None:
    assert whole_number(text) is None


@pytest.mark.parametrize("number", [0, 7, MAX_COUNT])
def test_whole_numbers_are_read(number: int) -> None:
    assert whole_number(str(number)) == number
