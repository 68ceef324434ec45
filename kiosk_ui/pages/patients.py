"""Finding a patient among tens of thousands, as somebody types."""

from __future__ import annotations

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from edge.patients import cards, register
from edge.visits import visits
from kiosk_ui import context
from kiosk_ui.guard import staff_only

page = Blueprint("patients", __name__)

LONGEST_QUERY = 120
MOST_SHOWN = 2000
"""More people than this nobody looks through; the button to show more goes on until here."""

_FOUND = {"open": "patients.found", "claim": "tray.found"}
"""The view that answers a search as it is typed, by what its hits are for."""


@page.get("/patients")
@staff_only
def search() -> str:
    """Show the search field, what it found, and the visit that is open."""
    visit = visits.current(context.store(), context.now())
    seen = register.get(context.store(), visit.patient_id) if visit else None
    return render_template(
        "patients.html",
        query=_query(),
        found=Markup(found_fragment("open")),
        visit=visit,
        seen=seen,
    )


@page.get("/patients/found")
@staff_only
def found() -> ResponseReturnValue:
    """Answer the search as it is typed."""
    return found_fragment("open")


def found_fragment(purpose: str, entry: int | None = None) -> str:
    """Render the hits; `purpose` is "open" (a visit) or "claim" (give them reading `entry`)."""
    query, most = _query(), _most()
    hits = register.search(context.store(), query, most + 1) if query else []
    more = url_for(_FOUND[purpose], q=query, most=most * 4, entry=entry)
    return render_template(
        "found.html",
        query=query,
        hits=hits[:most],
        more=more if len(hits) > most else None,
        purpose=purpose,
        entry=entry,
        other_keys=cards.is_of_other_keys(query),
    )


def _most() -> int:
    """Return how many hits were asked for: as many as fit on a screen, or more by the button."""
    text = request.args.get("most", "")
    asked = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else register.SHOWN
    return min(max(asked, register.SHOWN), MOST_SHOWN)


def _query() -> str:
    return request.args.get("q", "").strip()[:LONGEST_QUERY]
