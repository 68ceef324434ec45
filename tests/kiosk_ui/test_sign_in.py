"""Signing in with a PIN: wrong ones count, five lock the name, measuring goes on."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient
from kiosk_desk import ORIGIN, PIN, Desk

from edge.settings.box_settings import Settings
from edge.staff.staff import Staff


def try_pin(client: FlaskClient, person: Staff, pin: str) -> tuple[int, str]:
    answer = client.post(f"/sign-in/{person.id}", data={"pin": pin}, headers=ORIGIN)
    return answer.status_code, answer.text


def test_the_right_pin_opens_the_patients(client: FlaskClient, sana: Staff) -> None:
    assert "Sana Malik" in client.get("/sign-in").text
    answer = client.post(f"/sign-in/{sana.id}", data={"pin": PIN}, headers=ORIGIN)
    assert (answer.status_code, answer.headers["Location"]) == (303, "/patients")
    cookie = answer.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert client.get("/patients").status_code == 200


def test_a_pin_can_be_typed_in_the_workers_own_digits(client: FlaskClient, sana: Staff) -> None:
    assert try_pin(client, sana, "۲۷۱۸۴۵")[0] == 303


def test_five_wrong_pins_lock_the_name_and_measuring_still_works(
    client: FlaskClient, sana: Staff
) -> None:
    for left in "4321":
        status, text = try_pin(client, sana, "000111")
        assert status == 422
        assert f'<bdi dir="ltr" class="number">{left}</bdi>' in text
    assert try_pin(client, sana, "000111")[0] == 423
    status, text = try_pin(client, sana, PIN)
    assert status == 423
    assert "Measuring still works" in text
    assert 'href="/measure"' in text
    assert client.get("/measure").status_code == 200


def test_the_page_that_was_asked_for_opens_after_signing_in(
    client: FlaskClient, sana: Staff
) -> None:
    sent = client.get("/tray")
    assert sent.headers["Location"] == "/sign-in?next=/tray"
    form = {"pin": PIN, "next": "/tray"}
    answer = client.post(f"/sign-in/{sana.id}", data=form, headers=ORIGIN)
    assert answer.headers["Location"] == "/tray"


@pytest.mark.parametrize(
    "elsewhere", ["https://example.org/", "//example.org", "/\\example.org", "javascript:1"]
)
def test_nobody_is_sent_to_another_site(client: FlaskClient, sana: Staff, elsewhere: str) -> None:
    form = {"pin": PIN, "next": elsewhere}
    answer = client.post(f"/sign-in/{sana.id}", data=form, headers=ORIGIN)
    assert answer.headers["Location"] == "/patients"


def test_locking_the_screen_ends_the_session(desk: Desk) -> None:
    assert desk.post("/sign-out").status_code == 303
    assert desk.client.get("/patients").status_code == 303


def test_an_unknown_person_gets_a_plain_page(client: FlaskClient) -> None:
    answer = client.get("/sign-in/nobody")
    assert answer.status_code == 404
    assert "There is no such page" in answer.text


@pytest.mark.parametrize("fault", ["empty", "missing"])
def test_without_its_secret_the_box_says_that_it_cannot_check_a_pin(
    client: FlaskClient, sana: Staff, settings: Settings, fault: str
) -> None:
    pepper: Path = settings.keys / "pepper"
    pepper.unlink()
    if fault == "empty":
        pepper.touch(mode=0o600)
    status, text = try_pin(client, sana, PIN)
    assert status == 503
    assert "cannot check PINs" in text
    assert "Call the technician" in text
