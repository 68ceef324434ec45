"""The tray: readings that belong to nobody yet, to be claimed by a person and never guessed."""

from __future__ import annotations

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from edge.readings import history, intake
from edge.staff import audit, staff
from kiosk_ui import context, list_parts
from kiosk_ui.guard import staff_only
from kiosk_ui.pages import patients
from kiosk_ui.reading_lines import ReadingText
from kiosk_ui.reading_lines import show as show_reading
from kiosk_ui.wording import N_, t
from web import list_pages

page = Blueprint("tray", __name__)

REASONS = {
    "trial": N_("It was a trial"),
    "unknown-person": N_("Nobody knows whose it is"),
    "measured-wrongly": N_("It was measured wrongly"),
}
"""Why a reading is nobody's: the stable word that is kept, and what the button says."""


@page.get("/tray")
@staff_only
def show() -> str:
    """Show what waits, page by page, newest first: that person may still be here."""
    skip = list_pages.skipped(history.PAGE)
    waiting = history.in_tray(context.store(), skip)
    return render_template(
        "tray.html",
        rows=[_reading_text(r) for r in waiting],
        part=list_parts.part(
            history.PAGE,
            lambda number: url_for(".show", page=number),
            len(waiting),
            history.tray_count(context.store()),
        ),
    )


@page.get("/tray/<int:entry>")
@staff_only
def one(entry: int) -> str:
    """Show one reading and ask whose it is."""
    return render_template(
        "tray_one.html",
        row=_reading_text(_waiting(entry)),
        entry=entry,
        query=request.args.get("q", ""),
        found=Markup(_claimable(entry)),
        reasons=[(key, t(text)) for key, text in REASONS.items()],
    )


@page.get("/tray/<int:entry>/found")
@staff_only
def found(entry: int) -> str:
    """Answer the search as it is typed."""
    return _claimable(entry)


@page.post("/tray/<int:entry>/claim/<patient_id>")
@staff_only
def claim(entry: int, patient_id: str) -> ResponseReturnValue:
    """Give the reading to a patient."""
    actor = context.worker().staff.id
    intake.claim(context.store(), context.now(), entry, patient_id, actor=actor)
    audit.note_view(context.store(), context.now(), patient_id, actor)
    return redirect(url_for("history.show", patient_id=patient_id), 303)


@page.post("/tray/<int:entry>/discard")
@staff_only
def discard(entry: int) -> ResponseReturnValue:
    """Take the reading out of the tray as nobody's, with the reason."""
    why = request.form.get("why", "")
    if why not in REASONS:
        abort(400)
    actor = context.worker().staff.id
    intake.discard(context.store(), context.now(), entry, why, actor=actor)
    return redirect(url_for(".show"), 303)


def _claimable(entry: int) -> str:
    return patients.found_fragment(
        url_for(".found", entry=entry),
        lambda patient_id: url_for(".claim", entry=entry, patient_id=patient_id),
    )


def _waiting(entry: int) -> history.StoredReading:
    recorded = history.one(context.store(), entry)
    if recorded is None or recorded.tray != "waiting":
        abort(404)
    return recorded


def _reading_text(recorded: history.StoredReading) -> ReadingText:
    names = {person.id: person.name for person in staff.members(context.store())}
    return show_reading(recorded, context.now(), names)
