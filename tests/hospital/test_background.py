"""Allergies, conditions and medicines at the desk: a clinician's word counts, and is bounded."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from archives import open_at
from desk_scene import ORIGIN, RAM, THAR, ZAHRA, Doctor
from flask import Flask
from werkzeug.test import TestResponse

from hospital.archive import Archive
from hospital.feed import feed
from hospital.patients import summary


@pytest.fixture
def archive(app: Flask, archive_address: str) -> Iterator[Archive]:
    opened = open_at(archive_address)
    yield opened
    opened.close()


def post(doctor: Doctor, patient: str, **form: str) -> TestResponse:
    data = {"csrf": doctor.csrf(), **form}
    return doctor.client.post(f"/patients/{patient}/summary", data=data, headers=ORIGIN)


def test_an_allergy_stands_at_the_top_of_the_record_and_goes_to_the_clinic(
    doctor: Doctor, archive: Archive
) -> None:
    assert post(doctor, ZAHRA, do="add", name="allergies", text=" Penicillin ").status_code == 303
    page = doctor.client.get(f"/patients/{ZAHRA}").text
    assert page.index("Penicillin") < page.index('id="readings-title"')
    item = feed.get(archive, THAR.clinic, "patient", ZAHRA)
    assert item is not None
    assert item.body["allergies"] == ["Penicillin"]


def test_striking_out_is_a_clinicians_and_is_kept_in_the_history(
    doctor: Doctor, archive: Archive
) -> None:
    post(doctor, ZAHRA, do="add", name="conditions", text="Asthma")
    assert post(doctor, ZAHRA, do="strike", name="conditions", text="Asthma").status_code == 303
    assert summary.of(archive, [ZAHRA]) == summary.PatientSummary()
    again = post(doctor, ZAHRA, do="strike", name="conditions", text="Asthma")
    assert (again.status_code, "not in the list any more" in again.text) == (422, True)


def test_medicines_hold_as_prescribed_and_are_not_mixed_for_linked_records(
    doctor: Doctor, archive: Archive
) -> None:
    post(doctor, ZAHRA, do="prescribe", name="medicines", text="Metformin 500 mg")
    post(doctor, RAM, do="prescribe", name="medicines", text="Metformin 850 mg")
    known = summary.of(archive, [ZAHRA, RAM])
    assert known.medicines == ("Metformin 500 mg", "Metformin 850 mg")


@pytest.mark.parametrize("text", ["", "   ", "x" * 201])
def test_what_will_not_do_comes_back_with_a_sentence(
    doctor: Doctor, archive: Archive, text: str
) -> None:
    answer = post(doctor, ZAHRA, do="add", name="allergies", text=text)
    assert answer.status_code == 422
    assert 'role="alert"' in answer.text
    assert post(doctor, ZAHRA, do="add", name="sex", text="male").status_code == 422
    assert post(doctor, ZAHRA, do="erase", name="allergies", text="x").status_code == 400
    assert post(doctor, "nobody", do="add", name="allergies", text="x").status_code == 404
    assert summary.of(archive, [ZAHRA]).empty
