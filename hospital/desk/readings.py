"""The newest readings of all clinics."""

from __future__ import annotations

from collections.abc import Callable

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


@page.get("/unassigned")
@guard.clinician_only
def unassigned() -> str:
    """Show the readings that nobody at the clinics has claimed for a patient yet."""
    found, live = _table(chart.unassigned, "readings.unassigned")
    return render_template("readings_unassigned.html", live=Markup(live), any=found)


def _live() -> str:
    return _table(chart.latest, "readings.show")[1]


def _table(ask: Callable[..., list[chart.ReadingRow]], view: str) -> tuple[bool, str]:
    """Return whether there are any, and the table of the page that was asked for."""
    archive = context.archive()
    readings, part = list_parts.page_of(
        chart.PAGE, lambda limit, skip: ask(archive, limit, skip=skip), view
    )
    alerted = person_chart.alerted(archive, [one.id for one in readings])
    shown = render_template("readings_live.html", readings=readings, alerted=alerted, part=part)
    return bool(readings or part), shown
