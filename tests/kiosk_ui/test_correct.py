"""Correcting details: what changes is shown first, and only that is kept."""

from __future__ import annotations

import re

import pytest
from kiosk_desk import Desk
from werkzeug.test import TestResponse

from edge.model.clock import Clock
from edge.model.patient import Patient
from edge.patients import register
from edge.patients.birth import today_of
from edge.patients.form import PatientForm
from edge.staff.staff import Staff
from edge.store import journal
from edge.store.store import Store

ON_FILE = PatientForm("Amina Bibi", "female", "1991", village="Chak 14", card="77")
TYPED = {"name": "Amina Bibi", "sex": "female", "birth": "1991", "village": "Chak 14", "card": "77"}


@pytest.fixture
def amina(store: Store, clock: Clock) -> Patient:
    return register.register(store, clock.now(), ON_FILE, None)


def send(desk: Desk, patient: Patient, **changes: str) -> TestResponse:
    return desk.post(f"/patients/{patient.id}/correct", **{**TYPED, **changes})


def sure(answer: TestResponse) -> str:
    found = re.search(r'name="sure" value="(\w+)"', answer.text)
    assert found is not None
    return found[1]


def test_the_form_holds_what_is_on_file_and_the_look_is_recorded(
    desk: Desk, amina: Patient, store: Store
) -> None:
    assert f"/patients/{amina.id}/correct" in desk.get(f"/patients/{amina.id}/history")
    page = desk.get(f"/patients/{amina.id}/correct")
    for text in ("Amina Bibi", "1991", "Chak 14", "77"):
        assert f'value="{text}"' in page
    looks = [e.body["what"] for _, e in journal.since(store, 0) if e.kind == "view"]
    assert looks == ["history", "correct"]


def test_changes_are_shown_then_kept(desk: Desk, amina: Patient, store: Store, sana: Staff) -> None:
    asked = send(desk, amina, name="Ameena Bibi", card="")
    assert "This will change:" in asked.text
    assert "Ameena Bibi" in asked.text
    assert "<bdi>Chak 14</bdi></del>" not in asked.text
    assert register.get(store, amina.id) == amina
    kept = send(desk, amina, name="Ameena Bibi", card="", sure=sure(asked))
    assert kept.headers["Location"] == f"/patients/{amina.id}/history"
    now_is = register.get(store, amina.id)
    assert (now_is.name, now_is.card, now_is.village) == ("Ameena Bibi", None, "Chak 14")
    last = [e for _, e in journal.since(store, 0) if e.kind == "patient"][-1]
    assert last.actor == sana.id
    assert last.body["set"] == {"name": "Ameena Bibi", "card": None}


def test_yes_confirms_only_what_was_shown(desk: Desk, amina: Patient, store: Store) -> None:
    word = sure(send(desk, amina, name="Ameena Bibi"))
    asked = send(desk, amina, name="Somebody Else", sure=word)
    assert "This will change:" in asked.text
    assert register.get(store, amina.id) == amina


def test_somebody_elses_correction_meanwhile_is_compared_anew(
    desk: Desk, amina: Patient, store: Store, clock: Clock
) -> None:
    word = sure(send(desk, amina, name="Ameena Bibi"))
    register.correct(store, clock.now(), amina.id, {"village": "Kot Ali"}, None)
    asked = send(desk, amina, name="Ameena Bibi", sure=word)
    assert "<bdi>Kot Ali</bdi></del>" in asked.text
    assert register.get(store, amina.id).name == "Amina Bibi"


def test_an_age_counts_when_the_birth_was_left_alone(
    desk: Desk, amina: Patient, store: Store, clock: Clock
) -> None:
    asked = send(desk, amina, age="۴۰")
    send(desk, amina, age="۴۰", sure=sure(asked))
    now_is = register.get(store, amina.id)
    assert (now_is.birth, now_is.age) == (None, f"40 a {today_of(clock.now())}")
    assert 'about <bdi dir="ltr" class="number">40</bdi> years, said on' in asked.text


def test_a_wrong_field_is_named_and_nothing_changed_is_no_revision(
    desk: Desk, amina: Patient, store: Store, clock: Clock
) -> None:
    register.register(store, clock.now(), PatientForm("Bilal Shah", card="88"), None)
    wrong = send(desk, amina, name=" ", birth="2999")
    assert wrong.status_code == 422
    assert "Enter the name." in wrong.text
    assert "This date has not come yet." in wrong.text
    asked = send(desk, amina, card="88")
    assert "Another patient has this card" in send(desk, amina, card="88", sure=sure(asked)).text
    assert send(desk, amina).status_code == 303
    assert register.get(store, amina.id) == amina


def test_a_correction_left_half_is_a_draft(desk: Desk, amina: Patient, sana: Staff) -> None:
    desk.post(f"/patients/{amina.id}/correct/draft", **{**TYPED, "name": "Ameena"})
    desk.post("/sign-out")
    assert desk.sign_in(sana).headers["Location"] == f"/patients/{amina.id}/correct"
    assert 'value="Ameena"' in desk.get(f"/patients/{amina.id}/correct")
    send(desk, amina, cancel="again")
    assert 'value="Amina Bibi"' in desk.get(f"/patients/{amina.id}/correct")
    assert send(desk, amina, cancel="yes").headers["Location"].endswith("/history")


def test_nobody_unknown_is_corrected(desk: Desk) -> None:
    assert desk.client.get("/patients/nobody/correct").status_code == 404
    assert desk.post("/patients/nobody/correct", **TYPED).status_code == 404
