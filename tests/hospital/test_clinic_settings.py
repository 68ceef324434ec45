"""Settings for a clinic's boxes: bounded at the desk already, in force only where a box says so."""

from __future__ import annotations

import re

import desk_scene
import pytest
from archives import open_at
from desk_scene import ORIGIN, THAR, Doctor
from flask import Flask

from hospital.feed import feed


def set_to(doctor: Doctor, key: str, value: str, **more: str) -> tuple[int, str]:
    form = {"csrf": doctor.csrf(), "clinic": THAR.clinic, "key": key, "value": value} | more
    answer = doctor.client.post("/clinics/settings", data=form, headers=ORIGIN)
    return answer.status_code, answer.text


def page(doctor: Doctor) -> str:
    html = doctor.client.get("/clinics/settings", query_string={"clinic": THAR.clinic}).text
    return re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))


def answers(address: str, key: str, rev: int, outcome: str, why: str = "") -> None:
    body = {"key": key, "rev": rev, "outcome": outcome} | ({"why": why} if why else {})
    archive = open_at(address)
    desk_scene.keep(archive, THAR, {"kind": "setting", "body": body})
    archive.close()


def test_a_setting_waits_until_the_box_says_that_it_holds(
    doctor: Doctor, archive_address: str
) -> None:
    assert set_to(doctor, "link.daily_kb_files", "2000")[0] == 303
    assert "Waiting for the clinic" in page(doctor)
    answers(archive_address, "link.daily_kb_files", 1, "applied")
    assert "In force" in page(doctor)
    set_to(doctor, "link.daily_kb_files", "3000")
    shown = page(doctor)
    assert "In force" not in shown
    assert "Waiting for the clinic" in shown
    answers(archive_address, "link.daily_kb_files", 2, "refused", "an older box")
    assert "Refused there: an older box" in page(doctor)
    archive = open_at(archive_address)
    item = feed.get(archive, THAR.clinic, "setting", "link.daily_kb_files")
    assert item is not None
    assert (item.rev, item.body["value"]) == (2, 3000)
    archive.close()
    set_to(doctor, "link.daily_kb_files", "", do="clear")
    assert "Refused there" not in page(doctor)
    set_to(doctor, "link.daily_kb_files", "3000")
    assert "Waiting for the clinic" in page(doctor)  # a former answer is not about this one


@pytest.mark.parametrize(
    ("key", "value", "why"),
    [
        ("link.broker_host", "evil.example", "at the box only"),
        ("kiosk.language", "xx", "choose one of"),
        ("box.retention_days", "5", "a whole number from 30"),
        ("box.retention_days", "٩٩", "a whole number from 30"),
        ("box.retention_days", "-40", "a whole number from 30"),
    ],
)
def test_what_may_not_be_set_is_said_in_words(
    doctor: Doctor, key: str, value: str, why: str
) -> None:
    status, text = set_to(doctor, key, value)
    assert (status, why in text) == (422, True)
    assert "Set to" not in page(doctor)


def test_strangers_and_unknown_clinics_set_nothing(app: Flask, doctor: Doctor) -> None:
    stranger = app.test_client().post("/clinics/settings", headers=ORIGIN)
    assert stranger.status_code == 303
    assert set_to(doctor, "kiosk.language", "ur", clinic="Nowhere")[0] == 404
    assert "/clinics/settings?clinic=Thar" in doctor.client.get("/clinics").text


def test_a_telephone_is_a_text_and_keeps_its_first_zero(
    doctor: Doctor, archive_address: str
) -> None:
    assert set_to(doctor, "site.hospital_phone", "0232261111")[0] == 303
    archive = open_at(archive_address)
    item = feed.get(archive, THAR.clinic, "setting", "site.hospital_phone")
    archive.close()
    assert item is not None
    assert item.body["value"] == "0232261111"
    status, text = set_to(doctor, "site.hospital_phone", "0" * 41)
    assert (status, "at most 40 characters" in text) == (422, True)
