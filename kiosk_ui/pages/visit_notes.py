"""What is written down in a visit, a part a page; each tap and each text is kept by itself."""

from __future__ import annotations

from datetime import timedelta

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from edge.model.errors import InvalidForm
from edge.model.patient_codes import Sex
from edge.patients import register
from edge.readings import alerts
from edge.staff.drafts import Draft
from edge.visits import notes, visits
from edge.visits.notes import VisitNote
from edge.visits.visit_fields import BY_NAME
from kiosk_ui import context, form_drafts, note_parts, typed_days
from kiosk_ui.guard import staff_form, staff_only
from kiosk_ui.wording import N_, t

page = Blueprint("visit_notes", __name__)

OWN_PAGES = {"tests": "visit_tests.show", "medicines": "visit_medicines.show"}
"""Parts that other pages show."""

_INFANT_DAYS = 60
_TRIAGE_OF_ADULTS_YEARS = 12
_PREGNANT_FROM_YEARS = 10
"""Signs of pregnancy are offered from this age on, which is a matter of the screen alone."""
_LONGEST_LMP = timedelta(days=400)
_WRONG = {
    "too-long": N_("This is too long."),
    "unknown": N_("Choose one of these."),
    "impossible": N_("Enter the weeks as a whole number, at most forty-five."),
    "changed": N_("Somebody else wrote here meanwhile. Look at both, then write it again."),
}
_ANY = N_("This cannot be read. Check it.")


@page.get("/visits/<visit_id>/notes/<part>")
@staff_only
def show(visit_id: str, part: str) -> ResponseReturnValue:
    """Show one part of the note."""
    if part in OWN_PAGES:
        return redirect(url_for(OWN_PAGES[part], visit_id=visit_id), 303)
    if part not in note_parts.PARTS:
        abort(404)
    note = notes.of_visit(context.store(), visit_id)
    begun = form_drafts.stored(_form_of(note))
    return page_of(note, part, body(note, part, begun))


def page_of(note: VisitNote, part: str, shown: Markup) -> str:
    """Return the page of a part of a visit."""
    return render_template(
        "visit_notes.html",
        visit=visits.get(context.store(), note.visit_id),
        note=note,
        patient=register.get(context.store(), note.patient_id),
        part=part,
        parts=[(name, t(title)) for name, title in note_parts.PARTS.items()],
        body=shown,
    )


def body(
    note: VisitNote,
    part: str,
    typed: dict[str, str] | None = None,
    problems: dict[str, Markup] | None = None,
) -> Markup:
    """Return one part; `typed` is what stands in its boxes and is not kept, with `problems`."""
    template = f"note_{part}.html"
    return Markup(
        render_template(
            template,
            note=note,
            part=part,
            note_parts=note_parts,
            infant=_is_infant(note),
            child=_is_for_child_triage(note),
            pregnant=_may_be_pregnant(note),
            typed={**_texts(note), **(typed or {})},
            problems=problems or {},
        )
    )


def _typed(visit_id: str, part: str) -> Draft:
    """What one box sends, for when its sender's session has ended."""
    note = notes.of_visit(context.store(), visit_id)
    name = request.form.get("name", "")
    fields = {name: request.form.get("value", "")} if name in BY_NAME else {}
    return Draft(_form_of(note), url_for(".show", visit_id=visit_id, part=part), fields)


@page.post("/visits/<visit_id>/notes/<part>")
@staff_form(_typed)
def keep(visit_id: str, part: str) -> ResponseReturnValue:
    """Keep one tap or one text; what is wrong stays in its box with the reason."""
    if part not in note_parts.PARTS or part in OWN_PAGES:
        abort(404)
    name, value = request.form.get("name", ""), request.form.get("value", "")
    before = notes.of_visit(context.store(), visit_id)
    store = context.store()
    try:
        with store.transaction():
            note = _keep(before, name, value)
            alerts.judge_note(store, context.now(), visit_id)
    except InvalidForm as error:
        shown = body(before, part, {name: value}, {name: _sentence(name, error)})
        return _answer(before, part, shown, 422)
    _forget_box(note, part, name)
    return _answer(note, part, body(note, part), 200)


def _keep(before: VisitNote, name: str, value: str) -> VisitNote:
    store, now, actor = context.store(), context.now(), context.worker().staff.id
    if name == "questions_asked":
        rows = note_parts.signs(
            before, infant=_is_infant(before), pregnant=_may_be_pregnant(before)
        )
        words = [row.word for row in rows]
        return notes.say_others_absent(store, now, before.visit_id, words, actor=actor)
    known = request.form.get("known")
    if known is not None:
        return notes.say_sign(store, now, before.visit_id, value, known, actor=actor)
    if name == "lmp" and value.strip():
        value = typed_days.read(value, before.day - _LONGEST_LMP, before.day).isoformat()
    base = request.form.get("base")
    held = before.text(name) or ""
    if base is not None and held not in (base, value.strip()):
        raise InvalidForm({name: "changed"})
    if request.form.get("to") != "remove":
        return notes.say(store, now, before.visit_id, name, value, actor=actor)
    field = BY_NAME.get(name)
    gone = {"remove": [value]} if field is not None and field.is_list else None
    return notes.write(store, now, before.visit_id, {name: gone}, actor=actor)


def _answer(note: VisitNote, part: str, shown: Markup, status: int) -> ResponseReturnValue:
    """Answer htmx with the part alone, a browser without scripts with the page."""
    if "HX-Request" in request.headers:
        return shown, 200
    return page_of(note, part, shown), status


def _sentence(name: str, error: InvalidForm) -> Markup:
    if "day" in error.fields:
        return typed_days.problem(error)
    return t(_WRONG.get(error.fields.get(name, ""), _ANY))


def _texts(note: VisitNote) -> dict[str, str]:
    return {name: held for name, held in note.state.items() if isinstance(held, str)}


def _forget_box(note: VisitNote, part: str, name: str) -> None:
    """Take a kept box out of the draft; the others keep what stands in them."""
    form, fields = _form_of(note), form_drafts.stored(_form_of(note))
    if name in fields:
        rest = {key: text for key, text in fields.items() if key != name}
        path = url_for(".show", visit_id=note.visit_id, part=part)
        form_drafts.keep(Draft(form, path, rest))


def _form_of(note: VisitNote) -> str:
    return f"note/{note.patient_id}"


def _is_for_child_triage(note: VisitNote) -> bool:
    age = alerts.age_of(context.store(), note.patient_id, context.now())
    return age is None or age.years < _TRIAGE_OF_ADULTS_YEARS


def _may_be_pregnant(note: VisitNote) -> bool:
    patient = register.get(context.store(), note.patient_id)
    return note.truth("pregnant") is True or (
        note.truth("pregnant") is None and patient.sex is not Sex.MALE and not _is_child(note)
    )


def _is_child(note: VisitNote) -> bool:
    age = alerts.age_of(context.store(), note.patient_id, context.now())
    return age is not None and age.years < _PREGNANT_FROM_YEARS


def _is_infant(note: VisitNote) -> bool:
    age = alerts.age_of(context.store(), note.patient_id, context.now())
    return age is None or (age.years == 0 and age.days < _INFANT_DAYS)
