"""The lists of who should come, at the kiosk: one tap says what came of a call, and is undone."""

from __future__ import annotations

import re
from datetime import date, timedelta

from kiosk_desk import Desk, cuff

from edge.care import appointments, episodes
from edge.model.clock import Clock
from edge.patients import register
from edge.patients.form import PatientForm
from edge.readings import measured
from edge.store.store import Store
from edge.visits import visits


def today(clock: Clock) -> date:
    return clock.now().wall.astimezone().date()


def overdue(store: Store, clock: Clock, phone: str = "03015550142") -> tuple[str, str]:
    """Return a patient who should have come three days ago, and the row of the list."""
    zahra = register.register(store, clock.now(), PatientForm("Zahra", phone=phone), "w1")
    due = (today(clock) - timedelta(days=3)).isoformat()
    made = appointments.book(store, clock.now(), zahra.id, due, "w1")
    return zahra.id, f"appointment/{made.id}"


def test_who_missed_an_appointment_is_on_the_list_with_the_telephone(
    desk: Desk, store: Store, clock: Clock
) -> None:
    _, row = overdue(store, clock)
    page = desk.get("/due")
    assert 'aria-current="page"' in page
    assert "Zahra" in page
    assert 'href="tel:03015550142"' in page
    assert "3</bdi> days late" in page
    assert row in page


def test_the_list_shows_the_pressure_that_counts_in_its_visit(
    desk: Desk, store: Store, clock: Clock
) -> None:
    zahra, _ = overdue(store, clock)
    desk.post(f"/patients/{zahra}/visit")
    cuff(store, clock, "172", "101")
    assert "172/101" in desk.get("/due", list="overdue")
    cuff(store, clock, "160", "95")
    cuff(store, clock, "150", "91")
    visit = visits.of_patient(store, [zahra])[0].id
    counts = measured.of_visit(store, visit)
    assert counts is not None
    upper, lower = (f"{value.value:.0f}" for value in counts.values)
    assert (upper, lower) != ("150", "91")
    assert f"{upper}/{lower}" in desk.get("/due", list="overdue")


def test_a_call_is_kept_by_one_tap_and_taken_back(desk: Desk, store: Store, clock: Clock) -> None:
    zahra, row = overdue(store, clock)
    kept = desk.post("/due/called", row=row, outcome="died", list="overdue")
    assert kept.status_code == 303
    page = desk.client.get(kept.headers["Location"]).text
    assert "Has died" in page
    assert row not in page
    assert register.get(store, zahra).deceased
    [entry] = re.findall(r'name="call" value="(\d+)"', page)
    undone = desk.post("/due/mistake", call=entry, about=zahra, list="overdue")
    assert undone.status_code == 303
    assert register.get(store, zahra).deceased is None
    assert row in desk.get("/due", list="overdue")


def test_who_is_to_be_called_again_waits_on_a_list_of_their_own(
    desk: Desk, store: Store, clock: Clock
) -> None:
    _, row = overdue(store, clock)
    desk.post("/due/called", row=row, outcome="remind", days="3", note="at a wedding")
    assert row not in desk.get("/due", list="overdue")
    assert row in desk.get("/due", list="later")


def test_a_row_that_is_gone_is_answered_in_words(desk: Desk, store: Store, clock: Clock) -> None:
    overdue(store, clock)
    answer = desk.post("/due/called", row="appointment/none", outcome="agreed")
    assert answer.status_code == 404


