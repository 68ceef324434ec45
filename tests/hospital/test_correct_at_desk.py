"""A clinician corrects who a patient is; only what was changed on the page is an edit."""

from __future__ import annotations

from archives import open_at
from desk_scene import DOCTOR, ORIGIN, THAR, ZAHRA, Doctor, keep, pressure
from werkzeug.test import TestResponse

from hospital.patients import edit_history
from hospital.views import chart

PATH = f"/patients/{ZAHRA}/correct"
SHOWN = {"name": "زہرا بلوچ", "sex": "unknown", "birth": "1980", "village": "Chak 12"} | {
    "phone": "",
    "card": "1042",
}


def correct(doctor: Doctor, **typed: str) -> TestResponse:
    form = SHOWN | typed | {f"was-{name}": text for name, text in SHOWN.items()}
    return doctor.client.post(PATH, data=form | {"csrf": doctor.csrf()}, headers=ORIGIN)


def test_a_name_is_corrected_from_the_desk_by_its_author(
    doctor: Doctor, archive_address: str
) -> None:
    assert f'href="{PATH}"' in doctor.client.get(f"/patients/{ZAHRA}").text
    page = doctor.client.get(PATH).text
    assert all(f'value="{text}"' in page for text in SHOWN.values() if text)
    assert correct(doctor, name="زہرا بی بی").status_code == 303
    archive = open_at(archive_address)
    line = chart.patient(archive, ZAHRA)
    assert line is not None
    assert (line.patient.name, line.patient.village) == ("زہرا بی بی", "Chak 12")
    *_, last = edit_history.history(archive, ZAHRA)
    assert (last.edit.field, last.actor, last.edit.clinician) == ("name", DOCTOR, True)
    archive.close()


def test_what_is_left_as_it_was_is_no_edit(doctor: Doctor, archive_address: str) -> None:
    archive = open_at(archive_address)
    before = len(edit_history.history(archive, ZAHRA))
    assert correct(doctor).status_code == 303
    assert len(edit_history.history(archive, ZAHRA)) == before
    archive.close()


def test_what_cannot_be_comes_back_with_a_sentence_and_stays_typed(doctor: Doctor) -> None:
    answer = correct(doctor, name=" ", birth="2999")
    assert answer.status_code == 422
    assert "this is needed" in answer.text
    assert "lies in the future" in answer.text
    assert 'value="2999"' in answer.text


def test_readings_of_nobody_have_a_page(doctor: Doctor, archive_address: str) -> None:
    assert "Each reading has a patient" in doctor.client.get("/unassigned").text
    archive = open_at(archive_address)
    keep(archive, THAR, pressure(None, "133", "77"))
    archive.close()
    text = doctor.client.get("/unassigned").text
    assert "133" in text
    assert 'href="/unassigned"' in doctor.client.get("/").text
