"""The newest readings of all clinics."""

from __future__ import annotations

from flask import Blueprint, Response, render_template
from markupsafe import Markup

from hospital.desk import context, guard
from hospital.views import chart
from web.polling import polled_at

page = Blueprint("readings", __name__)


@page.get("/")
@guard.clinician_only
def show() -> str:
    """Show the readings that came last."""
    return render_template("readings.html", live=Markup(_live()))


@page.get("/live")
@guard.clinician_only
def live() -> Response:
    """Answer the page's poll."""
    return polled_at(chart.position(context.archive()), _live)


@page.get("/unassigned")
@guard.clinician_only
def unassigned() -> str:
    """Show the readings that nobody at the clinics has claimed for a patient yet."""
    found = chart.unassigned(context.archive())
    return render_template("readings_unassigned.html", live=Markup(_table(found)), any=bool(found))


def _live() -> str:
    return _table(chart.latest(context.archive()))


def _table(readings: list[chart.ReadingRow]) -> str:
    archive = context.archive()
    alerted = {a.reading for a in chart.alerts(archive, limit=200) if not a.taken_back}
    return render_template("readings_live.html", readings=readings, alerted=alerted)
