"""The Stop page: a danger stops the flow until somebody says what was done about it."""

from __future__ import annotations

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from edge.dangers import checklists, dangers
from edge.dangers.dangers import Danger, Ending
from edge.model.errors import ActionRefused
from edge.patients import register
from edge.staff import audit
from edge.visits import visits
from kiosk_ui import context, danger_text
from kiosk_ui.guard import staff_only
from kiosk_ui.pages import referrals as referrals_page
from kiosk_ui.wording import N_
from web.polling import polled

page = Blueprint("danger", __name__)

ENDINGS = {
    Ending.FALSE: (N_("Measured wrong"), "own_undo"),
    Ending.TREATED: (N_("Treated here"), "nurse"),
    Ending.REFERRED: (N_("Referred now"), "own_ambulance"),
}
"""How a danger may end: what the button says, and its picture."""


@page.get("/dangers")
@staff_only
def show_all() -> ResponseReturnValue:
    """Show every danger at this station, or the one there is."""
    waiting = dangers.waiting(context.store())
    if len(waiting) == 1:
        return redirect(url_for(".show", patient_id=waiting[0].patient_id), 303)
    store, now = context.store(), context.now()
    rows = [
        (register.get(store, one.patient_id), danger_text.found(store, one.worst, now))
        for one in waiting
    ]
    return render_template("dangers.html", rows=rows)


@page.get("/dangers/<patient_id>")
@staff_only
def show(patient_id: str) -> ResponseReturnValue:
    """Show what is dangerous and what to do; nothing open: go back to work."""
    store, now = context.store(), context.now()
    danger = dangers.of_patient(store, patient_id)
    if danger is None:
        return redirect(_back(patient_id), 303)
    audit.note_view(store, now, patient_id, context.worker().staff.id, "danger")
    visit = None if danger.visit_id is None else visits.get(store, danger.visit_id)
    steps = danger_text.steps(store, danger, now)
    return render_template(
        "danger.html",
        patient=register.get(store, patient_id),
        visit=visit,
        worst=danger_text.found(store, danger.worst, now),
        others=[danger_text.found(store, one, now) for one in danger.alerts[1:]],
        steps=steps,
        done=sum(step.told is not None for step in steps),
        is_draft=checklists.is_draft(),
        delivery=Markup(_delivery(danger)),
        endings=ENDINGS,
        letter=_letter(danger),
    )


@page.get("/dangers/<patient_id>/live")
@staff_only
def live(patient_id: str) -> Response:
    """Answer the poll of how far the alert is."""
    danger = dangers.of_patient(context.store(), patient_id)
    return polled("" if danger is None else _delivery(danger))


@page.post("/dangers/<patient_id>/step")
@staff_only
def keep_step(patient_id: str) -> ResponseReturnValue:
    """Keep that a step was done, or take the tick back."""
    word = request.form.get("word", "")
    if word not in checklists.steps():
        abort(400)
    danger = dangers.of_patient(context.store(), patient_id)
    if danger is not None:
        actor, done = context.worker().staff.id, request.form.get("done") == "yes"
        dangers.set_step(context.store(), context.now(), danger, word, done=done, actor=actor)
    return redirect(url_for(".show", patient_id=patient_id), 303)


@page.post("/dangers/<patient_id>/end")
@staff_only
def end(patient_id: str) -> ResponseReturnValue:
    """Keep what was done: the page is closed, and does not come again for the same."""
    ending = request.form.get("ending", "")
    if ending not in set(Ending):
        abort(400)
    danger = dangers.of_patient(context.store(), patient_id)
    if danger is not None:
        actor = context.worker().staff.id
        try:
            dangers.end(context.store(), context.now(), danger, Ending(ending), actor=actor)
        except ActionRefused:  # somebody at another screen said so a moment ago
            return redirect(url_for(".show", patient_id=patient_id), 303)
        if ending == Ending.REFERRED and danger.visit_id is not None:
            return redirect(_letter(danger) or _back(patient_id), 303)
    return redirect(_back(patient_id), 303)


def _letter(danger: Danger) -> str | None:
    """Return where the letter of this danger is, or is made; None without a visit."""
    made = referrals_page.referrals_of(danger.patient_id)
    if made:
        return url_for("referrals.letter", referral_id=made[0].id)
    if danger.visit_id is None:
        return None
    return url_for("referrals.new", visit_id=danger.visit_id)


def _delivery(danger: Danger) -> str:
    store, settings, now = context.store(), context.settings(), context.now()
    told = danger_text.delivery(store, danger.worst, settings, now)
    return render_template("danger_delivery.html", told=told)


def _back(patient_id: str) -> str:
    """Return where work goes on: the open visit of the patient, or the search."""
    held = visits.current(context.store(), context.now())
    if held is not None and held.patient_id == patient_id and held.mode == "worker":
        return url_for("visit.show", visit_id=held.id)
    return url_for("patients.search")


@page.app_template_global()
def dangers_waiting() -> int:
    """Return how many patients are in a danger that nobody has answered."""
    return len(dangers.waiting(context.store()))
