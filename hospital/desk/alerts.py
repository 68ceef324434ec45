"""The inbox: what the rules found at the clinics, newest first, each with its source."""

from __future__ import annotations

from flask import Blueprint, Response, render_template
from markupsafe import Markup

from hospital import chart
from hospital.desk import door, guard
from hospital.desk.live import polled_at

page = Blueprint("alerts", __name__, url_prefix="/alerts")


@page.get("")
@guard.clinician_only
def show() -> str:
    """Show the alerts."""
    return render_template("alerts.html", live=Markup(_live()))


@page.get("/live")
@guard.clinician_only
def live() -> Response:
    """Answer the page's poll."""
    return polled_at(chart.position(door.archive()), _live)


def _live() -> str:
    return render_template("alerts_live.html", alerts=chart.alerts(door.archive()))
