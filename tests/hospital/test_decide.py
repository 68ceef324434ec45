"""The review inbox at the desk: in plain words, decided once, nothing lost."""

from __future__ import annotations

import re

import desk_scene
import pytest
from archives import open_at
from desk_scene import DOCTOR, ORIGIN, THAR, ZAHRA, Doctor
from flask import Flask

from hospital.archive import Archive
from hospital.fleet import boxes
from hospital.fleet.boxes import Box
from hospital.patients import edit_history, reviews
from sync.keys.keys import BoxKeys

SECOND = Box("box-thar-2", THAR.clinic, BoxKeys.generate().public, "0c", desk_scene.NOW_MS)


@pytest.fixture
def filled(app: Flask, archive_address: str):
    """Two boxes of one clinic that heard different birth years."""
    archive = open_at(archive_address)
    with archive.transaction():
        boxes.enter(archive, SECOND)
    for box, year, t_ms in ((THAR, "1948", 1_000), (SECOND, "1984", 2_000)):
        body = {"patient": ZAHRA, "rev": 2, "base_rev": 1, "was": {}, "set": {"birth": year}}
        desk_scene.keep(archive, box, {"kind": "patient", "body": body, "t_ms": t_ms})
    yield archive
    archive.close()


@pytest.fixture
def doctor(app: Flask, filled: Archive) -> Doctor:
    visitor = Doctor(app.test_client())
    visitor.let_in(filled)
    return visitor


def form_of(page: str) -> dict[str, str]:
    fields = re.findall(r'<input type="hidden" name="(\w+)" value="([^"]*)"', page)
    form = dict(fields[fields.index(next(f for f in fields if f[0] == "patient")) - 1 :])
    return {k: v.replace("&#34;", '"') for k, v in form.items()}


def test_a_stranger_sees_nothing(app: Flask, filled: Archive) -> None:
    answer = app.test_client().get("/reviews")
    assert answer.status_code == 303
    assert "1948" not in answer.text


def test_the_question_is_put_in_plain_words_and_settled(doctor: Doctor, filled: Archive) -> None:
    page = doctor.client.get("/reviews").text
    assert "Two birth years: 1948 / 1984" in page
    form = form_of(page)
    answer = doctor.client.post("/reviews", data=form | {"choice": "1984"}, headers=ORIGIN)
    assert answer.status_code == 303
    assert "Nothing waits for a decision" in doctor.client.get("/reviews").text
    said = [
        (t.edit.value, t.actor)
        for t in edit_history.history(filled, ZAHRA)
        if t.edit.field == "birth"
    ]
    assert said == [("1980", None), ("1948", None), ("1984", None), ("1984", DOCTOR)]
    again = doctor.client.post("/reviews", data=form | {"choice": "1948"}, headers=ORIGIN)
    assert again.status_code == 303  # it was decided before: nothing happens
    assert len(edit_history.history(filled, ZAHRA)) == len(said) + 4


def test_only_what_was_said_can_be_chosen(doctor: Doctor, filled: Archive) -> None:
    form = form_of(doctor.client.get("/reviews").text)
    for wrong in ({"choice": "1999"}, {"choice": "strike out"}, {"rev": "x", "choice": "1948"}):
        assert doctor.client.post("/reviews", data=form | wrong, headers=ORIGIN).status_code == 400
    assert len(reviews.inbox(filled)) == 1
    forged = form | {"csrf": "x", "choice": "1948"}
    assert doctor.client.post("/reviews", data=forged, headers=ORIGIN).status_code == 403
