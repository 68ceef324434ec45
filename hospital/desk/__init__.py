"""The desk: the web pages of clinicians about all clinics, and the page where boxes enrol."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import urlsplit

from flask import Flask

from edge.assessments import second_judgement
from edge.assessments.second_judgement import SecondJudgement
from edge.rules import rules as rule_tables
from hospital.archive.errors import ArchiveDown
from hospital.desk import (
    alerts,
    care_texts,
    clinics,
    context,
    correct,
    due,
    enrol,
    failure,
    files,
    guard,
    linking,
    messages,
    notifications,
    patients,
    readings,
    referrals,
    report,
    reviews,
    rosters,
    rules,
    settings,
    sign_in,
    summary,
    visit_texts,
    withheld,
    wording,
)
from hospital.desk.context import Parts
from hospital.patients.assessments import StoredAssessment
from web.application import Protection, protect
from web.failure import answer_with_sentences
from web.hosts import own_names

PAGES = (
    *(sign_in, readings, patients, messages, summary, correct, linking, files, withheld),
    *(rosters, alerts, due, referrals, notifications, reviews, clinics, rules, settings),
    enrol,
    report,
)
"""Every page of the desk; its templates bear its name."""

OPEN_TO_BOXES = "enrol.enrol"
"""A box has no cookie, and its message is signed."""


def create_app(parts: Parts) -> Flask:
    """Return the desk's application over its parts."""
    app = Flask(__name__)
    app.config.update(
        MAX_CONTENT_LENGTH=1_000_000,
        SEND_FILE_MAX_AGE_DEFAULT=timedelta(hours=1),
    )
    app.jinja_env.globals.update(
        wording=wording,
        visit_texts=visit_texts,
        care_texts=care_texts,
        signed_in=_signed_in,
        hospital=parts.settings.name,
        now_ms=guard.now_ms,
        second_judgement=_second_judgement,
    )
    context.fit(app, parts)
    address = urlsplit(parts.settings.desk_url).hostname or ""
    names = own_names(address, *parts.settings.names)
    protect(app, Protection(guard.csrf_token, names, open_endpoints=frozenset({OPEN_TO_BOXES})))
    answer_with_sentences(app, failure.SENTENCES, failure.page)
    for page in PAGES:
        app.register_blueprint(page.page)
    return app


def _second_judgement(stored: StoredAssessment) -> SecondJudgement | None:
    """Return what this hospital's tables say of the facts of an assessment."""
    return second_judgement.of(stored, rule_tables())


def _signed_in() -> object:
    """Return the session for the templates; a page that says what went wrong shows none."""
    try:
        return guard.session()
    except ArchiveDown:  # then nobody can be known, and the page says so
        return None
