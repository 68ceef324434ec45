"""Who should come to the clinics: today, in the next days, overdue, lost; by clinic."""

from __future__ import annotations

from typing import Final

from flask import Blueprint, Response, render_template, request
from markupsafe import Markup

from hospital.desk import context, guard, list_parts, wording
from hospital.patients import follow_up
from hospital.views import chart
from web.polling import polled_at

page = Blueprint("due", __name__, url_prefix="/due")

LONGEST_CLINIC = 200
TABS: Final = {
    "overdue": "Overdue",
    "today": "Today",
    "week": "Next 7 days",
    "later": "To call later",
    "lost": "Lost",
}


@page.get("")
@guard.clinician_only
def show() -> str:
    """Show one list, of all clinics or of one."""
    return render_template("due.html", live=Markup(_live()), polls=list_parts.is_first())


@page.get("/live")
@guard.clinician_only
def live() -> Response:
    """Answer the page's poll."""
    return polled_at(f"{chart.position(context.archive())} {wording.today()}", _live)


def _live() -> str:
    archive, today = context.archive(), wording.today()
    follow_up.settle_waiting(archive)
    clinic = request.args.get("clinic", "")[:LONGEST_CLINIC] or None
    asked = request.args.get("list", "")
    name = asked if asked in TABS else "overdue"
    place = {"list": name} | ({"clinic": clinic} if clinic else {})
    lines, part = list_parts.page_of(
        follow_up.PAGE,
        lambda limit, skip: follow_up.page(archive, name, today, clinic, limit, skip),
        "due.show",
        **place,
    )
    return render_template(
        "due_live.html",
        tabs=TABS,
        numbers=follow_up.counts(archive, today, clinic),
        chosen=name,
        clinic=clinic,
        clinics=follow_up.clinics(archive),
        lines=lines,
        part=part,
    )
