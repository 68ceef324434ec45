"""Allergies, conditions and medicines: a clinician adds, removes and prescribes."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hospital.accounts import sessions
from hospital.archive.errors import ArchiveDown, HospitalError
from hospital.desk import context, forms, guard, patients
from hospital.patients import summary

page = Blueprint("summary", __name__, url_prefix="/patients/<patient_id>/summary")


@page.get("")
@guard.clinician_only
def show(patient_id: str) -> str:
    """Show what is known and how to change it."""
    patients.line_of(patient_id)
    sessions.note_view(context.archive(), guard.account(), patient_id, guard.now_ms())
    return _page(patient_id)


@page.post("")
@guard.clinician_only
def change(patient_id: str) -> ResponseReturnValue:
    """Add, strike out or prescribe; what will not do comes back with a sentence."""
    patients.line_of(patient_id)
    name, text = request.form.get("name", ""), forms.typed("text")
    archive, account, now_ms = context.archive(), guard.account(), guard.now_ms()
    try:
        match request.form.get("do"):
            case "add":
                summary.add(archive, patient_id, name, text, account, now_ms)
            case "none":
                summary.say_none_known(archive, patient_id, name, account, now_ms)
            case "strike":
                summary.strike(archive, patient_id, name, text, account, now_ms)
            case "prescribe":
                summary.prescribe(archive, patient_id, text, account, now_ms)
            case _:
                abort(400)
    except ArchiveDown:
        raise
    except HospitalError as error:
        return _page(patient_id, wrong=str(error)), 422
    return redirect(url_for(".show", patient_id=patient_id), 303)


def _page(patient_id: str, wrong: str = "") -> str:
    return render_template(
        "summary.html",
        line=patients.line_of(patient_id),
        known=summary.of(context.archive(), [patient_id]),
        wrong=wrong,
        typed={request.form.get("name", ""): request.form.get("text", "")} if wrong else {},
    )
