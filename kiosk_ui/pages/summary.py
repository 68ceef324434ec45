"""The patient summary: allergies, conditions and medicines are shown, and added by workers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from edge.model.clock import Stamp
from edge.model.errors import InvalidForm
from edge.patients import register, summary
from edge.patients.summary import Member
from edge.staff import audit
from edge.staff.drafts import Draft
from edge.store.store import Store
from kiosk_ui import context, form_drafts, person_form
from kiosk_ui.guard import staff_form, staff_only
from kiosk_ui.wording import N_, t

page = Blueprint("summary", __name__)

_LISTS = {
    "allergies": (N_("Allergies"), N_("Another allergy")),
    "conditions": (N_("Conditions"), N_("Another condition")),
}


_NONE_KNOWN = {
    "allergies": N_("No known allergies"),
    "conditions": N_("No known conditions"),
}


@dataclass(frozen=True, slots=True)
class Section:
    """One list on the page: its field, its name, its members, and what stands in its box."""

    name: str
    title: Markup
    ask: Markup
    members: tuple[Member, ...]
    none_known: Markup | None
    typed: str
    problem: Markup | None


@page.get("/patients/<patient_id>/summary")
@staff_only
def show(patient_id: str) -> str:
    """Show what is known; that it was looked at is kept."""
    store, now = context.store(), context.now()
    register.get(store, patient_id)
    audit.note_view(store, now, patient_id, context.worker().staff.id, "background")
    return _page(patient_id, form_drafts.stored(_form_of(patient_id)))


def _typed(patient_id: str) -> Draft:
    fields = {
        key: text for key, text in request.form.items() if key in (*_LISTS, summary.MEDICINES)
    }
    return Draft(_form_of(patient_id), url_for("summary.show", patient_id=patient_id), fields)


@page.post("/patients/<patient_id>/summary/draft")
@staff_form(_typed)
def keep_draft(patient_id: str) -> ResponseReturnValue:
    """Keep what has been typed so far, in every box."""
    form_drafts.keep(_typed(patient_id))
    return "", 204


@page.post("/patients/<patient_id>/summary")
@staff_form(_typed)
def keep(patient_id: str) -> ResponseReturnValue:
    """Add to a list, or propose medicines to the hospital; what is wrong stays in its box."""
    field = next(iter(_typed(patient_id).fields), "")
    text = request.form.get(field, "")
    verb = summary.propose_medicines if field == summary.MEDICINES else _adding(field)
    try:
        verb(context.store(), context.now(), patient_id, text, context.worker().staff.id)
    except InvalidForm as error:
        problem = {field: person_form.problems(error.fields)["text"]}
        kept = form_drafts.stored(_form_of(patient_id))
        return _page(patient_id, {**kept, field: text}, problem), 422
    _forget_box(patient_id, field)
    return redirect(url_for(".show", patient_id=patient_id), 303)


@page.post("/patients/<patient_id>/summary/<name>/none")
@staff_only
def none_known(patient_id: str, name: str) -> ResponseReturnValue:
    """Keep that the patient was asked and knows of none."""
    actor = context.worker().staff.id
    try:
        summary.say_none_known(context.store(), context.now(), patient_id, name, actor)
    except InvalidForm:
        abort(404)
    return redirect(url_for(".show", patient_id=patient_id), 303)


@page.post("/patients/<patient_id>/summary/<name>/strike")
@staff_only
def strike(patient_id: str, name: str) -> ResponseReturnValue:
    """Ask the hospital to strike something out."""
    text, actor = request.form.get("text", ""), context.worker().staff.id
    try:
        summary.ask_to_strike(context.store(), context.now(), patient_id, name, text, actor)
    except InvalidForm:
        abort(404)
    return redirect(url_for(".show", patient_id=patient_id), 303)


def _forget_box(patient_id: str, field: str) -> None:
    """Take one box out of the draft; the others keep what stands in them."""
    rest = {k: v for k, v in form_drafts.stored(_form_of(patient_id)).items() if k != field}
    path = url_for("summary.show", patient_id=patient_id)
    form_drafts.keep(Draft(_form_of(patient_id), path, rest))


def _adding(field: str) -> Callable[[Store, Stamp, str, str, str], None]:
    if field not in _LISTS:
        abort(400)

    def add(store: Store, now: Stamp, patient_id: str, text: str, actor: str) -> None:
        summary.add(store, now, patient_id, field, text, actor)

    return add


def _page(patient_id: str, typed: dict[str, str], problems: dict[str, Markup] | None = None) -> str:
    known = summary.of(context.store(), patient_id)
    wrong = problems or {}
    sections = [
        Section(
            name,
            t(title),
            t(ask),
            getattr(known, name),
            t(_NONE_KNOWN[name]) if name in known.none_known else None,
            typed.get(name, ""),
            wrong.get(name),
        )
        for name, (title, ask) in _LISTS.items()
    ]
    return render_template(
        "summary.html",
        patient=register.get(context.store(), patient_id),
        sections=sections,
        known=known,
        typed=typed.get(summary.MEDICINES, ""),
        problem=wrong.get(summary.MEDICINES),
    )


def _form_of(patient_id: str) -> str:
    return f"background/{patient_id}"
