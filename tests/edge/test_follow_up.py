"""Who should come: due, kept by coming, missed until somebody says what became, nobody who died."""

from __future__ import annotations

from datetime import date, timedelta

import pytest
from kiosk_desk import cuff

from edge.care import appointments, calls, contacting, episodes, follow_up, immunizations, library
from edge.care.calls import Call
from edge.care.episodes import Outcome
from edge.care.follow_up import FollowUp
from edge.care.immunizations import Dose
from edge.feed import replica
from edge.model.clock import Clock
from edge.model.errors import ActionRefused, InvalidForm
from edge.model.feed_item import Change, Cursor
from edge.model.follow_up_kinds import AppointmentState
from edge.model.patient import Patient
from edge.patients import life_status, register
from edge.patients.form import PatientForm
from edge.patients.life_status import LifeStatus
from edge.store import taken_back
from edge.store.store import Store
from edge.visits import moving, visits

LIBRARY = library.load(None)
DAY = timedelta(days=1)


@pytest.fixture
def today(clock: Clock) -> date:
    return clock.now().wall.astimezone().date()


@pytest.fixture
def zahra(store: Store, clock: Clock) -> Patient:
    form = PatientForm("Zahra", "female", "1960", phone="03015550142")
    return register.register(store, clock.now(), form, "w1")


def settled(store: Store, clock: Clock) -> None:
    assert follow_up.settle_waiting(store, clock.now(), LIBRARY) == 0


def listed(store: Store, clock: Clock, name: str, day: date) -> list[FollowUp]:
    settled(store, clock)
    return follow_up.page(store, name, day, 0, 50)


def came(store: Store, clock: Clock, patient: Patient, day: date) -> str:
    visit = visits.open_paper(store, clock.now(), patient.id, day, None, actor="w1")
    visits.close_visit(store, clock.now(), why="finished", station=visit.station)
    return visit.id


def booked(store: Store, clock: Clock, patient: Patient, due: date) -> appointments.Appointment:
    """Book an appointment as if it had been long ago."""
    made = appointments.book(store, clock.now(), patient.id, due.isoformat(), "w1")
    with store.transaction():
        store.execute("UPDATE appointment_entry SET day = '2026-01-01'")
    return made


def test_a_missed_appointment_stays_until_somebody_says_what_became_of_it(
    store: Store, clock: Clock, zahra: Patient, today: date
) -> None:
    made = booked(store, clock, zahra, today)
    assert [row.id for row in listed(store, clock, "today", today)] == [made.id]
    assert [row.id for row in listed(store, clock, "week", today - 3 * DAY)] == [made.id]
    for days in (1, 30, 300):
        assert [row.id for row in listed(store, clock, "overdue", today + days * DAY)] == [made.id]
    [row] = follow_up.page(store, "overdue", today + DAY, 0, 50)
    later = contacting.about(row, "remind", remind=(today + 3 * DAY).isoformat())
    contacting.record(store, clock.now(), row, later, "w1")
    assert listed(store, clock, "overdue", today + DAY) == []
    assert [r.id for r in listed(store, clock, "later", today + DAY)] == [made.id]
    [again] = listed(store, clock, "overdue", today + 3 * DAY)
    assert (again.outcome, again.called) == ("remind", today.isoformat())
    appointments.set_state(store, clock.now(), made.id, "missed", "w1", why="works in town")
    assert listed(store, clock, "overdue", today + 3 * DAY) == []


@pytest.mark.parametrize(
    ("days", "state"), [(-8, "booked"), (-7, "kept"), (0, "kept"), (7, "kept"), (8, "missed")]
)
def test_who_comes_around_the_day_has_kept_it_and_who_comes_later_has_missed_it(
    store: Store, clock: Clock, zahra: Patient, today: date, days: int, state: str
) -> None:
    made = booked(store, clock, zahra, today - 10 * DAY)
    visit = came(store, clock, zahra, today + (days - 10) * DAY)
    settled(store, clock)
    said = appointments.get(store, made.id)
    assert said.state == state
    assert said.why == (None if state == "booked" else visit)


