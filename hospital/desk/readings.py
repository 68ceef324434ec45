"""The newest readings of all clinics."""

from __future__ import annotations

from flask import Blueprint, Response, render_template
from markupsafe import Markup

from hospital.desk import context, guard, list_parts
from hospital.views import chart, person_chart
from web.polling import polled_at

page = Blueprint("readings", __name__)


@page.get("/")
@guard.clinician_only
def show() -> str:
    """Show the readings that came last."""
    return render_template("readings.html", live=Markup(_live()), polls=list_parts.is_first())


@page.get("/live")
@guard.clinician_only
def live() -> Response:
    """Answer the page's poll."""
    return polled_at(chart.position(context.archive()), _live)


def _live() -> str:
    archive = context.archive()
    readings, part = list_parts.page_of(
        chart.PAGE, lambda limit, skip: chart.latest(archive, limit, skip=skip), "readings.show"
    )
    alerted = person_chart.alerted(archive, [one.id for one in readings])
    return render_template("readings_live.html", readings=readings, alerted=alerted, part=part)
