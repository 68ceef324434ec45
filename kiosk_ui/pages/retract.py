"""Mark a recorded value as wrong: somebody else's, mistyped or mismeasured. It is never erased."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from edge.patients import register
from edge.readings import history, retract
from edge.readings.history import StoredReading
from edge.staff import staff
from edge.visits import visits
from kiosk_ui import context
from kiosk_ui.guard import staff_only
from kiosk_ui.reading_lines import show as show_reading
from kiosk_ui.wording import N_, t

page = Blueprint("retract", __name__)

REASONS = {
    retract.SOMEBODY_ELSE: N_("It is somebody else's"),
    "typed-wrongly": N_("It was typed wrongly"),
    "measured-wrongly": N_("It was measured wrongly"),
    "trial": N_("It was a trial"),
}
"""What may be wrong with a reading: the stable word that is kept, and what the button says."""


@page.get("/readings/<int:entry>/retract")
@staff_only
def show(entry: int) -> str:
    """Show the reading and ask what is wrong with it."""
    reading = _reading(entry)
    store, now = context.store(), context.now()
    names = {person.id: person.name for person in staff.members(store)}
    return render_template(
        "retract.html",
        reading_of=reading,
        row=show_reading(reading, now, names, history.urgent(store, [entry])),
        patient=register.get(store, reading.patient_id or ""),
        back=_back_url(reading),
        together=_together(reading),
        reasons=[(key, t(text)) for key, text in REASONS.items() if _fits(key, reading)],
    )


@page.post("/readings/<int:entry>/retract")
@staff_only
def keep(entry: int) -> ResponseReturnValue:
    """Store the reason: the reading goes back to the tray to be claimed, or is struck out."""
    reading, why = _reading(entry), request.form.get("why", "")
    if why not in REASONS or not _fits(why, reading):
        abort(400)
    store, now, actor = context.store(), context.now(), context.worker().staff.id
    if why == retract.SOMEBODY_ELSE:
        retract.to_tray(store, now, entry, actor=actor)
        return redirect(url_for("tray.one", entry=entry), 303)
    retract.strike(store, now, entry, why, actor=actor)
    return redirect(_back_url(reading), 303)


def _reading(entry: int) -> StoredReading:
    reading = history.one(context.store(), entry)
    if reading is None or reading.patient_id is None or reading.struck:
        abort(404)
    return reading


def _together(reading: StoredReading) -> int:
    """Return how many readings of its visit the same patient holds; 1 when it is alone."""
    if reading.visit_id is None or reading.patient_id is None:
        return 1
    return len(retract.together(context.store(), reading.visit_id, reading.patient_id))


def _fits(why: str, reading: StoredReading) -> bool:
    return why != "typed-wrongly" or reading.source == "typed"


def _back_url(reading: StoredReading) -> str:
    """Return the page it was seen on: the open visit, or the patient's history."""
    open_now = visits.current(context.store(), context.now())
    if open_now is not None and open_now.id == reading.visit_id:
        return url_for("visit.show", visit_id=open_now.id)
    return url_for("history.show", patient_id=reading.patient_id)
