"""A clinician corrects who a patient is: name, sex, birth, village, telephone, card.

Only fields that were changed on the page are edits, so what a clinic wrote meanwhile stays. The
edit goes to the clinics with the patient's record; that it is a clinician's is kept with it.
"""

from __future__ import annotations

from dataclasses import asdict

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from edge.model import patient_fields
from edge.model.clock import ClockQuality, Stamp
from edge.model.errors import InvalidForm
from edge.model.patient import Patient
from edge.model.patient_fields import PATIENT_FIELDS, FieldType
from edge.patients import form as patient_form
from hospital.accounts import sessions
from hospital.desk import context, forms, guard, patients
from hospital.patients import master_index

page = Blueprint("correct", __name__, url_prefix="/patients/<patient_id>/correct")

FIELDS = tuple(
    field for field in PATIENT_FIELDS if field.is_entered or field.type is FieldType.LIFE_DAY
)
"""An estimated age is what somebody saw at the clinic; here a birth is entered, or nothing."""

_KINDS = {
    "required": "is needed",
    "too-long": "is too long",
    "format": "has a wrong form",
    "unknown": "is not known",
    "impossible": "cannot be",
    "future": "lies in the future",
    "too-old": "is too long ago",
    "order": "is not clear: write the day first, then the month, then the year",
    "century": "is not clear: write the year with four digits",
    "other-calendar": "is of another calendar: write the year of the Common Era",
    "calendar": "may be of two calendars: write the year of the Common Era",
}


@page.get("")
@guard.clinician_only
def show(patient_id: str) -> str:
    """Show the fields as they are known here."""
    line = patients.line_of(patient_id)
    sessions.note_view(context.archive(), guard.account(), patient_id, guard.now_ms())
    return _page(line.patient, _shown(line.patient), {})


@page.post("")
@guard.clinician_only
def change(patient_id: str) -> ResponseReturnValue:
    """Keep what was changed; what will not do comes back with a sentence for each field."""
    patient = patients.line_of(patient_id).patient
    typed = {field.name: forms.typed(field.name) for field in FIELDS}
    changes = {name: text for name, text in typed.items() if text != forms.typed(f"was-{name}")}
    now_ms = guard.now_ms()
    try:
        after = patient_form.check_changes(patient, changes, _at(now_ms))
    except InvalidForm as error:
        return _page(patient, typed, _words(error)), 422
    stored = patient_fields.values_of(after)
    edits = {name: stored[name] for name in changes}
    if edits:
        master_index.correct(context.archive(), patient_id, edits, guard.account(), now_ms)
    return redirect(url_for("patients.history", patient_id=patient_id), 303)


def _page(patient: Patient, typed: dict[str, str], wrong: dict[str, str]) -> str:
    return render_template(
        "correct.html",
        patient=patient,
        fields=FIELDS,
        typed=typed,
        was={name: request.form.get(f"was-{name}", text) for name, text in _shown(patient).items()},
        wrong=wrong,
    )


def _shown(patient: Patient) -> dict[str, str]:
    known = asdict(patient)
    return {field.name: str(known[field.name] or "") for field in FIELDS}


def _words(error: InvalidForm) -> dict[str, str]:
    labels = {field.name: field.label for field in PATIENT_FIELDS}
    return {
        name: f"{labels.get(name, name)}: this {_KINDS.get(kind, 'will not do')}."
        for name, kind in error.fields.items()
    }


def _at(now_ms: int) -> Stamp:
    """Return the hospital's time in the form in which a box has it."""
    return Stamp(0, 0, now_ms, ClockQuality.NTP)
