"""The kiosk as a WSGI application: pages, languages, guards, and plain words when things fail."""

from __future__ import annotations

import secrets

from flask import Flask
from markupsafe import Markup

from edge.model.patient import Patient
from edge.patients.birth import today_of
from edge.settings.box_settings import Settings
from edge.store import table_check
from kiosk_ui import (
    catalogs,
    context,
    language,
    medicine_texts,
    note_parts,
    stock_texts,
    visit_care,
    wording,
)
from kiosk_ui.icons import icon
from kiosk_ui.life_text import life_mark
from kiosk_ui.pages import (
    clock,
    controls,
    correct,
    danger,
    day_register,
    devices,
    due,
    failure,
    family,
    files,
    finish,
    fridge,
    history,
    home,
    immunizations,
    laboratory,
    life_status,
    measuring,
    messages,
    move_visit,
    notifications,
    pairing,
    paper_visit,
    patients,
    places,
    programmes,
    referrals,
    register,
    repetition,
    report,
    retract,
    rules,
    say_fact,
    self_service,
    serial_ports,
    sign_in,
    staff,
    status,
    stock,
    summary,
    tray,
    usb,
    visit,
    visit_medicines,
    visit_notes,
    visit_tests,
    visits_of,
)
from kiosk_ui.patient_line import patient_line
from kiosk_ui.sentences.message_texts import from_hospital
from kiosk_ui.visit_parts import part_line
from web.application import Protection, protect
from web.failure import answer_with_sentences
from web.headers import CONTENT_SECURITY_POLICY
from web.hosts import own_names

PAGES = (
    home,
    sign_in,
    patients,
    places,
    register,
    correct,
    family,
    visit,
    visit_notes,
    visit_tests,
    visit_medicines,
    visits_of,
    paper_visit,
    danger,
    measuring,
    finish,
    move_visit,
    files,
    devices,
    history,
    laboratory,
    summary,
    repetition,
    retract,
    rules,
    say_fact,
    self_service,
    notifications,
    referrals,
    tray,
    status,
    messages,
    clock,
    controls,
    serial_ports,
    pairing,
    usb,
    staff,
    life_status,
    stock,
    due,
    programmes,
    immunizations,
    fridge,
    report,
    day_register,
)
"""Every page of the kiosk; its template stands beside it under the same name."""

LARGEST_FORM = 64 * 1024
FONTS = "; font-src 'self'"
"""What the kiosk adds to the shared content security policy: it brings its own fonts."""


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
    context.attach(app, context.Box(settings))
    app.before_request(files.allow_size)  # forms are read to refuse forgeries
    names, policy = own_names(settings.kiosk_host), CONTENT_SECURITY_POLICY + FONTS
    protect(app, Protection(context.csrf_token, names, policy))
    _give_words(app)
    answer_with_sentences(app, failure.SENTENCES, failure.page)
    for page in PAGES:
        app.register_blueprint(page.page)
    return app


def _give_words(app: Flask) -> None:
    app.jinja_env.globals.update(
        icon=icon,
        t=wording.t,
        ltr=wording.ltr,
        own_words=wording.own_words,
        name_of=wording.name_of,
        low_stock=stock_texts.low,
        count=wording.count,
        sex_name=wording.sex_name,
        header=wording.header,
        age=_age,
        is_damaged=_is_damaged,
        life_mark=life_mark,
        visit_programmes=visit_care.visit_programmes,
        next_date=visit_care.next_date,
        next_choices=visit_care.next_choices,
        died_here=visit_care.died_here,
        doses_due=visit_care.doses_due,
        unit_name=wording.unit_name,
        language=language.current,
        languages=language.offered,
        here=context.here,
        session=context.session,
        settings=context.settings,
        from_hospital=from_hospital,
        patient_line=patient_line,
        day_text=note_parts.day_text,
        part_line=part_line,
        listed_text=medicine_texts.listed_text,
    )


def _is_damaged(patient_id: str) -> bool:
    return table_check.is_patient_damaged(context.store(), patient_id)


def _age(patient: Patient) -> Markup:
    return wording.age(patient, today_of(context.now()))
