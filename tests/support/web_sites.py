"""The kiosk and the desk seen alike: a web application with somebody signed in."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import desk_scene
import kiosk_desk
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from edge.settings.box_settings import Settings
from edge.staff import pins, staff
from edge.store.store import Store
from kiosk_ui.app import create_app

ORIGIN = kiosk_desk.ORIGIN


@dataclass(frozen=True, slots=True)
class Site:
    """One application: who is signed in at `client`, and what its pages are called.

    `live` is a part that polls, `staff_live` one for staff only; `sign_in` is the path and the form
    that sign somebody in.
    """

    app: Flask
    client: FlaskClient
    csrf: str
    staff_page: str
    live: str
    staff_live: str
    sign_in: tuple[str, dict[str, str]]
    fonts: bool

    def get(self, path: str, headers: dict[str, str] | None = None) -> TestResponse:
        """Get a page or a file, whole: a file is closed before the answer is looked at."""
        return self.client.get(path, headers=headers, buffered=True)

    def signed_in(self) -> bool:
        """Whether the session still stands."""
        return self.client.get(self.staff_page).status_code == 200


def kiosk(home: Path) -> Site:
    """A new box's kiosk; Sana is signed in."""
    settings = Settings(home=home, box_id="box-test", clinic="Chak 12")
    store = Store.create(home / "box.db", "box-test")
    pepper = pins.create_pepper(settings.keys)
    sana = staff.add(store, store.clock().now(), "Sana", "worker", kiosk_desk.PIN, pepper)
    store.close()
    app = create_app(settings)
    _add_pages(app)
    worker = kiosk_desk.Desk(app.test_client())
    worker.sign_in(sana)
    form = (f"/sign-in/{sana.id}", {"pin": kiosk_desk.PIN})
    return Site(
        app, worker.client, worker.csrf, "/patients", "/strip", "/patients/found", form, fonts=True
    )


def desk(home: Path) -> Site:
    """The desk over an archive of two clinics; a doctor is signed in."""
    app = desk_scene.found(str(home / "archive.db"), home)
    _add_pages(app)
    doctor = desk_scene.Doctor(app.test_client())
    doctor.sign_in()
    form = ("/sign-in", {"name": desk_scene.DOCTOR, "password": desk_scene.PASSWORD})
    return Site(app, doctor.client, doctor.csrf(), "/", "/live", "/live", form, fonts=False)


def _add_pages(app: Flask) -> None:
    app.add_url_rule("/broken", view_func=_broken)
    app.add_url_rule("/slash/", endpoint="slash", view_func=lambda: "")


def _broken() -> str:
    raise ZeroDivisionError("a page with a mistake in it")
