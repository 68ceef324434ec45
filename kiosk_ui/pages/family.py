"""Mother and children: who belongs together, and registering a baby that has no name yet."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from edge.model.errors import ActionRefused, InvalidForm
from edge.model.patient import Patient
from edge.model.patient_codes import AgeUnit, Sex
from edge.patients import family, register
from edge.patients.form import PatientForm
from edge.staff import audit
from edge.staff.drafts import Draft
from kiosk_ui import context, form_drafts, person_form
from kiosk_ui.guard import staff_form, staff_only
from kiosk_ui.pages import patients, visit
from kiosk_ui.texts import gettext
from kiosk_ui.wording import N_, t

page = Blueprint("family", __name__)

BABY = N_("Baby of %(mother)s")
"""A baby's name until it has one of its own, in the language of whoever registers it."""

_REFUSED = {
    "not-a-mother": N_("This person cannot be a mother: look at sex and age."),
    "own-mother": N_("This person is the child here. Choose the mother."),
}
_BABYS = ("name", "sex", "birth", "age", "age_unit", "calendar", "gestation")
"""The fields of the form for a baby."""


@page.get("/patients/<patient_id>/family")
@staff_only
def show(patient_id: str) -> str:
    """Show mother and children of a person."""
    store = context.store()
    patient = register.get(store, patient_id)
    audit.note_view(store, context.now(), patient_id, context.worker().staff.id, "family")
    return _page(patient)


@page.get("/patients/<patient_id>/family/found")
@staff_only
def found(patient_id: str) -> str:
    """Answer the search for the mother as it is typed."""
    return _found(patient_id)


@page.post("/patients/<patient_id>/family/mother/<mother_id>")
@staff_only
def keep_mother(patient_id: str, mother_id: str) -> ResponseReturnValue:
    """Keep who the mother is."""
    return _keep_mother(patient_id, mother_id)


@page.post("/patients/<patient_id>/family/no-mother")
@staff_only
def no_mother(patient_id: str) -> ResponseReturnValue:
    """Take back who the mother is."""
    return _keep_mother(patient_id, None)


@page.get("/patients/<patient_id>/baby")
@staff_only
def show_baby(patient_id: str) -> str:
    """Show the form for a baby of this woman, as it was left or empty."""
    mother = register.get(context.store(), patient_id)
    begun = form_drafts.stored(_form_of(patient_id))
    form = person_form.form_of(begun) if begun else PatientForm("", age="0", age_unit="days")
    return _baby(mother, form, begun=bool(begun))


def _typed(patient_id: str) -> Draft:
    path = url_for("family.show_baby", patient_id=patient_id)
    return person_form.draft(_form_of(patient_id), path)


@page.post("/patients/<patient_id>/baby/draft")
@staff_form(_typed)
def keep_draft(patient_id: str) -> ResponseReturnValue:
    """Keep what has been typed so far."""
    form_drafts.keep(_typed(patient_id))
    return "", 204


@page.post("/patients/<patient_id>/baby")
@staff_form(_typed)
def keep_baby(patient_id: str) -> ResponseReturnValue:
    """Register the baby and open a visit; without a name it is called after its mother."""
    store, now = context.store(), context.now()
    mother = register.get(store, patient_id)
    if "cancel" in request.form:
        form_drafts.forget(_form_of(patient_id))
        return redirect(url_for(".show", patient_id=patient_id), 303)
    sent = {name: text for name, text in person_form.sent().items() if name in _BABYS}
    form = person_form.form_of(sent)
    named = form if form.name.strip() else replace(form, name=gettext(BABY, mother=mother.name))
    try:
        child = family.register_baby(store, now, patient_id, named, context.worker().staff.id)
    except InvalidForm as error:
        form_drafts.keep(_typed(patient_id))
        return _baby(mother, form, wrong=error.fields), 422
    except ActionRefused as error:
        return _page(mother, wrong=t(_REFUSED[error.kind])), 409
    form_drafts.forget(_form_of(patient_id))
    return visit.begin(child.id)


def _keep_mother(patient_id: str, mother_id: str | None) -> ResponseReturnValue:
    store, now = context.store(), context.now()
    try:
        family.set_mother(store, now, patient_id, mother_id, context.worker().staff.id)
    except ActionRefused as error:
        patient = register.get(store, patient_id)
        return _page(patient, wrong=t(_REFUSED[error.kind])), 409
    return redirect(url_for(".show", patient_id=patient_id), 303)


def _page(patient: Patient, wrong: Markup | None = None) -> str:
    store = context.store()
    return render_template(
        "family.html",
        patient=patient,
        mother=family.mother_of(store, patient),
        children=family.children_of(store, patient.id),
        more=family.CHILDREN_SHOWN,
        can_be_mother=patient.sex is not Sex.MALE,
        query=request.args.get("q", ""),
        found=Markup(_found(patient.id)),
        wrong=wrong,
    )


def _found(patient_id: str) -> str:
    return patients.found_fragment(
        url_for(".found", patient_id=patient_id),
        lambda one: url_for(".keep_mother", patient_id=patient_id, mother_id=one),
    )


def _baby(
    mother: Patient,
    form: PatientForm,
    *,
    wrong: dict[str, str] | None = None,
    begun: bool = False,
) -> str:
    return render_template(
        "baby.html",
        patient=mother,
        form=form,
        called=t(BABY, mother=mother.name),
        wrong=person_form.problems(wrong or {}),
        **{**person_form.parts(), "age_units": (AgeUnit.HOURS, AgeUnit.DAYS, AgeUnit.WEEKS)},
        begun=begun,
        fields=person_form.BABY_FIELDS,
    )


def _form_of(patient_id: str) -> str:
    return f"baby/{patient_id}"[:80]
