"""The register of a day: each visit one row, as the paper book in the clinic has it."""

from __future__ import annotations

from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from flask import Blueprint, render_template, request
from markupsafe import Markup

from edge.model.patient_codes import Sex
from edge.model.reading import Value
from edge.reports import box_facts
from edge.reports.core import months, register
from edge.reports.core.register import RegisterRow
from edge.visits import complaints, visit_words
from kiosk_ui import context
from kiosk_ui.guard import staff_only
from kiosk_ui.reading_lines import Line, lines
from kiosk_ui.sentences import report_texts
from kiosk_ui.wording import count, own_words, sex_name, t

page = Blueprint("day_register", __name__)


@dataclass(frozen=True, slots=True)
class RowText:
    """One visit in words."""

    number: Markup
    patient: str
    name: Markup
    sex: Markup
    age: Markup
    village: Markup
    reason: Markup
    complaints: Markup
    vitals: tuple[Line, ...]
    outcome: Markup
    is_paper: bool


@page.get("/day-register")
@staff_only
def show() -> str:
    """Show the visits of a day, of today when none is named."""
    store = context.store()
    today = box_facts.today(store, context.now())
    asked = request.args.get("day", "")
    day = asked if months.is_day(asked) and asked <= today else today
    rows = register.rows(box_facts.settled_day(store, day), day)
    return render_template(
        "day_register.html",
        day=day,
        earlier=months.plus_days(day, -1),
        later=months.plus_days(day, 1) if day < today else None,
        rows=[_row(row) for row in rows],
    )


def _row(row: RegisterRow) -> RowText:
    who, sex = row.person, row.person.sex
    return RowText(
        number=count(row.number),
        patient=row.visit.patient,
        name=own_words(who.name),
        sex=sex_name(Sex(sex) if sex in set(Sex) else Sex.UNKNOWN),
        age=Markup("") if row.age is None else count(row.age),
        village=own_words(who.village),
        reason=_words(row.note("reason"), visit_words.REASONS),
        complaints=_words(row.note("complaints"), complaints.COMPLAINTS),
        vitals=lines(tuple(_values(row))),
        outcome=report_texts.word(row.note("outcome")) if row.note("outcome") else Markup(""),
        is_paper=row.visit.is_paper,
    )


def _words(words: str, table: visit_words.WordList) -> Markup:
    found = [t(table[word].label) if word in table else own_words(word) for word in words.split()]
    return Markup(", ").join(found)


def _values(row: RegisterRow) -> list[Value]:
    found = []
    for code, (number, unit) in row.vitals.items():
        try:
            found.append(Value(code, Decimal(number), unit))
        except InvalidOperation:
            continue  # nobody vouches for a record
    return found
