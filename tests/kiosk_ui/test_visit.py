"""A worker's session: values appear with their source, typed text is judged at its field."""

from __future__ import annotations

import pytest
from kiosk_desk import Desk, cuff, failing_disk, measured

from edge.model.clock import Clock
from edge.model.patient import Patient
from edge.model.reading import Kind
from edge.patients import register
from edge.patients.form import PatientForm
from edge.readings import history, intake
from edge.store.store import Store
from edge.visits import visits


@pytest.fixture
def imran(store: Store, clock: Clock) -> Patient:
    form = PatientForm("Muhammad <b>Imran</b>", sex="male", age="54", card="1042")
    return register.register(store, clock.now(), form, None)


@pytest.fixture
def visit(desk: Desk, imran: Patient) -> str:
    answer = desk.post(f"/patients/{imran.id}/visit")
    assert answer.status_code == 303
    return answer.headers["Location"]


def test_a_reading_appears_with_its_source(
    desk: Desk, visit: str, store: Store, clock: Clock
) -> None:
    cuff(store, clock, "128", "82")
    shown = desk.get(visit + "/live")
    assert '<span class="number">128/82</span>' in shown
    assert "ble-TEST" in shown
    assert "safe here" in shown


def test_a_poll_costs_nothing_until_something_changes(
    desk: Desk, visit: str, store: Store, clock: Clock
) -> None:
    first = desk.client.get(visit + "/live")
    again = desk.client.get(visit + "/live", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    cuff(store, clock, "128", "82")
    third = desk.client.get(visit + "/live", headers={"If-None-Match": first.headers["ETag"]})
    assert third.status_code == 200


def test_a_doubtful_and_an_urgent_value_say_so(
    desk: Desk, visit: str, store: Store, clock: Clock
) -> None:
    cuff(store, clock, "225", "96")
    shown = desk.get(visit + "/live")
    assert "Upper pressure is unusual" in shown
    assert "act now" in shown


def test_a_failed_measurement_is_told_in_plain_words(
    desk: Desk, visit: str, store: Store, clock: Clock
) -> None:
    assert isinstance(measured(store, clock, Kind.BLOOD_PRESSURE), intake.RejectedReading)
    assert "did not get a reading" in desk.get(visit + "/live")
    cuff(store, clock, "128", "82")
    assert "did not get a reading" not in desk.get(visit + "/live")


@pytest.mark.parametrize(
    ("typed", "shown"),
    [("36.8", "36.8"), ("36,8", "36.8"), ("۳۶٫۸", "36.8"), ("३६.८", "36.8"), ("36", "36")],
)
def test_any_digits_can_be_typed(desk: Desk, visit: str, typed: str, shown: str) -> None:
    answer = desk.post(visit + "/typed", kind="temperature", v0=typed)
    assert answer.headers["HX-Trigger"] == "recorded"
    assert f'<span class="number">{shown}</span>' in desk.get(visit + "/live")


@pytest.mark.parametrize(
    ("form", "why"),
    [
        ({"kind": "temperature", "v0": "368"}, "must be from"),
        ({"kind": "respiratory-rate", "v0": "2"}, "Look at the patient now"),
        ({"kind": "respiratory-rate", "v0": "200"}, "Check the number"),
        ({"kind": "temperature", "v0": "36.8.1"}, "not a number"),
        ({"kind": "temperature", "v0": "1,036.8"}, "not a number"),
        ({"kind": "temperature", "v0": ""}, "Enter a number"),
        ({"kind": "temperature", "v0": "NaN"}, "not a number"),
        ({"kind": "temperature", "v0": "1e1"}, "not a number"),
        ({"kind": "blood-pressure", "v0": "120", "v1": ""}, "both numbers"),
        ({"kind": "blood-pressure", "v0": "80", "v1": "120"}, "must be higher"),
    ],
)
def test_an_impossible_number_stays_in_its_box_with_the_reason(
    desk: Desk, visit: str, store: Store, form: dict[str, str], why: str
) -> None:
    before = store.journal_position()
    answer = desk.post(visit + "/typed", **form)
    assert why in answer.text
    assert f'value="{form["v0"]}"' in answer.text
    assert "HX-Trigger" not in answer.headers
    assert store.journal_position() == before


def test_an_unusual_number_is_asked_about_once(desk: Desk, visit: str) -> None:
    asked = desk.post(visit + "/typed", kind="temperature", v0="41.2")
    assert "confirm that the number is right" in asked.text
    other = desk.post(visit + "/typed", kind="temperature", v0="42.2", sure="41.2Cel")
    assert "confirm that the number is right" in other.text
    kept = desk.post(visit + "/typed", kind="temperature", v0="41.2", sure="41.2Cel")
    assert kept.headers["HX-Trigger"] == "recorded"


def test_glucose_is_kept_in_the_unit_that_was_chosen(desk: Desk, visit: str, store: Store) -> None:
    desk.post(visit + "/typed", kind="glucose", v0="110", unit="mg/dL")
    held = history.of_visit(store, visit.rpartition("/")[2])
    assert [(str(v.value), v.unit) for v in held[0].values] == [("110", "mg/dL")]
    assert held[0].actor is not None


def test_a_closed_session_records_nothing_and_keeps_the_text(
    desk: Desk, visit: str, store: Store, clock: Clock
) -> None:
    assert desk.post(visit + "/close").status_code == 303
    assert visits.current(store, clock.now()) is None
    answer = desk.post(visit + "/typed", kind="weight", v0="71.4")
    assert "This session is closed" in answer.text
    assert 'value="71.4"' in answer.text
    assert "This session is closed" in desk.get(visit + "/live")


def test_names_are_escaped(desk: Desk, visit: str) -> None:
    page = desk.get(visit)
    assert "Muhammad &lt;b&gt;Imran&lt;/b&gt;" in page
    assert "<b>Imran" not in page


def test_a_failing_disk_keeps_what_was_typed(desk: Desk, visit: str) -> None:
    with failing_disk():
        answer = desk.post(visit + "/typed", kind="weight", v0="71.4")
    assert "memory card of the box answers with errors" in answer.text
    assert 'value="71.4"' in answer.text
