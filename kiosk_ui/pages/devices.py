"""Confirm that a value is the one on the device's display; start or stop a blood pressure cuff."""

from __future__ import annotations

from contextlib import suppress

from flask import Blueprint, abort, redirect, request, url_for
from flask.typing import ResponseReturnValue

from edge.equipment import device_requests
from edge.model.errors import ActionRefused
from edge.readings import history, intake
from edge.visits import visits
from kiosk_ui import context
from kiosk_ui.guard import staff_only
from kiosk_ui.wording import N_

page = Blueprint("devices", __name__)

BUTTONS = {
    "start-adult": N_("Start the cuff: adult"),
    "start-child": N_("Start the cuff: child"),
    "start-newborn": N_("Start the cuff: newborn"),
    "stop": N_("Stop and let the air out"),
}
"""What a button for each request says."""


@page.post("/visits/<visit_id>/readings/<int:entry>/confirm")
@staff_only
def confirm(visit_id: str, entry: int) -> ResponseReturnValue:
    """Record that the value is the one on the device's own display."""
    reading = history.one(context.store(), entry)
    if reading is None or reading.visit_id != visit_id:
        abort(404)
    intake.confirm(context.store(), context.now(), entry, actor=context.worker().staff.id)
    return redirect(url_for("visit.show", visit_id=visit_id), 303)


@page.post("/visits/<visit_id>/devices/<device_id>/ask")
@staff_only
def ask(visit_id: str, device_id: str) -> ResponseReturnValue:
    """Ask a device to start or stop; a start needs the open visit of a patient."""
    store, now, kind = context.store(), context.now(), request.form.get("kind", "")
    if kind not in BUTTONS:
        abort(400)
    visit = visits.current(store, now)
    if kind == "stop" or (visit is not None and visit.id == visit_id):
        with suppress(ActionRefused):  # it is measuring already: the page shows that
            device_requests.ask(store, now, device_id, kind, context.worker().staff.id)
    return redirect(url_for("visit.show", visit_id=visit_id), 303)


@page.app_context_processor
def _helpers() -> dict[str, object]:
    return {"device_requests": BUTTONS}
