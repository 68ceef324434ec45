"""Somebody with high blood pressure who is overdue is called, comes, and gets the next date."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pytest
import waitress
from kiosk_scene import Scene
from playwright.sync_api import Browser, Page, expect

from edge.care import appointments, calls, episodes
from edge.model.languages import LANGUAGES
from edge.model.patient import Patient
from edge.staff import staff
from edge.visits import visits
from kiosk_ui import language
from kiosk_ui.app import create_app
from kiosk_ui.context import COOKIE

pytestmark = pytest.mark.system

TAGS = {one.code: one.tag for one in LANGUAGES}


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    built = Scene.build(tmp_path)
    yield built
    built.close()


@pytest.fixture
def address(scene: Scene) -> Iterator[str]:
    server = waitress.create_server(create_app(scene.settings), host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    thread.join(timeout=5)


def overdue(scene: Scene, patient: Patient, today: date) -> appointments.Appointment:
    """Let somebody have been booked weeks ago for the day before yesterday."""
    store, now = scene.store, scene.clock.now()
    since = (today - timedelta(days=60)).isoformat()
    episodes.enrol(store, now, patient.id, "hypertension", scene.worker, day=since)
    due = (today - timedelta(days=2)).isoformat()
    made = appointments.book(store, now, patient.id, due, scene.worker, programme="hypertension")
    with store.transaction():
        store.execute(
            "UPDATE appointment_entry SET day = ? WHERE appointment = ?", (since, made.id)
        )
    return made


def follow(page: Page, address: str, patient: Patient) -> None:
    """Call the person on the list, then begin a visit when they come, and say when next."""
    page.goto(f"{address}/due?list=overdue")
    row = page.locator(".due > li", has_text=patient.name)
    expect(row).to_contain_text(patient.phone or "")
    row.locator("summary").click()
    row.locator('button[value="agreed"]').click()
    expect(page.get_by_role("status")).to_contain_text(patient.name)
    page.locator(".due > li", has_text=patient.name).locator("a.hit").click()
    page.locator(f'form[action="/patients/{patient.id}/visit"] button').click()
    page.wait_for_url("**/visits/*")
    page.locator('[popovertarget="part-next_date"]').first.click()
    page.locator('#part-next_date button[name="days"][value="30"]').click()
    page.wait_for_url("**/visits/*")
    page.goto(f"{address}/due?list=overdue")
    expect(page.locator(".due > li", has_text=patient.name)).to_have_count(0)


def test_an_overdue_person_is_called_comes_and_keeps_the_appointment_in_every_language(
    browser: Browser, address: str, scene: Scene
) -> None:
    today = scene.clock.now().wall.astimezone().date()
    token = staff.start_session(scene.store, scene.clock.now(), scene.worker).token
    told: list[str] = []
    for code, patient in zip(("en", "ur", "zh"), scene.people, strict=False):
        made = overdue(scene, patient, today)
        context = browser.new_context(viewport={"width": 1024, "height": 600})
        context.add_cookies(
            [
                {"name": COOKIE, "value": token, "url": address},
                {"name": language.COOKIE, "value": code, "url": address},
            ]
        )
        page = context.new_page()
        page.set_default_timeout(30_000)
        page.on("console", lambda m: told.append(m.text) if m.type == "error" else None)
        page.on("pageerror", lambda error: told.append(str(error)))
        follow(page, address, patient)
        assert page.locator("html").get_attribute("lang") == TAGS[code]
        context.close()
        visits.close_visit(scene.store, scene.clock.now(), why="finished", actor=scene.worker)
        first, second = appointments.of_patient(scene.store, patient.id)[::-1]
        assert (first.id, first.state) == (made.id, "kept")
        assert second.due == (today + timedelta(days=30)).isoformat()
        assert [call.outcome for call in calls.of_patient(scene.store, patient.id)] == ["agreed"]
    assert told == []
