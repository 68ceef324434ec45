"""A person's programmes: enrol, what is due, appointments, and what became of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from edge.care import appointments, courses, episodes, follow_up, plan
from edge.care.episodes import Episode, Outcome
from edge.care.library import Library
from edge.care.programme import VACCINES, Programme
from edge.model.errors import ActionRefused, InvalidForm
from edge.model.follow_up_kinds import EpisodeState
from edge.model.life_status import is_listed
from edge.patients import birth, life_status, register
from edge.patients.life_status import LifeStatus
from edge.staff import audit
from kiosk_ui import context
from kiosk_ui.care_texts import (
    STATES,
    day_text,
    due_text,
    in_use,
    programme_title,
    text_of,
)
from kiosk_ui.guard import staff_only
from kiosk_ui.visit_care import NEXT, appointment_text, next_choices
from kiosk_ui.wording import N_, t

page = Blueprint("programmes", __name__)

LONGEST = 120
"""Characters of a day or of a place that are read."""

_NO_DAY = N_("Write this day: day, month, year.")
_FAR = N_("This day lies too far ahead or behind. Check it.")
_ENROLLED = N_("This person is in this programme already.")
_OTHERS = N_("This programme is not for this person: look at sex and age.")


@dataclass(frozen=True, slots=True)
class EpisodeText:
    """One enrolment in words, with its plan; `contacts` are title, day, how far off, came."""

    id: str
    title: Markup
    state: Markup
    is_open: bool
    since: Markup
    why: str
    due: Markup
    how_far: Markup
    contact: Markup
    missing: Markup
    ended: bool
    lost: bool
    draft: bool
    contacts: list[tuple[Markup, Markup, Markup, Markup]]
    is_vaccines: bool


@page.get("/patients/<patient_id>/programmes")
@staff_only
def show(patient_id: str) -> str:
    """Show the enrolments, the appointments, and what somebody can be enrolled in."""
    worker = context.worker().staff.id
    audit.note_view(context.store(), context.now(), patient_id, worker, "programmes")
    return _page(patient_id)


@page.post("/patients/<patient_id>/programmes")
@staff_only
def enrol(patient_id: str) -> ResponseReturnValue:
    """Enrol the person; what the programme asks is checked beside its field."""
    store, now = context.store(), context.now()
    programme = in_use().programmes.get(request.form.get("programme", ""))
    if programme is None:
        abort(400)
    patient = register.get(store, patient_id)
    if not programme.for_whom.fits(patient, birth.today_of(now)):
        return _page(patient_id, wrong=(programme.id, t(_OTHERS))), 422
    facts, wrong = _facts(programme)
    if wrong is not None:
        return _page(patient_id, wrong=(programme.id, wrong)), 422
    actor = context.worker().staff.id
    try:
        episodes.enrol(store, now, patient_id, programme.id, actor, facts=facts)
    except ActionRefused:
        return _page(patient_id, wrong=(programme.id, t(_ENROLLED))), 409
    return _settled(patient_id)


@page.post("/patients/<patient_id>/programmes/<episode_id>")
@staff_only
def say(patient_id: str, episode_id: str) -> ResponseReturnValue:
    """Say what became of an enrolment; who has died is marked so."""
    store, now, actor = context.store(), context.now(), context.worker().staff.id
    state = request.form.get("state", "")
    if state not in set(EpisodeState):
        abort(400)
    place = " ".join(request.form.get("place", "").split())[:LONGEST] or None
    with store.transaction():
        episodes.end(
            store, now, _own(patient_id, episode_id).id, Outcome(state, place=place), actor
        )
        if state == EpisodeState.DECEASED and is_listed(register.get(store, patient_id)):
            life_status.mark(store, now, patient_id, LifeStatus.DECEASED, "", actor)
    return _settled(patient_id)


@page.post("/patients/<patient_id>/programmes/<episode_id>/facts")
@staff_only
def correct(patient_id: str, episode_id: str) -> ResponseReturnValue:
    """Correct what the schedule counts from."""
    store, known = context.store(), in_use()
    episode = _own(patient_id, episode_id)
    programme = known.programmes.get(episode.programme)
    if programme is None:
        abort(404)
    facts, wrong = _facts(programme)
    if wrong is not None:
        return _page(patient_id, wrong=(episode.id, wrong)), 422
    episodes.set_facts(store, context.now(), episode.id, facts, context.worker().staff.id)
    return _settled(patient_id)


@page.post("/patients/<patient_id>/next-date")
@staff_only
def book(patient_id: str) -> ResponseReturnValue:
    """Keep when the person should come again: so many days from now, or a day."""
    store, now = context.store(), context.now()
    today = birth.today_of(now)
    due = _asked_day(today)
    visit_id = request.form.get("visit") or None
    if due is None:
        return _page(patient_id, wrong=("next", t(_FAR))), 422
    follow_up.settle(store, now, in_use(), patient_id)  # what this visit keeps is kept first
    programme = request.form.get("programme") or None
    actor = context.worker().staff.id
    appointments.book(
        store, now, patient_id, due.isoformat(), actor, programme=programme, visit=visit_id
    )
    return _settled(patient_id, visit_id)


@page.post("/patients/<patient_id>/appointments/<appointment_id>")
@staff_only
def close(patient_id: str, appointment_id: str) -> ResponseReturnValue:
    """Say what became of an appointment: cancelled, did not come, or came after all."""
    state = request.form.get("state", "")
    if state not in ("cancelled", "missed", "kept"):
        abort(400)
    known = {one.id for one in appointments.of_patient(context.store(), patient_id)}
    if appointment_id not in known:
        abort(404)
    actor = context.worker().staff.id
    appointments.set_state(context.store(), context.now(), appointment_id, state, actor)
    return _settled(patient_id, request.form.get("visit") or None)


def _own(patient_id: str, episode_id: str) -> Episode:
    known = {one.id: one for one in episodes.of_patient(context.store(), patient_id)}
    if episode_id not in known:
        abort(404)
    return known[episode_id]


def _settled(patient_id: str, visit_id: str | None = None) -> ResponseReturnValue:
    follow_up.settle(context.store(), context.now(), in_use(), patient_id)
    if visit_id:
        return redirect(url_for("visit.show", visit_id=visit_id), 303)
    return redirect(url_for(".show", patient_id=patient_id), 303)


def _facts(programme: Programme) -> tuple[dict[str, str], Markup | None]:
    """Return what was typed of a programme's days, and what is wrong with it."""
    now = context.now()
    today, facts = birth.today_of(now), dict[str, str]()
    for fact in programme.facts:
        typed = request.form.get(f"fact-{fact.name}", "")[:LONGEST]
        try:
            day = date.fromisoformat(birth.read_birth(typed, "", now)) if typed.strip() else None
        except (InvalidForm, ValueError):
            day = None
        if day is None:
            return facts, t(_NO_DAY)
        if not today - timedelta(days=fact.longest_ago_days) <= day <= today:
            return facts, t(_FAR)
        facts[fact.name] = day.isoformat()
    return facts, None


