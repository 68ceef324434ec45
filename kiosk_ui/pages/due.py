"""Who should come: today, this week, overdue, lost; and what came of calling them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from edge.care import calls, contacting, follow_up, last_pressure
from edge.care.follow_up import LISTS, FollowUp
from edge.care.library import Library
from edge.care.plan import HOSPITAL
from edge.model.errors import NotFound
from edge.model.follow_up_kinds import AppointmentState, CallOutcome
from edge.model.patient import Patient
from edge.patients import birth, edits, life_status, register
from edge.store import taken_back
from kiosk_ui import care_texts, context
from kiosk_ui.care_texts import OUTCOMES, day_text, due_text, in_use, programme_title
from kiosk_ui.guard import staff_only
from kiosk_ui.list_parts import PartOfList
from kiosk_ui.reading_lines import lines
from kiosk_ui.wording import N_, count, ltr, t
from web import list_pages

page = Blueprint("due", __name__)

SHOWN = 20
"""People on one page of a list."""

LONGEST_NOTE = 200
REMIND_DAYS = (1, 3, 7)
"""In so many days a worker may want to call again."""

TABS = (
    ("today", N_("Today")),
    ("week", N_("Next 7 days")),
    ("overdue", N_("Overdue")),
    ("later", N_("To call later")),
    ("lost", N_("Lost")),
)


@dataclass(frozen=True, slots=True)
class DueRow:
    """One person on a list, in words; `key` names the row in a form."""

    key: str
    patient: Patient
    programme: Markup
    at_hospital: bool
    day: Markup
    how_late: Markup
    pressure: Markup
    outcome: Markup
    called: Markup


@page.get("/due")
@staff_only
def show() -> str:
    """Show one list, of all programmes or of one."""
    return _page(request.args.get("list", ""), request.args.get("programme") or None)


@page.post("/due/called")
@staff_only
def called() -> ResponseReturnValue:
    """Keep what came of a call by one tap; it can be taken back."""
    store, now, actor = context.store(), context.now(), context.worker().staff.id
    row, outcome = _row(), request.form.get("outcome", "")
    if outcome not in set(CallOutcome):
        abort(400)
    note = " ".join(request.form.get("note", "").split())[:LONGEST_NOTE] or None
    remind = _remind(birth.today_of(now)) if outcome == CallOutcome.REMIND else None
    call = contacting.about(row, outcome, remind, note)
    kept = contacting.record(store, now, row, call, actor)
    return _back(call=kept.entry, about=row.patient_id)


@page.post("/due/came")
@staff_only
def came() -> ResponseReturnValue:
    """Keep what became of an appointment at the hospital, which only a person can know."""
    store, now, actor = context.store(), context.now(), context.worker().staff.id
    row, state = _row(), request.form.get("state", "")
    if row.source != HOSPITAL or state not in (AppointmentState.KEPT, AppointmentState.MISSED):
        abort(400)
    contacting.close_hospital(store, now, row, AppointmentState(state), actor)
    return _back()


@page.post("/due/mistake")
@staff_only
def mistake() -> ResponseReturnValue:
    """Take a call back, and the mark that followed from it."""
    store, now, actor = context.store(), context.now(), context.worker().staff.id
    entry = request.form.get("call", "")
    patient_id = request.form.get("about", "")
    found = [c for c in calls.of_patient(store, patient_id) if str(c.entry) == entry]
    if found:
        taken_back.take_back(store, now, found[0].entry, "mistake", actor=actor)
        if found[0].outcome in (CallOutcome.MOVED, CallOutcome.DIED):
            life_status.take_back(store, now, patient_id, actor)
    return _back()


def _back(call: int | None = None, about: str | None = None) -> ResponseReturnValue:
    chosen, programme = request.form.get("list"), request.form.get("programme") or None
    where = url_for(".show", list=chosen, programme=programme, call=call, about=about)
    return redirect(where, 303)


def _page(wanted: str, programme: str | None) -> str:
    store, now, known = context.store(), context.now(), in_use()
    follow_up.settle_waiting(store, now, known)
    today = birth.today_of(now)
    numbers = follow_up.counts(store, today, programme)
    name = wanted if wanted in LISTS else _first(numbers)
    found = follow_up.page(store, name, today, list_pages.skipped(SHOWN), SHOWN, programme)
    return render_template(
        "due.html",
        tabs=[(key, t(text), count(numbers[key])) for key, text in TABS],
        chosen=name,
        programme=programme,
        programmes=[(p.id, care_texts.text_of(p, p.title)) for p in known.programmes.values()],
        rows=[row for one in found if (row := _shown(one, known, today)) is not None],
        part=_part(name, programme, len(found), numbers[name]),
        outcomes=[(word, t(text)) for word, text in OUTCOMES.items()],
        remind_days=[(days, count(days)) for days in REMIND_DAYS],
        done=_done(),
    )


def _first(numbers: dict[str, int]) -> str:
    """Return the list that is shown first: today's, or the overdue when nobody is due today."""
    return "overdue" if numbers["overdue"] and not numbers["today"] else "today"


def _shown(row: FollowUp, known: Library, today: date) -> DueRow | None:
    store = context.store()
    try:
        patient = register.get(store, row.patient_id)
    except NotFound:  # an appointment of somebody whose record has not come yet
        return None
    return DueRow(
        key=f"{row.source}/{row.id}",
        patient=patient,
        programme=programme_title(row.programme, known),
        at_hospital=row.source == HOSPITAL,
        day=day_text(row.due),
        how_late=due_text(row.due, today),
        pressure=_pressure(patient.id),
        outcome=t(OUTCOMES[row.outcome]) if row.outcome else Markup(""),
        called=day_text(row.called) if row.called else Markup(""),
    )


def _pressure(patient_id: str) -> Markup:
    """Return the last blood pressure that counts, empty without one."""
    store = context.store()
    found = last_pressure.of_person(store, edits.one_person(store, patient_id))
    return Markup("") if found is None else lines(found)[0].text


def _part(name: str, programme: str | None, shown: int, total: int) -> PartOfList | None:
    def at(number: int) -> str:
        return url_for(".show", list=name, programme=programme, page=number)

    found = list_pages.part(SHOWN, at, shown=shown, total=total)
    if found is None:
        return None
    words = t(
        N_("%(first)s to %(last)s of %(total)s, who waits longest first."),
        first=count(found.first),
        last=count(found.last),
        total=count(total),
    )
    return PartOfList(words, found.newer, found.older)


def _row() -> FollowUp:
    """Return the row that a form names, or answer that it is not there any more."""
    store, now = context.store(), context.now()
    follow_up.settle_waiting(store, now, in_use())
    source, _, item = request.form.get("row", "").partition("/")
    found = follow_up.one(store, source, item)
    if found is None:
        raise NotFound("this person is on no list any more")
    return found


def _remind(today: date) -> str:
    typed = request.form.get("days", "")
    days = int(typed) if typed in {str(d) for d in REMIND_DAYS} else REMIND_DAYS[0]
    return (today + timedelta(days=days)).isoformat()


@dataclass(frozen=True, slots=True)
class CallDone:
    """What was kept by the last tap, to be taken back."""

    call: str
    about: str
    name: str
    says: Markup


def _done() -> CallDone | None:
    store = context.store()
    entry, about = request.args.get("call", ""), request.args.get("about", "")
    for call in calls.of_patient(store, about) if about else []:
        if str(call.entry) == entry:
            says = t(OUTCOMES[call.outcome]) if call.outcome in OUTCOMES else ltr(call.outcome)
            return CallDone(entry, about, register.get(store, about).name, says)
    return None
