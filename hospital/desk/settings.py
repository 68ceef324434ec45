"""Remote settings of a clinic's boxes, each with the answer of every box."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hospital.archive.errors import ArchiveDown, HospitalError
from hospital.desk import context, forms, guard
from hospital.feed import clinic_settings
from hospital.patients import links

LONGEST = 600

page = Blueprint("settings", __name__, url_prefix="/clinics/settings")


@page.get("")
@guard.clinician_only
def show() -> str:
    """Show a clinic's settings."""
    return _page(_clinic(request.args.get("clinic", "")))


@page.post("")
@guard.clinician_only
def change() -> ResponseReturnValue:
    """Set one, or let the boxes have their own again."""
    clinic, key = _clinic(request.form.get("clinic", "")), forms.typed("key", 60)
    archive, account, now_ms = context.archive(), guard.account(), guard.now_ms()
    try:
        if request.form.get("do") == "clear":
            clinic_settings.clear(archive, clinic, key, account, now_ms)
        else:
            value = forms.typed("value", LONGEST)
            clinic_settings.put(archive, clinic, key, value, account, now_ms)
    except ArchiveDown:
        raise
    except HospitalError as error:
        return _page(clinic, wrong=f"Not set: {error}."), 422
    return redirect(url_for(".show", clinic=clinic), 303)


def _clinic(name: str) -> str:
    if name not in links.clinics(context.archive()):
        abort(404)
    return name


def _page(clinic: str, wrong: str = "") -> str:
    lines = clinic_settings.lines(context.archive(), clinic)
    return render_template("settings.html", clinic=clinic, lines=lines, wrong=wrong)
