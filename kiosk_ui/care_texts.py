"""What programmes, appointments, calls and doses are called on the screen."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date

from markupsafe import Markup

from edge.care import library
from edge.care.library import Library
from edge.care.programme import Programme
from edge.care.vaccine_schedule import DoseState
from edge.model.follow_up_kinds import AppointmentState, CallOutcome, EpisodeState
from kiosk_ui import context, language
from kiosk_ui.texts import ngettext
from kiosk_ui.wording import N_, ltr, own_words, t

STATES: Mapping[str, str] = {
    EpisodeState.ENROLLED: N_("Enrolled"),
    EpisodeState.FINISHED: N_("Finished"),
    EpisodeState.LOST: N_("Lost"),
    EpisodeState.TRANSFERRED: N_("Goes to another place now"),
    EpisodeState.DECEASED: N_("Has died"),
    EpisodeState.REFUSED: N_("Does not want to come"),
}
APPOINTMENTS: Mapping[str, str] = {
    AppointmentState.BOOKED: N_("Booked"),
    AppointmentState.KEPT: N_("Came"),
    AppointmentState.MOVED: N_("Moved to another day"),
    AppointmentState.CANCELLED: N_("Cancelled"),
    AppointmentState.MISSED: N_("Did not come"),
}
OUTCOMES: Mapping[str, str] = {
    CallOutcome.AGREED: N_("Will come"),
    CallOutcome.REMIND: N_("Call again"),
    CallOutcome.NOT_REACHED: N_("Not reached"),
    CallOutcome.WRONG_NUMBER: N_("Wrong number"),
    CallOutcome.REFUSED: N_("Does not want to come"),
    CallOutcome.MOVED: N_("Has moved away"),
    CallOutcome.DIED: N_("Has died"),
    CallOutcome.OTHER: N_("Something else"),
}
"""What came of a call, in the order of the buttons."""

DOSES: Mapping[str, str] = {
    DoseState.GIVEN: N_("Given"),
    DoseState.TOO_EARLY: N_("Too early: does not count"),
    DoseState.OVERDUE: N_("Overdue"),
    DoseState.DUE: N_("Due now"),
    DoseState.COMING: N_("Not yet"),
    DoseState.TOO_LATE: N_("Too old for it"),
}

SITES: Mapping[str, str] = {
    "left-arm": N_("Left arm"),
    "right-arm": N_("Right arm"),
    "left-thigh": N_("Left thigh"),
    "right-thigh": N_("Right thigh"),
    "mouth": N_("By mouth"),
}
"""Where a dose is given."""

PARTS: Mapping[str, str] = {"morning": N_("Morning"), "evening": N_("Afternoon or evening")}


def in_use() -> Library:
    """Return the programmes and vaccines of this clinic."""
    return library.load(context.settings().home)


def programme_title(word: str | None, known: Library) -> Markup:
    """Return what a programme is called; one that is not here any more by its word."""
    if word is None:
        return Markup("")
    programme = known.programmes.get(word)
    return ltr(word) if programme is None else text_of(programme, programme.title)


def text_of(programme: Programme, text: str) -> Markup:
    """Return a text of a programme's file: translated, or as the clinic wrote it."""
    return own_words(text) if programme.is_own else t(text)


def vaccine_title(name: str, known: Library) -> Markup:
    """Return what a vaccine is called."""
    for vaccine in known.vaccines.vaccines:
        if vaccine.name == name:
            return own_words(vaccine.title) if known.vaccines.is_own else t(vaccine.title)
    return ltr(name)


def day_text(day: str) -> Markup:
    """Return a local day `YYYY-MM-DD` in the reader's words."""
    try:
        return own_words(language.current().date(date.fromisoformat(day)))
    except ValueError:
        return ltr(day)


def due_text(due: str, today: date) -> Markup:
    """Return how far off a day is: "today", "in 3 days", "12 days late"."""
    days = (date.fromisoformat(due) - today).days
    if days == 0:
        return t(N_("today"))
    number = abs(days)
    if days > 0:
        return Markup(ngettext("in %(n)s day", "in %(n)s days", number, n=ltr(number)))
    return Markup(ngettext("%(n)s day late", "%(n)s days late", number, n=ltr(number)))
