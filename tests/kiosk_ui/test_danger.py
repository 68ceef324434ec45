"""The Stop page: it comes by itself, tells the alert's true state, and ends by what was done."""

from __future__ import annotations

import re

import pytest
from kiosk_desk import Desk, cuff, measured

from edge.dangers import checklists, dangers
from edge.model.clock import Clock
from edge.model.entry import Lane
from edge.model.patient import Patient
from edge.model.reading import Kind
from edge.patients import register
from edge.patients.form import PatientForm
from edge.readings import history
from edge.staff import staff
from edge.store import outbox
from edge.store.store import Store
from edge.visits import notes


@pytest.fixture
def amina(store: Store, clock: Clock) -> Patient:
    form = PatientForm("Amina Bibi", sex="female", age="54")
    return register.register(store, clock.now(), form, None)


@pytest.fixture
def visit(desk: Desk, amina: Patient) -> str:
    return desk.post(f"/patients/{amina.id}/visit").headers["Location"]


def test_the_poll_of_a_visit_leads_to_the_stop_page_and_the_visit_waits(
    desk: Desk, visit: str, amina: Patient, store: Store, clock: Clock
) -> None:
    assert 'id="stops"' not in desk.get(f"{visit}/live")
    cuff(store, clock, "228", "124")
    path = f"/dangers/{amina.id}"
    assert f'id="stops" hidden href="{path}"' in desk.get(f"{visit}/live")
    assert desk.client.get(visit).headers["Location"] == path
    page = desk.get(path)
    assert "228/124" in page
    assert "draft rule" in page
    assert "Alert not delivered yet" in page
    assert desk.client.get("/dangers").headers["Location"] == path


def test_delivery_is_told_by_the_receipt_and_nothing_else(
    desk: Desk, visit: str, amina: Patient, store: Store, clock: Clock
) -> None:
    cuff(store, clock, "228", "124")
    live = f"/dangers/{amina.id}/live"
    outbox.set_link(store, "down", clock.now())
    assert "There is no connection" in desk.get(live)
    assert "Telephone" in desk.get(live)
    last = outbox.state(store, Lane.ALERT).last
    outbox.mark_custody(store, Lane.ALERT, last, last, clock.now())
    assert "The hospital has the alert" in desk.get(live)


@pytest.mark.parametrize("ending", ["treated", "referred", "false"])
def test_it_ends_only_by_saying_what_was_done(
    desk: Desk, visit: str, amina: Patient, store: Store, clock: Clock, ending: str
) -> None:
    cuff(store, clock, "228", "124")
    path = f"/dangers/{amina.id}"
    assert desk.post(f"{path}/end", ending="never-mind").status_code == 400
    assert desk.post(f"{path}/step", word="stay", done="yes").status_code == 303
    assert 'aria-pressed="true"' in desk.get(path)
    leads_to = f"{visit}/referral" if ending == "referred" else visit
    assert desk.post(f"{path}/end", ending=ending).headers["Location"] == leads_to
    assert dangers.waiting(store) == []
    assert desk.client.get(visit).status_code == 200


def test_the_visit_says_afterwards_what_was_done_by_whom(
    desk: Desk, visit: str, amina: Patient, store: Store, clock: Clock
) -> None:
    cuff(store, clock, "228", "124")
    path, steps = f"/dangers/{amina.id}", checklists.steps()
    for word, done in (("stay", "yes"), ("letter", "yes"), ("letter", "no")):
        desk.post(f"{path}/step", word=word, done=done)
    desk.post(f"{path}/end", ending="treated")
    page = desk.get(f"/patients/{amina.id}/visits")
    (written,) = re.findall(r"<dt>Stop</dt><dd>(.*?)</dd>", page, re.DOTALL)
    first, last = written.split("\n")
    assert first.startswith(steps["stay"].text)
    assert last.startswith("Treated here · ")
    (worker,) = {one.name for one in staff.members(store) if one.name in written}
    assert worker in first
    assert worker in last


def test_every_page_rings_while_a_danger_waits_without_a_name(
    desk: Desk, visit: str, store: Store, clock: Clock
) -> None:
    cuff(store, clock, "228", "124")
    home = desk.get("/")
    assert 'class="alarm"' in home
    assert "Amina" not in home


def test_breaths_counted_by_taps_are_a_reading_that_says_so(
    desk: Desk, visit: str, store: Store
) -> None:
    assert desk.post(f"{visit}/measuring/breaths", value="many").status_code == 400
    assert desk.post(f"{visit}/measuring/breaths", value="42").headers["Location"] == visit
    assert desk.post(f"{visit}/measuring/refill", value="2.4").headers["Location"] == visit
    refill, breaths = history.of_visit(store, visit.rpartition("/")[2])
    assert (breaths.kind, str(breaths.values[0].value)) == (Kind.RESPIRATORY_RATE, "42")
    assert breaths.quality == ("counted_60_s",)
    assert (refill.kind, str(refill.values[0].value)) == (Kind.CAPILLARY_REFILL, "2.4")


def test_a_small_baby_that_breathes_fast_is_counted_twice(
    desk: Desk, store: Store, clock: Clock
) -> None:
    form = PatientForm("Gita", sex="female", age="3", age_unit="weeks")
    baby = register.register(store, clock.now(), form, None)
    visit = desk.post(f"/patients/{baby.id}/visit").headers["Location"]
    counter = f"{visit}/measuring/breaths"
    assert desk.post(counter, value="64").headers["Location"] == counter
    assert "count once more" in desk.get(counter)
    assert desk.post(counter, value="66").headers["Location"] == visit


def test_a_tap_says_and_the_same_tap_takes_back(desk: Desk, visit: str, store: Store) -> None:
    visit_id = visit.rpartition("/")[2]
    desk.post(f"{visit}/measuring", name="acvpu", value="V")
    assert notes.of_visit(store, visit_id).text("acvpu") == "V"
    desk.post(f"{visit}/measuring", name="acvpu", value="V")
    assert notes.of_visit(store, visit_id).text("acvpu") is None
    assert desk.post(f"{visit}/measuring", name="acvpu", value="Z").status_code == 400


def test_the_mean_stands_on_the_tile_with_its_parts_and_the_arm_is_said_by_a_tap(
    desk: Desk, visit: str, store: Store, clock: Clock
) -> None:
    cuff(store, clock, "150", "92")
    shown = desk.get(f"{visit}/live")
    assert "On which arm was it?" in shown
    entry = re.search(r'name="entry" value="(\d+)"', shown)
    assert entry is not None
    assert desk.post(f"{visit}/arm", entry=entry[1], arm="left").status_code == 303
    assert desk.post(f"{visit}/arm", entry=entry[1], arm="middle").status_code == 400
    measured(store, clock, Kind.TEMPERATURE)
    cuff(store, clock, "146", "90")
    shown = desk.get(f"{visit}/live")
    assert "mean of two" in shown
    assert '<bdi dir="ltr" class="number">148/91</bdi>' in shown
