"""Who is asked about an alert, in which order, and who the accounts are."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hospital.accounts import accounts, rosters
from hospital.archive.errors import ArchiveDown, HospitalError
from hospital.desk import context, forms, guard
from hospital.patients import links

page = Blueprint("rosters", __name__, url_prefix="/rosters")


@page.get("")
@guard.clinician_only
def show() -> str:
    """Show the rosters and who the accounts are."""
    return _page()


@page.post("")
@guard.clinician_only
def change() -> ResponseReturnValue:
    """Set a roster, or say who somebody is."""
    archive = context.archive()
    try:
        if request.form.get("do") == "person":
            accounts.describe(
                archive,
                forms.typed("account", 60),
                forms.typed("full_name", 200),
                forms.typed("telephone", 200),
            )
        else:
            people = [name.replace("\x00", "") for name in request.form.getlist("people")]
            rosters.put(archive, _clinic(), forms.typed("level", 20), people)
    except ArchiveDown:
        raise
    except HospitalError as error:
        return _page(wrong=f"Not kept: {error}."), 422
    return redirect(url_for(".show"), 303)


def _clinic() -> str:
    name = forms.typed("clinic", 200)
    return name if name in links.clinics(context.archive()) else rosters.ALL


def _page(wrong: str = "") -> str:
    archive = context.archive()
    return render_template(
        "rosters.html",
        rosters=rosters.listed(archive),
        people=accounts.people(archive),
        clinics=links.clinics(archive),
        levels=rosters.LEVELS,
        most=rosters.MOST,
        settings=context.parts().settings,
        wrong=wrong,
    )
