"""Say whether a reading marked "perhaps the same" is the earlier value again or another one."""

from __future__ import annotations

from contextlib import suppress

from flask import Blueprint, abort, redirect, url_for
from flask.typing import ResponseReturnValue

from edge.model.errors import ActionRefused
from edge.readings import history, intake, retract
from edge.readings.history import StoredReading
from edge.visits import visits
from kiosk_ui import context
from kiosk_ui.guard import staff_only

page = Blueprint("repetition", __name__)


@page.post("/readings/<int:entry>/same")
@staff_only
def same(entry: int) -> ResponseReturnValue:
    """Take the reading back: the device sent one value twice."""
    reading, actor = _reading(entry), context.worker().staff.id
    with suppress(ActionRefused):  # somebody has said so already: the page shows that
        retract.as_duplicate(context.store(), context.now(), entry, actor=actor)
    return redirect(_back_url(reading), 303)


@page.post("/readings/<int:entry>/different")
@staff_only
def different(entry: int) -> ResponseReturnValue:
    """Keep the reading without the mark: it is a value of its own."""
    reading, actor = _reading(entry), context.worker().staff.id
    with suppress(ActionRefused):
        intake.tell_apart(context.store(), context.now(), entry, actor=actor)
    return redirect(_back_url(reading), 303)


def _reading(entry: int) -> StoredReading:
    reading = history.one(context.store(), entry)
    if reading is None:
        abort(404)
    return reading


def _back_url(reading: StoredReading) -> str:
    """Return the page it was seen on: the tray, the open visit, or the patient's history."""
    if reading.patient_id is None:
        return url_for("tray.show")
    visit = visits.current(context.store(), context.now())
    if visit is not None and visit.id == reading.visit_id:
        return url_for("visit.show", visit_id=visit.id)
    return url_for("history.show", patient_id=reading.patient_id)
