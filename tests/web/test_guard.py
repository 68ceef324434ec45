"""Signing in leads back to where somebody was going, and never to another host."""

from __future__ import annotations

import re
from pathlib import Path
from urllib.parse import parse_qs, urljoin, urlsplit

import pytest
import web_sites
from hypothesis import given
from hypothesis import strategies as st
from web_sites import ORIGIN, Site
from werkzeug.test import TestResponse

from hospital.desk import guard as desk
from kiosk_ui import context as kiosk
from web.guard import inside

ELSEWHERE = (
    "//evil.example", "///evil.example", "https://evil.example", "evil.example", "javascript:x",
    "/\\evil.example", "\\\\evil.example", "/a\\b", "/\t/evil.example", "\t//evil.example",
    "/\r\n/evil.example", "/\n/evil.example", "/\r/evil.example", "/a\r\nSet-Cookie: x=1",
    "/\x00/evil.example", "/\x1f/evil.example", "/\x7f/evil.example", "/\u2028/evil.example",
    "/\u200b/evil.example", " /a", "",
)  # fmt: skip
OURS = ("/", "/patients", "/patients/0190?q=a%20b&n=1", "/patients/%D8%B2", "/زہرا", "/a//b")


@pytest.mark.parametrize("path", ELSEWHERE)
def test_a_path_that_can_lead_elsewhere_is_not_inside(path: str) -> None:
    assert inside(path) is None


@pytest.mark.parametrize("path", OURS)
def test_a_path_of_our_own_stays_as_it_is(path: str) -> None:
    assert inside(path) == path


@given(st.text(alphabet="/\\:@.?#ab\t\r\n\x00 \u2028\x7f", max_size=12))
def test_no_path_inside_leaves_the_host(path: str) -> None:
    """As a browser reads it: without tabs and line breaks, a backslash being a slash."""
    if inside(path) is None:
        return
    read = path.translate({9: None, 10: None, 13: None}).replace("\\", "/").strip("\x00 ")
    assert urlsplit(urljoin("http://box.local/sign-in", read)).netloc == "box.local"


def test_signing_in_leads_to_what_was_asked_for(site: Site) -> None:
    wanted = f"{site.staff_page}?q=%D8%B2"
    sent = site.app.test_client().get(wanted)
    assert sent.status_code == 303
    back = parse_qs(urlsplit(sent.location).query)["next"][0]
    assert signed_in_from(site, back).location == wanted


@pytest.mark.parametrize(
    "path", ["//x", "/\t/evil", "/\\evil", "/\r\n/evil", "/\x00/evil", "\\\\evil"]
)
def test_signing_in_never_leads_elsewhere(site: Site, path: str) -> None:
    assert signed_in_from(site, path).location == signed_in_from(site, "").location


@pytest.mark.parametrize("path", ELSEWHERE)
def test_the_sign_in_page_carries_no_such_path(site: Site, path: str) -> None:
    page = site.app.test_client().get(site.sign_in[0], query_string={"next": path})
    assert page.status_code == 200
    kept = re.findall(r'name="next" value="([^"]*)"', page.text)
    assert kept in ([], ["/"])


def test_choosing_a_language_never_leads_elsewhere(tmp_path: Path) -> None:
    client = web_sites.kiosk(tmp_path).app.test_client()
    for path in ELSEWHERE:
        answer = client.post("/language", data={"code": "ur", "next": path}, headers=ORIGIN)
        assert (answer.status_code, answer.location) == (303, "/"), path


def test_a_live_part_sends_the_whole_page_to_sign_in(site: Site) -> None:
    answer = site.app.test_client().get(site.staff_live, headers={"HX-Request": "true"})
    assert (answer.status_code, answer.data) == (200, b"")
    assert answer.headers["HX-Redirect"] == "/sign-in"


def signed_in_from(site: Site, path: str) -> TestResponse:
    """Let somebody sign in on a page that was asked to lead back to `path`."""
    address, form = site.sign_in
    return site.app.test_client().post(address, data={**form, "next": path}, headers=ORIGIN)


def test_signing_in_ends_the_session_of_who_was_here_before(new_site: Site) -> None:
    name = kiosk.COOKIE if new_site.app.name == "kiosk_ui" else desk.COOKIE
    before = new_site.client.get_cookie(name)
    assert before is not None
    path, form = new_site.sign_in
    data = form | {"csrf": new_site.csrf}
    assert new_site.client.post(path, data=data, headers=ORIGIN).status_code == 303
    assert new_site.signed_in()
    other = new_site.app.test_client()
    other.set_cookie(name, before.value)
    assert other.get(new_site.staff_page).status_code == 303
