"""Notifiable diseases: a case is reported from a visit, the week's count, and weeks without one."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, time

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from edge.model.errors import InvalidForm
from edge.model.patient import Patient
from edge.notifications import diseases, notifications
from edge.notifications.diseases import Disease
from edge.notifications.notifications import STATES, NewCase, Notification
from edge.notifications.weeks import Week, WeekCount
from edge.patients import edits, register
from edge.readings import alerts, history
from edge.staff.drafts import Draft
from edge.store import taken_back
from edge.visits import notes, visits
from edge.visits.visits import Visit
from kiosk_ui import context, form_drafts
from kiosk_ui.guard import staff_form, staff_only
from kiosk_ui.wording import N_, count, day, ltr, own_words, since, t

page = Blueprint("notifications", __name__)

WEEKS = 4
"""So many weeks are shown, this one first."""
_STATES = {
    "suspected": N_("Suspected"),
    "confirmed": N_("Confirmed"),
    "ruled-out": N_("Ruled out"),
}


@dataclass(frozen=True, slots=True)
class CaseText:
    """A case, worded; `delivered` says when the hospital received it, or that it has not yet."""

    id: str
    disease: Markup
    state: str
    state_text: Markup
    day: str
    delivered: Markup
    is_delivered: bool
    patient: Patient | None = None


@dataclass(frozen=True, slots=True)
class WeekText:
    """A week: its days, how many of which disease, and whether it may be said to have none."""

    word: str
    days: Markup
    lines: tuple[Markup, ...]
    is_zero: bool
    may_be_zero: bool


@page.get("/notifications")
@staff_only
def show() -> str:
    """Show the counts of the last weeks and the cases of this one and the one before."""
    store, now = context.store(), context.now()
    this = Week.of(now.wall.astimezone().date())
    listed = diseases.load(context.settings().home)
    recent = [this.before(n) if n else this for n in range(WEEKS)]
    cases = [case for week in recent[:2] for case in notifications.of_week(store, week)]
    return render_template(
        "notifications.html",
        weeks=[_week(notifications.count(store, week), this) for week in recent],
        cases=[_case(case, with_patient=True) for case in cases],
        diseases=[(_label(one.word), t(one.definition)) for one in listed.diseases.values()],
        listed=listed,
        states=[(word, t(_STATES[word])) for word in STATES],
    )


@page.post("/notifications/none")
@staff_only
def none() -> ResponseReturnValue:
    """Keep that a week had no case."""
    week = Week.parse(request.form.get("week", ""))
    if week is not None:
        actor = context.worker().staff.id
        notifications.report_none(context.store(), context.now(), week, actor)
    return redirect(url_for(".show"), 303)


def _typed(visit_id: str) -> Draft:
    visit = visits.get(context.store(), visit_id)
    path = url_for("notifications.new", visit_id=visit.id)
    sent = {name: request.form.get(name, "")[:400] for name in ("disease", "onset", "why")}
    return Draft(_form_of(visit), path, {name: text for name, text in sent.items() if text})


@page.get("/visits/<visit_id>/notification")
@staff_only
def new(visit_id: str) -> str:
    """Show what the visit suggests, and every disease of the list."""
    visit = visits.get(context.store(), visit_id)
    return _form(visit, form_drafts.stored(_form_of(visit)))


@page.post("/visits/<visit_id>/notification")
@staff_form(_typed)
def report(visit_id: str) -> ResponseReturnValue:
    """Report a case; nothing is reported by itself."""
    store, now, actor = context.store(), context.now(), context.worker().staff.id
    visit, typed = visits.get(store, visit_id), _typed(visit_id)
    word = typed.fields.get("disease", "")
    try:
        if word not in diseases.load(context.settings().home).diseases:
            raise InvalidForm({"disease": "unknown"})
        onset, why = typed.fields.get("onset", ""), typed.fields.get("why", "")
        case = NewCase(visit.patient_id, visit.id, word, onset, why=why)
        notifications.report(store, now, case, actor)
    except InvalidForm as error:
        form_drafts.keep(typed)
        return _form(visit, typed.fields, error.fields), 422
    form_drafts.forget(_form_of(visit))
    return redirect(url_for("visit.show", visit_id=visit.id), 303)


@page.post("/notifications/<case_id>")
@staff_only
def change(case_id: str) -> ResponseReturnValue:
    """Say how sure a case is now, or that it was reported by mistake."""
    store, now, actor = context.store(), context.now(), context.worker().staff.id
    if request.form.get("state") == "mistake":
        entry = notifications.get(store, case_id).entry
        taken_back.take_back(store, now, entry, "", actor=actor)
    elif request.form.get("state") in STATES:
        notifications.change(store, now, case_id, request.form["state"], actor)
    return redirect(url_for(".show"), 303)


@page.app_template_global()
def notifications_of(patient_id: str) -> list[CaseText]:
    """Return the reported cases of a person, the last first."""
    ids = edits.one_person(context.store(), patient_id)
    return [_case(case) for case in notifications.of_patient(context.store(), ids)]


@page.app_template_global()
def suggested_diseases(visit_id: str) -> list[Markup]:
    """Return what a visit suggests and nobody has reported of its patient in it, by name."""
    visit = visits.get(context.store(), visit_id)
    ids = edits.one_person(context.store(), visit.patient_id)
    reported = {case.disease for case in notifications.of_patient(context.store(), ids)}
    return [_label(one.word) for one in _suggested(visit) if one.word not in reported]


def _suggested(visit: Visit) -> tuple[Disease, ...]:
    store, now = context.store(), context.now()
    note = notes.of_visit(store, visit.id)
    coded = [
        (result.code, result.word)
        for reading in history.of_visit(store, visit.id)
        if not reading.struck
        for result in reading.coded
    ]
    words = {*note.words("complaints"), *note.words("danger_signs")}
    listed = diseases.load(context.settings().home)
    age = alerts.age_of(store, visit.patient_id, now)
    return diseases.suggested(listed, words | diseases.result_words(coded), age)


def _form(visit: Visit, fields: dict[str, str], wrong: dict[str, str] | None = None) -> str:
    listed = diseases.load(context.settings().home)
    first = [one.word for one in _suggested(visit)]
    ordered = [*first, *(word for word in listed.diseases if word not in first)]
    return render_template(
        "notification_new.html",
        visit=visit,
        patient=register.get(context.store(), visit.patient_id),
        rows=[
            (word, _label(word), t(listed.diseases[word].definition), word in first)
            for word in ordered
        ],
        listed=listed,
        typed=fields,
        wrong=_problems(wrong or {}),
    )


def _problems(wrong: dict[str, str]) -> dict[str, Markup]:
    words = {
        "disease": N_("Choose the disease."),
        "onset": N_("Choose the day of the first sign; it has come already."),
    }
    return {key: t(words.get(key, N_("This is too long."))) for key in wrong}


def _case(case: Notification, *, with_patient: bool = False) -> CaseText:
    now = context.now()
    waits, got = t(N_("not yet delivered")), case.received_ms
    if got is not None:
        at = since(datetime.fromtimestamp(got / 1000).astimezone(), now)
        waits = t(N_("the hospital has it since %(time)s"), time=at)
    return CaseText(
        *(case.id, _label(case.disease), case.state, t(_STATES[case.state]), case.day),
        *(waits, got is not None),
        register.get(context.store(), case.patient) if with_patient else None,
    )


def _week(counted: WeekCount, this: Week) -> WeekText:
    week = counted.week
    numbers = {
        word: counted.suspected.get(word, 0) + counted.confirmed.get(word, 0)
        for word in {*counted.suspected, *counted.confirmed}
    }
    lines = tuple(
        t(
            N_("%(disease)s: %(n)s, of these confirmed: %(confirmed)s"),
            disease=_label(word),
            n=count(number),
            confirmed=count(counted.confirmed.get(word, 0)),
        )
        for word, number in sorted(numbers.items())
    )
    middle = time(12)
    days = t(
        N_("%(first)s to %(last)s (week %(number)s)"),
        first=day(datetime.combine(week.first, middle)),
        last=day(datetime.combine(week.last, middle)),
        number=ltr(week.number),
    )
    return WeekText(
        week.word, days, lines, counted.is_zero, week != this and not counted.is_reported
    )


def _label(word: str) -> Markup:
    listed = diseases.load(context.settings().home).diseases
    return t(listed[word].label) if word in listed else own_words(word)


def _form_of(visit: Visit) -> str:
    return f"notification/{visit.patient_id}"[:80]
