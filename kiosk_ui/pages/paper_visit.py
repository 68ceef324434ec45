"""A visit of an earlier day that stands on paper and is typed in later."""

from __future__ import annotations

from datetime import date, timedelta

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from edge.model.errors import InvalidForm
from edge.patients import register
from edge.staff import audit
from edge.staff.drafts import Draft
from edge.visits import visit_words, visits
from kiosk_ui import context, form_drafts, typed_days
from kiosk_ui.guard import staff_form, staff_only
from kiosk_ui.wording import t

page = Blueprint("paper_visit", __name__)

LONGEST_AGO = timedelta(days=3660)
"""A paper of ten years ago may still be typed in."""


@page.get("/patients/<patient_id>/paper")
@staff_only
def show(patient_id: str) -> str:
    """Ask for the day that stands on the paper, and why the patient came."""
    return _page(patient_id, form_drafts.stored(_form_of(patient_id)))


def _typed(patient_id: str) -> Draft:
    fields = {key: request.form.get(key, "")[:80] for key in ("day", "reason")}
    return Draft(_form_of(patient_id), url_for(".show", patient_id=patient_id), fields)


@page.post("/patients/<patient_id>/paper")
@staff_form(_typed)
def begin(patient_id: str) -> ResponseReturnValue:
    """Open the visit with its own day; what is wrong stays in its box with the reason."""
    store, now, actor = context.store(), context.now(), context.worker().staff.id
    register.get(store, patient_id)
    typed = _typed(patient_id).fields
    today = visits.day_of(now)
    try:
        day = typed_days.read(typed["day"], _earliest(patient_id, today), today)
        reason = typed["reason"] or None
        visit = visits.open_paper(store, now, patient_id, day, reason, actor=actor)
    except InvalidForm as error:
        return _page(patient_id, typed, typed_days.problem(error)), 422
    audit.note_view(store, now, patient_id, actor, "visit")
    form_drafts.forget(_form_of(patient_id))
    return redirect(url_for("visit.show", visit_id=visit.id), 303)


def _earliest(patient_id: str, today: date) -> date:
    """Return the first day that the paper can have: not before the birth, when it is known."""
    birth = register.get(context.store(), patient_id).birth or ""
    try:
        born = date.fromisoformat(birth)
    except ValueError:  # a year or a month alone, or nothing
        born = date.min
    return max(born, today - LONGEST_AGO)


def _page(patient_id: str, typed: dict[str, str], problem: Markup | None = None) -> str:
    return render_template(
        "paper_visit.html",
        patient=register.get(context.store(), patient_id),
        typed=typed,
        problem=problem,
        reasons=[(row.word, t(row.label)) for row in visit_words.REASONS.values()],
    )


def _form_of(patient_id: str) -> str:
    return f"paper/{patient_id}"