def test_a_visit_moved_to_another_person_keeps_no_appointment_of_the_first(
    store: Store, clock: Clock, zahra: Patient, today: date
) -> None:
    made = booked(store, clock, zahra, today - DAY)
    visit = came(store, clock, zahra, today - DAY)
    settled(store, clock)
    assert appointments.get(store, made.id).state == "kept"
    other = register.register(store, clock.now(), PatientForm("Sana"), "w1")
    moving.move(store, clock.now(), visit, other.id, visit, actor="w1")
    settled(store, clock)
    assert appointments.get(store, made.id).state == "booked"


def test_what_is_due_in_a_programme_follows_the_visits_and_an_appointment_comes_first(
    store: Store, clock: Clock, zahra: Patient, today: date
) -> None:
    enrolled = episodes.enrol(store, clock.now(), zahra.id, "hypertension", "w1")
    with pytest.raises(ActionRefused):
        episodes.enrol(store, clock.now(), zahra.id, "hypertension", "w1")
    settled(store, clock)
    [row] = follow_up.of_patient(store, zahra.id)
    assert (row.source, row.id, row.due) == (
        "episode", enrolled.id, (today + 30 * DAY).isoformat())  # fmt: skip
    visits.open_visit(store, clock.now(), zahra.id, actor="w1")
    cuff(store, clock, "132", "80")
    visits.close_visit(store, clock.now(), why="finished")
    settled(store, clock)
    [row] = follow_up.of_patient(store, zahra.id)
    assert row.due == (today + 90 * DAY).isoformat()
    due = (today + 14 * DAY).isoformat()
    made = appointments.book(store, clock.now(), zahra.id, due, "w1", programme="hypertension")
    settled(store, clock)
    [row] = follow_up.of_patient(store, zahra.id)
    assert (row.source, row.id, row.due) == ("appointment", made.id, due)
    episodes.end(store, clock.now(), enrolled.id, Outcome("transferred", place="Gilgit"), "w1")
    appointments.set_state(store, clock.now(), made.id, "cancelled", "w1")
    settled(store, clock)
    assert follow_up.of_patient(store, zahra.id) == []


def test_whoever_has_died_moved_or_refused_leaves_the_lists_and_comes_back_when_it_was_a_mistake(
    store: Store, clock: Clock, zahra: Patient, today: date
) -> None:
    episodes.enrol(store, clock.now(), zahra.id, "diabetes", "w1")
    late = today + 100 * DAY
    [row] = listed(store, clock, "overdue", late)
    call = contacting.record(store, clock.now(), row, contacting.about(row, "died"), "w1")
    assert register.get(store, zahra.id).deceased
    assert listed(store, clock, "overdue", late) == []
    life_status.take_back(store, clock.now(), zahra.id, "w1")
    assert len(listed(store, clock, "overdue", late)) == 1
    taken_back.take_back(store, clock.now(), call.entry, "a mistake", actor="w1")
    assert calls.of_patient(store, zahra.id) == []
    life_status.mark(store, clock.now(), zahra.id, LifeStatus.MOVED_AWAY, "", "w1")
    assert listed(store, clock, "overdue", late) == []
    life_status.take_back(store, clock.now(), zahra.id, "w1")
    contacting.record(store, clock.now(), row, contacting.about(row, "refused"), "w1")
    assert listed(store, clock, "overdue", late) == []
    assert episodes.of_patient(store, zahra.id)[0].state == "refused"


def test_who_has_not_come_for_a_year_is_lost(
    store: Store, clock: Clock, zahra: Patient, today: date
) -> None:
    episodes.enrol(store, clock.now(), zahra.id, "hypertension", "w1")
    assert [len(listed(store, clock, name, today + 364 * DAY)) for name in ("overdue", "lost")] == [
        1, 0]  # fmt: skip
    assert [len(listed(store, clock, name, today + 365 * DAY)) for name in ("overdue", "lost")] == [
        0, 1]  # fmt: skip
    assert follow_up.counts(store, today + 365 * DAY)["lost"] == 1


