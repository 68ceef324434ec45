"""What was measured before: chart, table, one sentence; and who looked."""

from __future__ import annotations

import re
from dataclasses import replace
from decimal import Decimal

import pytest
from kiosk_desk import Desk

from edge.model.clock import Clock
from edge.model.reading import Code, CodedValue, Kind, Measurement, Reading, Value
from edge.patients import register
from edge.patients.form import PatientForm
from edge.readings import intake
from edge.store import journal, table_check
from edge.store.store import Store

DAY_MS = 24 * 3600 * 1000


@pytest.fixture
def imran(store: Store, clock: Clock) -> str:
    """Somebody with three blood pressures and a weight."""
    now = clock.now()
    patient = register.register(store, now, PatientForm("Imran", age="54"), None)
    for days, high, low in ((60, 152, 95), (30, 190, 90), (1, 139, 88)):
        at = replace(now, t_ms=now.t_ms - days * DAY_MS, wall_ms=now.wall_ms - days * DAY_MS)
        values = (
            Value(Code.SYSTOLIC, Decimal(high), "mm[Hg]"),
            Value(Code.DIASTOLIC, Decimal(low), "mm[Hg]"),
        )
        act = Measurement(Kind.BLOOD_PRESSURE, values)
        intake.accept(store, Reading(act, at, "device", patient_id=patient.id))
    weight = Measurement(Kind.WEIGHT, (Value(Code.WEIGHT, Decimal("71.40"), "kg"),))
    intake.accept(store, Reading(weight, now, "typed", patient_id=patient.id))
    return patient.id


def test_the_chart_says_in_words_what_it_draws(desk: Desk, imran: str) -> None:
    page = desk.get(f"/patients/{imran}/history")
    assert 'role="img"' in page
    title = re.search(r'<title id="chart-title">(.*?)</title>', page)
    assert title is not None
    assert title[1] == "Blood pressure"
    sentence = re.search(r'<desc id="chart-desc">(.*?)</desc>', page)
    assert sentence is not None
    assert "139/88 mmHg, is lower than 152/95 mmHg" in sentence[1]
    assert page.count('class="bar') == 4  # the bar of the page and three pressures
    assert page.count('class="bar out"') == 1


def test_each_vital_has_its_tab_and_its_own_digits(desk: Desk, imran: str) -> None:
    page = desk.get(f"/patients/{imran}/history", vital="29463-7")
    assert "71.40" in page
    assert "One measurement" in page


def test_every_look_is_in_the_journal(desk: Desk, imran: str, store: Store) -> None:
    before = store.journal_position()
    desk.get(f"/patients/{imran}/history")
    [(_, entry)] = journal.since(store, before)
    assert (entry.kind, entry.body["patient"]) == ("view", imran)
    assert entry.actor is not None


def test_nothing_measured_says_so(desk: Desk, store: Store, clock: Clock) -> None:
    empty = register.register(store, clock.now(), PatientForm("Amina"), None)
    assert "Nothing has been measured yet" in desk.get(f"/patients/{empty.id}/history")


def test_an_unknown_patient_is_a_plain_page(desk: Desk) -> None:
    assert "There is no such page" in desk.get("/patients/nobody/history")


def test_laboratory_results_have_a_page_and_none_is_cut_off(
    desk: Desk, store: Store, clock: Clock, imran: str
) -> None:
    assert "/laboratory" not in desk.get(f"/patients/{imran}/history")
    for number in range(52):
        value = Value("14682-9", Decimal(100 + number), "umol/L")
        measured = Measurement(
            Kind.LABORATORY,
            (value,),
            record=f"S-{number}",
            coded=(CodedValue("75622-1", "negative"),),
            found=("OBR-3",),
        )
        reading = Reading(measured, clock.now(), "device", model="HL7 analyser", patient_id=imran)
        intake.accept(store, reading)
    assert f"/patients/{imran}/laboratory" in desk.get(f"/patients/{imran}/history")
    first = desk.get(f"/patients/{imran}/laboratory")
    assert "Creatinine" in first
    assert "HIV test" in first
    assert "negative" in first
    assert "S-51<" in first
    assert "OBR-3" in first
    assert "S-1<" not in first
    assert "S-1<" in desk.get(f"/patients/{imran}/laboratory", page="2")


def test_somebody_whose_row_was_changed_on_the_card_is_marked(
    desk: Desk, imran: str, store: Store, clock: Clock
) -> None:
    words = "card: check with the person"
    assert words not in desk.get(f"/patients/{imran}/history")
    with store.transaction():
        store.execute("UPDATE patient SET sex = 'female' WHERE id = ?", (imran,))
    assert table_check.check(store, clock.now()) == 1
    assert words in desk.get(f"/patients/{imran}/history")
