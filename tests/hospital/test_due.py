"""Who should come, at the hospital: the same as at the clinic, on a page by clinic."""

from __future__ import annotations

import random
from datetime import date, timedelta
from pathlib import Path

import desk_scene
import pytest
from archives import open_at
from desk_scene import NOW_MS, THAR, Doctor
from kiosk_desk import cuff

from edge.care import appointments, contacting, episodes, follow_up, immunizations, library
from edge.care.immunizations import Dose
from edge.model.clock import Clock
from edge.model.patient import Patient
from edge.patients import life_status, register
from edge.patients.form import PatientForm
from edge.patients.life_status import LifeStatus
from edge.store import taken_back
from edge.store.store import Store
from edge.visits import visits
from hospital.archive import Archive
from hospital.fleet import boxes
from hospital.patients import follow_up as at_hospital
from hospital.patients import links, master_index, messages
from hospital.receiving import apply

LIBRARY = library.load(None)


@pytest.fixture
def today(clock: Clock) -> date:
    return clock.now().wall.astimezone().date()


def carry(store: Store, archive: Archive) -> None:
    rows = store.rows("SELECT record FROM journal ORDER BY id")
    with archive.transaction():
        apply.keep(archive, THAR, (9, "c", 1), [str(r["record"]).encode() for r in rows], NOW_MS)
    assert at_hospital.settle_waiting(archive) == 0


def here(store: Store, clock: Clock) -> list[tuple[str, ...]]:
    assert follow_up.settle_waiting(store, clock.now(), LIBRARY) == 0
    rows = store.rows("SELECT patient_id, source, id, due, lost, outcome FROM follow_up")
    return sorted(tuple(str(v) for v in row) for row in rows)


def there(archive: Archive) -> list[tuple[str, ...]]:
    rows = archive.rows("SELECT patient, source, id, due, lost, outcome FROM follow_up")
    return sorted(tuple(str(v) for v in row.values()) for row in map(dict, rows))


def person(store: Store, clock: Clock, name: str, **more: str) -> Patient:
    return register.register(store, clock.now(), PatientForm(name, **more), "w1")


def busy_clinic(store: Store, clock: Clock, today: date) -> None:
    """Live some months of a clinic, with everything that changes who should come."""
    chance = random.Random(9)
    for number in range(12):
        live(store, clock, today, number, chance)
        follow_up.settle_waiting(store, clock.now(), LIBRARY)
    [dead, moved, *_] = [
        row["patient_id"] for row in store.rows("SELECT patient_id FROM follow_up")
    ]
    life_status.mark(store, clock.now(), dead, LifeStatus.DECEASED, "", "w1")
    [enrolled] = episodes.of_patient(store, moved)
    episodes.end(store, clock.now(), enrolled.id, episodes.Outcome("transferred"), "w1")
    for row in follow_up.page(store, "overdue", today, 0, 2):
        call = contacting.about(row, "not-reached")
        contacting.record(store, clock.now(), row, call, "w1")


def live(store: Store, clock: Clock, today: date, number: int, chance: random.Random) -> None:
    born, child = today - timedelta(days=chance.randrange(30, 400)), number % 3 == 0
    one = person(store, clock, f"P{number}", birth=born.isoformat() if child else "1970")
    word = "immunisation" if child else chance.choice(["hypertension", "diabetes"])
    since = (today - timedelta(days=chance.randrange(10, 300))).isoformat()
    episodes.enrol(store, clock.now(), one.id, word, "w1", day=since)
    if chance.random() < 0.7:
        visits.open_visit(store, clock.now(), one.id, actor="w1")
        cuff(store, clock, str(chance.choice([120, 160])), "80")
        visits.close_visit(store, clock.now(), why="finished")
    if child:
        dose = immunizations.give(store, clock.now(), one.id, Dose("penta", 1, since), "w1")
        if number % 6 == 0:
            taken_back.take_back(store, clock.now(), dose.entry, "x", actor="w1")
    if chance.random() < 0.5:
        due = (today + timedelta(days=chance.randrange(-20, 20))).isoformat()
        appointments.book(store, clock.now(), one.id, due, "w1", programme=word)


def test_box_and_hospital_say_the_same_of_who_should_come(
    archive: Archive, store: Store, clock: Clock, today: date
) -> None:
    with archive.transaction():
        boxes.enter(archive, THAR)
    busy_clinic(store, clock, today)
    carry(store, archive)
    assert there(archive) == here(store, clock)
    assert len(there(archive)) >= 8


def test_a_death_and_a_link_told_at_the_hospital_change_the_lists(
    archive: Archive, store: Store, clock: Clock, today: date
) -> None:
    with archive.transaction():
        boxes.enter(archive, THAR)
    first, second = person(store, clock, "Zahra"), person(store, clock, "Zahra B")
    episodes.enrol(store, clock.now(), first.id, "diabetes", "w1")
    carry(store, archive)
    assert [row[0] for row in there(archive)] == [first.id]
    links.link(archive, first.id, second.id, "one person", "dr-aziz", NOW_MS)
    at_hospital.settle_waiting(archive)
    assert [row[0] for row in there(archive)] == [second.id]
    master_index.correct(archive, second.id, {"deceased": "2026-11"}, "dr-aziz", NOW_MS)
    at_hospital.settle_waiting(archive)
    assert there(archive) == []
    master_index.correct(archive, second.id, {"deceased": None}, "dr-aziz", NOW_MS)
    links.unlink(archive, first.id, "no", "dr-aziz", NOW_MS)
    at_hospital.settle_waiting(archive)
    assert [row[0] for row in there(archive)] == [first.id]


def test_the_desk_lists_who_should_come_and_the_chart_shows_programmes(
    tmp_path: Path, store: Store, clock: Clock, today: date
) -> None:
    address = str(tmp_path / "archive.db")
    doctor = Doctor(desk_scene.found(address, tmp_path).test_client())
    doctor.sign_in()
    archive = open_at(address)
    zahra = person(store, clock, "Zahra Khan", phone="03015550142", village="Mithi")
    due = (today - timedelta(days=4)).isoformat()
    appointments.book(store, clock.now(), zahra.id, due, "w1", programme="hypertension")
    episodes.enrol(store, clock.now(), zahra.id, "hypertension", "w1")
    immunizations.give(store, clock.now(), zahra.id, Dose("bcg", 1), "w1")
    carry(store, archive)
    page = doctor.client.get("/due").text
    for text in ("Zahra Khan", "03015550142", "Mithi", due, "High blood pressure", THAR.clinic):
        assert text in page
    assert "Nobody." in doctor.client.get("/due?list=lost").text
    assert "Nobody." in doctor.client.get("/due?clinic=Hunza").text
    chart = doctor.client.get(f"/patients/{zahra.id}").text
    assert "High blood pressure" in chart
    assert "BCG" in chart
    when = clock.now().wall.replace(tzinfo=None) + timedelta(days=1)
    messages.appoint(archive, zahra.id, when, "Eyes", "dr-aziz", NOW_MS)
    assert "Appointment here" in doctor.client.get("/due?list=week").text
    archive.close()
