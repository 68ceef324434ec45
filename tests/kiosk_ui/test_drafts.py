"""Nothing typed is lost: a form left by a lock or a dead kiosk waits for its author alone."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask import Flask
from kiosk_desk import Desk, failing_disk

import kiosk_ui
from edge.model.clock import Clock
from edge.patients import register
from edge.patients.form import PatientForm
from edge.readings import history
from edge.settings.box_settings import Settings
from edge.staff import drafts, pins, staff
from edge.store.store import Store
from edge.visits import visits
from kiosk_ui.app import create_app

HALF = {"name": "Zubaida Khatoon", "sex": "female", "age": "۵۱", "village": "Chak 14"}
OTHER_PIN = "482915"

ROOM = Path(kiosk_ui.__file__).parent
DRAFT_OF = r"""data-draft="\{\{ url_for\('([\w.]+)'"""


@pytest.fixture
def bilal(settings: Settings, store: Store, clock: Clock, sana: staff.Staff) -> staff.Staff:
    pepper = pins.load_pepper(settings.keys)
    return staff.add(store, clock.now(), "Bilal Shah", "worker", OTHER_PIN, pepper)


@pytest.fixture
def visit(store: Store, clock: Clock, sana: staff.Staff) -> visits.Visit:
    patient = register.register(store, clock.now(), PatientForm("Amina Bibi"), None)
    return visits.open_visit(store, clock.now(), patient.id, actor=sana.id)


def expire(store: Store) -> None:
    """Let every session have been left alone for too long."""
    with store.transaction():
        store.execute("UPDATE session SET seen_t_ms = seen_t_ms - ?", (staff.IDLE_S * 2000,))


def shows(page: str, **fields: str) -> bool:
    return all(f'value="{text}"' in page for name, text in fields.items() if name != "sex")


def test_a_form_left_by_a_lock_is_there_after_signing_in(desk: Desk, sana: staff.Staff) -> None:
    assert desk.post("/patients/new/draft", **HALF).status_code == 204
    desk.post("/sign-out")
    assert desk.sign_in(sana).headers["Location"] == "/patients/new"
    page = desk.get("/patients/new")
    assert shows(page, **HALF)
    assert 'value="female" checked' in page
    assert "Everything you typed is here." in page


def test_nobody_else_is_shown_it(desk: Desk, sana: staff.Staff, bilal: staff.Staff) -> None:
    desk.post("/patients/new/draft", **HALF)
    desk.post("/sign-out")
    assert desk.sign_in(bilal, OTHER_PIN).headers["Location"] == "/patients"
    assert "Zubaida" not in desk.get("/patients/new")
    desk.post("/patients/new", name="Bilal's own", age="x")
    desk.post("/sign-out")
    desk.sign_in(sana)
    assert shows(desk.get("/patients/new"), **HALF)


def test_a_form_sent_too_late_is_there_after_signing_in(
    desk: Desk, store: Store, sana: staff.Staff
) -> None:
    expire(store)
    answer = desk.post("/patients/new", **HALF)
    assert answer.headers["Location"] == "/sign-in?next=/patients/new"
    assert register.count(store) == 0
    assert "Zubaida" not in desk.get("/patients/new")
    desk.sign_in(sana)
    assert shows(desk.get("/patients/new"), **HALF)


def test_what_is_sent_with_a_guessed_word_is_kept_for_nobody(
    desk: Desk, store: Store, clock: Clock, sana: staff.Staff
) -> None:
    expire(store)
    desk.csrf = "guess"
    desk.post("/patients/new", **HALF)
    assert drafts.newest(store, clock.now(), sana.id) is None


def test_a_kiosk_that_was_killed_still_has_it(
    desk: Desk, settings: Settings, sana: staff.Staff
) -> None:
    desk.post("/patients/new/draft", **HALF)
    again = Desk(create_app(settings).test_client())
    assert again.sign_in(sana).headers["Location"] == "/patients/new"
    assert shows(again.get("/patients/new"), **HALF)


