"""The state of each clinic's box: last contact, records confirmed, records that still wait."""

from __future__ import annotations

from flask import Blueprint, Response, render_template
from markupsafe import Markup

from hospital.desk import context, guard
from hospital.views import chart
from web.polling import polled

page = Blueprint("clinics", __name__, url_prefix="/clinics")


@page.get("")
@guard.clinician_only
def show() -> str:
    """Show a line for every box."""
    return render_template("clinics.html", live=Markup(_live()))


@page.get("/live")
@guard.clinician_only
def live() -> Response:
    """Answer the page's poll."""
    return polled(_live())


def _live() -> str:
    return render_template("clinics_live.html", lines=chart.clinics(context.archive()))
