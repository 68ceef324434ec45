"""Referrals: one is made from a visit, its letter, the open ones, and what became of each."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from edge.model.errors import InvalidForm
from edge.model.patient import Patient
from edge.patients import register
from edge.referrals import gather, referral, referrals
from edge.referrals.referral import NewReferral, Outcome, Place, State, Transport, Urgency
from edge.referrals.referrals import Change, Referral
from edge.staff import audit, staff
from edge.staff.drafts import Draft
from edge.store import taken_back
from edge.visits import visits
from edge.visits.visits import Visit
from kiosk_ui import context, form_drafts, list_parts, person_form
from kiosk_ui.guard import staff_form, staff_only
from kiosk_ui.sentences import referral_texts
from kiosk_ui.sentences.referral_texts import ReferralText
from kiosk_ui.wording import N_, t
from web import list_pages

page = Blueprint("referrals", __name__)

FIELDS = ("reason", "urgency", "to", "other_place", "transport")
OTHER = "other"
_HOSPITAL = N_("The hospital")
_WRONG = {
    ("to", "required"): N_("Choose the place, or write it."),
    ("outcome", "required"): N_("Say first how it ended: only an outcome closes a referral."),
}


@dataclass(frozen=True, slots=True)
class OpenReferral:
    """A referral of the list with the patient it is about."""

    text: ReferralText
    patient: Patient


def _typed(visit_id: str) -> Draft:
    visit = visits.get(context.store(), visit_id)
    sent = {name: request.form.get(name, "")[: referrals.LONGEST] for name in FIELDS}
    path = url_for("referrals.new", visit_id=visit.id)
    return Draft(_form_of(visit), path, {name: text for name, text in sent.items() if text})


@page.get("/visits/<visit_id>/referral")
@staff_only
def new(visit_id: str) -> str:
    """Show the form of a referral, as it was left or empty."""
    visit = visits.get(context.store(), visit_id)
    return _form(visit, form_drafts.stored(_form_of(visit)))


@page.post("/visits/<visit_id>/referral/draft")
@staff_form(_typed)
def keep_draft(visit_id: str) -> ResponseReturnValue:
    """Keep what has been typed so far."""
    form_drafts.keep(_typed(visit_id))
    return "", 204


@page.post("/visits/<visit_id>/referral")
@staff_form(_typed)
def make(visit_id: str) -> ResponseReturnValue:
    """Keep the referral and show its letter; what is missing is asked for beside its field."""
    store, now, worker = context.store(), context.now(), context.worker().staff
    visit, typed = visits.get(store, visit_id), _typed(visit_id)
    settings = context.settings()
    author = settings.clinic, settings.clinic_phone, worker.name
    summary = gather.letter(store, now, visit.patient_id, visit.id, author)
    try:
        wanted = _read(visit, typed.fields)
        made = referrals.make(store, now, wanted, summary.body(), worker.id)
    except InvalidForm as error:
        form_drafts.keep(typed)
        return _form(visit, typed.fields, error.fields), 422
    form_drafts.forget(_form_of(visit))
    return redirect(url_for(".letter", referral_id=made), 303)


@page.get("/referrals")
@staff_only
def show() -> str:
    """Show the open referrals, the longest open first."""
    store, now = context.store(), context.now()
    found = referrals.open_ones(store, list_pages.skipped(referrals.PAGE))
    return render_template(
        "referrals.html",
        referrals=[
            OpenReferral(referral_texts.worded(one, now), register.get(store, one.patient))
            for one in found
        ],
        part=list_parts.part(
            referrals.PAGE,
            lambda number: url_for(".show", page=number),
            len(found),
            referrals.count_open(store),
        ),
    )


@page.get("/referrals/<referral_id>")
@staff_only
def one(referral_id: str) -> str:
    """Show a referral, what became known of it, the answer, and what can be said now."""
    return _page(referrals.get(context.store(), referral_id))


@page.post("/referrals/<referral_id>")
@staff_only
def note(referral_id: str) -> ResponseReturnValue:
    """Keep what became known; without an outcome nothing is closed."""
    store, now, actor = context.store(), context.now(), context.worker().staff.id
    said = request.form.get("state", "")
    change = Change(
        State(said) if said in set(State) else State.ARRIVED,
        request.form.get("outcome", ""),
        request.form.get("why", "")[: referrals.LONGEST + 1],
    )
    try:
        referrals.note(store, now, referral_id, change, actor)
    except InvalidForm as error:
        return _page(referrals.get(store, referral_id), error.fields), 422
    return redirect(url_for(".one", referral_id=referral_id), 303)


@page.post("/referrals/<referral_id>/mistake")
@staff_only
def take_back(referral_id: str) -> ResponseReturnValue:
    """Say that it was made by mistake: it leaves every list and stays in the journal."""
    store, now, actor = context.store(), context.now(), context.worker().staff.id
    entry = referrals.get(store, referral_id).entry
    taken_back.take_back(store, now, entry, request.form.get("why", "")[:200], actor=actor)
    return redirect(url_for(".one", referral_id=referral_id), 303)


@page.get("/referrals/<referral_id>/letter")
@staff_only
def letter(referral_id: str) -> str:
    """Show the letter as it is printed; it can be shown on the screen, too."""
    store = context.store()
    found = referrals.get(store, referral_id)
    audit.note_view(store, context.now(), found.patient, context.worker().staff.id, "referral")
    summary = found.letter
    return render_template(
        "referral_letter.html",
        referral=found,
        text=referral_texts.worded(found, context.now()),
        summary=summary,
        about=referral_texts.about(summary),
        allergies=referral_texts.allergies(summary),
        values=[referral_texts.value(row) for row in summary.readings],
        lines=referral_texts.lines(summary),
        rules=[referral_texts.rule(row) for row in summary.rules],
    )


@page.app_template_global()
def referrals_of(patient_id: str) -> list[ReferralText]:
    """Return a patient's open referrals, worded."""
    found = referrals.of_patient(context.store(), patient_id)
    return [referral_texts.worded(one, context.now()) for one in found if one.is_open]


