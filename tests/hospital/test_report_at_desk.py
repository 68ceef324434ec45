"""A clinic's report at the desk: its numbers, what its box stated, its register and its files."""

from __future__ import annotations

import desk_scene
import pytest
from archives import open_at
from desk_scene import HUNZA, THAR, Doctor
from flask import Flask

from edge.reports.core import dhis2, indicators
from hospital.reports import month as counted

MONTH = "2026-11"
SITA = "01890000-0000-7000-8000-0000000000aa"


@pytest.fixture
def stated(archive_address: str, doctor: Doctor) -> None:
    """A visit of Thar, and what its box stated of the month."""
    archive = open_at(archive_address)
    visit = {"visit": SITA, "patient": SITA, "mode": "worker", "station": "main"}
    opened = visit | {"day": "2026-11-03", "reason": "pregnancy"}
    desk_scene.keep(archive, THAR, {"kind": "visit-opened", "body": opened})
    report = counted.of_box(archive, THAR.id, MONTH)
    body = {"month": MONTH, "sha256": indicators.sha256(report)}
    body["report"] = indicators.canonical(report).decode()
    desk_scene.keep(archive, THAR, {"kind": "month", "body": body})
    archive.close()


def get(doctor: Doctor, path: str, **query: str) -> tuple[int, str]:
    asked = {"clinic": THAR.clinic, "month": MONTH} | query
    answer = doctor.client.get(f"/clinics/report{path}", query_string=asked)
    return answer.status_code, answer.text


@pytest.mark.usefixtures("stated")
def test_the_desk_says_whether_the_box_stated_the_same(
    doctor: Doctor, archive_address: str
) -> None:
    assert "stated the same numbers" in get(doctor, "")[1]
    archive = open_at(archive_address)
    late = {"visit": THAR.id, "patient": SITA, "mode": "worker", "station": "main"}
    late["day"] = "2026-11-04"
    desk_scene.keep(archive, THAR, {"kind": "visit-opened", "body": late})
    archive.close()
    assert "Visits: All visits: stated 1, counted here 2" in get(doctor, "")[1]
    assert "No box has closed this month." in get(doctor, "", month="2026-10")[1]
    assert "No box has closed this month." in get(doctor, "", clinic=HUNZA.clinic)[1]


@pytest.mark.usefixtures("stated")
def test_the_register_and_the_files_of_a_clinic(doctor: Doctor, app: Flask) -> None:
    assert "Pregnancy" in get(doctor, "/register", day="2026-11-03")[1]
    assert "Nobody was seen on this day." in get(doctor, "/register", day="2026-11-05")[1]
    assert "visits.all,Visits,All visits,,1" in get(doctor, "/file/csv")[1]
    status, text = get(doctor, "/file/dhis2")
    assert status == 422
    assert "dhis2.toml" in text
    file = app.extensions["healthpost"].settings.home / dhis2.FILE
    file.parent.mkdir(exist_ok=True)
    file.write_text(f'data_set = "d"\norg_unit = {{ "{THAR.clinic}" = "u" }}\nleft_out = ["*"]')
    assert '"orgUnit": "u"' in get(doctor, "/file/dhis2")[1]
    assert get(doctor, "/file/pdf")[0] == 404
    assert get(doctor, "", clinic="Nowhere")[0] == 404
