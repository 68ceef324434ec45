"""The main job, whole, on real parts: Chromium, bleak, Mosquitto with TLS and rules, PostgreSQL.

A worker registers a patient in the browser, a cuff on the air measures, the value appears on the
screen, and a row of that patient stands in the hospital's database and on a doctor's desk.
"""

from __future__ import annotations

import json
from collections.abc import Iterator

import pytest
from eventually import eventually
from playwright.sync_api import Browser, Page, expect
from postgres import cluster

from edge.model.reading import Code
from edge.readings import history
from edge.store.store import Store
from hospital.archive.postgres import PostgresArchive
from provisioning.demo import DOCTOR, PASSWORD, PIN, WORKER, RunningDemo, running

pytestmark = [pytest.mark.system, pytest.mark.timeout(240)]

NAME = "Zubaida Khatoon"


@pytest.fixture
def database() -> Iterator[str]:
    """The address of an empty PostgreSQL database."""
    with cluster() as postgres:
        yield postgres.fresh()


@pytest.fixture
def demo(database: str) -> Iterator[RunningDemo]:
    """A running clinic whose devices measure when told."""
    with running(every_s=0, broker="mosquitto", archive=database) as whole:
        yield whole


@pytest.fixture
def page(browser: Browser) -> Iterator[Page]:
    """A browser's page at the size of the box's panel."""
    context = browser.new_context(viewport={"width": 1024, "height": 600})
    opened = context.new_page()
    opened.set_default_timeout(40_000)
    yield opened
    context.close()


def test_a_cuff_on_the_air_becomes_a_row_at_the_hospital(
    demo: RunningDemo, database: str, page: Page
) -> None:
    register(page, demo)
    cuff = next(d["name"] for d in demo.ward.devices if "651" in d["model"])
    demo.ward.measure(cuff)
    shown = page.locator("#live")
    expect(shown).to_contain_text("mmHg", timeout=60_000)
    pressure = accepted(demo)
    expect(shown).to_contain_text(pressure)
    expect(shown).to_contain_text("UA-651BLE")
    assert eventually(lambda: archived(database), within_s=60) == pressure
    custody = shown.locator(".custody").first
    expect(custody).to_contain_text("confirmed by the hospital", timeout=60_000)
    at_the_desk(page, demo)
    expect(page.locator("main")).to_contain_text(pressure)


def register(page: Page, demo: RunningDemo) -> None:
    page.goto(demo.kiosk_url)
    page.get_by_role("link", name="Health worker").click()
    page.get_by_role("link", name=WORKER).click()
    for digit in PIN:
        page.get_by_role("button", name=digit, exact=True).click()
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("button", name="New patient").click()
    page.get_by_label("Name").fill(NAME)
    page.get_by_label("Female").check()
    page.get_by_label("or age", exact=True).fill("51")
    page.get_by_role("button", name="Register and measure").click()
    # The demo measures somebody from its start.
    page.get_by_role("button", name="Finish that session").click()
    expect(page.get_by_role("heading", name=NAME)).to_be_visible()


def accepted(demo: RunningDemo) -> str:
    store = Store.open(demo.settings.database)
    try:
        patient = store.row("SELECT id FROM patient WHERE name = ?", (NAME,))
        assert patient is not None
        taken = eventually(lambda: history.of_patient(store, patient["id"]))[0]
    finally:
        store.close()
    systolic, diastolic = taken.value(Code.SYSTOLIC), taken.value(Code.DIASTOLIC)
    assert systolic is not None
    assert diastolic is not None
    return f"{systolic.value}/{diastolic.value}"


def archived(database: str) -> str | None:
    archive = PostgresArchive.open(database)
    try:
        rows = archive.rows(
            "SELECT r.said FROM reading r JOIN patient p ON p.id = r.patient WHERE p.name = ?",
            (NAME,),
        )
    finally:
        archive.close()
    values = {code: value for row in rows for code, value, *_ in json.loads(row["said"])}
    return f"{values[Code.SYSTOLIC]}/{values[Code.DIASTOLIC]}" if values else None


def at_the_desk(page: Page, demo: RunningDemo) -> None:
    page.goto(demo.desk_url)
    page.get_by_label("Name").fill(DOCTOR)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("link", name=NAME).first.click()
