"""The visits of a patient, newest day first: what was written down, done and measured; moves."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from flask import Blueprint, render_template
from markupsafe import Markup

from edge.dangers import checklists, done
from edge.dangers.dangers import DangerEvent
from edge.dangers.done import DangerDone
from edge.medicines import given as medicines
from edge.model.clock import Stamp
from edge.patients import edits, register
from edge.readings import history
from edge.staff import audit, staff
from edge.visits import moving, notes, visits
from edge.visits.moving import VisitMove
from edge.visits.notes import VisitNote
from edge.visits.visits import Visit
from kiosk_ui import context, medicine_texts, moved_visits, note_parts, site_medicines
from kiosk_ui.guard import staff_only
from kiosk_ui.medicine_texts import MedicineLine
from kiosk_ui.note_parts import NoteLine
from kiosk_ui.pages.danger import ENDINGS
from kiosk_ui.reading_lines import ReadingText
from kiosk_ui.reading_lines import show as show_reading
from kiosk_ui.wording import ltr, own_words, since, t

page = Blueprint("visits_of", __name__)

ENDING_TEXTS = {ending.value: text for ending, (text, _) in ENDINGS.items()}


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
    here = _dangers_by_visit(ids, moves)
    shown = [
        _visit(visit, now, moves, here.get(visit.id, [])) for visit in visits.of_patient(store, ids)
    ]
    return render_template(
        "visits_of.html",
        patient=patient,
        visits=[visit for visit in shown if visit is not None],
        away=[
            (note_parts.day_text(m.day), moved_visits.moved_away(m))
            for m in moves
            if m.from_patient in ids
        ],
    )


def _dangers_by_visit(ids: list[str], moves: list[VisitMove]) -> dict[str, list[DangerDone]]:
    """Return what was done at the Stop page by the visit in which it stands after moves."""
    patients = [*ids, *(move.from_patient for move in moves)]
    found: dict[str, list[DangerDone]] = {}
    for visit_id, events in done.by_visit(context.store(), patients).items():
        held_in = visit_id
        for move in reversed(moves):  # oldest first
            held_in = move.becomes if move.visit_id == held_in else held_in
        found.setdefault(held_in, []).extend(events)
    return found


def _visit(
    visit: Visit, now: Stamp, moves: list[VisitMove], dangers: list[DangerDone]
) -> VisitText | None:
    """Return a visit in words, None when nothing happened in it."""
    store = context.store()
    note = notes.of_visit(store, visit.id)
    readings = history.of_visit(store, visit.id)
    given = medicines.of_visit(store, visit.id)
    if not (note.state or readings or given or visit.reason or visit.paper or dangers):
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
        note_parts.lines(note) + _dangers(dangers, names, now),
        [show_reading(r, now, names, urgent) for r in readings],
        [medicine_texts.line(one, site_medicines.listed()[0]) for one in given],
        next((moved_visits.moved_here(m) for m in moves if m.becomes == visit.id), None),
    )


def _dangers(events: list[DangerDone], names: Mapping[str, str], now: Stamp) -> list[NoteLine]:
    """Return what was done at the Stop page, each with who did it and when; nothing without."""
    if not events:
        return []
    parts = [
        [_said(one), own_words(names.get(one.actor or "")), since(one.placed.when, now)]
        for one in events
    ]
    texts = [Markup(" · ").join(part for part in said if part) for said in parts]
    return [NoteLine(t("Stop"), Markup("\n").join(texts))]


def _said(one: DangerDone) -> Markup:
    """Return a step or an ending in words; a word of a later release stands as it is."""
    step, ending = checklists.steps().get(one.word), ENDING_TEXTS.get(one.word)
    if one.event is DangerEvent.ENDED:
        return t(ending) if ending else ltr(one.word)
    return t(step.text) if step else ltr(one.word)


def _reason(visit: Visit, note: VisitNote) -> Markup | None:
    word = note.text("reason") or visit.reason
    return None if word is None else note_parts.word_text("reason", word)
