"""The kiosk in a real browser under its real policy: journeys, accessibility, sizes, order."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import waitress
from kiosk_scene import PIN, Scene
from playwright.sync_api import Browser, BrowserContext, Page, expect

from edge.model.languages import CODES
from edge.model.reading import Code, Kind
from edge.readings import history
from edge.visits import visits
from kiosk_ui.app import create_app

pytestmark = pytest.mark.system

AXE = Path(__file__).parent.parent / "support" / "axe.min.js"
WCAG = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SIZES = {"panel": (1024, 600), "phone": (390, 844)}
PX_PER_MM = 5
STAFF_PX, PATIENT_PX = 10 * PX_PER_MM, 16 * PX_PER_MM

MAIN_PAGES = (
    "home",
    "sign-in-pin",
    "self-service-card",
    "self-service-value",
    "worker-register",
    "worker-visit",
)
"""Judged by axe in every language and size; the others only on the panel, to spare minutes."""

SMALL_TARGETS = """least => [...document.querySelectorAll(
    'main button, main a, main input:not([type=hidden]):not([type=radio]), main select')]
  .filter(e => e.checkVisibility() && !e.closest('ul li p, .notice ul'))
  .map(e => [e.getBoundingClientRect(), (e.textContent || e.name || '').trim()])
  .filter(([r]) => r.height < least - 0.5)
  .map(([r, text]) => `${text}: ${Math.round(r.width)}x${Math.round(r.height)}`)"""

WIDER_THAN_SCREEN = """() => ['html', 'main'].some(name => {
  const e = document.querySelector(name); return e.scrollWidth > e.clientWidth; })"""


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


@pytest.fixture
def complaints() -> list[str]:
    """What the browser complained about."""
    return []


@pytest.fixture
def page(browser: Browser, complaints: list[str]) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1024, "height": 600})
    yield _listened(context, complaints)
    context.close()


def _listened(context: BrowserContext, complaints: list[str]) -> Page:
    page = context.new_page()
    page.set_default_timeout(40_000)
    page.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    page.on("pageerror", lambda error: complaints.append(str(error)))
    return page


def _speak(page: Page, address: str, language: str) -> None:
    page.context.add_cookies([{"name": "language", "value": language, "url": address}])


def _sign_in(page: Page, address: str, scene: Scene) -> None:
    page.goto(f"{address}/sign-in/{scene.worker}?next=/patients")
    for digit in PIN:
        page.locator(f"[data-key='{digit}']").click()
    page.locator(".go").click()
    page.wait_for_url("**/patients")


def test_a_worker_registers_measures_and_types(
    page: Page, address: str, scene: Scene, complaints: list[str]
) -> None:
    page.goto(address)
    page.get_by_role("link", name="Health worker").click()
    page.get_by_role("link", name="Sana Malik").click()
    for digit in PIN:
        page.get_by_role("button", name=digit, exact=True).click()
    page.get_by_role("button", name="Sign in").click()
    page.get_by_role("searchbox").press_sequentially("Zubaida")
    expect(page.locator("#found")).to_contain_text("Nobody found")
    page.get_by_role("button", name="New patient").click()
    page.get_by_label("Name").fill("Zubaida Khatoon")
    page.get_by_label("Female").check()
    page.get_by_label("or age", exact=True).fill("۵۱")
    page.get_by_role("button", name="Register and measure").click()
    expect(page.locator("h1")).to_contain_text("Zubaida Khatoon")
    page.locator(".tile[data-row=weight]").click()
    typing = page.get_by_label("Weight", exact=True)
    typing.fill("6")
    scene.measure("ble-A", Kind.BLOOD_PRESSURE, (Code.SYSTOLIC, "128", "mm[Hg]"),
        (Code.DIASTOLIC, "82", "mm[Hg]"))  # fmt: skip
    live = page.locator("#live")
    expect(live).to_contain_text("128/82 mmHg")
    expect(live).to_contain_text("A&D UA-651BLE")
    expect(typing).to_have_value("6")
    expect(typing).to_be_focused()
    typing.press_sequentially("4,5")
    typing.press("Enter")
    expect(live).to_contain_text("64.5 kg")
    expect(live).to_contain_text("typed by Sana Malik")
    expect(page.get_by_label("Height", exact=True)).to_be_focused()
    scene.confirm(waiting=0)
    expect(live.locator(".custody").first).to_contain_text("confirmed by the hospital")
    page.get_by_role("button", name="Finish").click()
    page.wait_for_url("**/patients")
    assert visits.current(scene.store, scene.clock.now()) is None
    assert complaints == []


def test_live_numbers_and_failures_show_while_measuring(
    page: Page, address: str, scene: Scene, complaints: list[str]
) -> None:
    from edge.equipment import registry
    from edge.model.reading import Measurement

    _sign_in(page, address, scene)
    page.goto(f"{address}/visits/{scene.open_visit()}")
    scene.measure("ble-A", Kind.BLOOD_PRESSURE)
    expect(page.locator("#live")).to_contain_text("The cuff did not get a reading")
    stream = Measurement(Kind.OXIMETRY, scene.values((Code.SPO2, "95", "%")))
    registry.show_live(scene.store, scene.clock.now(), "usb-B", stream)
    expect(page.locator(".tile.live").first).to_contain_text("95 %")
    expect(page.locator(".tile.live").first).to_contain_text("settling")
    assert complaints == []


def test_a_value_that_comes_late_uncovers_the_screen(
    page: Page, address: str, scene: Scene
) -> None:
    visits.close_visit(scene.store, scene.clock.now(), why="finished")
    page.clock.install()
    page.goto(f"{address}/measure")
    page.get_by_role("button", name="Without a card").click()
    page.get_by_role("link", name="Blood pressure").click()
    page.wait_for_url("**/blood-pressure?after=*")
    page.clock.run_for(119_000)
    expect(page.get_by_text("Are you still here?")).not_to_be_visible()
    page.clock.run_for(2_000)
    expect(page.get_by_text("Are you still here?")).to_be_visible()
    scene.measure("ble-A", Kind.BLOOD_PRESSURE, (Code.SYSTOLIC, "132", "mm[Hg]"),
        (Code.DIASTOLIC, "84", "mm[Hg]"))  # fmt: skip
    page.clock.run_for(2_000)
    value = page.locator(".result .quantity").first
    expect(value).to_have_text("132/84 mmHg")
    expect(value).to_be_visible()
    page.clock.run_for(55_000)
    expect(value).to_be_visible()


def test_a_patient_measures_alone_and_the_value_hides_itself(
    page: Page, address: str, scene: Scene
) -> None:
    visits.close_visit(scene.store, scene.clock.now(), why="finished")
    page.clock.install()
    page.goto(address)
    page.get_by_role("link", name="I measure myself").click()
    for digit in "1042":
        page.get_by_role("button", name=digit, exact=True).click()
    page.get_by_role("button", name="Go on").click()
    expect(page.locator(".owner")).to_contain_text("Male · about")
    page.get_by_role("button", name="Yes").click()
    page.get_by_role("link", name="Blood pressure").click()
    page.wait_for_url("**/blood-pressure?after=*")
    scene.measure("ble-A", Kind.BLOOD_PRESSURE, (Code.SYSTOLIC, "131", "mm[Hg]"),
        (Code.DIASTOLIC, "84", "mm[Hg]"))  # fmt: skip
    page.clock.run_for(1500)
    value = page.locator(".result .quantity").first
    expect(value).to_have_text("131/84 mmHg")
    expect(page.locator("body")).not_to_contain_text("Imran")
    page.clock.run_for(57_000)
    expect(value).to_be_visible()
    page.clock.run_for(3_000)
    expect(page.get_by_text("Are you still here?")).to_be_visible()
    expect(value).not_to_be_visible()
    page.get_by_role("button", name="I am here").click()
    expect(value).to_be_visible()
    page.clock.run_for(29_000)
    expect(value).to_be_visible()
    page.clock.run_for(2_000)
    expect(value).not_to_be_visible()
    page.clock.run_for(21_000)
    expect(page.locator("h1")).to_contain_text("Thank you")
    assert visits.current(scene.store, scene.clock.now()) is None
    assert history.of_patient(scene.store, scene.people[0].id)[0].values[0].value == 131


def test_a_staff_screen_that_nobody_touches_locks(page: Page, address: str, scene: Scene) -> None:
    page.clock.install()
    _sign_in(page, address, scene)
    page.goto(f"{address}/patients/{scene.people[0].id}/history")
    page.clock.run_for(141_000)
    expect(page.get_by_text("The screen locks soon.")).to_be_visible()
    expect(page.locator(".who-name").first).not_to_be_visible()
    page.clock.run_for(31_000)
    page.wait_for_url(f"{address}/")
    page.goto(f"{address}/patients")
    expect(page.locator("h1")).to_have_text("Who are you?")


def test_what_was_typed_outlives_the_lock_for_its_author_only(
    page: Page, address: str, scene: Scene
) -> None:
    page.clock.install()
    _sign_in(page, address, scene)
    page.goto(f"{address}/patients/new")
    page.get_by_label("Name").fill("Zainab Bano")
    page.get_by_label("Female").check()
    page.get_by_label("Village").press_sequentially("Kot Ali")
    page.clock.run_for(141_000)
    page.clock.run_for(31_000)
    page.wait_for_url(f"{address}/")
    page.goto(f"{address}/sign-in/{scene.technician}")
    page.locator("#pin").fill("590273")
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/patients")
    page.get_by_role("button", name="New patient").click()
    expect(page.get_by_label("Name")).to_have_value("")
    page.get_by_role("button", name="Lock").click()
    page.wait_for_url(f"{address}/")
    page.goto(f"{address}/sign-in/{scene.worker}")
    page.locator("#pin").fill(PIN)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/patients/new")
    expect(page.get_by_label("Name")).to_have_value("Zainab Bano")
    expect(page.get_by_label("Female")).to_be_checked()
    expect(page.get_by_label("Village")).to_have_value("Kot Ali")
    page.get_by_label("Phone").press_sequentially("0301")
    page.get_by_role("button", name="Lock").click()  # sooner than the page saves by itself
    page.wait_for_url(f"{address}/")
    page.goto(f"{address}/sign-in/{scene.worker}")
    page.locator("#pin").fill(PIN)
    page.get_by_role("button", name="Sign in").click()
    expect(page.get_by_label("Phone")).to_have_value("0301")
    page.get_by_role("button", name="Begin anew").click()
    expect(page.get_by_label("Name")).to_have_value("")


def test_a_pressure_keeps_its_order_in_urdu(page: Page, address: str, scene: Scene) -> None:
    _sign_in(page, address, scene)
    _speak(page, address, "ur")
    page.goto(f"{address}/visits/{scene.open_visit()}")
    pressure = page.locator(".quantity", has_text="184/96").first
    places = pressure.evaluate(
        """e => {
          const at = (node, i) => {
            const range = document.createRange();
            range.setStart(node, i); range.setEnd(node, i + 1);
            return range.getBoundingClientRect().x;
          };
          const number = e.querySelector('.number').firstChild;
          const xs = [...number.data].map((_, i) => at(number, i));
          return [...xs, at(e.querySelector('.unit').firstChild, 0)];
        }"""
    )
    assert places == sorted(places)
    assert len(places) == len("184/96") + 1


@pytest.mark.parametrize("size", SIZES)
@pytest.mark.parametrize("language", CODES)
def test_every_page_fits_is_touchable_and_accessible(
    browser: Browser, address: str, scene: Scene, language: str, size: str
) -> None:
    complaints: list[str] = []
    width, height = SIZES[size]
    context = browser.new_context(viewport={"width": width, "height": height})
    page = _listened(context, complaints)
    _speak(page, address, language)
    wrong: list[str] = []
    signed_in = False
    for name, show in scene.pages():
        if name.startswith("worker") and not signed_in:
            _sign_in(page, address, scene)
            signed_in = True
        show(page, address)
        wrong += [f"{name}: {what}" for what in _misfits(page)]
        if (size == "panel" and language != "zh") or name in MAIN_PAGES:
            wrong += [f"{name}: {what}" for what in _violations(page)]
    context.close()
    assert wrong == [], "\n".join(wrong)
    expected = ("404", "422", "423", "409")
    assert [c for c in complaints if not any(code in c for code in expected)] == []


def _misfits(page: Page) -> list[str]:
    page.evaluate("document.fonts.ready.then(() => true)")
    wrong = []
    if page.evaluate(WIDER_THAN_SCREEN):
        wrong.append("wider than the screen")
    patient = page.locator("body.patient").count() == 1
    least = PATIENT_PX if patient else STAFF_PX
    return wrong + [f"small target {what}" for what in page.evaluate(SMALL_TARGETS, least)]


def _violations(page: Page) -> list[str]:
    page.evaluate(AXE.read_text(encoding="utf-8") + "; true")
    found = page.evaluate(
        "tags => axe.run(document, {runOnly: {type: 'tag', values: tags}})", WCAG
    )["violations"]
    return [
        f"{v['id']} ({v['impact']}): {v['nodes'][0]['html'][:200]}"
        for v in found
        if v["impact"] in ("serious", "critical")
    ]
