"""The desk finds patients as the kiosk does, and proposes nobody's husband as the same person."""

from __future__ import annotations

from pathlib import Path

import pytest
from desk_scene import THAR, keep

from hospital.archive import Archive
from hospital.archive.settings import HospitalSettings
from hospital.fleet import boxes
from hospital.patients import links
from hospital.receiving.jobs import search_keys
from hospital.views import chart

PEOPLE = {
    "amina": {"name": "Amina Bibi", "sex": "female", "birth": "1990", "village": "Kot Ali",
              "phone": "03001112223", "card": "HP-77"},
    "twin": {"name": "Ameena Bibi", "sex": "female", "birth": "1991", "village": "Kot Ali",
             "phone": "+923001112223"},
    "husband": {"name": "Amin Khan", "sex": "male", "birth": "1986", "village": "Kot Ali",
                "phone": "03001112223"},
    "baby": {"name": "Amina", "sex": "female", "birth": "2026-11", "phone": "03001112223"},
    "muhammad": {"name": "محمد عمران", "sex": "male", "age": "40 a 2026-11-30", "birth": "1986",
                 "village": "Chak 14"},
}  # fmt: skip


@pytest.fixture(autouse=True)
def _people(archive: Archive) -> None:
    with archive.transaction():
        boxes.enter(archive, THAR)
    for who, body in PEOPLE.items():
        keep(archive, THAR, {"kind": "patient", "body": {"patient": who, "rev": 1, **body}})


def found(archive: Archive, text: str) -> list[str]:
    return [line.patient.id for line in chart.patients(archive, text)]


@pytest.mark.parametrize(
    ("text", "first"),
    [
        ("muhammad imran", "muhammad"),
        ("Mohammed", "muhammad"),
        ("ameena bibi", "twin"),
        ("hp 77", "amina"),
        ("HP-77", "amina"),
        ("Amin Khan 1986", "husband"),
        ("Mohamad Chak", "muhammad"),
        ("Chak 14", "muhammad"),
    ],
)
def test_the_desk_reads_a_search_as_the_kiosk_does(archive: Archive, text: str, first: str) -> None:
    assert found(archive, text)[0] == first


@pytest.mark.parametrize("text", ["0300 1112223", "+92 300 111 2223", "00923001112223"])
def test_every_form_of_a_telephone_finds_the_family(archive: Archive, text: str) -> None:
    assert set(found(archive, text)) == {"amina", "twin", "husband", "baby"}


def test_a_year_finds_who_was_born_or_is_said_to_be_born_then(archive: Archive) -> None:
    assert set(found(archive, "1986")) == {"husband", "muhammad"}


def test_neither_the_husband_nor_the_baby_may_be_the_same_person(archive: Archive) -> None:
    line = chart.patient(archive, "amina")
    assert line is not None
    assert [one.patient.id for one in links.may_be_same(archive, line)] == ["twin"]


def test_people_of_an_earlier_release_are_found_once_their_keys_are_noted(
    archive: Archive, tmp_path: Path
) -> None:
    with archive.transaction():
        archive.execute("UPDATE patient SET keys = ''")
    assert found(archive, "Mohammed") == []
    work = search_keys.begin(HospitalSettings(tmp_path))
    work(archive, 1)
    assert found(archive, "Mohammed") == ["muhammad"]
    assert search_keys.fill(archive) == 0
