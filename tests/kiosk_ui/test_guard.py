"""What no page may forget: forged writes are refused, headers are strict, staff pages are shut."""

from __future__ import annotations

import pytest
from flask import Flask
from flask.testing import FlaskClient
from kiosk_desk import ORIGIN, Desk

STAFF_PAGES = ("/patients", "/patients/found", "/patients/new", "/tray", "/tray/1", "/visits/x")


@pytest.mark.parametrize("path", STAFF_PAGES)
def test_staff_pages_are_shut(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    assert answer.status_code == 303
    assert answer.headers["Location"].startswith("/sign-in")


def test_every_page_of_patients_and_readings_is_for_staff(app: Flask) -> None:
    shut = {"patients", "register", "correct", "visit", "history", "tray"}
    views = [r for r in app.url_map.iter_rules() if r.endpoint.split(".")[0] in shut]
    client = app.test_client()
    assert len(views) > 10
    for rule in views:
        path = rule.rule.replace("<int:entry>", "1").replace("<patient_id>", "x")
        path = path.replace("<visit_id>", "x")
        method = "POST" if "POST" in (rule.methods or ()) else "GET"
        answer = client.open(path, method=method, headers=ORIGIN)
        assert answer.headers["Location"].startswith("/sign-in"), rule


def test_a_live_part_sends_the_whole_page_to_sign_in(client: FlaskClient) -> None:
    answer = client.get("/patients/found", headers={"HX-Request": "true"})
    assert answer.headers["HX-Redirect"] == "/sign-in"


@pytest.mark.parametrize(
    "headers",
    [{}, {"Origin": "https://example.org"}, {"Origin": "null"}, {"Sec-Fetch-Site": "cross-site"}],
)
def test_a_write_from_elsewhere_is_refused(client: FlaskClient, headers: dict[str, str]) -> None:
    answer = client.post("/language", data={"code": "ur"}, headers=headers)
    assert answer.status_code == 403
    assert "Set-Cookie" not in answer.headers


def test_a_write_without_the_sessions_word_is_refused(desk: Desk) -> None:
    for word in ("", "guess"):
        form = {"csrf": word, "name": "Nobody"}
        answer = desk.client.post("/patients/new", data=form, headers=ORIGIN)
        assert answer.status_code == 403


def test_another_host_name_is_refused(client: FlaskClient) -> None:
    assert client.get("/", base_url="http://example.org").status_code == 400


@pytest.mark.parametrize("path", ["/", "/sign-in", "/measure", "/status", "/nowhere"])
def test_headers_are_strict(client: FlaskClient, path: str) -> None:
    answer = client.get(path)
    policy = answer.headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "unsafe" not in policy
    assert answer.headers["Cache-Control"] == "no-store"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert " style=" not in answer.text
    assert " onclick=" not in answer.text
    assert "<script>" not in answer.text


def test_too_much_text_is_refused_in_words(desk: Desk) -> None:
    answer = desk.post("/patients/new", name="x" * 100_000)
    assert answer.status_code == 413
