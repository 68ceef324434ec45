"""The desk in a real browser: signing in, readings arriving by themselves, nothing inaccessible."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from threading import Thread
from urllib.parse import quote

import desk_scene
import pytest
from archives import open_at
from desk_scene import DOCTOR, PASSWORD, THAR, ZAHRA
from playwright.sync_api import Browser, ConsoleMessage, Page, expect
from werkzeug.serving import make_server

from hospital.accounts import accounts

AXE = Path(__file__).parents[1] / "support" / "axe.min.js"
TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"]
SMALL, LARGE = {"width": 390, "height": 844}, {"width": 1280, "height": 800}

pytestmark = pytest.mark.system


@pytest.fixture
def address(tmp_path: Path) -> str:
    return str(tmp_path / "archive.db")


@pytest.fixture
def url(address: str, tmp_path: Path) -> Iterator[str]:
    server = make_server("127.0.0.1", 0, desk_scene.found(address, tmp_path), threaded=True)
    thread = Thread(target=server.serve_forever)
    thread.start()
    yield f"http://127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


@pytest.fixture
def page(browser: Browser, url: str) -> Iterator[Page]:
    context = browser.new_context(base_url=url, viewport=LARGE)
    opened = context.new_page()
    complaints: list[str] = []

    def listen(message: ConsoleMessage) -> None:
        if message.type in ("error", "warning"):
            complaints.append(message.text)

    opened.on("console", listen)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto("/")
    opened.get_by_label("Name").fill(DOCTOR)
    opened.get_by_label("Password").fill(PASSWORD)
    opened.get_by_role("button", name="Sign in").click()
    expect(opened.get_by_role("heading", name="Readings of all clinics")).to_be_visible()
    yield opened
    context.close()
    assert complaints == []


def arrive(address: str, systolic: str) -> None:
    """Let an urgent reading come in from Thar."""
    archive = open_at(address)
    news = desk_scene.pressure(ZAHRA, systolic, "49", t_ms=120_000)
    desk_scene.keep(archive, THAR, news, desk_scene.alert(THAR, ZAHRA, news))
    archive.close()


def test_readings_arrive_by_themselves(page: Page, address: str) -> None:
    rows = page.get_by_role("row")
    expect(rows).to_have_count(4)
    arrive(address, "84")
    expect(rows).to_have_count(5)
    expect(rows.nth(1)).to_contain_text("84/49")
    expect(rows.nth(1)).to_contain_text("Urgent")
    page.get_by_role("link", name="Alerts").click()
    cards = page.get_by_role("listitem").filter(has_text="Royal College of Physicians")
    expect(cards).to_have_count(2)
    arrive(address, "83")
    expect(cards).to_have_count(3)


def test_a_patient_is_found_while_typing_and_opened(page: Page, address: str) -> None:
    page.get_by_role("link", name="Patients").click()
    box = page.get_by_role("searchbox")
    box.press_sequentially("chak")
    expect(page.get_by_role("row")).to_have_count(2)
    arrive(address, "82")
    expect(page.get_by_role("row").nth(1)).to_contain_text("3")
    expect(box).to_have_value("chak")
    page.get_by_role("link", name="زہرا بلوچ").click()
    expect(page.get_by_role("heading", name="زہرا بلوچ")).to_be_visible()
    expect(page.get_by_text("Urgent: systolic").first).to_be_visible()
    expect(page.get_by_text("82/49")).to_be_visible()


def test_a_doctor_writes_appoints_and_handles_while_the_page_lives(
    page: Page, address: str
) -> None:
    page.goto(f"/patients/{ZAHRA}")
    page.get_by_label("Reply or guidance about this patient").fill("Twice a day, with food")
    arrive(address, "81")
    expect(page.get_by_text("81/49")).to_be_visible()  # and what is being typed stays
    expect(page.get_by_label("Reply or guidance")).to_have_value("Twice a day, with food")
    page.get_by_role("button", name="Send").click()
    said = page.get_by_role("listitem").filter(has_text="Twice a day, with food")
    expect(said).to_contain_text("Waiting for the clinic")
    page.get_by_label("Day and time here").fill("2099-12-03T09:30")
    page.get_by_label("What for, and what to bring").fill("Eye clinic")
    page.get_by_role("button", name="Make the appointment").click()
    expect(page.get_by_text("Appointment 2099-12-03 09:30")).to_be_visible()
    page.get_by_role("link", name="Move or cancel").click()
    page.get_by_role("button", name="Cancel the appointment").click()
    expect(page.locator(".card.gone")).to_contain_text("Taken back")
    page.get_by_role("link", name="Alerts").click()
    expect(page.locator(".card.urgent")).to_have_count(2)
    page.get_by_role("link", name="Say what is done").first.click()
    page.get_by_label("What the health worker should know").fill("Give fluids")
    page.get_by_role("button", name="It is handled").click()
    expect(page.locator(".card.urgent")).to_have_count(1)
    last = page.locator("#live > ul > li").last
    expect(last).to_contain_text("Handled by dr-aziz")
    expect(last).to_contain_text("Give fluids")


def test_signing_out_closes_the_desk(page: Page) -> None:
    page.get_by_role("button", name="Sign out").click()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()
    page.go_back()
    expect(page.get_by_role("heading", name="Sign in")).to_be_visible()


@pytest.mark.parametrize("size", [SMALL, LARGE], ids=["small", "large"])
def test_no_page_is_inaccessible_or_too_wide(
    browser: Browser, url: str, size: dict[str, int]
) -> None:
    # axe is injected, which our own policy rightly forbids: only here it is put aside.
    context = browser.new_context(base_url=url, viewport=size, bypass_csp=True)  # type: ignore[arg-type]
    page = context.new_page()
    check(page, "/sign-in")
    page.get_by_label("Name").fill(DOCTOR)
    page.get_by_label("Password").fill("wrong password")
    page.get_by_role("button", name="Sign in").click()
    check(page, None)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url("**/")
    for path in ("/", "/patients", "/patients?q=zzz", f"/patients/{ZAHRA}", "/alerts", "/clinics",
                 f"/patients/{ZAHRA}/records", f"/clinics/settings?clinic={quote(THAR.clinic)}",
                 "/patients/nobody"):  # fmt: skip
        check(page, path)
    page.goto(f"/patients/{ZAHRA}")
    page.get_by_label("Reply or guidance about this patient").fill("Rest, and drink. آرام کریں")
    page.get_by_role("button", name="Send").click()
    check(page, None)
    page.get_by_role("link", name="Take back").click()
    check(page, None)
    page.goto("/alerts")
    page.get_by_role("link", name="Say what is done").first.click()
    page.get_by_role("heading", name="What is done about this alert?").wait_for()
    check(page, None)
    context.close()


def check(page: Page, path: str | None) -> None:
    """Open a path (or stay) and let axe look at it."""
    if path is not None:
        page.goto(path)
    page.add_script_tag(path=AXE)
    found = page.evaluate("tags => axe.run(document, {runOnly: tags})", TAGS)
    told = [(v["id"], [n["html"] for n in v["nodes"]]) for v in found["violations"]]
    assert told == [], path
    wider = page.evaluate("document.documentElement.scrollWidth > innerWidth")
    assert not wider, f"{path} scrolls sideways"


def sign_in(page: Page, name: str) -> None:
    page.get_by_label("Name").fill(name)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()


def test_what_was_typed_outlives_the_session_for_its_author_only(page: Page, address: str) -> None:
    archive = open_at(address)
    accounts.put(archive, "dr-lin", PASSWORD)
    page.goto(f"/patients/{ZAHRA}")
    reply = page.get_by_label("Reply or guidance about this patient")
    reply.press_sequentially("Rest, and come again")
    with archive.transaction():
        archive.execute("DELETE FROM desk_session")
    expect(page.get_by_role("button", name="Sign in")).to_be_visible()  # the poll led here
    sign_in(page, "dr-lin")
    page.goto(f"/patients/{ZAHRA}")
    expect(reply).to_have_value("")
    with archive.transaction():
        archive.execute("DELETE FROM desk_session")
    archive.close()
    page.goto(f"/patients/{ZAHRA}")
    sign_in(page, DOCTOR)
    expect(reply).to_have_value("Rest, and come again")
    page.get_by_role("button", name="Send", exact=True).click()
    expect(page.locator("#told + ul")).to_contain_text("Rest, and come again")
    page.reload()
    expect(reply).to_have_value("")