def test_a_person_is_enrolled_booked_and_transferred(
    desk: Desk, store: Store, clock: Clock
) -> None:
    sana = register.register(store, clock.now(), PatientForm("Sana", "female", "2000"), "w1")
    path = f"/patients/{sana.id}/programmes"
    wrong = desk.post(path, programme="antenatal-care", **{"fact-lmp": "soon"})
    assert wrong.status_code == 422
    assert "Write this day" in wrong.text
    lmp = (today(clock) - timedelta(days=60)).isoformat()
    assert desk.post(path, programme="antenatal-care", **{"fact-lmp": lmp}).status_code == 303
    page = desk.get(path)
    assert "Contact 1, 12 weeks" in re.sub(r"<[^>]+>", "", page)
    [episode] = episodes.of_patient(store, sana.id)
    booked = desk.post(f"/patients/{sana.id}/next-date", days="14", programme="antenatal-care")
    assert booked.status_code == 303
    [made] = appointments.of_patient(store, sana.id)
    assert made.due == (today(clock) + timedelta(days=14)).isoformat()
    past = desk.post(f"/patients/{sana.id}/next-date", day=lmp)
    assert past.status_code == 422
    moved = desk.post(f"{path}/{episode.id}", state="transferred", place="Gilgit")
    assert moved.status_code == 303
    assert "Gilgit" in desk.get(path)
    assert desk.post(f"{path}/{episode.id}", state="enrolled").status_code == 303
    assert episodes.get(store, episode.id).is_open


def test_a_programme_is_not_for_everybody(desk: Desk, store: Store, clock: Clock) -> None:
    bilal = register.register(store, clock.now(), PatientForm("Bilal", "male", "1990"), "w1")
    answer = desk.post(f"/patients/{bilal.id}/programmes", programme="antenatal-care")
    assert answer.status_code == 422
    assert "not for this person" in answer.text
    assert episodes.of_patient(store, bilal.id) == []


def test_a_dose_is_given_from_a_vial_that_is_good_and_taken_back(
    desk: Desk, store: Store, clock: Clock
) -> None:
    born = today(clock) - timedelta(days=50)
    noor = register.register(store, clock.now(), PatientForm("Noor", birth=born.isoformat()), "w1")
    path = f"/patients/{noor.id}/vaccines"
    assert "Due now" in desk.get(path)
    expired = desk.post(path, vaccine="penta", batch="P1", expiry="2020-01")
    assert expired.status_code == 422
    assert "This vial has expired" in expired.text
    assert 'value="P1"' in expired.text
    given = desk.post(path, vaccine="penta", batch="P1", expiry="2099-01", site="left-thigh")
    assert given.status_code == 303
    page = desk.get(path)
    assert "P1" in page
    [entry] = re.findall(rf"{path}/(\d+)/mistake", page)
    assert desk.post(f"{path}/{entry}/mistake").status_code == 303
    assert "P1" not in desk.get(path).replace('value="P1"', "")
    card = desk.post(path, vaccine="bcg", day=born.isoformat(), elsewhere="yes")
    assert card.status_code == 303
    assert "given elsewhere" in desk.get(path)


def test_a_refrigerator_that_is_too_warm_says_what_to_do(desk: Desk) -> None:
    wrong = desk.post("/fridge", fridge="Fridge 1", value="warm")
    assert wrong.status_code == 422
    assert "Enter the temperature as a number" in wrong.text
    assert desk.post("/fridge", fridge="Fridge 1", value="4,5").status_code == 303
    assert "Do not use the vaccines" not in desk.get("/fridge")
    desk.post("/fridge", fridge="Fridge 1", value="11")
    page = desk.get("/fridge")
    assert "Too warm" in page
    assert "Do not use the vaccines" in page
    assert "too warm for vaccines" in desk.get("/status")
    assert desk.post("/fridge", fridge="Fridge 1", value="-3").status_code == 303
    assert "Too cold" in desk.get("/fridge")


def test_a_visit_keeps_the_appointment_and_says_what_is_missing(
    desk: Desk, store: Store, clock: Clock
) -> None:
    zahra, row = overdue(store, clock)
    with store.transaction():
        store.execute("UPDATE appointment_entry SET day = '2026-01-01'")
    episodes.enrol(store, clock.now(), zahra, "diabetes", "w1")
    desk.post(f"/patients/{zahra}/visit")
    assert row not in desk.get("/due", list="overdue")
    [made] = appointments.of_patient(store, zahra)
    current = visits.current(store, clock.now())
    assert current is not None
    assert (made.state, made.why) == ("kept", current.id)
