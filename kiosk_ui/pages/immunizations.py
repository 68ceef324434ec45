"""A child's vaccines: what was given, what is due, what came too early; giving a dose."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from edge.care import courses, follow_up, immunizations, plan, vaccine_schedule
from edge.care.immunizations import Dose
from edge.care.library import Library
from edge.care.vaccine_schedule import DoseLine, DoseState
from edge.model.errors import InvalidForm
from edge.patients import birth, register
from edge.staff import audit
from edge.store import taken_back
from edge.visits import visits
from kiosk_ui import context
from kiosk_ui.care_texts import DOSES, SITES, day_text, due_text, in_use, vaccine_title
from kiosk_ui.guard import staff_only
from kiosk_ui.wording import N_, ltr, t

page = Blueprint("immunizations", __name__)

LONGEST = 40
_NO_DAY = N_("Write this day: day, month, year.")
_WRONG = {
    ("expiry", "expired"): N_("This vial has expired. Do not give it."),
    ("expiry", "format"): N_("Choose month and year of the vial's expiry."),
    ("day", "future"): N_("This day has not come yet."),
    ("day", "format"): _NO_DAY,
}
_TONES = {
    DoseState.GIVEN: "good",
    DoseState.TOO_EARLY: "doubt",
    DoseState.OVERDUE: "urgent",
    DoseState.DUE: "doubt",
}


@dataclass(frozen=True, slots=True)
class DoseText:
    """One line of the table in words; `entry` is of a dose that was given here or elsewhere."""

    vaccine: str
    title: Markup
    number: Markup
    state: Markup
    tone: str
    day: Markup
    how_far: Markup
    vial: Markup
    entry: int
    can_be_given: bool


@page.get("/patients/<patient_id>/vaccines")
@staff_only
def show(patient_id: str) -> str:
    """Show the table."""
    worker = context.worker().staff.id
    audit.note_view(context.store(), context.now(), patient_id, worker, "vaccines")
    return _page(patient_id)


@page.post("/patients/<patient_id>/vaccines")
@staff_only
def give(patient_id: str) -> ResponseReturnValue:
    """Keep that a dose was given; an expired vial is refused."""
    store, now, known = context.store(), context.now(), in_use()
    vaccine = request.form.get("vaccine", "")
    if vaccine not in vaccine_schedule.titles(known.vaccines):
        abort(400)
    form = {name: request.form.get(name, "").strip()[:LONGEST] for name in _FIELDS}
    today = birth.today_of(now)
    elsewhere = "elsewhere" in request.form
    born = courses.birth_of(store, patient_id) or today
    table = courses.doses(store, known, patient_id, born, today)
    current = visits.current(store, now)
    visit = current.id if current is not None and current.patient_id == patient_id else None
    try:
        dose = Dose(
            vaccine,
            vaccine_schedule.next_number(table, vaccine),
            _day(form["day"]) if elsewhere else today.isoformat(),
            form["batch"] or None,
            form["expiry"] or None,
            form["site"] if form["site"] in SITES else None,
            elsewhere,
        )
        immunizations.give(store, now, patient_id, dose, context.worker().staff.id, visit=visit)
    except InvalidForm as error:
        [(field, kind)] = error.fields.items()
        wrong = t(_WRONG.get((field, kind), _NO_DAY))
        return _page(patient_id, wrong=(vaccine, wrong), typed=form), 422
    follow_up.settle(store, now, known, patient_id)
    return redirect(url_for(".show", patient_id=patient_id), 303)


@page.post("/patients/<patient_id>/vaccines/<int:entry>/mistake")
@staff_only
def take_back(patient_id: str, entry: int) -> ResponseReturnValue:
    """Take a dose back that was written down by mistake."""
    store, now = context.store(), context.now()
    if entry not in {dose.entry for dose in immunizations.of_patient(store, patient_id)}:
        abort(404)
    taken_back.take_back(store, now, entry, "mistake", actor=context.worker().staff.id)
    follow_up.settle(store, now, in_use(), patient_id)
    return redirect(url_for(".show", patient_id=patient_id), 303)


_FIELDS = ("batch", "expiry", "site", "day")


def _day(typed: str) -> str:
    """Return a day of a card as `YYYY-MM-DD`; raises `InvalidForm` ("day")."""
    try:
        day = birth.read_birth(typed, "", context.now())
    except InvalidForm as error:
        raise InvalidForm({"day": "format"}) from error
    if plan.as_day(day) is None:
        raise InvalidForm({"day": "format"})
    return day


def _page(
    patient_id: str,
    wrong: tuple[str, Markup] | None = None,
    typed: dict[str, str] | None = None,
) -> str:
    store, known = context.store(), in_use()
    patient, today = register.get(store, patient_id), birth.today_of(context.now())
    born = courses.birth_of(store, patient_id)
    table = courses.doses(store, known, patient_id, born or today, today) if born else []
    given = {dose.id: dose for dose in immunizations.of_patient(store, patient_id)}
    if born is None:
        lines = [DoseLine(d.vaccine, d.vaccine, d.dose, DoseState.GIVEN, day, d.id)
                 for d in given.values() if (day := plan.as_day(d.day))]  # fmt: skip
    else:
        lines = table
    return render_template(
        "immunizations.html",
        patient=patient,
        born=born,
        draft=known.vaccines.status == "draft",
        lines=_texts(lines, given, known),
        vaccines=[(one.name, vaccine_title(one.name, known)) for one in known.vaccines.vaccines],
        sites=[(word, t(text)) for word, text in SITES.items()],
        wrong=wrong,
        typed=typed or {},
    )


def _texts(lines: list[DoseLine], given: dict[str, Dose], known: Library) -> list[DoseText]:
    today = birth.today_of(context.now())
    open_seen: set[str] = set()
    shown = []
    for line in lines:
        dose = given.get(line.key)
        first = line.is_open and line.vaccine not in open_seen
        if line.is_open:
            open_seen.add(line.vaccine)
        day = line.day.isoformat()
        shown.append(
            DoseText(
                line.vaccine,
                vaccine_title(line.vaccine, known),
                ltr(line.number),
                t(DOSES[line.state]),
                _TONES.get(line.state, ""),
                day_text(day),
                due_text(day, today) if line.is_open else Markup(""),
                _vial(dose),
                dose.entry if dose else 0,
                first and line.state in (DoseState.DUE, DoseState.OVERDUE),
            )
        )
    return shown


def _vial(dose: Dose | None) -> Markup:
    """Return where a dose came from: batch, site, or that a card shows it."""
    if dose is None:
        return Markup("")
    parts = [ltr(dose.batch)] if dose.batch else []
    if dose.site is not None and dose.site in SITES:
        parts.append(t(SITES[dose.site]))
    if dose.elsewhere:
        parts.append(t(N_("given elsewhere")))
    return Markup(" · ").join(parts)
