"""What is written down in a visit at the kiosk: taps, texts, tests, medicines, paper visits."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pytest
from kiosk_desk import Desk

from edge.dangers import dangers
from edge.files import attachments, patient_files
from edge.files.attachments import Subject
from edge.medicines import given as medicines
from edge.medicines.given import GivenMedicine
from edge.model.clock import Clock
from edge.model.patient import Patient
from edge.model.reading import Code, Kind, Measurement, Reading, Value
from edge.patients import register, summary
from edge.patients.form import PatientForm
from edge.readings import history, intake
from edge.settings.box_settings import Settings
from edge.store.store import Store
from edge.visits import notes, visits


@pytest.fixture
def sara(store: Store, clock: Clock) -> Patient:
    form = PatientForm("Sara <i>Bibi</i>", sex="female", age="20", age_unit="months")
    return register.register(store, clock.now(), form, None)


@pytest.fixture
def visit(desk: Desk, sara: Patient) -> str:
    return desk.post(f"/patients/{sara.id}/visit").headers["Location"].rpartition("/")[2]


def weigh(store: Store, clock: Clock, visit: str, kg: str) -> None:
    value = Value(Code.WEIGHT, Decimal(kg), "kg")
    held = visits.get(store, visit)
    measured = Measurement(Kind.WEIGHT, (value,))
    one = Reading(measured, clock.now(), "typed", patient_id=held.patient_id, visit_id=visit)
    intake.accept(store, one)


def test_a_tap_is_kept_at_once_and_the_next_takes_it_back(
    desk: Desk, store: Store, visit: str
) -> None:
    path = f"/visits/{visit}/notes/complaints"
    answer = desk.post(path, name="complaints", value="fever", to="add")
    assert answer.status_code == 200
    assert notes.of_visit(store, visit).words("complaints") == ("fever",)
    assert re.search(r'id="c-complaints-fever" aria-pressed="true"', desk.get(path))
    assert "Fever" in desk.get(f"/visits/{visit}")
    desk.post(path, name="complaints", value="fever", to="remove")
    assert notes.of_visit(store, visit).words("complaints") == ()


def test_a_danger_sign_has_three_states_and_shows_on_the_visit(
    desk: Desk, store: Store, visit: str
) -> None:
    path = f"/visits/{visit}/notes/danger"
    desk.post(path, name="danger_signs", value="convulsion", known="present")
    desk.post(path, name="danger_signs", value="stridor", known="absent")
    note = notes.of_visit(store, visit)
    assert [note.sign(w) for w in ("convulsion", "stridor", "vision")] == [True, False, None]
    desk.post(path, name="questions_asked")
    note = notes.of_visit(store, visit)
    assert [note.sign(w) for w in ("convulsion", "stridor", "vision")] == [True, False, False]
    assert note.sign("baby_moves_less") is None  # nobody asks that of a child of two
    told = desk.get(f"/patients/{notes.of_visit(store, visit).patient_id}/visits")
    assert '<dd class="urgent">Fits (convulsions)</dd>' in told


def test_a_text_of_two_people_is_not_overwritten_unseen(
    desk: Desk, store: Store, visit: str
) -> None:
    path = f"/visits/{visit}/notes/found"
    assert desk.post(path, name="found", value="Rash", base="").status_code == 200
    assert desk.post(path, name="found", value="Wound", base="").status_code == 422
    assert notes.of_visit(store, visit).text("found") == "Rash"
    assert desk.post(path, name="found", value="Wound", base="Rash").status_code == 200


def test_weeks_and_the_day_of_birth_follow_from_the_last_period(
    desk: Desk, store: Store, visit: str
) -> None:
    path = f"/visits/{visit}/notes/pregnancy"
    lmp = visits.get(store, visit).day - timedelta(days=211)
    desk.post(path, name="pregnant", value="yes", to="add")
    desk.post(path, name="lmp", value=lmp.strftime("%d.%m.%Y"), base="")
    assert notes.of_visit(store, visit).gestation_weeks == 30
    assert "Birth expected" in desk.get(path)
    wrong = desk.post(path, name="lmp", value="31.2.2026", base=lmp.isoformat())
    assert "There is no such date." in wrong.text


def test_a_test_is_a_reading_and_an_expired_kit_is_asked_about(
    desk: Desk, store: Store, visit: str
) -> None:
    path = f"/visits/{visit}/tests/malaria"
    form = {"70569-9": "positive", "kit": "SD", "lot": "7", "expiry": "31.1.2020"}
    asked = desk.post(path, **form)
    assert asked.status_code == 422
    assert "may not be used any more" in asked.text
    assert desk.post(path, **form, expired="yes").status_code == 303
    (made,) = history.of_visit(store, visit)
    assert (made.kind, made.coded[0].word, made.kit.lot if made.kit else "") == (
        "test", "positive", "7")  # fmt: skip
    assert "kit used after its last day" in desk.get(f"/visits/{visit}/tests")
    assert 'value="SD"' in desk.get(path)


def test_the_month_on_a_kit_is_its_last_day(desk: Desk, store: Store, visit: str) -> None:
    year = visits.get(store, visit).day.year + 1
    form = {"70569-9": "negative", "expiry": f"02/{year}"}
    assert desk.post(f"/visits/{visit}/tests/malaria", **form).status_code == 303
    (made,) = history.of_visit(store, visit)
    assert made.kit is not None
    assert made.kit.expiry is not None
    assert made.kit.expiry.isoformat() in (f"{year}-02-28", f"{year}-02-29")


def test_an_invalid_test_is_kept_and_made_again(desk: Desk, store: Store, visit: str) -> None:
    path = f"/visits/{visit}/tests/hiv"
    answer = desk.post(path, **{"75622-1": "invalid"})
    assert answer.headers["Location"].startswith(path)
    assert "Test again" in desk.get(path, again="yes")
    assert desk.post(path, **{"75622-1": "non-reactive"}).status_code == 303
    assert len(history.of_visit(store, visit)) == 2


def test_a_dose_follows_from_the_weight_of_this_visit(
    desk: Desk, store: Store, clock: Clock, visit: str
) -> None:
    path = f"/visits/{visit}/medicines/paracetamol"
    assert "weight of this visit is not known" in desk.get(path)
    weigh(store, clock, visit, "10.2")
    assert '<span class="number">125</span>' in desk.get(path)
    assert "not signed by a clinician" in desk.get(path)
    above = desk.post(path, dose="250", unit="mg", state="given")
    assert "more than the list says for this patient" in above.text
    far = desk.post(path, dose="1001", unit="mg", state="given", overruled="why not")
    assert "more than the list allows" in far.text
    assert desk.post(path, dose="125", unit="mg", quantity="3", state="given").status_code == 303
    (row,) = medicines.of_visit(store, visit)
    assert (row.given.dose, row.given.quantity) == (Decimal(125), Decimal(3))


def test_an_allergy_stops_and_is_overruled_only_with_a_reason(
    desk: Desk, store: Store, clock: Clock, visit: str, sara: Patient
) -> None:
    summary.add(store, clock.now(), sara.id, "allergies", "Penicillin", None)
    path = f"/visits/{visit}/medicines/amoxicillin-dt"
    assert "Stop: do not give this medicine" in desk.get(path)
    assert desk.post(path, dose="250", unit="mg", state="given").status_code == 422
    assert desk.post(path, dose="250", unit="mg", state="advised").status_code == 422
    assert medicines.of_visit(store, visit) == []
    desk.post(path, dose="250", unit="mg", state="given", overruled="No other is here")
    (row,) = medicines.of_visit(store, visit)
    assert row.given.overruled == "No other is here"
    desk.post(f"/visits/{visit}/medicines/taken-back/{row.entry}")
    assert medicines.of_visit(store, visit)[0].taken_back
    assert "Taken back" in desk.get(f"/visits/{visit}/medicines")


def test_a_visit_from_paper_has_its_day_everywhere(
    desk: Desk, store: Store, clock: Clock, sara: Patient
) -> None:
    weigh_day = visits.day_of(clock.now())
    visit = visits.open_visit(store, clock.now(), sara.id, actor=None)
    weigh(store, clock, visit.id, "10.2")
    day = weigh_day - timedelta(days=27)
    future = weigh_day + timedelta(days=1)
    wrong = desk.post(f"/patients/{sara.id}/paper", day=future.isoformat())
    assert "has not come yet" in wrong.text
    begun = desk.post(f"/patients/{sara.id}/paper", day=day.isoformat(), reason="child-ill")
    path = begun.headers["Location"]
    assert "from paper" in desk.get(path), "whoever types sees that it is not today"
    assert desk.post(path + "/typed", kind="weight", v0="9.8").status_code == 200
    page = history.of_code(store, [sara.id], Code.WEIGHT)
    assert [str(r.values[0].value) for r in page.readings] == ["10.2", "9.8"]
    assert page.readings[1].placed.when.astimezone().date() == day
    assert "entered later from paper" in desk.get(f"/patients/{sara.id}/history")
    shown = desk.get(f"/patients/{sara.id}/visits")
    assert "Entered later from paper" in shown
    assert "Child is ill" in shown
    desk.post(path + "/typed", kind="oximetry", v0="70", sure="70%")
    desk.post(path + "/notes/danger", name="danger_signs", value="convulsion", known="present")
    assert store.scalar("SELECT count(*) FROM alert") >= 1
    assert dangers.of_patient(store, sara.id) is None
    desk.post(f"/visits/{visit.id}/typed", kind="oximetry", v0="70", sure="70%")
    assert dangers.of_patient(store, sara.id) is not None
    assert visits.current(store, clock.now()) is not None


def test_a_visit_of_yesterday_is_written_on_and_shown_in_the_history(
    desk: Desk, store: Store, clock: Clock, sara: Patient
) -> None:
    now = clock.now()
    yesterday = replace(now, wall_ms=now.wall_ms - 24 * 3600 * 1000)
    visit = visits.open_visit(store, yesterday, sara.id, actor=None)
    visits.close_visit(store, yesterday, why="finished")
    desk.post(f"/visits/{visit.id}/notes/outcome", name="outcome", value="home", to="add")
    assert "Went home" in desk.get(f"/patients/{sara.id}/visits")


@pytest.mark.parametrize("path", ["notes/dream", "tests/dream", "medicines/dream"])
def test_a_part_that_is_none_is_not_found(desk: Desk, visit: str, path: str) -> None:
    assert desk.client.get(f"/visits/{visit}/{path}").status_code == 404


def test_a_whole_visit_moves_to_the_right_patient_and_both_histories_tell_it(
    desk: Desk, store: Store, clock: Clock, visit: str, sara: Patient, settings: Settings
) -> None:
    gita = register.register(store, clock.now(), PatientForm("Gita"), None)
    weigh(store, clock, visit, "10.2")
    notes.say(store, clock.now(), visit, "found", "Rash", actor=None)
    given = GivenMedicine(medicine="ors")
    medicines.record(store, clock.now(), visit, given, actor=None)
    about = Subject(sara.id, visit)
    attachments.add(store, settings.home, clock.now(), b"photo", "image/jpeg", about)
    assert "The whole visit goes" in desk.get(f"/visits/{visit}/readings-of/{sara.id}/move")
    path = f"/visits/{visit}/readings-of/{sara.id}/move/{gita.id}"
    sure = re.search(r'name="sure" value="([^"]+)"', desk.post(path).text)
    assert sure is not None
    moved = desk.post(path, sure=sure[1]).headers["Location"].rpartition("/")[2]
    assert visits.get(store, moved).patient_id == gita.id
    assert notes.of_visit(store, moved).text("found") == "Rash"
    assert notes.of_visit(store, visit).state == {}
    assert [m.visit_id for m in medicines.of_patient(store, [gita.id])] == [moved]
    assert [r.patient_id for r in history.of_visit(store, moved)] == [gita.id]
    assert [f.visit for f in patient_files.of_patient(store, gita.id)] == [moved]
    assert patient_files.of_patient(store, sara.id) == []
    for place in ("visits", "history"):
        assert "moved to <bdi>Gita" in desk.get(f"/patients/{sara.id}/{place}")
        assert "first and moved here" in desk.get(f"/patients/{gita.id}/{place}")


def test_a_visit_without_readings_is_moved_too_and_a_finished_one_stays_itself(
    desk: Desk, store: Store, clock: Clock, visit: str, sara: Patient
) -> None:
    gita = register.register(store, clock.now(), PatientForm("Gita"), None)
    notes.say(store, clock.now(), visit, "found", "Rash", actor=None)
    visits.close_visit(store, clock.now(), why="finished")
    path = f"/visits/{visit}/readings-of/{sara.id}/move/{gita.id}"
    assert desk.post(path, sure="none").status_code == 303
    assert visits.get(store, visit).patient_id == gita.id
    assert desk.client.get(f"/visits/{visit}/readings-of/{sara.id}/move").status_code == 404


def test_the_danger_of_a_moved_visit_goes_with_it(
    desk: Desk, store: Store, clock: Clock, visit: str, sara: Patient
) -> None:
    form = PatientForm("Gita", sex="female", age="20", age_unit="months")
    gita = register.register(store, clock.now(), form, None)
    sign = {"name": "danger_signs", "value": "convulsion", "known": "present"}
    desk.post(f"/visits/{visit}/notes/danger", **sign)
    assert dangers.of_patient(store, sara.id) is not None
    desk.post(f"/visits/{visit}/readings-of/{sara.id}/move/{gita.id}", sure="none")
    assert dangers.of_patient(store, sara.id) is None
    assert dangers.of_patient(store, gita.id) is not None


def test_what_was_done_at_the_stop_page_goes_with_a_moved_visit(
    desk: Desk, store: Store, clock: Clock, visit: str, sara: Patient
) -> None:
    form = PatientForm("Gita", sex="female", age="20", age_unit="months")
    gita = register.register(store, clock.now(), form, None)
    sign = {"name": "danger_signs", "value": "convulsion", "known": "present"}
    desk.post(f"/visits/{visit}/notes/danger", **sign)
    desk.post(f"/dangers/{sara.id}/end", ending="treated")
    assert "Treated here" in desk.get(f"/patients/{sara.id}/visits")
    desk.post(f"/visits/{visit}/readings-of/{sara.id}/move/{gita.id}", sure="none")
    assert "Treated here" not in desk.get(f"/patients/{sara.id}/visits")
    assert "Treated here" in desk.get(f"/patients/{gita.id}/visits")
