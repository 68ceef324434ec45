"""The temperature log of the vaccine refrigerators, read by hand twice a day or by a sensor."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from edge.care import fridge
from edge.care.fridge import FridgeDay, FridgeReading
from edge.model.errors import InvalidForm
from edge.staff.drafts import Draft
from edge.store import taken_back
from kiosk_ui import context, form_drafts, typed_numbers
from kiosk_ui.care_texts import PARTS, day_text
from kiosk_ui.guard import staff_form, staff_only
from kiosk_ui.wording import N_, quantity, t

page = Blueprint("fridge", __name__)

LONGEST = 40
_FORM = "fridge"
_SIGNS = str.maketrans(",٫−", "..-")
"""A decimal comma and a minus sign, as people type them."""

_WRONG = {
    ("fridge", "required"): N_("Name the refrigerator."),
    ("fridge", "too-long"): N_("This is too long."),
    ("value", "format"): N_("Enter the temperature as a number, such as 4.5."),
    ("value", "impossible"): N_("A refrigerator cannot have this temperature. Check it."),
}


@dataclass(frozen=True, slots=True)
class DayText:
    """One day of the log in words; `readings` are part, temperature, whether it is good, entry."""

    day: Markup
    lowest: Markup
    highest: Markup
    good: bool
    readings: list[tuple[Markup, Markup, bool, int]]
    missing: list[Markup]


@page.get("/fridge")
@staff_only
def show() -> str:
    """Show the log of one refrigerator, the first when none is asked for."""
    return _page(form_drafts.stored(_FORM))


def _typed() -> Draft:
    fields = {name: request.form.get(name, "")[:LONGEST] for name in ("fridge", "value")}
    return Draft(_FORM, url_for("fridge.show"), fields)


@page.post("/fridge")
@staff_form(_typed)
def keep() -> ResponseReturnValue:
    """Keep a temperature that somebody read."""
    store, now = context.store(), context.now()
    typed = _typed().fields
    try:
        reading = FridgeReading(typed["fridge"], _number(typed["value"]))
        kept = fridge.note(store, now, reading, context.worker().staff.id)
    except InvalidForm as error:
        form_drafts.keep(_typed())
        return _page(typed, error), 422
    form_drafts.forget(_FORM)
    fridge.judge(store, now)
    return redirect(url_for(".show", fridge=kept.fridge), 303)


@page.post("/fridge/<int:entry>/mistake")
@staff_only
def take_back(entry: int) -> ResponseReturnValue:
    """Take a temperature back that was written down by mistake."""
    store, now = context.store(), context.now()
    taken_back.take_back(store, now, entry, "mistake", actor=context.worker().staff.id)
    fridge.judge(store, now)
    return redirect(url_for(".show", fridge=request.form.get("fridge")), 303)


def _number(typed: str) -> Decimal:
    try:
        plain = typed_numbers.digits(typed).strip().translate(_SIGNS)
        return Decimal(plain)
    except InvalidOperation as error:
        raise InvalidForm({"value": "format"}) from error


def _page(typed: dict[str, str], error: InvalidForm | None = None) -> str:
    store, now = context.store(), context.now()
    names = fridge.names(store)
    asked = typed.get("fridge") or request.args.get("fridge") or (names[0] if names else "")
    log = fridge.days(store, asked, now)
    last = next((day.readings[-1] for day in log if day.readings), None)
    return render_template(
        "fridge.html",
        names=names,
        chosen=asked,
        typed=typed,
        wrong={f: t(_WRONG[f, kind]) for f, kind in error.fields.items()} if error else {},
        days=[_day(day) for day in log],
        last=_degrees(last.value) if last else None,
        outside="" if last is None or last.is_good else _outside(last),
        low=_degrees(fridge.LOWEST),
        high=_degrees(fridge.HIGHEST),
    )


def _outside(reading: FridgeReading) -> str:
    return "warm" if reading.value > fridge.HIGHEST else "cold"


def _day(day: FridgeDay) -> DayText:
    readings = [
        (t(PARTS.get(r.part or "", "")), _degrees(r.value), r.is_good, r.entry)
        for r in day.readings
    ]
    return DayText(
        day_text(day.day),
        _degrees(day.lowest),
        _degrees(day.highest),
        all(reading.is_good for reading in day.readings),
        readings,
        [t(PARTS[part]) for part in day.missing],
    )


def _degrees(value: Decimal | None) -> Markup:
    return Markup("") if value is None else quantity(format(value, "f"), "Cel")
