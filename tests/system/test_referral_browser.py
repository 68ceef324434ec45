"""A referral in real browsers: made at the kiosk, answered at the desk, closed by its outcome."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from dataclasses import dataclass

import desk_morning
import desk_scene
import pytest
import waitress
from archives import open_at
from desk_morning import CHAK
from desk_scene import NOW_MS
from kiosk_scene import Scene
from playwright.sync_api import Browser, Page, expect

from edge.feed import replica
from edge.model.feed_item import Change, Cursor
from edge.referrals import referrals
from edge.staff import staff
from edge.store import journal
from hospital.accounts import accounts
from hospital.archive import Archive
from hospital.feed import feed
from hospital.receiving import apply
from kiosk_ui.app import create_app
from kiosk_ui.context import COOKIE

pytestmark = pytest.mark.system


@dataclass
class Ends:
    """A box with its kiosk, a hospital with its desk, and records that go between them by hand."""

    scene: Scene
    kiosk: str
    archive: Archive
    desk: str
    sent: int = 0

    def send_records(self) -> None:
        """Let the hospital take everything that the box has written."""
        entries = journal.since(self.scene.store, self.sent, 10_000)
        records = [entry.canonical() for _, entry in entries]
        with self.archive.transaction():
            apply.keep(self.archive, CHAK, (1, "c", self.sent + 1), records, NOW_MS)
        self.sent = entries[-1][0]

    def bring_answer(self, referral: str) -> None:
        """Let the box take what the hospital says of a referral."""
        item = feed.get(self.archive, CHAK.clinic, "referral", referral)
        assert item is not None
        ver = replica.cursor(self.scene.store).ver + 1
        change = Change(ver, item.entity, item.id, item.rev, item.body)
        replica.apply(self.scene.store, [change], Cursor(1, ver))


@pytest.fixture(scope="module")
def ends(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ends]:
    home = tmp_path_factory.mktemp("ends")
    (home / "box").mkdir()
    scene = Scene.build(home / "box")
    app = create_app(scene.settings)
    server = waitress.create_server(app, host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    with desk_morning.open_desk(home) as desk:
        archive = open_at(str(home / "archive.db"))
        accounts.describe(archive, desk_scene.DOCTOR, "Dr Aziz Khan", "0232 261111")
        yield Ends(scene, f"http://127.0.0.1:{server.effective_port}", archive, desk)
        archive.close()
    server.close()
    thread.join(timeout=5)
    scene.close()


@pytest.fixture
def doctor(browser: Browser, ends: Ends) -> Iterator[Page]:
    context = browser.new_context(viewport={"width": 1280, "height": 800})
    page = context.new_page()
    desk_morning.sign_in(page, ends.desk)
    yield page
    context.close()


@pytest.mark.parametrize(
    ("language", "direction", "outcome"),
    [("en", "ltr", "Treated and back"), ("ur", "rtl", "علاج"), ("zh", "ltr", "已治疗并返回")],
)
def test_a_referral_is_made_answered_and_closed(
    browser: Browser, ends: Ends, doctor: Page, language: str, direction: str, outcome: str
) -> None:
    scene = ends.scene
    context = browser.new_context(viewport={"width": 390, "height": 844})
    token = staff.start_session(scene.store, scene.clock.now(), scene.worker).token
    context.add_cookies(
        [
            {"name": COOKIE, "value": token, "url": ends.kiosk},
            {"name": "language", "value": language, "url": ends.kiosk},
        ]
    )
    worker = context.new_page()
    worker.goto(f"{ends.kiosk}/visits/{scene.open_visit()}/referral")
    worker.locator("#reason").fill(f"Chest pain {language}")
    worker.locator("input[value=urgent]").check()
    worker.locator("#new .act").click()
    worker.wait_for_url("**/letter")
    assert worker.locator("html").get_attribute("dir") == direction
    expect(worker.locator(".letter")).to_contain_text(f"Chest pain {language}")
    expect(worker.locator(".letter")).to_contain_text("Penicillin")
    referral = worker.url.split("/")[-2]

    ends.send_records()
    doctor.goto(f"{ends.desk}/referrals")
    doctor.locator(f"#r{referral} .do").click()
    expect(doctor.locator("main")).to_contain_text("Penicillin")
    doctor.get_by_label("Has the patient arrived?").select_option("yes")
    doctor.get_by_label("What was found").fill("Angina <stable>")
    doctor.get_by_label("Outcome").select_option("treated")
    doctor.get_by_role("button", name="Send to the clinic").click()
    expect(doctor.locator("#answer1")).to_contain_text("Dr Aziz Khan")
    expect(doctor.locator("#answer1")).to_contain_text("Waiting for the clinic")

    ends.bring_answer(referral)
    worker.goto(f"{ends.kiosk}/referrals/{referral}")
    expect(worker.locator("main")).to_contain_text("Angina <stable>")
    assert worker.locator("#outcome input[value=treated]").is_checked()
    worker.locator("button[value=closed]").click()
    expect(worker.locator("main")).to_contain_text(outcome)
    assert worker.evaluate("document.querySelector('main').scrollWidth") <= 390
    assert not referrals.get(scene.store, referral).is_open
    ends.send_records()
    doctor.goto(f"{ends.desk}/referrals")
    expect(doctor.locator(f"#r{referral}")).to_have_count(0)
    context.close()
