"""Finding a patient among tens of thousands, as somebody types."""

from __future__ import annotations

from collections.abc import Callable
from urllib.parse import urlencode

from flask import Blueprint, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from edge.patients import cards, register
from edge.readings import history
from edge.visits import visits
from kiosk_ui import context, form_drafts
from kiosk_ui.guard import staff_only
from kiosk_ui.reading_lines import lines

page = Blueprint("patients", __name__)

LONGEST_QUERY = 120
MOST_SHOWN = 2000
"""More people than this nobody looks through; the button to show more goes on until here."""


@page.get("/patients")
@staff_only
def search() -> str:
    """Show the search field, what it found, and the visit that is open."""
    store = context.store()
    visit = visits.current(store, context.now())
    entries = [int(e) for e in request.args.get("recorded", "").split(".") if _is_entry(e)]
    recorded = [r for e in entries if (r := history.one(store, e)) and r.patient_id]
    return render_template(
        "patients.html",
        query=_query(),
        found=Markup(_openable()),
        visit=visit,
        seen=register.get(store, visit.patient_id) if visit else None,
        recorded=[line for r in recorded for line in lines(r.values)],
        whose=register.get(store, recorded[0].patient_id or "") if recorded else None,
        left=form_drafts.left(),
    )


def _is_entry(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) < 16


@page.get("/patients/found")
@staff_only
def found() -> ResponseReturnValue:
    """Answer the search as it is typed."""
    return _openable()


def found_fragment(at: str, action: Callable[[str], str], *, opens: bool = False) -> str:
    """Render the hits of the search that stands in the request.

    `at` answers the same search for more hits; `action` is where choosing a patient posts to;
    `opens` when that opens a visit.
    """
    query, most = _query(), _most()
    hits = register.search(context.store(), query, most + 1) if query else []
    return render_template(
        "found.html",
        query=query,
        hits=hits[:most],
        more=f"{at}?{urlencode({'q': query, 'most': most * 4})}" if len(hits) > most else None,
        action=action,
        opens=opens,
        other_keys=cards.is_of_other_keys(query),
    )


def _openable() -> str:
    return found_fragment(
        url_for(".found"), lambda one: url_for("visit.open_for", patient_id=one), opens=True
    )


def _most() -> int:
    """Return how many hits were asked for: as many as fit on a screen, or more by the button."""
    text = request.args.get("most", "")
    asked = int(text) if text.isascii() and text.isdigit() and len(text) < 6 else register.SHOWN
    return min(max(asked, register.SHOWN), MOST_SHOWN)


def _query() -> str:
    return request.args.get("q", "").strip()[:LONGEST_QUERY]
