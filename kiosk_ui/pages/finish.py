"""Finishing a visit: what is typed is recorded, a danger answered, what is missing is said."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from edge.dangers import dangers
from edge.patients import register
from edge.staff.drafts import Draft
from edge.visits import visits
from edge.visits.visits import Visit
from kiosk_ui import context, form_drafts, tiles, typed_recording, typed_values
from kiosk_ui.guard import staff_form
from kiosk_ui.pages import visit as visit_page
from kiosk_ui.tiles import Tile
from kiosk_ui.typed_values import TypedRow

page = Blueprint("finish", __name__)


def _typed(visit_id: str) -> Draft:
    """What stands in the boxes: as sent with the form, over what was kept while it was typed."""
    visit = visits.get(context.store(), visit_id)
    fields: dict[str, str] = {}
    for entry in typed_values.ENTRIES:
        fields |= typed_values.draft_fields(typed_values.begun(entry, request.form))
    path = url_for("visit.show", visit_id=visit.id)
    return Draft(typed_recording.form_of(visit), path, fields)


@page.post("/visits/<visit_id>/close")
@staff_form(_typed)
def close(visit_id: str) -> ResponseReturnValue:
    """Record what stands in the boxes, then close; ask first about what cannot pass in silence.

    `then` is the patient to measure next. What arrives after the visit goes to the tray.
    """
    store, now = context.store(), context.now()
    visit = visits.get(store, visit_id)
    rows, entries = _record_rows(visit, _typed(visit_id))
    if visit.closed_entry is None and dangers.of_patient(store, visit.patient_id) is not None:
        return redirect(url_for("danger.show", patient_id=visit.patient_id), 303)
    missing = _missing(visit)
    if rows or missing:
        return _ask(visit, rows, missing), 409
    held = visits.current(store, now, station=visit.station)
    if held is not None and held.id == visit_id:
        why = "another patient" if "then" in request.form else "finished"
        actor = context.worker().staff.id
        visits.close_visit(store, now, why=why, station=visit.station, actor=actor)
    form_drafts.forget(typed_recording.form_of(visit))
    if "then" in request.form:
        return visit_page.begin(request.form["then"])
    recorded = ".".join(map(str, entries)) or None
    return redirect(url_for("patients.search", recorded=recorded), 303)


def _record_rows(visit: Visit, sent: Draft) -> tuple[list[TypedRow], list[int]]:
    """Record what was typed; return the rows that were not, marked, and the new entries.

    With "without" in the form the worker gives up what stands in the boxes.
    """
    if "without" in request.form:
        return [], []
    kept = form_drafts.stored(sent.form)
    fields = sent.fields if "typed" in request.form else kept | sent.fields
    rows = typed_recording.begun(fields)
    outcomes = [(row, typed_recording.record(visit, row)) for row in rows]
    marked = [outcome for _, outcome in outcomes if isinstance(outcome, TypedRow)]
    if rows:
        rest: dict[str, str] = {}
        for row in marked:
            rest |= typed_values.draft_fields(row)
        form_drafts.keep(Draft(sent.form, sent.path, rest))
    return marked, [outcome for _, outcome in outcomes if isinstance(outcome, int)]


def _missing(visit: Visit) -> list[Tile]:
    """Return what is missing for the reason of the visit, unless somebody finishes without it."""
    if visit.closed_entry is not None or "incomplete" in request.form:
        return []
    return tiles.missing(visit_page.tiles_of(visit, context.now()))


def _ask(visit: Visit, rows: list[TypedRow], missing: list[Tile]) -> str:
    store, then = context.store(), request.form.get("then")
    return render_template(
        "finish.html",
        visit=visit,
        patient=register.get(store, visit.patient_id),
        rows=rows,
        row_html=visit_page.row_html,
        missing=missing,
        then=register.get(store, then) if then else None,
    )
