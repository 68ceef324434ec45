"""In a real browser, in three languages: a paper visit is typed in, and a visit is moved."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import timedelta

import pytest
import waitress
from kiosk_scene import Scene
from playwright.sync_api import Browser, Page, expect

from edge.patients import register
from edge.patients.form import PatientForm
from edge.staff.staff import start_session
from edge.visits import notes, visits
from kiosk_ui.app import create_app
from kiosk_ui.context import COOKIE

pytestmark = pytest.mark.system


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


@pytest.fixture(params=["en", "ur", "zh"])
def page(
    browser: Browser, address: str, scene: Scene, request: pytest.FixtureRequest
) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1024, "height": 600})
    begun = start_session(scene.store, scene.clock.now(), scene.worker)
    for name, value in (("language", request.param), (COOKIE, begun.token)):
        context.add_cookies([{"name": name, "value": value, "url": address}])
    yield context.new_page()
    context.close()


def person(scene: Scene, name: str) -> str:
    return register.register(scene.store, scene.clock.now(), PatientForm(name), None).id


def test_a_paper_visit_is_typed_in_and_a_visit_goes_to_the_right_patient(
    page: Page, address: str, scene: Scene
) -> None:
    right = f"Gita {register.count(scene.store)}th"  # another one in each language
    rani, gita = person(scene, "Rani Paper"), person(scene, right)
    day = visits.day_of(scene.clock.now()) - timedelta(days=27)
    page.goto(f"{address}/patients/{rani}/paper")
    page.locator("#day").fill(day.strftime("%d.%m.%Y"))
    page.locator("[name=reason][value=child-ill]").check()
    page.locator("form.paper .act").click()
    page.locator(".part-link[href$='/notes/complaints']").click()
    page.locator("#c-complaints-fever").click()
    expect(page.locator("#c-complaints-fever")).to_have_attribute("aria-pressed", "true")
    page.locator("#c-complaints-cough").click()
    expect(page.locator("#c-complaints-cough")).to_have_attribute("aria-pressed", "true")
    (visit,) = visits.of_patient(scene.store, [rani])
    assert (visit.day, visit.paper, visit.reason) == (day, True, "child-ill")
    assert notes.of_visit(scene.store, visit.id).words("complaints") == ("fever", "cough")

    page.goto(f"{address}/visits/{visit.id}/readings-of/{rani}/move?q={right}")
    page.locator("#found button").first.click()
    page.locator("main .act[name=sure]").click()
    expect(page.locator("h1.who-name")).to_contain_text(right)
    expect(page.locator("main .mark.doubt")).to_have_count(2)
    assert visits.get(scene.store, visit.id).patient_id == gita
    page.goto(f"{address}/patients/{rani}/visits")
    expect(page.locator("main .notice.doubt")).to_contain_text(right)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
