"""Field cases about the screens: scanning, measuring, lists, forms that are left."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal

from kiosk_desk import Desk, cuff, measured
from playwright.sync_api import Page, expect
from wedge import LAYOUTS, Scanner

from edge.model.clock import Clock
from edge.model.reading import Code, Kind, Value
from edge.patients import register
from edge.patients.form import PatientForm
from edge.store.store import Store
from edge.visits import visits


def a_part_of_a_scan_is_no_card(page: Page, store: Store, clock: Clock) -> None:
    """FL01: a scanner that stutters, and a page that was not ready, never name another person."""
    now = clock.now()
    whole = PatientForm("Amina Bibi", sex="female", birth="1990", card="13901042")
    tail = PatientForm("Imran Khan", sex="male", birth="1950", card="1042")
    register.register(store, now, whole, None)
    register.register(store, now, tail, None)
    asked, again = page.locator(".owner"), page.get_by_text("Scan it again")
    for place in range(1, 8):
        page.goto("/measure")
        Scanner(page).scan("13901042", pauses={place: 70})
        expect(asked).to_contain_text("Female")
        page.goto("/measure")
        scanner = Scanner(page)
        scanner.scan("13901042", pauses={place: 1500})
        expect(again).to_be_visible()
        expect(page.locator("#card")).to_have_value("")
        scanner.rest(3000)
        scanner.scan("13901042")
        expect(asked).to_contain_text("Female")
    page.goto("/measure")
    page.locator("#card").focus()
    scanner = Scanner(page)
    scanner.scan("99", end="")
    scanner.rest(2000)
    scanner.scan("1042")
    expect(again).to_be_visible()
    page.goto("/measure")
    scanner = Scanner(page)
    scanner.clock_s = page.evaluate("(performance.timeOrigin + READY_AT) / 1000")
    scanner.scan("1042")  # its first half went to the page before
    expect(again).to_be_visible()
    assert visits.current(store, clock.now()) is None


def a_scan_of_other_keys_is_read_or_explained(
    staff_page: Page, desk: Desk, store: Store, clock: Clock
) -> None:
    """FL11: the scanner's keys are read, not what this machine's alphabet makes of them."""
    form = PatientForm("Amina Bibi", sex="female", birth="1990", card="HP-104279")
    register.register(store, clock.now(), form, None)
    for layout in LAYOUTS:
        staff_page.goto("/measure")
        Scanner(staff_page, layout).scan("HP-104279")
        expect(staff_page.locator(".owner")).to_contain_text("Female")
        staff_page.goto("/patients")
        staff_page.locator("#q").focus()
        Scanner(staff_page, layout).scan("HP-104279")
        expect(staff_page.locator(".hit")).to_contain_text("Amina Bibi")
        staff_page.goto("/patients/new")
        staff_page.locator("#card").focus()
        Scanner(staff_page, layout).scan("KX-2077")
        expect(staff_page.locator("#card")).to_have_value(re.compile("^KX-2077$", re.IGNORECASE))
        Scanner(staff_page, layout).scan("KX-2077")  # onto what stands there: nobody's number
        expect(staff_page.locator("#card-scan")).to_contain_text("Scan it again")
        expect(staff_page.locator("#card")).to_have_value("")
    for garbled in ("&à'é", "اب-چد۱", "hp--1", "-_-", "A" * 41):
        answer = desk.post("/measure", card=garbled)
        assert answer.status_code == 422, garbled
        assert "types in another alphabet" in answer.text
        kept = desk.post("/patients/new", name="Zubaida", card=garbled, new="yes")
        assert kept.status_code == 422, garbled
    assert "types in another alphabet" in desk.post("/patients/new", name="Z", card="&à'é").text
    assert "types in another alphabet" in desk.get("/patients/found", q="&à'é")
    assert register.count(store) == 1


def a_full_tray_does_not_blind_who_measures_alone(desk: Desk, store: Store, clock: Clock) -> None:
    """FL03: 150 values wait in the tray; the next one is shown to the person who measures."""
    for number in range(150):
        measured(
            store, clock, Kind.GLUCOSE, Value(Code.GLUCOSE_MG_DL, Decimal(90 + number), "mg/dL")
        )
    desk.post("/measure", without="yes")
    step = desk.client.get("/measure/blood-pressure").headers["Location"]
    cuff(store, clock, "205", "118")
    shown = desk.client.get(step.replace("?", "/live?")).text
    assert "205/118" in shown
    assert "health worker" in shown
    assert "done-mark" in desk.get("/measure/choose")
    pages = [desk.get("/tray", page=str(number)) for number in (1, 2, 3, 4)]
    assert [page.count("tray-row") for page in pages] == [50, 50, 50, 1]
    assert "205/118" in pages[0]
    assert "151" in pages[0]
    assert "/tray?page=2" in pages[0]
    assert "/tray?page=4" not in pages[3]


def a_dangerous_value_stays_in_sight(desk: Desk, store: Store, clock: Clock) -> None:
    """FL04: 205 readings of oxygen hide neither a pressure of 225/112 nor a weight."""
    imran = register.register(store, clock.now(), PatientForm("Imran", birth="1960"), None)
    visit = desk.post(f"/patients/{imran.id}/visit").headers["Location"]
    desk.post(f"{visit}/typed", kind="weight", v0="66")
    cuff(store, clock, "225", "112")
    for number in range(205):
        measured(store, clock, Kind.OXIMETRY, Value(Code.SPO2, Decimal(95 + number % 4), "%"))
    shown = desk.get(f"{visit}/live")
    places = [shown.index(text) for text in (">225/112<", ">66<", ">98<")]
    assert places[0] < places[1]
    assert shown.index("reading urgent") == shown.index('class="reading ') + len('class="')
    assert "193" in shown  # so many readings of oxygen stand in the history only
    assert f"/patients/{imran.id}/history" in shown
    first = desk.get(f"/patients/{imran.id}/history")
    assert "225/112" in first
    assert all(code in first for code in (Code.WEIGHT, Code.SPO2, Code.SYSTOLIC))
    assert ">66<" in desk.get(f"/patients/{imran.id}/history", vital=Code.WEIGHT)
    parts = [
        desk.get(f"/patients/{imran.id}/history", vital=Code.SPO2, page=str(number))
        for number in (1, 2, 3, 4)
    ]
    assert [part.count("<tr><td>") for part in parts] == [60, 60, 60, 25]
    assert "205" in parts[0]


CASES: dict[str, Callable[..., None]] = {
    "FL01": a_part_of_a_scan_is_no_card,
    "FL03": a_full_tray_does_not_blind_who_measures_alone,
    "FL04": a_dangerous_value_stays_in_sight,
    "FL11": a_scan_of_other_keys_is_read_or_explained,
}
"""The function of each row of `workflow.jsonl`; its parameters are fixtures."""
