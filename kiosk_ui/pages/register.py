"""Registering a patient: every field says what is wrong with it, and keeps what was typed."""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from edge.model.errors import InvalidForm
from edge.model.patient import Patient
from edge.patients import register, search_query
from edge.patients.form import PatientForm, check
from edge.staff.drafts import Draft
from kiosk_ui import context, form_drafts, person_form
from kiosk_ui.guard import staff_form, staff_only
from kiosk_ui.pages import visit

page = Blueprint("register", __name__)

_FORM = "register"


@page.get("/patients/new")
@staff_only
def show() -> str:
    """Show the form: as it was left, or empty with what was searched for as the name."""
    begun = form_drafts.stored(_FORM)
    name = " ".join(search_query.read(request.args.get("q", "")).words)
    name = "" if any(c.isdecimal() for c in name) else name
    if begun:
        form = person_form.form_of(begun)
        return _form(form if form.name else replace(form, name=name), begun=True)
    return _form(PatientForm(name=name))


def _typed() -> Draft:
    return person_form.draft(_FORM, url_for("register.show"))


@page.post("/patients/new/draft")
@staff_form(_typed)
def keep_draft() -> ResponseReturnValue:
    """Keep what has been typed so far."""
    form_drafts.keep(_typed())
    return "", 204


@page.post("/patients/new")
@staff_form(_typed)
def keep() -> ResponseReturnValue:
    """Register and open a visit; ask first when the person may be registered already."""
    if "cancel" in request.form:
        return _give_up()
    store, now, actor = context.store(), context.now(), context.worker().staff.id
    form = person_form.form_of(person_form.sent())
    try:
        check(form, now)
        person_form.check_card(person_form.sent())
        same = [] if "new" in request.form else register.possible_duplicates(store, form, now)
        if same:
            form_drafts.keep(_typed())
            return _form(form, same=same), 409
        patient = register.register(store, now, form, actor)
    except InvalidForm as error:
        form_drafts.keep(_typed())
        return _form(form, wrong=error.fields), 422
    form_drafts.forget(_FORM)
    return visit.begin(patient.id)


def _give_up() -> ResponseReturnValue:
    form_drafts.forget(_FORM)
    again = request.form["cancel"] == "again"
    return redirect(url_for("register.show" if again else "patients.search"), 303)


def _form(
    form: PatientForm,
    *,
    wrong: dict[str, str] | None = None,
    same: list[Patient] | None = None,
    begun: bool = False,
) -> str:
    return render_template(
        "register.html",
        form=form,
        wrong=person_form.problems(wrong or {}),
        same=same or [],
        **person_form.parts(),
        begun=begun,
    )
