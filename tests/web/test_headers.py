"""Every answer carries the strict headers, also failures, redirects, polls and files."""

from __future__ import annotations

import re

import pytest
from web_sites import Site

EVERY_ANSWER = ("/", "/sign-in", "/nowhere", "/broken", "/web/htmx.min.js", "/web/nowhere.js")
SHARED_FILES = ("htmx.min.js", "polling.js", "base.css")


def policy(csp: str) -> dict[str, str]:
    """Split a content security policy into its directives."""
    return dict(part.strip().split(" ", 1) for part in csp.split(";"))


@pytest.mark.parametrize("path", EVERY_ANSWER)
def test_every_answer_has_the_strict_headers(site: Site, path: str) -> None:
    headers = site.get(path).headers
    rules = policy(headers["Content-Security-Policy"])
    fonts = {"font-src": "'self'"} if site.fonts else {}
    own = ("script-src", "style-src", "img-src", "connect-src", "media-src", "form-action")
    shut = ("default-src", "base-uri", "frame-ancestors")
    assert rules == dict.fromkeys(own, "'self'") | dict.fromkeys(shut, "'none'") | fonts
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert headers["Cross-Origin-Opener-Policy"] == "same-origin"
    assert headers["Permissions-Policy"] == "camera=(), microphone=(), geolocation=()"


def test_polls_and_redirects_have_them_too(site: Site) -> None:
    stranger = site.app.test_client()
    for answer in (site.client.get(site.live), stranger.get(site.staff_page)):
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"


def test_pages_are_not_kept_by_the_browser(site: Site) -> None:
    for path in ("/sign-in", site.staff_page, "/nowhere", "/broken"):
        assert site.client.get(path).headers["Cache-Control"] == "no-store"


@pytest.mark.parametrize("name", SHARED_FILES)
def test_shared_files_are_kept_by_the_browser(site: Site, name: str) -> None:
    first = site.get(f"/web/{name}")
    kept_s = site.app.config["SEND_FILE_MAX_AGE_DEFAULT"]
    cached = "no-cache" if kept_s is None else f"public, max-age={kept_s.seconds}"
    assert (first.status_code, first.headers["Cache-Control"]) == (200, cached)
    again = site.get(f"/web/{name}", {"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")


def test_a_page_loads_only_files_that_are_there(site: Site) -> None:
    page = site.client.get(site.staff_page).text
    files = re.findall(r'(?:src|href)="([^"]+\.(?:js|css|svg))"', page)
    assert {f"/web/{name}" for name in SHARED_FILES} <= set(files)
    assert [site.get(file).status_code for file in files] == [200] * len(files)
