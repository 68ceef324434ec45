"""The desk's long lists: nothing newer or rarer hides behind a limit, and each page leads on."""

from __future__ import annotations

import re

import pytest
from archives import open_at
from desk_scene import HUNZA, RAM, Doctor, alert, keep, patient, pressure

from hospital.views import person_chart

STREAM = 230


@pytest.fixture
def streamed(doctor: Doctor, archive_address: str) -> Doctor:
    """Ram has a dangerous pressure and then more readings of oxygen than a page holds."""
    archive = open_at(archive_address)
    ill = pressure(RAM, "190", "112", t_ms=90_000)
    stream = [
        pressure(RAM, "0", "0", t_ms=100_000 + n, kind="oximetry",
            values=[["59408-5", str(90 + n % 9), "%"]])
        for n in range(STREAM)
    ]  # fmt: skip
    keep(archive, HUNZA, ill, alert(HUNZA, RAM, ill), *stream)
    archive.close()
    return doctor


def get(doctor: Doctor, path: str) -> str:
    return doctor.client.get(path).text


def rows(page: str) -> int:
    return len(re.findall(r'<tr id="r\d+"', page))


def test_the_last_of_each_kind_is_on_the_first_page_of_a_chart(streamed: Doctor) -> None:
    first = get(streamed, f"/patients/{RAM}")
    assert "190/112" in first
    assert rows(first) == person_chart.PAGE + 1
    assert f"1 to {person_chart.PAGE} of {STREAM + 1}" in first
    second = get(streamed, f"/patients/{RAM}?page=2")
    assert rows(second) >= STREAM + 1 - person_chart.PAGE
    assert "page=1" in second
    assert "page=3" not in second


def test_the_newest_readings_lead_to_all_the_others(streamed: Doctor) -> None:
    seen: set[str] = set()
    path, pages = "/", 0
    while path:
        page, pages = get(streamed, path), pages + 1
        seen |= set(re.findall(r'<tr id="(r\d+)"', page))
        path = next(iter(re.findall(r'href="(/\?page=\d+)">After these', page)), "")
    assert pages >= 5
    assert len(seen) >= STREAM + 1
    assert 'hx-get="/live"' in get(streamed, "/")
    assert 'hx-get="/live"' not in get(streamed, "/?page=2")  # what is read there does not move


def test_search_leads_beyond_the_first_fifty(doctor: Doctor, archive_address: str) -> None:
    archive = open_at(archive_address)
    people = [patient(f"0190-bibi-{n:03d}", f"Amina Bibi {n:03d}") for n in range(60)]
    keep(archive, HUNZA, *people)
    archive.close()
    first = get(doctor, "/patients?q=amina")
    assert first.count('<tr id="p') == 50
    assert 'href="/patients?q=amina&amp;page=2"' in first
    second = get(doctor, "/patients?q=amina&page=2")
    assert second.count('<tr id="p') == 10
    assert "After these" not in second


def test_every_alert_can_be_reached(doctor: Doctor, archive_address: str) -> None:
    archive = open_at(archive_address)
    for n in range(60):
        ill = pressure(RAM, str(226 + n), "112", t_ms=200_000 + n)
        keep(archive, HUNZA, ill, alert(HUNZA, RAM, ill))
    archive.close()
    first, second = get(doctor, "/alerts"), get(doctor, "/alerts?page=2")
    found = set(re.findall(r'<li class="card urgent" id="(a\d+)"', first + second))
    assert len(found) == 61  # and one of the scene
    assert get(doctor, "/").count("Urgent") == 50
