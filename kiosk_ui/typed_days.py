"""A whole day as somebody types it: day first, with a month's name, in the clinic's calendars."""

from __future__ import annotations

from calendar import monthrange
from datetime import date

from markupsafe import Markup

from edge.model.errors import InvalidForm
from edge.patients import typed_dates
from kiosk_ui import context
from kiosk_ui.wording import N_, t

WHOLE_DAY, A_MONTH = 10, 7
"""Letters of a day as FHIR writes it; a year or a month has fewer."""

_WRONG = {
    "required": N_("Write the date first."),
    "order": N_("Write the day first, then the month, then the year."),
    "century": N_("Write the year with four digits."),
    "impossible": N_("There is no such date."),
    "future": N_("This date has not come yet."),
    "too-old": N_("This date is too long ago. Check it."),
    "calendar": N_("This date can be of two calendars. Write the month by its name."),
}
_ANY = N_("Write the whole date: day, month, year.")


def read(text: str, first: date, last: date, *, month_end: bool = False) -> date:
    """Return a typed day from `first` to `last`; raises `InvalidForm` ("day").

    With `month_end` a month alone is its last day, as it is meant on a box of tests.
    """
    if not text.strip():
        raise InvalidForm({"day": "required"})
    calendars = " ".join(context.settings().calendars)
    try:
        said = typed_dates.read(text, calendars, (first, last))
    except InvalidForm as error:
        raise InvalidForm({"day": error.fields["birth"]}) from error
    if month_end and len(said) == A_MONTH:
        year, month = map(int, said.split("-"))
        return date(year, month, monthrange(year, month)[1])
    if len(said) != WHOLE_DAY:
        raise InvalidForm({"day": "format"})
    return date.fromisoformat(said)


def problem(error: InvalidForm) -> Markup:
    """Return what is wrong with a typed day, in words."""
    return t(_WRONG.get(next(iter(error.fields.values())), _ANY))
