"""The technician's page of who works here: a new PIN, somebody new, somebody who has left."""

from __future__ import annotations

import re

import pytest
from flask.testing import FlaskClient
from kiosk_desk import ORIGIN, PIN, Desk

from edge.model.clock import Clock
from edge.settings.box_settings import Settings
from edge.staff import staff
from edge.staff.staff import Role, Staff
from edge.store.store import Store

NEW_PIN, OTHER_PIN = "482913", "590273"


@pytest.fixture
def bilal(store: Store, clock: Clock, settings: Settings, desk: Desk) -> Staff:
    """A technician who is signed in."""
    pepper = staff.load_pepper(settings.keys)
    bilal = staff.add(store, clock.now(), "Bilal", "technician", OTHER_PIN, pepper)
    desk.let_in(store, clock, bilal)
    return bilal


def type_twice(desk: Desk, path: str, first: str, second: str, **more: str) -> tuple[int, str]:
    page = desk.post(path, pin=first, **more)
    [sealed] = re.findall(r'name="first" value="([^"]+)"', page.text)
    assert first not in page.text
    answer = desk.post(path, pin=second, first=sealed, **more)
    return answer.status_code, answer.text


def may_sign_in(client: FlaskClient, person: Staff, pin: str) -> bool:
    answer = client.post(f"/sign-in/{person.id}", data={"pin": pin}, headers=ORIGIN)
    return answer.status_code == 303


def test_a_technician_gives_a_new_pin_on_the_spot(
    desk: Desk, client: FlaskClient, sana: Staff, bilal: Staff
) -> None:
    assert f'href="/staff/{sana.id}"' in desk.get("/staff")
    assert type_twice(desk, f"/staff/{sana.id}/pin", NEW_PIN, NEW_PIN)[0] == 303
    assert not may_sign_in(client, sana, PIN)
    assert may_sign_in(client, sana, NEW_PIN)


def test_two_pins_that_differ_change_nothing(
    desk: Desk, client: FlaskClient, sana: Staff, bilal: Staff
) -> None:
    status, text = type_twice(desk, f"/staff/{sana.id}/pin", NEW_PIN, OTHER_PIN)
    assert (status, "The two PINs differ" in text) == (422, True)
    assert may_sign_in(client, sana, PIN)


@pytest.mark.parametrize(
    ("pin", "words"), [("12", "six digits"), ("", "six digits"), ("123456", "too easy to guess")]
)
def test_a_pin_that_cannot_be_is_refused_in_words(
    desk: Desk, sana: Staff, bilal: Staff, pin: str, words: str
) -> None:
    answer = desk.post(f"/staff/{sana.id}/pin", pin=pin)
    assert (answer.status_code, words in answer.text) == (422, True)


def test_somebody_who_left_cannot_sign_in_and_leaves_the_list(
    desk: Desk, client: FlaskClient, store: Store, sana: Staff, bilal: Staff
) -> None:
    asked = desk.post(f"/staff/{sana.id}/leave")
    assert "not work here any more?" in asked.text
    assert sana in staff.members(store)
    assert desk.post(f"/staff/{sana.id}/leave", sure="yes").status_code == 303
    assert staff.members(store) == [bilal]
    assert "Sana Malik" not in desk.get("/sign-in")
    assert client.post(f"/sign-in/{sana.id}", data={"pin": PIN}, headers=ORIGIN).status_code == 404


def test_nobody_takes_themselves_off_the_list(desk: Desk, bilal: Staff) -> None:
    assert "Does not work here any more" not in desk.get(f"/staff/{bilal.id}")
    assert desk.post(f"/staff/{bilal.id}/leave", sure="yes").status_code == 400


def test_somebody_new_is_added_with_a_pin_of_their_own(
    desk: Desk, client: FlaskClient, store: Store, bilal: Staff
) -> None:
    assert "Somebody new" in desk.get("/staff/new")
    empty = desk.post("/staff/new", name=" ", role="worker")
    assert (empty.status_code, "Please enter a name" in empty.text) == (422, True)
    status, _ = type_twice(desk, "/staff/new", NEW_PIN, NEW_PIN, name="Zara  Noor", role="worker")
    assert status == 303
    [zara] = [person for person in staff.members(store) if person.name == "Zara Noor"]
    assert zara.role is Role.WORKER
    assert may_sign_in(client, zara, NEW_PIN)


@pytest.mark.parametrize("path", ["", "/new", "/{sana}", "/{sana}/pin"])
def test_only_a_technician_sees_these_pages(desk: Desk, sana: Staff, path: str) -> None:
    answer = desk.client.get("/staff" + path.format(sana=sana.id))
    assert answer.status_code == 403
    assert desk.post(f"/staff/{sana.id}/leave", sure="yes").status_code == 403
    assert desk.post(f"/staff/{sana.id}/pin", pin=NEW_PIN).status_code == 403


def test_the_pad_says_whom_to_ask_for_a_new_pin(
    client: FlaskClient, sana: Staff, store: Store, clock: Clock, settings: Settings
) -> None:
    assert "Ask whoever looks after this box" in client.get(f"/sign-in/{sana.id}").text
    pepper = staff.load_pepper(settings.keys)
    staff.add(store, clock.now(), "Bilal", "technician", OTHER_PIN, pepper)
    text = client.get(f"/sign-in/{sana.id}").text
    assert "You get a new one from: <bdi>Bilal</bdi>" in text
