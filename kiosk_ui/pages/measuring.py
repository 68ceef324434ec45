"""Measuring by hand: the arm of a pressure, breaths counted by taps, refill, what is seen."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from edge.readings import history, measured
from edge.readings.measuring import Arm
from edge.visits import visits
from kiosk_ui import context
from kiosk_ui.guard import staff_only

page = Blueprint("measuring", __name__)


@page.post("/visits/<visit_id>/arm")
@staff_only
def say_arm(visit_id: str) -> ResponseReturnValue:
    """Keep on which arm a reading of this visit was."""
    store, visit = context.store(), visits.get(context.store(), visit_id)
    entry, arm = request.form.get("entry", ""), request.form.get("arm", "")
    reading = history.one(store, int(entry)) if entry.isdecimal() and len(entry) < 16 else None
    if arm not in (Arm.LEFT, Arm.RIGHT) or reading is None or reading.visit_id != visit.id:
        abort(400)
    actor = context.worker().staff.id
    measured.say_arm(store, context.now(), reading.entry, Arm(arm), actor=actor)
    return redirect(url_for("visit.show", visit_id=visit.id), 303)