def _asked_day(today: date) -> date | None:
    """Return the day of a button or of the field; None for none, the past or beyond two years."""
    days, typed = request.form.get("days", ""), request.form.get("day", "")[:LONGEST]
    if days in map(str, NEXT):
        return today + timedelta(days=int(days))
    day = plan.as_day(typed.strip())
    if day is None or not today < day <= today + timedelta(days=731):
        return None
    return day


def _page(patient_id: str, wrong: tuple[str, Markup] | None = None) -> str:
    store, now, known = context.store(), context.now(), in_use()
    patient, today = register.get(store, patient_id), birth.today_of(now)
    shown = episodes.of_patient(store, patient_id)
    open_now = {one.programme for one in shown if one.is_open}
    offered = [
        programme
        for programme in known.programmes.values()
        if programme.id not in open_now and programme.for_whom.fits(patient, today)
    ]
    return render_template(
        "programmes.html",
        patient=patient,
        episodes=[_episode(one, known, today) for one in shown],
        appointments=[
            appointment_text(one, known) for one in appointments.of_patient(store, patient_id)
        ],
        offered=[(one, text_of(one, one.title), _asked(one)) for one in offered],
        states=[(s.value, t(STATES[s])) for s in EpisodeState if s != EpisodeState.ENROLLED],
        nexts=next_choices(),
        wrong=wrong,
    )


def _asked(programme: Programme) -> list[tuple[str, Markup]]:
    return [(fact.name, text_of(programme, fact.title)) for fact in programme.facts]


def _episode(episode: Episode, known: Library, today: date) -> EpisodeText:
    programme = known.programmes.get(episode.programme)
    found, listed = plan.Plan(), list[plan.PlannedContact]()
    if programme is not None and episode.is_open:
        course = courses.of_episode(context.store(), known, episode)
        found, listed = plan.plan(programme, course), plan.contacts(programme, course)
    due = found.due.isoformat() if found.due else ""
    return EpisodeText(
        id=episode.id,
        title=programme_title(episode.programme, known),
        state=t(STATES[episode.state]),
        is_open=episode.is_open,
        since=day_text(episode.since),
        why=episode.place or episode.why or "",
        due=day_text(due) if due else Markup(""),
        how_far=due_text(due, today) if due else Markup(""),
        contact=text_of(programme, found.title) if programme and found.title else Markup(""),
        missing=_missing(programme, found.missing),
        ended=found.ended,
        lost=bool(found.lost and found.lost <= today),
        draft=programme is not None and programme.is_draft,
        contacts=[_contact(programme, one, today) for one in listed] if programme else [],
        is_vaccines=programme is not None and programme.counts_from == VACCINES,
    )


def _contact(
    programme: Programme, one: plan.PlannedContact, today: date
) -> tuple[Markup, Markup, Markup, Markup]:
    due = one.due.isoformat()
    came = day_text(one.came.isoformat()) if one.came else Markup("")
    return text_of(programme, one.title), day_text(due), due_text(due, today), came


def _missing(programme: Programme | None, name: str | None) -> Markup:
    if programme is None or name is None:
        return Markup("")
    titles = {fact.name: text_of(programme, fact.title) for fact in programme.facts}
    return titles.get(name, t(N_("Day of birth")))
