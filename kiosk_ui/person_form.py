"""The fields of a patient as a form: read, worded when wrong, kept as a draft."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields

from flask import request
from markupsafe import Markup

from edge.model.errors import InvalidForm
from edge.model.patient_codes import AgeUnit
from edge.model.patient_fields import PATIENT_FIELDS, PatientField
from edge.patients import cards
from edge.patients.birth import today_of
from edge.patients.calendars import BY_NAME, CALENDARS, year_of
from edge.patients.form import PatientForm
from edge.staff.drafts import Draft
from kiosk_ui import context
from kiosk_ui.wording import N_, t

FIELDS = tuple(field.name for field in fields(PatientForm))
LONGEST = 400
"""Characters read of one field; what is longer is refused by the edge, not cut unseen."""

PART_OF_CARD = N_("This is not a whole card number. Scan it again, or check it.")

_WRONG = {
    ("text", "required"): N_("Write it first."),
    ("name", "required"): N_("Enter the name."),
    ("sex", "unknown"): N_("Choose one of these."),
    ("birth", "format"): N_("Enter the year of birth, or the full date: day, month, year."),
    ("birth", "order"): N_("Write the day first, then the month, then the year."),
    ("birth", "century"): N_("Write the year with four digits."),
    ("birth", "calendar"): N_("This year can be of two calendars. Choose the calendar."),
    ("birth", "other-calendar"): N_(
        "In this calendar the year cannot be; in another it can. Choose the calendar, or correct"
        " the year."
    ),
    ("birth", "impossible"): N_("There is no such date."),
    ("birth", "future"): N_("This date has not come yet."),
    ("birth", "too-old"): N_("Nobody is that old. Check the year."),
    ("age", "format"): N_("Enter the age as a whole number, and its unit beside it."),
    ("age", "too-old"): N_("Nobody is that old. Check the age."),
    ("phone", "format"): N_("Enter a phone number in digits, or leave it empty."),
    ("card", "taken"): N_("Another patient has this card. Check the number."),
    ("card", "alphabet"): N_(
        "A card number has Latin letters and digits. If a scanner wrote this, it types in another"
        " alphabet: switch the keyboard of this screen to English (US), then scan again."
    ),
    ("card", "part"): PART_OF_CARD,
    ("gestation", "format"): N_("Enter the weeks as a whole number, or leave it empty."),
    ("gestation", "impossible"): N_("No pregnancy has so many or so few weeks. Check the number."),
}
_TOO_LONG = N_("This is too long.")
_ANY = N_("This cannot be read. Check it.")


_CHOICES = {"age_unit": "age", "calendar": "birth"}
"""What is chosen about a number counts only beside the number."""


def sent() -> dict[str, str]:
    """Return the fields of this request as typed."""
    typed = {f: request.form[f][:LONGEST] for f in FIELDS if f in request.form}
    idle = [choice for choice, of in _CHOICES.items() if not typed.get(of, "").strip()]
    return {f: text for f, text in typed.items() if f not in idle}


def form_of(fields: Mapping[str, str]) -> PatientForm:
    """Return the form that these fields fill; fields of other names are left out."""
    known = {f: text for f, text in fields.items() if f in FIELDS}
    return PatientForm(**({"name": ""} | known))


def check_card(fields: Mapping[str, str], held: str | None = None) -> None:
    """Refuse a number that no card of this site has; raises `InvalidForm`. `held` is on file."""
    number = cards.tidy(fields.get("card", ""))
    if number and number != held and not context.settings().card_shape.fits(number):
        raise InvalidForm({"card": "part"})


def draft(form: str, path: str) -> Draft:
    """Return what this request typed, as a draft of a page."""
    return Draft(form, path, sent())


def problems(wrong: Mapping[str, str]) -> dict[str, Markup]:
    """Return what is wrong with each field in words."""
    return {field: t(_text(field, kind)) for field, kind in wrong.items()}


@dataclass(frozen=True, slots=True)
class CalendarChoice:
    """A calendar of the form: its value, its name, and the year that it counts today."""

    value: str
    name: str
    year: int


def calendars() -> list[CalendarChoice]:
    """Return the calendars, those of this clinic first."""
    today, own = today_of(context.now()), context.settings().calendars
    ordered = [*(BY_NAME[name] for name in own), *(c for c in CALENDARS if c.name not in own)]
    return [CalendarChoice(c.name.value, c.label, year_of(c, today)) for c in ordered]


def parts() -> dict[str, object]:
    """Return what the template of the fields needs beside their values.

    `no_calendar` is the value of the form while nobody has chosen one of the clinic's calendars.
    """
    return {
        "lines": LINES,
        "age_units": tuple(AgeUnit),
        "calendars": calendars,
        "no_calendar": " ".join(context.settings().calendars),
    }


def _text(field: str, kind: str) -> str:
    return _TOO_LONG if kind == "too-long" else _WRONG.get((field, kind), _ANY)


def _in_lines(ordered: Sequence[PatientField]) -> tuple[tuple[PatientField, ...], ...]:
    """Put two fields of half a line that follow one another into one line."""
    lines: list[tuple[PatientField, ...]] = []
    for field in ordered:
        before = lines[-1] if lines else ()
        if field.half and len(before) == 1 and before[0].half:
            lines[-1] = (*before, field)
        else:
            lines.append((field,))
    return tuple(lines)


LINES = _in_lines([field for field in PATIENT_FIELDS if field.is_entered])
"""The fields as they stand in the form, line by line."""

BABY_FIELDS = tuple(
    field for field in PATIENT_FIELDS if field.name in ("sex", "birth", "gestation", "name")
)
"""The fields of the form for a baby, beside those that it has of its mother."""
