"""A photo and a voice in a real browser, with a camera's file and a microphone that hums."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import waitress
from eventually import eventually
from kiosk_scene import PIN, Scene
from pictures import png
from playwright.sync_api import Browser, Page, expect

from edge.feed import messages
from edge.files import attachments, patient_files
from edge.model import file_type
from kiosk_ui.app import create_app

pytestmark = pytest.mark.system


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


@pytest.fixture
def page(browser: Browser, address: str, scene: Scene) -> Iterator[Page]:
    complaints: list[str] = []
    context = browser.new_context(viewport={"width": 1024, "height": 600})
    opened = context.new_page()
    opened.set_default_timeout(30_000)
    opened.on("console", lambda m: complaints.append(m.text) if m.type == "error" else None)
    opened.on("pageerror", lambda error: complaints.append(str(error)))
    opened.goto(f"{address}/sign-in/{scene.worker}?next=/patients")
    opened.locator("#pin").fill(PIN)
    opened.locator(".go").click()
    opened.wait_for_url("**/patients")
    yield opened
    context.close()
    assert complaints == []


def test_a_photo_is_made_smaller_with_a_preview_and_a_voice_is_recorded(
    page: Page, address: str, scene: Scene
) -> None:
    imran = scene.people[0].id
    page.goto(f"{address}/visits/{scene.open_visit()}")
    page.get_by_role("button", name="More").click()
    page.get_by_role("link", name="Photo, voice").click()
    large = {"name": "wound.png", "mimeType": "image/png", "buffer": png(1800, 900)}
    page.locator("#photo").set_input_files(large)  # type: ignore[arg-type]
    expect(page.get_by_role("img", name="Photo")).to_be_visible()
    [photo] = eventually(lambda: patient_files.of_patient(scene.store, imran))
    assert photo.mime == "image/jpeg"  # drawn anew, without what a telephone writes into it
    assert photo.preview is not None
    preview = attachments.path(scene.settings.home, photo.preview)
    assert file_type.kind_of(preview.read_bytes()) == "image/jpeg"
    assert preview.stat().st_size < min(file_type.MAX_PREVIEW, photo.size)
    page.get_by_role("button", name="Record the voice").click()
    expect(page.locator("[data-clock]")).not_to_have_text("0:00")
    page.get_by_role("button", name="Stop and keep it").click()
    expect(page.locator("audio")).to_have_count(1)
    assert {f.mime for f in patient_files.of_patient(scene.store, imran)} == {
        "image/jpeg", "audio/webm"}  # fmt: skip
    expect(page.locator("#files")).to_contain_text("waits for the hospital")


def test_what_the_hospital_wrote_is_read_where_it_appears(
    page: Page, address: str, scene: Scene
) -> None:
    page.goto(f"{address}/visits/{scene.open_visit()}")
    page.locator("[data-row=weight]").first.click()
    page.locator("#t-weight input[name=v0]").fill("71")
    scene.told()
    says = page.locator("#says")
    expect(says).to_contain_text("Twice a day, with food")  # by itself, and typing goes on
    expect(page.locator("#t-weight input[name=v0]")).to_have_value("71")
    says.get_by_role("button", name="I have read this").click()
    expect(says).to_contain_text("read by Sana Malik")
    page.goto(f"{address}/hospital")
    expect(page.get_by_text("The alert is handled by Dr Aziz.")).to_be_visible()
    page.get_by_role("button", name="I have read this").click()
    expect(page.get_by_text("Everything is read.")).to_be_visible()
    expect(page.get_by_text("Eye clinic")).to_be_visible()
    assert messages.count_unread(scene.store) == 0
