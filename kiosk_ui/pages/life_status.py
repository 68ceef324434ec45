"""Saying that somebody has died or moved away, or that this was a mistake."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from edge.model import life_status as status_of
from edge.model.errors import InvalidForm
from edge.patients import birth, life_status, register
from edge.patients.life_status import LifeStatus
from edge.staff import audit
from kiosk_ui import context
from kiosk_ui.guard import staff_only
from kiosk_ui.wording import N_, t

page = Blueprint("life_status", __name__)

LONGEST_DAY = 40
_WRONG_DAY = N_("This day cannot be read, or it has not come yet. Check it, or leave it empty.")


@page.get("/patients/<patient_id>/life-status")
@staff_only
def show(patient_id: str) -> str:
    """Show what is marked, and the two questions."""
    worker = context.worker().staff.id
    audit.note_view(context.store(), context.now(), patient_id, worker, "life-status")
    return page_of(patient_id)


@page.post("/patients/<patient_id>/life-status")
@staff_only
def keep(patient_id: str) -> ResponseReturnValue:
    """Keep what has become of the person; a day that cannot be read comes back with the reason."""
    store, now, actor = context.store(), context.now(), context.worker().staff.id
    status = request.form.get("status", "")
    if status not in set(LifeStatus):
        abort(400)
    typed = request.form.get("day", "")[:LONGEST_DAY]
    if "today" in request.form:
        typed = birth.today_of(now).isoformat()
    try:
        life_status.mark(store, now, patient_id, LifeStatus(status), typed, actor)
    except InvalidForm:
        return page_of(patient_id, wrong=status, typed=typed), 422
    return redirect(url_for(".show", patient_id=patient_id), 303)


@page.post("/patients/<patient_id>/life-status/mistake")
@staff_only
def take_back(patient_id: str) -> ResponseReturnValue:
    """Take the mark back: the person is alive and here."""
    actor = context.worker().staff.id
    life_status.take_back(context.store(), context.now(), patient_id, actor)
    return redirect(url_for(".show", patient_id=patient_id), 303)


def page_of(patient_id: str, *, wrong: str = "", typed: str = "", opens: bool = False) -> str:
    """Return the page; `opens` when somebody was about to open a visit for the person."""
    patient = register.get(context.store(), patient_id)
    return render_template(
        "life_status.html",
        patient=patient,
        marked=not status_of.is_listed(patient),
        questions=_QUESTIONS,
        wrong=wrong,
        sentence=t(_WRONG_DAY) if wrong else Markup(""),
        typed=typed,
        opens=opens,
    )


_QUESTIONS = (
    (LifeStatus.DECEASED.value, N_("Has this person died?"), N_("Died today")),
    (LifeStatus.MOVED_AWAY.value, N_("Has this person moved away?"), N_("Moved away today")),
)
