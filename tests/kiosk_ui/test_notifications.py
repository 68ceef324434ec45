"""The page of notifiable diseases: a case from a visit, and a week of which there was none."""

from __future__ import annotations

import re

import pytest
from kiosk_desk import Desk

from edge.model.clock import Clock
from edge.model.entry import Lane
from edge.notifications import notifications
from edge.patients import register
from edge.patients.form import PatientForm
from edge.staff.staff import Staff
from edge.store import outbox
from edge.store.store import Store
from edge.visits import notes, visits
from edge.visits.visits import Visit


def words(html: str) -> str:
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


@pytest.fixture
def visit(store: Store, clock: Clock, sana: Staff) -> Visit:
    child = register.register(store, clock.now(), PatientForm("Imran", "male", age="4"), sana.id)
    return visits.open_visit(store, clock.now(), child.id, actor=sana.id)


def test_a_visit_suggests_a_report_and_makes_none(
    desk: Desk, store: Store, clock: Clock, sana: Staff, visit: Visit
) -> None:
    assert "To report?" not in desk.get(f"/visits/{visit.id}")
    for complaint in ("fever", "rash"):
        notes.say(store, clock.now(), visit.id, "complaints", complaint, actor=sana.id)
    assert "To report? What was said fits: Measles" in words(desk.get(f"/visits/{visit.id}"))
    assert notifications.of_patient(store, [visit.patient_id]) == []


def test_a_case_is_reported_delivered_confirmed_and_counted(
    desk: Desk, store: Store, clock: Clock, visit: Visit
) -> None:
    sent = desk.post(f"/visits/{visit.id}/notification", disease="measles", onset="")
    assert sent.status_code == 303
    page = words(desk.get("/notifications"))
    assert "Measles : 1 , of these confirmed: 0" in page.replace("Measles:", "Measles :")
    assert "not yet delivered" in page
    outbox.mark_custody(store, Lane.ALERT, 1, 0, clock.now())
    assert "the hospital has it since" in words(desk.get("/notifications"))
    [case] = notifications.of_patient(store, [visit.patient_id])
    desk.post(f"/notifications/{case.id}", state="confirmed")
    assert notifications.get(store, case.id).state == "confirmed"
    desk.post(f"/notifications/{case.id}", state="mistake")
    assert notifications.of_patient(store, [visit.patient_id]) == []


def test_without_a_disease_it_is_asked_for(desk: Desk, store: Store, visit: Visit) -> None:
    for disease in ("", "of-no-list"):
        answer = desk.post(f"/visits/{visit.id}/notification", disease=disease, why="rash")
        assert (answer.status_code, "Choose the disease" in answer.text) == (422, True)
    assert 'value="rash"' in desk.get(f"/visits/{visit.id}/notification")
    assert notifications.of_patient(store, [visit.patient_id]) == []


def test_a_week_that_is_over_is_said_to_have_had_no_case(desk: Desk) -> None:
    page = desk.get("/notifications")
    offered = re.findall(r'name="week" value="([^"]+)"', page)
    assert len(offered) == 3  # the week that goes on is not offered
    desk.post("/notifications/none", week=offered[0])
    desk.post("/notifications/none", week="no week")
    page = desk.get("/notifications")
    assert "No case: reported" in page
    assert offered[0] not in re.findall(r'name="week" value="([^"]+)"', page)
