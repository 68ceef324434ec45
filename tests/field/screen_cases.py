"""Field cases about the screens: scanning, measuring, lists, forms that are left."""

from __future__ import annotations

import re
from collections.abc import Callable

from kiosk_desk import Desk
from playwright.sync_api import Page, expect
from wedge import LAYOUTS, Scanner

from edge.model.clock import Clock
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


CASES: dict[str, Callable[..., None]] = {
    "FL01": a_part_of_a_scan_is_no_card,
    "FL11": a_scan_of_other_keys_is_read_or_explained,
}
"""The function of each row of `workflow.jsonl`; its parameters are fixtures."""
