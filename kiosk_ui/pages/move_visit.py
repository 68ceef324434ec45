"""A visit was somebody else's: its readings, and all that was written down, go to the right one."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from edge.model.patient import Patient
from edge.patients import register
from edge.readings import history, move_visit, retract
from edge.readings.retract import Holder
from edge.staff import audit, staff
from edge.staff.drafts import Draft
from edge.visits import visits
from edge.visits.visits import Visit
from kiosk_ui import context, form_drafts, typed_recording
from kiosk_ui.guard import staff_only
from kiosk_ui.pages import patients
from kiosk_ui.reading_lines import ReadingText
from kiosk_ui.reading_lines import show as show_reading

page = Blueprint("move_visit", __name__)

_PATH = "/visits/<visit_id>/readings-of/<holder_id>/move"


@page.get(_PATH)
@staff_only
def show(visit_id: str, holder_id: str) -> str:
    """Show what was measured in the visit and ask whose it is."""
    entries = _held(visit_id, holder_id)
    return render_template(
        "move_visit.html",
        visit_id=visit_id,
        holder=register.get(context.store(), holder_id),
        rows=_rows(entries),
        is_whole=_is_whole(visit_id, holder_id),
        query=request.args.get("q", ""),
        found=Markup(_found(visit_id, holder_id)),
    )


@page.get(f"{_PATH}/found")
@staff_only
def found(visit_id: str, holder_id: str) -> str:
    """Answer the search as it is typed."""
    return _found(visit_id, holder_id)


@page.post(f"{_PATH}/<patient_id>")
@staff_only
def keep(visit_id: str, holder_id: str, patient_id: str) -> ResponseReturnValue:
    """Ask once more with both names, then move; an open visit goes on with the right patient."""
    store, now, actor = context.store(), context.now(), context.worker().staff.id
    entries, patient = _held(visit_id, holder_id), register.get(store, patient_id)
    if patient.id == holder_id:
        return redirect(url_for(".show", visit_id=visit_id, holder_id=holder_id), 303)
    asked = _fingerprint(entries)
    if request.form.get("sure") != asked:
        return _ask(visit_id, holder_id, patient, entries)
    visit = visits.get(store, visit_id)
    audit.note_view(store, now, patient.id, actor)
    if visit.patient_id != holder_id:  # only readings of it were given to somebody else
        retract.move(store, now, entries, Holder(patient.id, visit_id), actor=actor)
        return redirect(url_for("history.show", patient_id=patient.id), 303)
    if visit.paper or not typed_recording.is_open(visit, now):
        move_visit.move_whole(store, now, visit_id, patient.id, visit_id, actor=actor)
        return redirect(url_for("visits_of.show", patient_id=patient.id), 303)
    with store.transaction():
        opened = visits.open_visit(store, now, patient.id, actor=actor)
        move_visit.move_whole(store, now, visit_id, patient.id, opened.id, actor=actor)
    _take_typed(visit, opened)
    return redirect(url_for("visit.show", visit_id=opened.id), 303)


def _take_typed(visit: Visit, opened: Visit) -> None:
    """Let what was typed and not recorded follow to the right patient."""
    typed = form_drafts.stored(typed_recording.form_of(visit))
    if typed:
        path = url_for("visit.show", visit_id=opened.id)
        form_drafts.keep(Draft(typed_recording.form_of(opened), path, typed))
        form_drafts.forget(typed_recording.form_of(visit))


def _ask(visit_id: str, holder_id: str, patient: Patient, entries: list[int]) -> str:
    return render_template(
        "move_visit_sure.html",
        visit_id=visit_id,
        holder=register.get(context.store(), holder_id),
        patient=patient,
        rows=_rows(entries),
        sure=_fingerprint(entries),
        is_whole=_is_whole(visit_id, holder_id),
    )


def _is_whole(visit_id: str, holder_id: str) -> bool:
    """Whether the visit itself goes; otherwise only readings of it that were given to another."""
    return visits.get(context.store(), visit_id).patient_id == holder_id


def _held(visit_id: str, holder_id: str) -> list[int]:
    """Return the readings that the holder has of a visit; 404 when there is nothing to move."""
    store = context.store()
    entries = retract.together(store, visit_id, holder_id)
    if not entries and visits.get(store, visit_id).patient_id != holder_id:
        abort(404)
    return entries


def _fingerprint(entries: list[int]) -> str:
    """Name what somebody was asked about, so that a "yes" cannot move what came since."""
    return ".".join(map(str, entries)) or "none"


def _rows(entries: list[int]) -> list[ReadingText]:
    store, now = context.store(), context.now()
    names = {person.id: person.name for person in staff.members(store)}
    urgent = history.urgent(store, entries)
    readings = (history.one(store, entry) for entry in entries)
    return [show_reading(reading, now, names, urgent) for reading in readings if reading]


def _found(visit_id: str, holder_id: str) -> str:
    place = {"visit_id": visit_id, "holder_id": holder_id}
    return patients.found_fragment(
        url_for(".found", **place),  # type: ignore[arg-type]
        lambda patient_id: url_for(".keep", **place, patient_id=patient_id),  # type: ignore[arg-type]
    )
