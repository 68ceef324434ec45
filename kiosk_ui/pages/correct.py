"""Correcting a patient's details: what will change is shown before it is kept."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from edge.model import patient_fields
from edge.model.errors import ActionRefused, InvalidForm
from edge.model.patient import Patient, PatientFields
from edge.model.patient_fields import PATIENT_FIELDS, PatientField
from edge.patients import register
from edge.patients.form import as_typed, check_changes
from edge.readings import alerts
from edge.staff import audit
from edge.staff.drafts import Draft
from kiosk_ui import context, form_drafts, person_form, typed_numbers
from kiosk_ui.guard import staff_form, staff_only
from kiosk_ui.wording import N_, field_text, t

page = Blueprint("correct", __name__)


@dataclass(frozen=True, slots=True)
class Change:
    """One field that will change: what it is called, what it was and what it will be."""

    name: Markup
    was: Markup
    becomes: Markup


@page.get("/patients/<patient_id>/correct")
@staff_only
def show(patient_id: str) -> str:
    """Show what is on file, or the form as it was left."""
    patient = register.get(context.store(), patient_id)
    audit.note_view(
        context.store(), context.now(), patient_id, context.worker().staff.id, "correct"
    )
    begun = form_drafts.stored(_form_of(patient_id))
    return _form(patient, begun or _on_file(patient), begun=bool(begun))


def _typed(patient_id: str) -> Draft:
    path = url_for("correct.show", patient_id=patient_id)
    return person_form.draft(_form_of(patient_id), path)


@page.post("/patients/<patient_id>/correct/draft")
@staff_form(_typed)
def keep_draft(patient_id: str) -> ResponseReturnValue:
    """Keep what has been typed so far."""
    form_drafts.keep(_typed(patient_id))
    return "", 204


@page.post("/patients/<patient_id>/correct")
@staff_form(_typed)
def keep(patient_id: str) -> ResponseReturnValue:
    """Show what will change, and keep it once somebody has confirmed exactly that."""
    store = context.store()
    patient = register.get(store, patient_id)
    if request.form.get("cancel") == "again":
        form_drafts.forget(_form_of(patient_id))
        return redirect(url_for(".show", patient_id=patient_id), 303)
    if "cancel" in request.form:
        return _done(patient_id)
    try:
        return _review(patient)
    except ActionRefused:  # between our look and our write; the comparison is shown anew
        return _review(register.get(store, patient_id))


def _review(patient: Patient) -> ResponseReturnValue:
    store, now = context.store(), context.now()
    sent = person_form.sent()
    changes = _changes(patient, sent)
    try:
        person_form.check_card(changes, held=patient.card)
        differences = _differences(patient, check_changes(patient, changes, now))
        if not differences:
            return _done(patient.id)
        if request.form.get("sure") != _fingerprint(patient, differences):
            form_drafts.keep(_typed(patient.id))
            return _form(patient, sent, differences=differences)
        actor = context.worker().staff.id
        register.correct(store, now, patient.id, changes, actor, base_rev=patient.rev)
        alerts.judge_again(store, now, patient.id)
    except InvalidForm as error:
        form_drafts.keep(_typed(patient.id))
        return _form(patient, sent, wrong=error.fields), 422
    return _done(patient.id)


def _done(patient_id: str) -> ResponseReturnValue:
    form_drafts.forget(_form_of(patient_id))
    return redirect(url_for("history.show", patient_id=patient_id), 303)


def _form(
    patient: Patient,
    typed_fields: dict[str, str],
    *,
    wrong: dict[str, str] | None = None,
    differences: list[Change] | None = None,
    begun: bool = False,
) -> str:
    return render_template(
        "correct.html",
        patient=patient,
        form=person_form.form_of(typed_fields),
        wrong=person_form.problems(wrong or {}),
        **person_form.parts(),
        told=differences or [],
        sure=_fingerprint(patient, differences or []),
        begun=begun,
    )


def _changes(patient: Patient, sent: dict[str, str]) -> dict[str, str]:
    """Return what was typed; an age counts unless the birth was typed anew beside it.

    A birth that was left alone is no typed date: it is not of the calendar that is chosen beside.
    """
    same_birth = typed_numbers.digits(sent.get("birth", "")).strip() == (patient.birth or "")
    left = ("birth", "calendar") if same_birth else ()
    return {field: text for field, text in sent.items() if field not in left}


def _differences(patient: Patient, after: PatientFields) -> list[Change]:
    was, becomes = patient_fields.values_of(patient), patient_fields.values_of(after)
    return [
        Change(t(f.label), _words(f, was[f.name]), _words(f, becomes[f.name]))
        for f in PATIENT_FIELDS
        if was[f.name] != becomes[f.name]
    ]


def _words(field: PatientField, value: str | None) -> Markup:
    return field_text(field, value) if value else t(N_("nothing"))


def _fingerprint(patient: Patient, differences: list[Change]) -> str:
    """Name the revision and the changes, so that "yes" cannot confirm what was typed since."""
    text = "\0".join([str(patient.rev), *(f"{c.was}\0{c.becomes}" for c in differences)])
    return hashlib.blake2b(text.encode("utf-8", "replace"), digest_size=8).hexdigest()


def _on_file(patient: Patient) -> dict[str, str]:
    return as_typed(patient, context.now())


def _form_of(patient_id: str) -> str:
    return f"correct/{patient_id}"[:80]