def test_registering_or_giving_up_ends_a_draft(
    desk: Desk, store: Store, clock: Clock, sana: staff.Staff
) -> None:
    desk.post("/patients/new/draft", **HALF)
    assert desk.post("/patients/new", **HALF).status_code == 303
    assert drafts.newest(store, clock.now(), sana.id) is None
    desk.post("/patients/new/draft", **HALF)
    answer = desk.post("/patients/new", **HALF, cancel="again")
    assert answer.headers["Location"] == "/patients/new"
    assert "Zubaida" not in desk.get("/patients/new")
    assert desk.post("/patients/new", cancel="yes").headers["Location"] == "/patients"


def test_typed_values_come_back_and_a_recorded_one_does_not(
    desk: Desk, store: Store, visit: visits.Visit, sana: staff.Staff
) -> None:
    typed = {"weight.v0": "64,5", "temperature.v0": "36.8", "glucose.unit": "mg/dL"}
    desk.post(f"/visits/{visit.id}/draft", **typed)
    desk.post(f"/visits/{visit.id}/typed", kind="temperature", v0="36.8")
    desk.post("/sign-out")
    assert desk.sign_in(sana).headers["Location"] == f"/visits/{visit.id}"
    page = desk.get(f"/visits/{visit.id}")
    assert 'value="64,5"' in page
    assert "did not record it yet" in page
    assert 'value="36.8"' not in page
    desk.post(f"/visits/{visit.id}/typed", kind="weight", v0="64,5")
    assert "did not record it yet" not in desk.get(f"/visits/{visit.id}")
    assert len(history.of_visit(store, visit.id)) == 2


def test_a_value_sent_too_late_joins_what_was_typed_before(
    desk: Desk, store: Store, visit: visits.Visit, sana: staff.Staff
) -> None:
    desk.post(f"/visits/{visit.id}/draft", **{"weight.v0": "64,5"})
    expire(store)
    form = {"csrf": desk.csrf, "kind": "height", "v0": "171"}
    headers = {"Origin": "http://localhost", "HX-Request": "true"}
    answer = desk.client.post(f"/visits/{visit.id}/typed", data=form, headers=headers)
    assert answer.headers["HX-Redirect"] == f"/sign-in?next=/visits/{visit.id}"
    assert history.of_visit(store, visit.id) == []
    desk.sign_in(sana)
    assert shows(desk.get(f"/visits/{visit.id}"), weight="64,5", height="171")


def test_typed_values_follow_the_patient_to_a_new_session(
    desk: Desk, visit: visits.Visit, store: Store, clock: Clock
) -> None:
    desk.post(f"/visits/{visit.id}/draft", **{"weight.v0": "64,5"})
    visits.close_visit(store, clock.now(), why="idle")
    anew = desk.post(f"/patients/{visit.patient_id}/visit").headers["Location"]
    assert anew != f"/visits/{visit.id}"
    assert shows(desk.get(anew), weight="64,5")
    desk.post(f"{anew}/close")
    assert not shows(desk.get(anew), weight="64,5")


def test_a_failing_disk_stops_no_page(desk: Desk, store: Store, clock: Clock) -> None:
    with failing_disk():
        assert desk.post("/patients/new/draft", **HALF).status_code == 204
        assert desk.post("/patients/new", **{**HALF, "age": "x"}).status_code == 422


def test_every_form_that_keeps_drafts_says_where(app: Flask, desk: Desk) -> None:
    kept = {r.endpoint for r in app.url_map.iter_rules() if r.rule.endswith("/draft")}
    pages = [file.read_text(encoding="utf-8") for file in (ROOM / "pages").glob("*.html")]
    said = {name for page in pages for name in re.findall(DRAFT_OF, page)}
    assert kept == said
    assert 'data-draft="/patients/new/draft"' in desk.get("/patients/new")
