"""The visits of a patient, newest day first: what was written down, tests, medicines, moves."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, render_template
from markupsafe import Markup

from edge.medicines import given as medicines
from edge.model.clock import Stamp
from edge.patients import edits, register
from edge.readings import history
from edge.staff import audit, staff
from edge.visits import moving, notes, visits
from edge.visits.moving import VisitMove
from edge.visits.notes import VisitNote
from edge.visits.visits import Visit
from kiosk_ui import context, medicine_texts, note_parts, site_medicines
from kiosk_ui.guard import staff_only
from kiosk_ui.medicine_texts import MedicineLine
from kiosk_ui.note_parts import NoteLine
from kiosk_ui.reading_lines import ReadingText
from kiosk_ui.reading_lines import show as show_reading
from kiosk_ui.wording import N_, own_words, t

page = Blueprint("visits_of", __name__)


@dataclass(frozen=True, slots=True)
class VisitText:
    """One visit on the page; `told` says that it stood in another record first."""

    id: str
    day: Markup
    paper: bool
    reason: Markup | None
    who: Markup | None
    lines: list[NoteLine]
    readings: list[ReadingText]
    medicines: list[MedicineLine]
    told: Markup | None


@page.get("/patients/<patient_id>/visits")
@staff_only
def show(patient_id: str) -> str:
    """Show the visits; that they were looked at is kept."""
    store, now = context.store(), context.now()
    patient = register.get(store, patient_id)
    audit.note_view(store, now, patient_id, context.worker().staff.id, "visits")
    ids = edits.one_person(store, patient_id)
    moves = moving.of_patient(store, ids)
    shown = [_visit(visit, now, moves) for visit in visits.of_patient(store, ids)]
    return render_template(
        "visits_of.html",
        patient=patient,
        visits=[visit for visit in shown if visit is not None],
        away=[(note_parts.day_text(m.day), _moved_away(m)) for m in moves if m.from_patient in ids],
    )


def _visit(visit: Visit, now: Stamp, moves: list[VisitMove]) -> VisitText | None:
    """Return a visit in words, None when nothing happened in it."""
    store = context.store()
    note = notes.of_visit(store, visit.id)
    readings = history.of_visit(store, visit.id)
    given = medicines.of_visit(store, visit.id)
    if not (note.state or readings or given or visit.reason or visit.paper):
        return None
    names = {person.id: person.name for person in staff.members(store)}
    urgent = history.urgent(store, [r.entry for r in readings])
    who = names.get(visit.actor or "")
    return VisitText(
        visit.id,
        note_parts.day_text(visit.day),
        visit.paper,
        _reason(visit, note),
        None if who is None else own_words(who),
        note_parts.lines(note),
        [show_reading(r, now, names, urgent) for r in readings],
        [medicine_texts.line(one, site_medicines.listed()[0]) for one in given],
        next((_moved_here(m) for m in moves if m.becomes == visit.id), None),
    )


def _reason(visit: Visit, note: VisitNote) -> Markup | None:
    word = note.text("reason") or visit.reason
    return None if word is None else note_parts.word_text("reason", word)


def _moved_here(moved: VisitMove) -> Markup:
    name = own_words(register.get(context.store(), moved.from_patient).name)
    return t(N_("It was written down for %(name)s first and moved here."), name=name)


def _moved_away(moved: VisitMove) -> Markup:
    name = own_words(register.get(context.store(), moved.to_patient).name)
    return t(N_("A visit was written down here and moved to %(name)s."), name=name)
