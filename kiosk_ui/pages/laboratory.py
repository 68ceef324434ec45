"""A patient's laboratory results, numbers and words, newest first."""

from __future__ import annotations

from flask import Blueprint, render_template, url_for

from edge.model.reading import Kind
from edge.patients import edits, register
from edge.readings import history
from edge.staff import audit, staff
from kiosk_ui import context, list_parts
from kiosk_ui.guard import staff_only
from kiosk_ui.reading_lines import show as show_reading
from web import list_pages

page = Blueprint("laboratory", __name__)

SHOWN = 50


@page.get("/patients/<patient_id>/laboratory")
@staff_only
def show(patient_id: str) -> str:
    """Show one page of the results of all analysers and of laboratory tests of meters."""
    store, now = context.store(), context.now()
    patient = register.get(store, patient_id)
    audit.note_view(store, now, patient_id, context.worker().staff.id)
    ids = edits.one_person(store, patient_id)
    found = history.of_kind(store, ids, Kind.LABORATORY, list_pages.skipped(SHOWN), SHOWN)
    names = {person.id: person.name for person in staff.members(store)}

    def at(number: int) -> str:
        return url_for(".show", patient_id=patient_id, page=number)

    return render_template(
        "laboratory.html",
        patient=patient,
        rows=[show_reading(reading, now, names) for reading in found.readings],
        part=list_parts.part(SHOWN, at, len(found.readings), found.total),
    )
