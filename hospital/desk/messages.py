"""Replies and appointments that a clinician sends to a clinic, changes and takes back."""

from __future__ import annotations

from datetime import datetime

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from edge.model.feed_item import Entity
from hospital.archive.errors import ArchiveDown, HospitalError
from hospital.desk import context, forms, guard, patients
from hospital.patients import messages
from hospital.patients.messages import SentMessage

page = Blueprint("messages", __name__, url_prefix="/patients/<patient_id>/messages")

MAY = (Entity.REPLY, Entity.APPOINTMENT)
PAST = "This day is over. An appointment is made for a time to come."
EMPTY = "There is nothing written yet."


@page.post("/reply")
@guard.clinician_only
def reply(patient_id: str) -> ResponseReturnValue:
    """Send a reply; one that is empty comes back with a sentence."""
    patients.line_of(patient_id)
    text = forms.typed("text", messages.LONGEST_TEXT)
    if not text:
        return patients.page_of(patient_id, wrong=EMPTY), 422
    messages.reply(context.archive(), patient_id, text, guard.account(), guard.now_ms())
    return _back(patient_id)


@page.post("/appointment")
@guard.clinician_only
def appoint(patient_id: str) -> ResponseReturnValue:
    """Make an appointment."""
    patients.line_of(patient_id)
    try:
        when = _to_come()
    except HospitalError as error:
        return patients.page_of(patient_id, wrong=str(error)), 422
    what = forms.typed("what", messages.LONGEST_PURPOSE)
    messages.appoint(context.archive(), patient_id, when, what, guard.account(), guard.now_ms())
    return _back(patient_id)


@page.get("/<entity>/<item_id>")
@guard.clinician_only
def show(patient_id: str, entity: str, item_id: str) -> str:
    """Show all that was done with one item, and what can still be done."""
    return _form(patient_id, _acts(patient_id, entity, item_id))


@page.post("/<entity>/<item_id>")
@guard.clinician_only
def change(patient_id: str, entity: str, item_id: str) -> ResponseReturnValue:
    """Move an appointment, or take an item back."""
    acts = _acts(patient_id, entity, item_id)
    archive, account, now_ms = context.archive(), guard.account(), guard.now_ms()
    try:
        if request.form.get("do") == "take-back":
            messages.take_back(archive, Entity(entity), item_id, account, now_ms)
        elif request.form.get("do") == "move" and entity == Entity.APPOINTMENT:
            what = forms.typed("what", messages.LONGEST_PURPOSE)
            messages.move(archive, item_id, _to_come(), what, account, now_ms)
        else:
            abort(400)
    except ArchiveDown:
        raise
    except HospitalError as error:
        return _form(patient_id, acts, wrong=str(error)), 422
    return _back(patient_id)


def _acts(patient_id: str, entity: str, item_id: str) -> list[SentMessage]:
    acts = messages.acts(context.archive(), entity, item_id) if entity in MAY else []
    if not acts or acts[-1].patient != patient_id:
        abort(404)
    return acts


def _form(patient_id: str, acts: list[SentMessage], wrong: str = "") -> str:
    line = patients.line_of(patient_id)
    typed = {name: request.form.get(name) for name in ("when", "what")}
    return render_template("messages.html", line=line, acts=acts, wrong=wrong, typed=typed)


def _to_come() -> datetime:
    when = forms.moment("when")
    if when < datetime.now():  # noqa: DTZ005 - appointments are in the hospital's local time
        raise HospitalError(PAST)
    return when


def _back(patient_id: str) -> ResponseReturnValue:
    return redirect(url_for("patients.history", patient_id=patient_id, _anchor="told"), 303)
