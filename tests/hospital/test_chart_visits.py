"""A visit as the doctor reads it: what was written down, medicines, tests, moves, paper."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import pytest
from desk_scene import HUNZA, NOW_MS, THAR, Doctor
from hand_clock import HandClock

from edge.files import attachments
from edge.files.attachments import Subject
from edge.medicines import given as medicines
from edge.medicines.given import GivenMedicine
from edge.model.patient import Patient
from edge.model.reading import EyeTestKit, Reading
from edge.patients import register
from edge.patients.form import PatientForm
from edge.readings import alerts, intake, retract
from edge.readings.retract import Holder
from edge.store import journal, taken_back
from edge.store.store import Store
from edge.visits import eye_tests, moving, notes, visits
from edge.visits.visits import Visit
from hospital.archive import Archive
from hospital.files import patient_files
from hospital.fleet import boxes
from hospital.fleet.boxes import Box
from hospital.patients import assessments
from hospital.receiving import apply
from hospital.views import visit_chart


@pytest.fixture
def hand() -> HandClock:
    return HandClock()


@pytest.fixture
def sita(store: Store, hand: HandClock) -> Patient:
    return register.register(store, hand.now(), PatientForm("Sita"), None)


@pytest.fixture
def visit(store: Store, hand: HandClock, sita: Patient) -> Visit:
    return visits.open_visit(store, hand.now(), sita.id, actor="w1")


def arrive(archive: Archive, store: Store, box: Box = THAR) -> None:
    """Let all that the box has written arrive: it is a box of that clinic."""
    box = replace(box, id=store.box_id())
    with archive.transaction():
        if not archive.rows("SELECT 1 FROM box WHERE id = ?", (box.id,)):
            boxes.enter(archive, box)
        for number, entry in journal.since(store, 0):
            apply.keep(archive, box, (1, "c", number), [entry.canonical()], NOW_MS)
    assert archive.rows("SELECT kind, trouble FROM record WHERE trouble IS NOT NULL") == []


def write(store: Store, hand: HandClock, visit: Visit) -> None:
    notes.say(store, hand.now(), visit.id, "complaints", "cough", actor="w1")
    notes.say(store, hand.now(), visit.id, "complaints", "fever", actor="w1")
    notes.write(store, hand.now(), visit.id, {"complaints": {"remove": ["cough"]}}, actor="w1")
    notes.say_sign(store, hand.now(), visit.id, "convulsion", "present", actor="w1")
    kit = EyeTestKit("SD Bioline", "05DDB")
    made = eye_tests.measured(
        eye_tests.EYE_TESTS["malaria"], {"70569-9": "positive"}, kit, visit.day
    )
    intake.accept(
        store,
        Reading(made, hand.now(), "typed", patient_id=visit.patient_id, visit_id=visit.id),
    )
    given = GivenMedicine(medicine="paracetamol", overruled="asked the doctor")
    medicines.record(store, hand.now(), visit.id, given, actor="w1")
    twice = medicines.record(store, hand.now(), visit.id, GivenMedicine(medicine="ors"), actor="w1")
    taken_back.take_back(store, hand.now(), twice.entry, "typed twice", actor="w1")


def test_the_doctor_reads_the_visit_in_words(
    doctor: Doctor, archive: Archive, store: Store, hand: HandClock, sita: Patient, visit: Visit
) -> None:
    write(store, hand, visit)
    arrive(archive, store)
    page = doctor.client.get(f"/patients/{sita.id}").text
    for text in ("Fever", "Fits (convulsions)", "Given: Paracetamol", "asked the doctor"):
        assert text in page
    assert "Cough" not in page
    assert "<s>Given: Oral rehydration salts</s>" in page
    assert "SD Bioline" in page
    assert doctor.client.get("/patients?q=Sita").status_code == 200


def test_a_moved_visit_stands_on_the_right_chart_and_both_tell_it(
    doctor: Doctor,
    archive: Archive,
    store: Store,
    hand: HandClock,
    sita: Patient,
    visit: Visit,
    tmp_path: Path,
) -> None:
    write(store, hand, visit)
    gita = register.register(store, hand.now(), PatientForm("Gita"), None)
    about = Subject(sita.id, visit.id)
    attachments.add(store, tmp_path, hand.now(), b"photo", "image/jpeg", about)
    with store.transaction():
        alerts.judge_note(store, hand.now(), visit.id)
    moving.move(store, hand.now(), visit.id, gita.id, visit.id, actor="w1")
    made = retract.together(store, visit.id, sita.id)
    retract.move(store, hand.now(), made, Holder(gita.id, visit.id), actor="w1")
    arrive(archive, store)
    (here,) = visit_chart.of_person(archive, [gita.id])
    assert isinstance(here, visit_chart.ChartedVisit)
    assert here.moved
    assert here.state["complaints"] == ("fever",)
    assert len(here.medicines) == 2
    (away,) = visit_chart.of_person(archive, [sita.id])
    assert isinstance(away, visit_chart.MovedAway)
    assert len(patient_files.of_person(archive, [gita.id])) == 1
    assert patient_files.of_person(archive, [sita.id]) == []
    found = assessments.of_person(archive, [sita.id])
    assert found != []
    assert all(one.taken_back for one in found)
    assert "Moved away" in doctor.client.get(f"/patients/{sita.id}").text
    assert "Moved here" in doctor.client.get(f"/patients/{gita.id}").text


def test_an_open_visit_that_moved_leaves_nothing_behind(
    archive: Archive, store: Store, hand: HandClock, sita: Patient, visit: Visit
) -> None:
    write(store, hand, visit)
    gita = register.register(store, hand.now(), PatientForm("Gita"), None)
    opened = visits.open_visit(store, hand.now(), gita.id, actor="w1")
    moving.move(store, hand.now(), visit.id, gita.id, opened.id, actor="w1")
    made = retract.together(store, visit.id, sita.id)
    retract.move(store, hand.now(), made, Holder(gita.id, opened.id), actor="w1")
    arrive(archive, store)
    (here,) = visit_chart.of_person(archive, [gita.id])
    assert isinstance(here, visit_chart.ChartedVisit)
    assert (here.id, len(here.tests)) == (opened.id, 1)
    assert here.state["complaints"] == ("fever",)
    assert [type(one) for one in visit_chart.of_person(archive, [sita.id])] == [
        visit_chart.MovedAway
    ]


def test_a_visit_from_paper_says_so_with_its_own_day(
    doctor: Doctor, archive: Archive, store: Store, hand: HandClock, sita: Patient
) -> None:
    day = visits.day_of(hand.now()) - timedelta(days=27)
    old = visits.open_paper(store, hand.now(), sita.id, day, "wound", actor="w1")
    write(store, hand, old)
    arrive(archive, store)
    page = doctor.client.get(f"/patients/{sita.id}").text
    assert "Entered later from paper" in page
    assert day.isoformat() in page
    assert "Wound or injury" in page


def test_what_comes_before_the_visit_or_without_it_is_not_lost(
    archive: Archive, store: Store, hand: HandClock, sita: Patient, visit: Visit
) -> None:
    write(store, hand, visit)
    entries = [e for _, e in journal.since(store, 0) if e.kind != "visit-opened"]
    with archive.transaction():
        for number, entry in enumerate(entries, start=1):
            apply.keep(archive, THAR, (1, "c", number), [entry.canonical()], NOW_MS)
    (here,) = visit_chart.of_person(archive, [sita.id])
    assert isinstance(here, visit_chart.ChartedVisit)
    assert here.state["complaints"] == ("fever",)


def test_a_clinic_that_does_not_know_the_patient_writes_on_no_chart(
    archive: Archive, store: Store, hand: HandClock, sita: Patient, visit: Visit
) -> None:
    arrive(archive, store)
    write(store, hand, visit)
    entries = [e for _, e in journal.since(store, 0) if e.kind != "patient"]
    with archive.transaction():
        for number, entry in enumerate(entries, start=1):
            apply.keep(archive, HUNZA, (1, "c", number), [entry.canonical()], NOW_MS)
    assert visit_chart.of_person(archive, [sita.id]) == []
    (apart,) = visit_chart.withheld_of(archive, [sita.id])
    assert apart.state["complaints"] == ("fever",)


def test_the_same_records_twice_change_nothing(
    archive: Archive, store: Store, hand: HandClock, sita: Patient, visit: Visit, tmp_path: Path
) -> None:
    write(store, hand, visit)
    arrive(archive, store)
    before = visit_chart.of_person(archive, [sita.id])
    arrive(archive, store)
    assert visit_chart.of_person(archive, [sita.id]) == before