def _read(visit: Visit, fields: dict[str, str]) -> NewReferral:
    known = {place.name: place for place in _places()}
    chosen = fields.get("to", "")
    written = fields.get("other_place", "").strip() if chosen in ("", OTHER) else chosen
    urgency, transport = fields.get("urgency", ""), fields.get("transport", "")
    if urgency not in set(Urgency):
        raise InvalidForm({"urgency": "unknown"})
    place = known.get(written, Place(written))
    return NewReferral(
        visit.patient_id,
        visit.id,
        fields.get("reason", ""),
        Urgency(urgency),
        place.name,
        place.telephone,
        Transport(transport) if transport in set(Transport) else Transport.UNKNOWN,
    )


def _places() -> tuple[Place, ...]:
    settings = context.settings()
    own = referral.places(settings.referral_places)
    return own or (Place(str(t(_HOSPITAL)), settings.hospital_phone),)


def _form(visit: Visit, fields: dict[str, str], wrong: dict[str, str] | None = None) -> str:
    return render_template(
        "referral_new.html",
        visit=visit,
        patient=register.get(context.store(), visit.patient_id),
        typed=fields,
        begun=bool(fields) and wrong is None,
        places=_places(),
        other=OTHER,
        urgencies=referral_texts.URGENCIES,
        transports=referral_texts.TRANSPORTS,
        wrong=_problems(wrong or {}),
    )


def _page(found: Referral, wrong: dict[str, str] | None = None) -> str:
    store, now = context.store(), context.now()
    names = {person.id: person.name for person in staff.members(store)}
    answer = found.answer
    return render_template(
        "referral.html",
        referral=found,
        text=referral_texts.worded(found, now),
        patient=register.get(store, found.patient),
        steps=[referral_texts.step(step, names) for step in referrals.steps(store, found.id)],
        answer=answer,
        arrived=None if answer is None else referral_texts.arrived(answer.arrived),
        ended=None
        if answer is None or not answer.outcome
        else referral_texts.outcome(answer.outcome),
        reader=None if answer is None else names.get(answer.message.seen_by or "", ""),
        outcomes=referral_texts.OUTCOMES,
        proposed=answer.outcome if answer is not None and answer.outcome in set(Outcome) else "",
        typed=request.form,
        wrong=_problems(wrong or {}),
    )


def _problems(wrong: dict[str, str]) -> dict[str, Markup]:
    special = {key: t(_WRONG[key, kind]) for key, kind in wrong.items() if (key, kind) in _WRONG}
    rest = {k: ("text" if v == "required" else k, v) for k, v in wrong.items() if k not in special}
    for key, (field, kind) in rest.items():
        special[key] = person_form.problems({field: kind})[field]
    return special


def _form_of(visit: Visit) -> str:
    return f"referral/{visit.patient_id}"[:80]
