"""The state of each clinic's box: last contact, records confirmed, records that still wait."""

from __future__ import annotations

from flask import Blueprint, Response, render_template
from markupsafe import Markup

from hospital.desk import context, guard, list_parts
from hospital.views import chart, controls, stock_chart
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


@page.get("/controls")
@guard.clinician_only
def quality_control() -> str:
    """Show what the clinics' devices measured of control material, which is nobody's."""
    archive = context.archive()
    rows, part = list_parts.page_of(
        controls.PAGE,
        lambda limit, skip: controls.latest(archive, limit, skip),
        "clinics.quality_control",
    )
    return render_template("controls.html", rows=rows, part=part)


@page.get("/stock")
@guard.clinician_only
def stock() -> str:
    """Show what the clinics have in stock."""
    return render_template("stock.html", rows=stock_chart.of_clinics(context.archive()))


def _live() -> str:
    return render_template("clinics_live.html", lines=chart.clinics(context.archive()))
