"""The report of a month and the register of a day at the kiosk."""

from __future__ import annotations

import csv
from datetime import date

import pytest
from kiosk_desk import Desk

from edge.model.clock import Clock
from edge.model.patient import Patient
from edge.patients import register
from edge.patients.form import PatientForm
from edge.reports import box_facts, closing
from edge.reports.core import dhis2, months
from edge.settings.box_settings import Settings
from edge.store.store import Store
from edge.visits import visits


@pytest.fixture
def sita(store: Store, clock: Clock) -> Patient:
    return register.register(store, clock.now(), PatientForm("Sita"), None)


@pytest.fixture
def last_month(store: Store, clock: Clock) -> str:
    return months.before(box_facts.today(store, clock.now())[:7], 1)


def paper(store: Store, clock: Clock, who: str, day: str) -> None:
    visits.open_paper(store, clock.now(), who, date.fromisoformat(day), None, actor=None)


def numbers(desk: Desk, month: str) -> dict[str, str]:
    """Return the numbers of the file that the page gives."""
    rows = csv.reader(desk.get(f"/report/{month}/csv").splitlines())
    return {row[1]: row[-1] for row in rows if row}


def test_a_month_is_closed_and_stated_again_with_the_reason(
    desk: Desk, store: Store, clock: Clock, sita: Patient, last_month: str
) -> None:
    paper(store, clock, sita.id, f"{last_month}-03")
    assert "Close the month" in desk.get("/report", month=last_month)
    assert desk.post("/report/close", month=last_month).status_code == 303
    assert "The numbers are as they were stated." in desk.get("/report", month=last_month)
    paper(store, clock, sita.id, f"{last_month}-04")
    page = desk.get("/report", month=last_month)
    assert "Something came after the month was closed." in page
    assert numbers(desk, last_month)["visits.all"] == "1", "the closed numbers stay"
    assert desk.post("/report/restate", month=last_month, why=" ").status_code == 422
    answer = desk.post("/report/restate", month=last_month, why="a visit from paper")
    assert answer.status_code == 303
    assert [one.why for one in closing.statements(store, last_month)] == ["", "a visit from paper"]
    assert "a visit from paper" in desk.get("/report", month=last_month)
    assert numbers(desk, last_month)["visits.all"] == "2"


def test_the_running_month_cannot_be_closed(desk: Desk, store: Store, clock: Clock) -> None:
    month = box_facts.today(store, clock.now())[:7]
    assert "Close the month" not in desk.get("/report")
    answer = desk.post("/report/close", month=month)
    assert answer.status_code == 422
    assert "The month is not over yet." in answer.text


def test_files_are_given_and_a_missing_mapping_is_said(
    desk: Desk, settings: Settings, last_month: str
) -> None:
    answer = desk.client.get(f"/report/{last_month}/csv")
    assert (
        answer.headers["Content-Disposition"] == f'attachment; filename="report-{last_month}.csv"'
    )
    assert "hearts360.controlled" in answer.text
    answer = desk.client.get(f"/report/{last_month}/dhis2")
    assert answer.status_code == 422
    assert dhis2.FILE in answer.text
    (settings.home / dhis2.FILE).write_text('data_set = "d"\norg_unit = "u"\nleft_out = ["*"]')
    answer = desk.client.get(f"/report/{last_month}/dhis2")
    assert answer.get_json()["dataValues"] == []
    assert desk.client.get(f"/report/{last_month}/pdf").status_code == 303


def test_the_register_of_a_day_has_a_row_a_visit(
    desk: Desk, store: Store, clock: Clock, sita: Patient
) -> None:
    today = box_facts.today(store, clock.now())
    assert "Nobody was seen on this day." in desk.get(
        "/day-register", day=months.plus_days(today, -40)
    )
    paper(store, clock, sita.id, months.plus_days(today, -2))
    page = desk.get("/day-register", day=months.plus_days(today, -2))
    assert sita.name in page
    assert "from paper" in page
    assert sita.name not in desk.get("/day-register", day="tomorrow")
