"""A patient measures alone: no names, own values only, nothing left behind."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest
from flask.testing import FlaskClient
from kiosk_desk import ORIGIN, cuff, measured
from werkzeug.test import TestResponse

from edge.model.clock import Clock
from edge.model.patient import Patient
from edge.model.patient_codes import Sex
from edge.model.reading import Kind
from edge.patients import register
from edge.patients.form import PatientForm
from edge.readings import history, intake
from edge.settings.box_settings import Settings
from edge.store.store import Store
from edge.visits import visits
from kiosk_ui import wording
from kiosk_ui.app import create_app


@pytest.fixture
def amina(store: Store, clock: Clock) -> Patient:
    form = PatientForm("Amina Bibi", sex="female", age="34", card="77")
    return register.register(store, clock.now(), form, None)


def post(client: FlaskClient, path: str, **form: str) -> TestResponse:
    return client.post(path, data=form, headers=ORIGIN)


def step(client: FlaskClient, kind: str = "blood-pressure") -> str:
    return client.get(f"/measure/{kind}").headers["Location"]


def live(client: FlaskClient, path: str) -> str:
    return client.get(path.replace("?", "/live?")).text


def test_with_a_card_the_reading_is_the_patients(
    client: FlaskClient, amina: Patient, store: Store, clock: Clock
) -> None:
    assert post(client, "/measure", card="۷۷").headers["Location"] == "/measure/card"
    assert post(client, "/measure/card", mine="yes").headers["Location"] == "/measure/choose"
    waiting = step(client)
    assert "Put the cuff on" in client.get(waiting).text
    assert "Waiting for the device" in live(client, waiting)
    outcome = cuff(store, clock, "128", "82")
    assert isinstance(outcome, intake.AcceptedReading)
    assert outcome.patient_id == amina.id
    assert "128/82" in live(client, waiting)
    assert "Amina" not in client.get(waiting).text
    assert "Thank you" in post(client, "/measure/done").text
    assert visits.current(store, clock.now()) is None
    assert client.get(waiting).status_code == 303


def test_without_a_card_the_reading_waits_in_the_tray(
    client: FlaskClient, store: Store, clock: Clock
) -> None:
    cuff(store, clock, "150", "90")
    post(client, "/measure", without="yes")
    waiting = step(client)
    assert "150/90" not in live(client, waiting)
    cuff(store, clock, "128", "82")
    assert "128/82" in live(client, waiting)
    assert history.tray_count(store) == 2
    assert "without a card" in post(client, "/measure/done").text


def test_an_unknown_card_opens_nothing(client: FlaskClient, amina: Patient, store: Store) -> None:
    answer = post(client, "/measure", card="78")
    assert answer.status_code == 422
    assert "No card has this number" in answer.text
    assert post(client, "/measure", card="").status_code == 422
    assert client.get("/measure/choose").status_code == 303


def test_a_typed_number_is_asked_about_without_a_name(
    client: FlaskClient, amina: Patient, store: Store, clock: Clock
) -> None:
    assert post(client, "/measure", card="77").headers["Location"] == "/measure/card"
    assert visits.current(store, clock.now()) is None
    page = client.get("/measure/card").text
    assert "Is this you?" in page
    assert re.search(r">3[34]</bdi> years", page)
    assert "Amina" not in page
    assert "Chak" not in page
    again = post(client, "/measure/card", mine="no")
    assert "Enter the number again." in again.text
    assert client.get("/measure/card").headers["Location"] == "/measure"
    assert post(client, "/measure/card", mine="yes").headers["Location"] == "/measure"
    assert visits.current(store, clock.now()) is None


def test_nothing_that_is_sent_spares_the_question(
    client: FlaskClient, amina: Patient, store: Store, clock: Clock
) -> None:
    answer = post(client, "/measure", card="77", scanned="yes")
    assert answer.headers["Location"] == "/measure/card"
    assert visits.current(store, clock.now()) is None


@pytest.mark.parametrize("number", ["7", "0077", "78", "HP-77"])
def test_what_cannot_be_a_card_of_this_site_names_nobody(
    settings: Settings, amina: Patient, number: str
) -> None:
    shaped = replace(settings, card_prefix="00", card_length=4, card_check="luhn")
    answer = post(create_app(shaped).test_client(), "/measure", card=number)
    assert answer.status_code == 422
    assert "not a whole card number" in answer.text


def test_after_three_wrong_numbers_one_measures_without_a_card(
    client: FlaskClient, amina: Patient, store: Store, clock: Clock
) -> None:
    post(client, "/measure", card="78")
    post(client, "/measure", card="79")
    post(client, "/measure", card="77")
    assert "Measure without a card" in post(client, "/measure/card", mine="no").text
    assert post(client, "/measure", card="77").status_code == 409
    assert "Measure without the card now" in client.get("/measure").text
    assert post(client, "/measure", without="yes").headers["Location"] == "/measure/choose"
    cuff(store, clock, "128", "82")
    assert history.tray_count(store) == 1
    post(client, "/measure/done")
    assert post(client, "/measure", card="77").status_code == 303


def test_leaving_before_measuring_thanks_nobody(client: FlaskClient, amina: Patient) -> None:
    post(client, "/measure", card="77")
    assert post(client, "/measure/done").headers["Location"] == "/"
    assert client.get("/measure/card").headers["Location"] == "/measure"


@pytest.mark.parametrize(
    ("sex", "years", "picture"),
    [
        (Sex.FEMALE, 53, "woman"),
        (Sex.MALE, None, "man"),
        (Sex.MALE, 8, "boy_1015y"),
        (Sex.FEMALE, 14, "girl_1015y"),
        (Sex.MALE, 60, "old_man"),
        (Sex.FEMALE, 81, "old_woman"),
        (Sex.UNKNOWN, 8, "person"),
    ],
)
def test_each_person_has_a_picture(sex: Sex, years: int | None, picture: str) -> None:
    assert wording.person_icon(sex, years) == picture


def test_a_workers_visit_is_not_ended_unasked(
    client: FlaskClient, amina: Patient, store: Store, clock: Clock
) -> None:
    held = visits.open_visit(store, clock.now(), amina.id, actor="sana")
    answer = post(client, "/measure", without="yes")
    assert answer.status_code == 409
    assert "A health worker is measuring" in answer.text
    assert visits.current(store, clock.now()) == held
    post(client, "/measure", card="77")
    assert post(client, "/measure/card", mine="yes").status_code == 409
    assert visits.current(store, clock.now()) == held
    for _ in range(2):
        asked = post(client, "/measure", without="yes", stop=held.id)
        assert asked.status_code == 409
        assert "They have gone" not in asked.text
        assert "until the health worker has finished" in asked.text
    assert visits.current(store, clock.now()) == held


def left_alone(store: Store, seconds: int) -> None:
    """Let so long nothing have been typed or measured in the open visit."""
    with store.transaction():
        store.execute("UPDATE visit SET active_t_ms = active_t_ms - ?", (seconds * 1000,))


def test_a_patient_may_end_a_workers_visit_that_was_left_by_two_answers(
    client: FlaskClient, amina: Patient, store: Store, clock: Clock
) -> None:
    held = visits.open_visit(store, clock.now(), amina.id, actor="sana")
    left_alone(store, 200)
    post(client, "/measure", card="77")
    asked = post(client, "/measure/card", mine="yes")
    assert (asked.status_code, "They have gone" in asked.text) == (409, True)
    assert 'action="/measure/card"' in asked.text
    assert f'name="stop" value="{held.id}"' in asked.text
    sure = post(client, "/measure/card", mine="yes", stop=held.id)
    assert (sure.status_code, "end it and begin" in sure.text) == (409, True)
    assert visits.current(store, clock.now()) is not None
    assert post(client, "/measure/card", mine="yes", stop="another").status_code == 409
    assert post(client, "/measure/card", mine="yes", stop=held.id).status_code == 303
    now = visits.current(store, clock.now())
    assert now is not None
    assert now.mode == "alone"


def test_whoever_measured_nothing_is_not_told_that_it_is_kept(
    client: FlaskClient, amina: Patient, store: Store, clock: Clock
) -> None:
    for begun in ({"without": "yes"}, {"card": "77"}):
        post(client, "/measure", **begun)
        post(client, "/measure/card", mine="yes")
        told = post(client, "/measure/done").text
        assert "Nothing was measured." in told
        assert "kept" not in told


def test_a_worker_who_begins_meanwhile_is_told_to_who_measures_alone(
    client: FlaskClient, amina: Patient, store: Store, clock: Clock
) -> None:
    post(client, "/measure", without="yes")
    waiting = step(client)
    visits.open_visit(store, clock.now(), amina.id, actor="sana")
    assert "Do not measure now" in live(client, waiting)
    visits.close_visit(store, clock.now(), why="finished")
    assert "Waiting for the device" in live(client, waiting)
    post(client, "/measure", card="77")
    post(client, "/measure/card", mine="yes")
    waiting = step(client)
    visits.close_visit(store, clock.now(), why="idle")
    assert "your measuring has ended" in live(client, waiting)


def test_a_failed_measurement_is_told(client: FlaskClient, store: Store, clock: Clock) -> None:
    post(client, "/measure", without="yes")
    waiting = step(client)
    measured(store, clock, Kind.BLOOD_PRESSURE)
    assert "did not get a reading" in live(client, waiting)


def test_an_unusual_value_asks_to_measure_again(
    client: FlaskClient, amina: Patient, store: Store, clock: Clock
) -> None:
    post(client, "/measure", card="77")
    post(client, "/measure/card", mine="yes")
    waiting = step(client)
    cuff(store, clock, "100", "85")
    assert "measure again" in live(client, waiting)
    cuff(store, clock, "225", "95")
    assert "Show this to a health worker now" in live(client, waiting)


def test_nobody_sees_what_was_measured_before_they_began(
    client: FlaskClient, amina: Patient, store: Store, clock: Clock
) -> None:
    cuff(store, clock, "150", "90")
    post(client, "/measure", without="yes")
    assert "150/90" not in live(client, "/measure/blood-pressure?after=0")


def test_nonsense_paths_are_plain_pages(client: FlaskClient) -> None:
    post(client, "/measure", without="yes")
    assert client.get("/measure/nonsense").status_code == 404
    assert client.get("/measure/weight/live?after=x").status_code == 404


def test_of_two_people_with_one_card_each_is_offered_and_one_chosen(
    client: FlaskClient, store: Store, clock: Clock
) -> None:
    one = register.register(
        store, clock.now(), PatientForm("Amir", "male", age="60", card="9"), None
    )
    two = register.register(store, clock.now(), PatientForm("Hina", "female", age="5"), None)
    with store.transaction():  # as another box may have written it
        store.execute("UPDATE patient SET card = '9' WHERE id = ?", (two.id,))
    client.post("/measure", data={"card": "9"}, headers=ORIGIN)
    page = client.get("/measure/card").text
    assert "Which of these are you?" in page
    assert all(word in page for word in (one.id, two.id, "Male", "Female"))
    assert "Amir" not in page
    client.post("/measure/card", data={"mine": "yes"}, headers=ORIGIN)
    assert visits.current(store, clock.now()) is None
    client.post("/measure", data={"card": "9"}, headers=ORIGIN)
    client.post("/measure/card", data={"mine": two.id}, headers=ORIGIN)
    visit = visits.current(store, clock.now())
    assert visit is not None
    assert visit.patient_id == two.id
