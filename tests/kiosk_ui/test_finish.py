"""Finishing a visit: nothing typed is lost, nothing dangerous passes unseen, nobody else's ends."""

from __future__ import annotations

import re

import pytest
from kiosk_desk import Desk, cuff, failing_disk

from edge.model.clock import Clock
from edge.model.patient import Patient
from edge.patients import register
from edge.patients.form import PatientForm
from edge.readings import history, retract
from edge.staff import staff
from edge.store import journal
from edge.store.store import Store
from edge.visits import notes, visits


@pytest.fixture
def imran(store: Store, clock: Clock) -> Patient:
    form = PatientForm("Muhammad Imran", sex="male", age="54", card="1042")
    return register.register(store, clock.now(), form, None)


@pytest.fixture
def amina(store: Store, clock: Clock) -> Patient:
    return register.register(store, clock.now(), PatientForm("Amina Bibi", age="34"), None)


@pytest.fixture
def visit(desk: Desk, imran: Patient) -> str:
    return desk.post(f"/patients/{imran.id}/visit").headers["Location"]


def values(store: Store, visit: str) -> list[str]:
    readings = history.of_visit(store, visit.rpartition("/")[2])
    return sorted(str(value.value) for reading in readings for value in reading.values)


def test_what_stands_in_the_boxes_is_recorded_and_said(
    desk: Desk, visit: str, imran: Patient, store: Store, clock: Clock
) -> None:
    desk.post(f"{visit}/draft", **{"height.v0": "171"})
    typed = {"weight.v0": "64,5", "blood-pressure.v0": "128", "blood-pressure.v1": "82"}
    answer = desk.post(f"{visit}/close", typed="yes", **{"height.v0": "171"}, **typed)
    assert answer.status_code == 303
    assert values(store, visit) == ["128", "171", "64.5", "82"]
    assert visits.current(store, clock.now()) is None
    path, _, query = answer.headers["Location"].partition("?recorded=")
    page = desk.get(path, recorded=query)
    assert re.search("Recorded at the end for .*Muhammad Imran", page)
    assert "128/82" in page
    assert "not recorded" not in desk.get("/patients")


def test_a_screen_that_sends_no_boxes_records_what_was_kept_while_it_was_typed(
    desk: Desk, visit: str, store: Store
) -> None:
    desk.post(f"{visit}/draft", **{"height.v0": "171"})
    assert desk.post(f"{visit}/close").status_code == 303
    assert values(store, visit) == ["171"]


def test_a_box_that_was_emptied_is_not_recorded(desk: Desk, visit: str, store: Store) -> None:
    desk.post(f"{visit}/draft", **{"height.v0": "171"})
    assert desk.post(f"{visit}/close", typed="yes", **{"height.v0": ""}).status_code == 303
    assert values(store, visit) == []


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ({"weight.v0": "71.4.1"}, "not a number"),
        ({"temperature.v0": "368"}, "must be from"),
        ({"temperature.v0": "41.4"}, "confirm that the number is right"),
        ({"blood-pressure.v0": "120"}, "both numbers"),
    ],
)
def test_what_cannot_be_recorded_is_asked_about_and_kept(
    desk: Desk, visit: str, store: Store, clock: Clock, fields: dict[str, str], says: str
) -> None:
    sent = {"typed": "yes", "height.v0": "171"} | fields
    answer = desk.post(f"{visit}/close", **sent)
    assert answer.status_code == 409
    assert says in answer.text
    assert "This was typed and is not recorded" in answer.text
    assert visits.current(store, clock.now()) is not None
    assert values(store, visit) == ["171"]
    left = desk.get(visit)
    assert all(f'value="{text}"' in left for text in fields.values())
    assert 'value="171"' not in left
    again = desk.post(f"{visit}/close", typed="yes", **fields)
    assert again.status_code == 409
    assert desk.post(f"{visit}/close", typed="yes", without="yes", **fields).status_code == 303
    assert values(store, visit) == ["171"]
    assert visits.current(store, clock.now()) is None


def test_a_failing_disk_ends_no_visit_with_something_typed(
    desk: Desk, visit: str, store: Store
) -> None:
    with failing_disk():
        answer = desk.post(f"{visit}/close", typed="yes", **{"weight.v0": "71.4"})
    assert answer.status_code == 409
    assert "memory card of the box answers with errors" in answer.text
    assert 'value="71.4"' in answer.text


def test_a_danger_is_answered_before_the_end(
    desk: Desk, visit: str, imran: Patient, store: Store, clock: Clock
) -> None:
    cuff(store, clock, "230", "125")
    stop = f"/dangers/{imran.id}"
    assert desk.post(f"{visit}/close").headers["Location"] == stop
    assert visits.current(store, clock.now()) is not None
    desk.post(f"{stop}/end", ending="treated")
    assert desk.post(f"{visit}/close").status_code == 303
    assert visits.current(store, clock.now()) is None


