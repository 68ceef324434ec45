"""Registering a patient: every field says what is wrong with it, and keeps what was typed."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from edge import patients, visits
from edge.errors import InvalidForm
from edge.patient import Patient, Sex
from edge.patient_form import PatientForm, check
from kiosk_ui import context
from kiosk_ui.guard import staff_only
from kiosk_ui.wording import noted, say, sex_name

page = Blueprint("register", __name__)

_WRONG = {
    ("name", "required"): noted("Enter the name."),
    ("sex", "unknown"): noted("Choose one of these."),
    ("birth", "format"): noted("Enter the year of birth, or the full date: year-month-day."),
    ("birth", "impossible"): noted("There is no such date."),
    ("birth", "future"): noted("This date has not come yet."),
    ("birth", "too-old"): noted("Nobody is that old. Check the year."),
    ("age", "format"): noted("Enter the age as a whole number."),
    ("age", "too-old"): noted("Nobody is that old. Check the age."),
    ("phone", "format"): noted("Enter a phone number in digits, or leave it empty."),
    ("card", "taken"): noted("Another patient has this card. Check the number."),
}
_TOO_LONG = noted("This is too long.")
_ANY = noted("This cannot be read. Check it.")

FIELDS = ("name", "sex", "birth", "age", "age_unit", "village", "phone", "card")


@page.get("/patients/new")
@staff_only
def show() -> str:
    """Show the empty form, with what was searched for as the name."""
    typed = request.args.get("q", "").strip()[:120]
    return _form(PatientForm(name="" if typed.isdecimal() else typed), {}, [])


@page.post("/patients/new")
@staff_only
def keep() -> ResponseReturnValue:
    """Register and open a visit; ask first when the person may be registered already."""
    store, now, actor = context.store(), context.now(), context.worker().staff.id
    form = PatientForm(
        **{f: request.form.get(f, "") for f in FIELDS if f in request.form or f == "name"}
    )
    try:
        check(form, now)
        same = [] if "new" in request.form else patients.possible_duplicates(store, form, now)
        if same:
            return _form(form, {}, same), 409
        patient = patients.register(store, now, form, actor)
    except InvalidForm as error:
        return _form(form, error.fields, []), 422
    visit = visits.open_visit(store, context.now(), patient.id, actor=actor)
    return redirect(url_for("visit.show", visit_id=visit.id), 303)


def _form(form: PatientForm, wrong: dict[str, str], same: list[Patient]) -> str:
    problems = {field: _problem(field, kind) for field, kind in wrong.items()}
    sexes = [(sex.value, sex_name(sex)) for sex in (Sex.FEMALE, Sex.MALE, Sex.OTHER, Sex.UNKNOWN)]
    return render_template("register.html", form=form, wrong=problems, same=same, sexes=sexes)


def _problem(field: str, kind: str) -> Markup:
    text = _TOO_LONG if kind == "too-long" else _WRONG.get((field, kind), _ANY)
    return say(text)
