"""The kiosk as a WSGI application: pages, languages, guards, and plain words when things fail."""

from __future__ import annotations

import secrets

from flask import Flask
from markupsafe import Markup

from edge.model.patient import Patient
from edge.settings.box_settings import Settings
from kiosk_ui import catalogs, context, guard, language, wording
from kiosk_ui.icons import icon
from kiosk_ui.pages import (
    clock,
    correct,
    devices,
    failure,
    files,
    history,
    home,
    messages,
    pairing,
    patients,
    register,
    retract,
    self_service,
    serial_ports,
    sign_in,
    status,
    summary,
    tray,
    usb,
    visit,
)
from kiosk_ui.sentences.messages import from_hospital

PAGES = (
    home,
    sign_in,
    patients,
    register,
    correct,
    visit,
    files,
    devices,
    history,
    summary,
    retract,
    self_service,
    tray,
    status,
    messages,
    clock,
    serial_ports,
    pairing,
    usb,
)
"""Every page of the kiosk; its template stands beside it under the same name."""

LARGEST_FORM = 64 * 1024
LOOPBACK = ("127.0.0.1", "localhost", "::1")


def create_app(settings: Settings) -> Flask:
    """Build the kiosk of one box."""
    catalogs.compile_all()
    app = Flask("kiosk_ui", template_folder="pages", static_folder="static")
    app.config.update(
        # What a patient measures alone lives in a cookie for minutes; a restart may forget it.
        SECRET_KEY=secrets.token_bytes(32),
        SESSION_COOKIE_NAME="alone",
        SESSION_COOKIE_SAMESITE="Strict",
        SESSION_COOKIE_HTTPONLY=True,
        MAX_CONTENT_LENGTH=LARGEST_FORM,
    )
    if settings.kiosk_host in LOOPBACK:
        app.config["TRUSTED_HOSTS"] = [*LOOPBACK]
    with app.app_context():
        context.attach(context.Box(settings))
    app.before_request(files.allow_size)  # forms are read to refuse forgeries
    app.before_request(guard.refuse_forgeries)
    app.after_request(guard.add_headers)
    app.teardown_request(context.close_store)
    _give_words(app)
    failure.answer_with_sentences(app)
    for page in PAGES:
        app.register_blueprint(page.page)
    return app


def _give_words(app: Flask) -> None:
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    app.jinja_env.globals.update(
        icon=icon,
        say=wording.say,
        isolated=wording.isolated,
        own_words=wording.own_words,
        count=wording.count,
        sex_name=wording.sex_name,
        header=wording.header,
        age=_age,
        unit_name=wording.unit_name,
        language=language.current,
        languages=language.offered,
        session=context.session,
        settings=context.settings,
        from_hospital=from_hospital,
    )


def _age(patient: Patient) -> Markup:
    return wording.age(patient, context.now().wall.astimezone().date())
