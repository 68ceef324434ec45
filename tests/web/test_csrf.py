"""Forged writes are refused with 403 at the kiosk and at the desk, whatever is sent."""

from __future__ import annotations

import pytest
from web_sites import ORIGIN, Site

NON_ASCII = ("ü", "\N{ARABIC LETTER ALEF}", "x" * 42 + "é", "\x00", "\N{GRINNING FACE}")


@pytest.mark.parametrize("token", ["", "guessed", *NON_ASCII])
def test_a_wrong_token_is_refused(site: Site, token: str) -> None:
    answer = site.client.post("/sign-out", data={"csrf": token}, headers=ORIGIN)
    assert answer.status_code == 403
    assert site.signed_in()


def test_a_token_that_is_no_text_is_refused(site: Site) -> None:
    answer = site.client.post(
        "/sign-out", data=b"csrf=%ff%ed%a0%80", headers=ORIGIN,
        content_type="application/x-www-form-urlencoded",
    )  # fmt: skip
    assert answer.status_code == 403
    assert site.signed_in()


def test_a_write_without_a_token_is_refused(site: Site) -> None:
    assert site.client.post("/sign-out", headers=ORIGIN).status_code == 403
    assert site.signed_in()


@pytest.mark.parametrize(
    "headers",
    [
        {},
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost.evil.example"},
        {"Origin": "http://localhost@evil.example"},
        {"Origin": "http://localhost:81"},
        {"Origin": "http://[evil"},
        {"Origin": "localhost"},
        {"Origin": ""},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Origin": "https://evil.example", "Sec-Fetch-Site": "same-origin"},
    ],
)
def test_a_write_from_elsewhere_is_refused(site: Site, headers: dict[str, str]) -> None:
    answer = site.client.post("/sign-out", data={"csrf": site.csrf}, headers=headers)
    assert answer.status_code == 403
    assert site.signed_in()


@pytest.mark.parametrize("method", ["PUT", "PATCH", "DELETE"])
def test_no_other_method_writes_either(site: Site, method: str) -> None:
    assert site.client.open("/sign-out", method=method).status_code == 403
    assert site.signed_in()


@pytest.mark.parametrize("headers", [ORIGIN, {"Sec-Fetch-Site": "same-origin"}])
def test_a_write_from_our_own_page_is_taken(new_site: Site, headers: dict[str, str]) -> None:
    answer = new_site.client.post("/sign-out", data={"csrf": new_site.csrf}, headers=headers)
    assert answer.status_code == 303
    assert not new_site.signed_in()
