"""The inbox: what the rules found at the clinics, the unhandled first, each with its source."""

from __future__ import annotations

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from hospital import chart, handling, told
from hospital.desk import door, forms, guard
from hospital.desk.live import polled_at
from hospital.errors import ArchiveDown, HospitalError
from hospital.handling import State

page = Blueprint("alerts", __name__, url_prefix="/alerts")


@page.get("")
@guard.clinician_only
def show() -> str:
    """Show the alerts."""
    return render_template("alerts.html", live=Markup(_live()))


@page.get("/live")
@guard.clinician_only
def live() -> Response:
    """Answer the page's poll."""
    return polled_at(chart.position(door.archive()), _live)


@page.get("/<alert_id>")
@guard.clinician_only
def one(alert_id: str) -> str:
    """Show an alert, what was done about it, and a form to say what is done now."""
    alert = _alert(alert_id)
    notes = handling.notes(door.archive(), [alert_id]).get(alert_id, [])
    answer = told.of_alert(door.archive(), alert_id)
    return render_template("alert.html", alert=alert, notes=notes, answer=answer)


@page.post("/<alert_id>")
@guard.clinician_only
def handle(alert_id: str) -> ResponseReturnValue:
    """Keep what was done about an alert; the clinic is told."""
    if request.form.get("state") not in set(State):
        abort(400)
    state, text = State(request.form["state"]), forms.typed("note", handling.LONGEST_NOTE)
    try:
        handling.note(door.archive(), alert_id, state, text, guard.account(), guard.now_ms())
    except ArchiveDown:
        raise
    except HospitalError:
        abort(404)
    return redirect(url_for(".show"), 303)


def _alert(alert_id: str) -> chart.ChartedAlert:
    found = chart.alert(door.archive(), alert_id.replace("\x00", ""))
    if found is None:
        abort(404)
    return found


def _live() -> str:
    archive = door.archive()
    alerts = chart.alerts(archive)
    notes = handling.notes(archive, [a.id for a in alerts])
    answers = {a.id: told.of_alert(archive, a.id) for a in alerts if a.id in notes}
    return render_template("alerts_live.html", alerts=alerts, notes=notes, answers=answers)
