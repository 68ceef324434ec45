"""The review inbox: values of a patient on which clinics and desk differ, for a person to decide.

Nothing is lost by deciding: every value stays in the patient's history.
"""

from __future__ import annotations

from dataclasses import replace

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hospital.desk import context, guard, list_parts
from hospital.patients import master_index, reviews
from hospital.patients.reviews import WaitingReview

page = Blueprint("reviews", __name__, url_prefix="/reviews")

STRIKE_OUT = "strike out"
REFUSE = "none of these"


@page.get("")
@guard.clinician_only
def show() -> str:
    """Show what waits, the longest first."""
    archive = context.archive()
    waiting, part = list_parts.page_of(
        reviews.PAGE, lambda limit, skip: reviews.inbox(archive, limit, skip), "reviews.show"
    )
    return render_template("reviews.html", waiting=waiting, part=part)


@page.post("")
@guard.clinician_only
def decide() -> ResponseReturnValue:
    """Decide one; an edit that arrived after the page was shown is not decided with it."""
    waiting = _review_of_form()
    if waiting is not None:
        chosen = request.form.get("choice", "")
        value = None if _is_nothing(chosen, waiting) else chosen
        if value is not None and value not in waiting.review.values:
            abort(400)
        master_index.decide(context.archive(), waiting, value, guard.account(), guard.now_ms())
    return redirect(url_for("reviews.show"), 303)


def _is_nothing(chosen: str, waiting: WaitingReview) -> bool:
    struck = chosen == STRIKE_OUT and waiting.is_removal
    return struck or (chosen == REFUSE and waiting.is_refusable)


def _review_of_form() -> WaitingReview | None:
    """Return the review that the form is about, with the revision that was shown."""
    form = request.form
    rev = form.get("rev", "")
    if not rev.isdecimal() or len(rev) > 18:
        abort(400)
    for waiting in reviews.about(context.archive(), form.get("patient", "").replace("\x00", "")):
        if waiting.key == form.get("about"):
            return replace(waiting, rev=min(int(rev), waiting.rev))
    return None  # somebody has decided it meanwhile
