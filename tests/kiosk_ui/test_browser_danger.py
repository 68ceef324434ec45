"""A danger in a real browser: it stops the visit by itself and goes only by what was done."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
import waitress
from kiosk_scene import Scene
from playwright.sync_api import Browser, Page, expect

from edge.dangers import dangers
from edge.model.languages import CODES
from edge.model.reading import Code, Kind
from edge.patients import register
from edge.patients.form import PatientForm
from edge.staff.staff import start_session
from edge.visits import notes, visits
from kiosk_ui.app import create_app
from kiosk_ui.context import COOKIE

pytestmark = pytest.mark.system

AXE = Path(__file__).parent.parent / "support" / "axe.min.js"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SCROLLS = """() => ['html', 'main', '.stop-what', '.measured', '.side'].filter(name => {
  const e = document.querySelector(name);
  return e && (e.scrollWidth > e.clientWidth || e.scrollHeight > e.clientHeight + 1); })"""


@pytest.fixture(scope="module")
def scene(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Scene]:
    built = Scene.build(tmp_path_factory.mktemp("box"))
    yield built
    built.close()


@pytest.fixture(scope="module")
def address(scene: Scene) -> Iterator[str]:
    server = waitress.create_server(create_app(scene.settings), host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    thread.join(timeout=5)


@pytest.fixture(params=CODES)
def page(
    request: pytest.FixtureRequest, browser: Browser, address: str, scene: Scene
) -> Iterator[Page]:
    """A worker's screen in each language."""
    context = browser.new_context(viewport={"width": 1024, "height": 600})
    token = start_session(scene.store, scene.clock.now(), scene.worker).token
    cookies = {COOKIE: token, "language": request.param}
    context.add_cookies([{"name": n, "value": v, "url": address} for n, v in cookies.items()])
    opened = context.new_page()
    opened.set_default_timeout(40_000)
    complaints: list[str] = []
    opened.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    yield opened
    context.close()
    assert complaints == []


def begin(scene: Scene, form: PatientForm) -> tuple[str, str]:
    """Open the visit of a new patient; return the ids of both."""
    patient = register.register(scene.store, scene.clock.now(), form, scene.worker)
    visit = visits.open_visit(scene.store, scene.clock.now(), patient.id, actor=scene.worker)
    return patient.id, visit.id


def check(page: Page) -> None:
    """Nothing scrolls on the panel, and axe finds nothing serious."""
    page.evaluate("document.fonts.ready.then(() => true)")
    assert page.evaluate(SCROLLS) == []
    page.evaluate(AXE.read_text(encoding="utf-8") + "; true")
    found = page.evaluate(
        "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", WCAG
    )["violations"]
    serious = [v["id"] for v in found if v["impact"] in ("serious", "critical")]
    assert serious == []


def test_a_child_with_a_danger_sign_stops_the_visit_and_is_referred(
    page: Page, address: str, scene: Scene
) -> None:
    child, visit = begin(scene, PatientForm("Gita", "female", age="20", age_unit="months"))
    page.goto(f"{address}/visits/{visit}")
    check(page)
    page.locator(".part-link[href$='/notes/danger']").click()
    page.locator("#c-convulsion-present").click()
    expect(page.locator("#c-convulsion-present[aria-pressed=true]")).to_be_visible()
    page.goto(f"{address}/visits/{visit}")
    page.wait_for_url(f"**/dangers/{child}")
    expect(page.locator(".stop-value")).not_to_be_empty()
    check(page)
    page.locator(".stop-step").nth(1).click()
    expect(page.locator(".stop-step[aria-pressed=true]")).to_have_count(1)
    page.goto(f"{address}/")
    expect(page.locator(".alarm")).to_be_visible()  # it rings where the visit was left
    page.locator(".alarm").click()
    page.wait_for_url(f"**/dangers/{child}")
    page.locator("button[value=referred]").click()
    page.wait_for_url(f"**/visits/{visit}/referral")
    assert dangers.waiting(scene.store) == []


def test_a_pregnant_woman_with_a_very_high_pressure_stops_the_visit_by_itself(
    page: Page, address: str, scene: Scene
) -> None:
    woman, visit = begin(scene, PatientForm("Sita", "female", age="27"))
    now = scene.clock.now()
    notes.say(scene.store, now, visit, "pregnant", "yes", actor=scene.worker)
    lmp = visits.day_of(now) - timedelta(weeks=33)
    notes.say(scene.store, now, visit, "lmp", lmp.isoformat(), actor=scene.worker)
    page.goto(f"{address}/visits/{visit}")
    scene.measure("ble-A", Kind.BLOOD_PRESSURE, (Code.SYSTOLIC, "165", "mm[Hg]"),
        (Code.DIASTOLIC, "112", "mm[Hg]"), (Code.PULSE, "88", "/min"))  # fmt: skip
    page.wait_for_url(f"**/dangers/{woman}")
    expect(page.locator(".stop-value")).to_contain_text("165/112")
    check(page)
    page.locator("button[value=treated]").click()
    page.wait_for_url(f"**/visits/{visit}")
    expect(page.locator("#verdict .v-red")).to_be_visible()
    expect(page.locator(".tile.wide.danger")).to_contain_text("165/112")
    check(page)
