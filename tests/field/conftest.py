"""A clinic's kiosk for the field cases: over HTTP, and in a browser where keys and touch matter."""

from __future__ import annotations

import shutil
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest
import waitress
from flask import Flask
from kiosk_desk import Desk
from kiosk_fixtures import app, client, desk, sana, settings, staffed_box
from playwright.sync_api import Browser, Page

from kiosk_ui.context import COOKIE

__all__ = ["app", "client", "desk", "sana", "settings", "staffed_box"]


@pytest.fixture
def box_file(tmp_path: Path, staffed_box: Path) -> Path:
    """A box file of its own, with Sana in it."""
    shutil.copytree(staffed_box, tmp_path, dirs_exist_ok=True)
    return tmp_path / "box.db"


@pytest.fixture
def address(app: Flask) -> Iterator[str]:
    """Where the kiosk answers a browser."""
    server = waitress.create_server(app, host="127.0.0.1", port=0, threads=4)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    thread.join(timeout=5)


@pytest.fixture
def page(browser: Browser, address: str) -> Iterator[Page]:
    """A page of a browser with the size of the panel; nobody is signed in."""
    context = browser.new_context(viewport={"width": 1024, "height": 600}, base_url=address)
    opened = context.new_page()
    opened.set_default_timeout(40_000)
    yield opened
    context.close()


@pytest.fixture
def staff_page(page: Page, address: str, desk: Desk) -> Page:
    """The same page, at which Sana is signed in."""
    token = desk.client.get_cookie(COOKIE)
    assert token is not None
    page.context.add_cookies([{"name": COOKIE, "value": token.value, "url": address}])
    return page