def test_appointments_of_the_hospital_stand_on_the_same_lists_until_somebody_says_more(
    store: Store, clock: Clock
) -> None:
    def tell(ver: int, entity: str, item: str, body: dict[str, object] | None) -> None:
        replica.apply(store, [Change(ver, entity, item, ver, body)], Cursor(1, ver))

    tell(1, "appointment", "a1", {"patient": "p1", "when": "2026-12-03T09:30", "what": "Eyes"})
    tell(2, "patient", "p1", {"name": "Zahra", "sex": "female"})
    day = date(2026, 12, 4)
    [row] = listed(store, clock, "overdue", day)
    assert (row.source, row.patient_id, row.due) == ("hospital", "p1", "2026-12-03")
    tell(3, "patient", "p2", {"name": "Zahra B", "sex": "female"})
    tell(4, "patient", "p1", {"name": "Zahra", "sex": "female", "replaced_by": "p2"})
    [row] = listed(store, clock, "overdue", day)
    assert row.patient_id == "p2"
    contacting.close_hospital(store, clock.now(), row, AppointmentState.KEPT, "w1")
    assert listed(store, clock, "overdue", day) == []
    moved: dict[str, object] = {"patient": "p1", "when": "2026-12-10T09:30", "what": "Eyes"}
    tell(5, "appointment", "a1", moved)
    assert [r.due for r in listed(store, clock, "week", day)] == ["2026-12-10"]
    tell(6, "appointment", "a1", None)
    assert listed(store, clock, "week", day) == []


def test_a_merge_takes_programmes_and_doses_along(store: Store, clock: Clock) -> None:
    def tell(ver: int, item: str, **more: object) -> None:
        body: dict[str, object] = {"name": "Noor", "sex": "female", "birth": "2026-06-01", **more}
        replica.apply(store, [Change(ver, "patient", item, ver, body)], Cursor(1, ver))

    tell(1, "p1")
    tell(2, "p2")
    episodes.enrol(store, clock.now(), "p1", "immunisation", "w1")
    immunizations.give(store, clock.now(), "p1", Dose("bcg", 1, "2026-06-02"), "w1")
    tell(3, "p1", replaced_by="p2")
    settled(store, clock)
    assert [e.programme for e in episodes.of_patient(store, "p2")] == ["immunisation"]
    assert [d.vaccine for d in immunizations.of_patient(store, "p2")] == ["bcg"]
    [row] = follow_up.of_patient(store, "p1")
    assert row.patient_id == "p2"
    tell(4, "p1")
    settled(store, clock)
    assert [r.patient_id for r in follow_up.of_patient(store, "p1")] == ["p1"]
    assert follow_up.of_patient(store, "p2") == []


def test_an_expired_vial_is_refused_and_a_dose_taken_back_does_not_count(
    store: Store, clock: Clock, zahra: Patient
) -> None:
    for expiry, kind in (("2026-10", "expired"), ("soon", "format")):
        dose = Dose("bcg", 1, "2026-11-01", "B1", expiry)
        with pytest.raises(InvalidForm) as refused:
            immunizations.give(store, clock.now(), zahra.id, dose, "w1")
        assert refused.value.fields == {"expiry": kind}
    dose = Dose("bcg", 1, "2026-11-01", "B1", "2026-11")
    given = immunizations.give(store, clock.now(), zahra.id, dose, "w1")
    taken_back.take_back(store, clock.now(), given.entry, "another child", actor="w1")
    assert immunizations.of_patient(store, zahra.id) == []


def test_a_programme_that_changes_is_planned_anew_for_everybody_in_it(
    store: Store, clock: Clock, zahra: Patient
) -> None:
    assert follow_up.settle_if_tables_changed(store, LIBRARY)
    episodes.enrol(store, clock.now(), zahra.id, "diabetes", "w1")
    settled(store, clock)
    assert not follow_up.settle_if_tables_changed(store, LIBRARY)
    fewer = library.Library({}, LIBRARY.vaccines, {})
    assert follow_up.settle_if_tables_changed(store, fewer)
    assert follow_up.settle_waiting(store, clock.now(), fewer) == 0
    assert follow_up.of_patient(store, zahra.id) == []


def test_a_reminder_needs_its_day(store: Store, clock: Clock, zahra: Patient) -> None:
    for call in (Call("remind"), Call("agreed", remind="2026-12-01"), Call("dreamt")):
        with pytest.raises(ActionRefused):
            calls.note(store, clock.now(), zahra.id, call, "w1")
    assert calls.of_patient(store, zahra.id) == []