def test_what_is_missing_for_the_reason_is_said_once(
    desk: Desk, visit: str, imran: Patient, store: Store, clock: Clock
) -> None:
    notes.say(store, clock.now(), visit.rpartition("/")[2], "reason", "sugar-check", actor=None)
    cuff(store, clock, "128", "82")
    asked = desk.post(f"{visit}/close")
    assert asked.status_code == 409
    assert "Still missing" in asked.text
    assert "Blood sugar" in asked.text
    assert "Blood pressure" not in asked.text
    assert desk.post(f"{visit}/close", incomplete="yes").status_code == 303
    assert visits.current(store, clock.now()) is None


def test_a_dangerous_value_that_was_struck_is_not_asked_about(
    desk: Desk, visit: str, store: Store, clock: Clock, sana: staff.Staff
) -> None:
    entry = cuff(store, clock, "230", "125").entry
    retract.strike(store, clock.now(), entry, "trial", actor=sana.id)
    assert desk.post(f"{visit}/close").status_code == 303


def test_a_typed_danger_is_asked_about_in_the_same_breath(desk: Desk, visit: str) -> None:
    fields = {"oximetry.v0": "85", "typed": "yes"}
    first = desk.post(f"{visit}/close", **fields)
    assert first.status_code == 409
    assert "confirm that the number" in first.text


def test_another_patients_visit_ends_only_when_a_worker_says_so(
    desk: Desk, visit: str, imran: Patient, amina: Patient, store: Store, clock: Clock
) -> None:
    cuff(store, clock, "128", "82")
    desk.post(f"{visit}/draft", **{"weight.v0": "71.4"})
    asked = desk.post(f"/patients/{amina.id}/visit")
    assert asked.status_code == 409
    assert "Being measured now: " in asked.text
    assert "Muhammad Imran" in asked.text
    assert "not recorded yet" in asked.text
    held = visits.current(store, clock.now())
    assert held is not None
    assert held.patient_id == imran.id
    answer = desk.post(f"{visit}/close", then=amina.id)
    assert answer.status_code == 303
    assert values(store, visit) == ["128", "71.4", "82"]
    held = visits.current(store, clock.now())
    assert held is not None
    assert held.patient_id == amina.id
    assert "somebody else is being measured" in desk.get(f"{visit}/live")


def test_the_danger_of_the_one_is_answered_before_the_next(
    desk: Desk, visit: str, imran: Patient, amina: Patient, store: Store, clock: Clock
) -> None:
    cuff(store, clock, "230", "125")
    asked = desk.post(f"{visit}/close", then=amina.id)
    assert asked.headers["Location"] == f"/dangers/{imran.id}"


def test_who_registers_meanwhile_is_asked_too(
    desk: Desk, visit: str, imran: Patient, store: Store, clock: Clock
) -> None:
    answer = desk.post("/patients/new", name="Zubaida Khatoon", age="51", new="yes")
    assert answer.status_code == 409
    assert register.count(store) == 2
    held = visits.current(store, clock.now())
    assert held is not None
    assert held.patient_id == imran.id


def test_who_measures_alone_is_not_ended_unasked(
    desk: Desk, imran: Patient, amina: Patient, store: Store, clock: Clock
) -> None:
    visits.open_visit(store, clock.now(), imran.id, actor=None, mode="alone")
    asked = desk.post(f"/patients/{amina.id}/visit")
    assert asked.status_code == 409
    assert "measuring alone" in asked.text


def test_what_was_left_is_listed_for_its_author(
    desk: Desk, visit: str, imran: Patient, store: Store
) -> None:
    desk.post(f"{visit}/draft", **{"weight.v0": "71.4"})
    desk.post("/patients/new/draft", name="Zubaida")
    page = desk.get("/patients")
    assert "Typed and not recorded: " in page
    assert f'href="{visit}"' in page
    assert "New patient: " in page
    assert "Zubaida" in page


def test_whoever_types_keeps_the_visit_open(
    desk: Desk, visit: str, store: Store, clock: Clock
) -> None:
    with store.transaction():
        store.execute("UPDATE visit SET active_t_ms = active_t_ms - 500000")
    desk.post(f"{visit}/draft", **{"weight.v0": "7"})
    held = visits.current(store, clock.now())
    assert held is not None
    assert not held.is_idle(clock.now(), 60)


@pytest.mark.parametrize("path", ["", "/history", "/summary", "/correct"])
def test_each_page_about_a_patient_has_their_bar_outside_of_what_scrolls(
    desk: Desk, visit: str, imran: Patient, path: str
) -> None:
    page = desk.get(f"/patients/{imran.id}{path}" if path else visit)
    bar = page[page.index('class="patient-line') : page.index("<main")]
    assert all(text in bar for text in ("Muhammad Imran", "Male", "1042", "years"))


def test_looking_at_the_question_writes_nothing(
    desk: Desk, visit: str, amina: Patient, store: Store
) -> None:
    before = store.journal_position()
    desk.post(f"/patients/{amina.id}/visit")
    assert journal.since(store, before) == []


def test_the_language_leads_back_from_a_question(desk: Desk, visit: str, amina: Patient) -> None:
    headers = {"Origin": "http://localhost", "Referer": f"http://localhost{visit}?a=1"}
    form = {"csrf": desk.csrf, "typed": "yes", "weight.v0": "x"}
    asked = desk.client.post(f"{visit}/close", data=form, headers=headers)
    assert asked.status_code == 409
    assert f"/language?next={visit}?a%3D1" in asked.text
