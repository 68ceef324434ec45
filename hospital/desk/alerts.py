"""The alert inbox: what the rules found at the clinics, unhandled first, with their sources."""

from __future__ import annotations

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from hospital.archive.errors import ArchiveDown, HospitalError
from hospital.desk import context, forms, guard, list_parts
from hospital.patients import alert_notes, assessments, escalation, messages
from hospital.patients.alert_notes import State
from hospital.views import chart, silences
from web.polling import polled_at

page = Blueprint("alerts", __name__, url_prefix="/alerts")


@page.get("")
@guard.clinician_only
def show() -> str:
    """Show the alerts."""
    return render_template("alerts.html", live=Markup(_live()), polls=list_parts.is_first())


@page.get("/live")
@guard.clinician_only
def live() -> Response:
    """Answer the page's poll."""
    return polled_at(chart.position(context.archive()), _live)


@page.get("/<alert_id>")
@guard.clinician_only
def one(alert_id: str) -> str:
    """Show an alert, what was done about it, and a form to say what is done now."""
    alert = _alert(alert_id)
    notes = alert_notes.notes(context.archive(), [alert_id]).get(alert_id, [])
    answer = messages.of_alert(context.archive(), alert_id)
    steps = [] if notes else escalation.steps_of(context.archive(), [alert_id]).get(alert_id, [])
    return render_template("alert.html", alert=alert, notes=notes, answer=answer, steps=steps)


@page.post("/<alert_id>")
@guard.clinician_only
def handle(alert_id: str) -> ResponseReturnValue:
    """Keep what was done about an alert and send it to the clinic."""
    if request.form.get("state") not in set(State):
        abort(400)
    state, text = State(request.form["state"]), forms.typed("note", alert_notes.LONGEST_NOTE)
    try:
        alert_notes.note(context.archive(), alert_id, state, text, guard.account(), guard.now_ms())
    except ArchiveDown:
        raise
    except HospitalError:
        abort(404)
    return redirect(url_for(".show"), 303)


def _alert(alert_id: str) -> chart.ChartedAlert:
    found = chart.alert(context.archive(), alert_id.replace("\x00", ""))
    if found is None:
        abort(404)
    return found


def _live() -> str:
    archive = context.archive()
    alerts, part = list_parts.page_of(
        chart.PAGE, lambda limit, skip: chart.alerts(archive, limit, skip=skip), "alerts.show"
    )
    notes = alert_notes.notes(archive, [a.id for a in alerts])
    answers = {a.id: messages.of_alert(archive, a.id) for a in alerts if a.id in notes}
    return render_template(
        "alerts_live.html",
        alerts=alerts,
        notes=notes,
        answers=answers,
        steps=escalation.steps_of(archive, [a.id for a in alerts]),
        part=part,
        unjudged=silences.latest(archive, assessments.senders(archive)),
        not_judged=assessments.unjudged(archive, chart.PAGE),
    )
