"""Tests read by eye in a visit: the result by a tap, the kit with its lot and last day."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from edge.model.errors import InvalidForm
from edge.model.reading import EyeTestKit, Kind, Reading
from edge.readings import history, intake
from edge.staff import staff
from edge.staff.drafts import Draft
from edge.visits import eye_tests, notes, visits
from edge.visits.eye_tests import EyeTest
from edge.visits.visits import Visit
from kiosk_ui import context, form_drafts, stock_texts, typed_days
from kiosk_ui.guard import staff_form, staff_only
from kiosk_ui.pages import visit_notes
from kiosk_ui.reading_lines import ReadingText
from kiosk_ui.reading_lines import show as show_reading
from kiosk_ui.wording import N_, coded_text, quantity, t, vital_name

page = Blueprint("visit_tests", __name__)

PART = "tests"
_FIELDS = ("kit", "lot", "expiry", "expired")
_WRONG = {
    "required": N_("Tap what the test shows."),
    "too-long": N_("This is too long."),
    "expired": N_("This kit may not be used any more. Take another one, or say below why not."),
}
_ANY = N_("This cannot be read. Check it.")


@dataclass(frozen=True, slots=True)
class PartRow:
    """One part of a test: its name and what can be tapped, as value and label."""

    code: str
    name: Markup
    choices: list[tuple[str, Markup]]


@page.get("/visits/<visit_id>/tests")
@staff_only
def show(visit_id: str) -> str:
    """Show the tests of the visit, and those that can be made."""
    visit = visits.get(context.store(), visit_id)
    body = render_template(
        "note_tests.html",
        visit=visit,
        tests=[(test.word, t(test.label)) for test in eye_tests.EYE_TESTS.values()],
        left=stock_texts.left_of_tests(),
        rows=_rows(visit),
    )
    return _page(visit, body)


@page.get("/visits/<visit_id>/tests/<word>")
@staff_only
def ask(visit_id: str, word: str) -> str:
    """Ask for the result of one test; the kit is the one that was used last."""
    visit, test = visits.get(context.store(), visit_id), _test(word)
    typed = form_drafts.stored(_form_of(visit)) or _last_kit(test)
    return _form(visit, test, typed, {})


def _typed(visit_id: str, word: str) -> Draft:
    visit, test = visits.get(context.store(), visit_id), _test(word)
    names = (*_FIELDS, *(part.code for part in test.results))
    fields = {name: request.form.get(name, "")[:120] for name in names if name in request.form}
    return Draft(_form_of(visit), url_for(".ask", visit_id=visit_id, word=word), fields)


@page.post("/visits/<visit_id>/tests/<word>")
@staff_form(_typed)
def keep(visit_id: str, word: str) -> ResponseReturnValue:
    """Record the result; a kit after its last day is asked about first."""
    store, now = context.store(), context.now()
    visit, test = visits.get(store, visit_id), _test(word)
    typed = _typed(visit_id, word).fields
    try:
        measurement = eye_tests.measured(
            test, typed, _kit(visit, typed), visit.day, expired=bool(typed.get("expired"))
        )
    except InvalidForm as error:
        return _form(visit, test, typed, _problems(error)), 422
    reading = Reading(
        measurement,
        now,
        "typed",
        patient_id=visit.patient_id,
        visit_id=visit.id,
        actor=context.worker().staff.id,
        day=visits.paper_day(visit, now),
    )
    outcome = intake.accept(store, reading)
    if isinstance(outcome, intake.RejectedReading):
        return _form(visit, test, typed, {"result": t(_ANY)}), 422
    form_drafts.forget(_form_of(visit))
    again = any(value.word == eye_tests.INVALID for value in measurement.coded)
    if again:
        return redirect(url_for(".ask", visit_id=visit_id, word=word, again="yes"), 303)
    return redirect(url_for(".show", visit_id=visit_id), 303)


def _kit(visit: Visit, typed: dict[str, str]) -> EyeTestKit:
    said = typed.get("expiry", "").strip()
    first, last = visit.day - timedelta(days=3660), visit.day + timedelta(days=3660)
    expiry = typed_days.read(said, first, last, month_end=True) if said else None
    return EyeTestKit(typed.get("kit", "").strip(), typed.get("lot", "").strip(), expiry)


def _problems(error: InvalidForm) -> dict[str, Markup]:
    if "day" in error.fields:
        return {"expiry": typed_days.problem(error)}
    return {name: t(_WRONG.get(kind, _ANY)) for name, kind in error.fields.items()}


def _last_kit(test: EyeTest) -> dict[str, str]:
    """Return the kit that was used last for a test, as fields of the form."""
    kit = history.last_kit(context.store(), test.results[0].code)
    if kit is None:
        return {}
    expiry = "" if kit.expiry is None else kit.expiry.isoformat()
    return {"kit": kit.name, "lot": kit.lot, "expiry": expiry}


def _form(visit: Visit, test: EyeTest, typed: dict[str, str], problems: dict[str, Markup]) -> str:
    body = render_template(
        "note_test.html",
        visit=visit,
        test=test,
        title=t(test.label),
        left=stock_texts.left_of_tests().get(test.word),
        parts=_parts(test),
        typed=typed,
        problems=problems,
        again="again" in request.args,
    )
    return _page(visit, body)


def _parts(test: EyeTest) -> list[PartRow]:
    return [
        PartRow(
            part.code,
            vital_name(part.code),
            [(word, coded_text(word)) for word in part.words]
            + [(step, quantity(step, part.unit)) for step in part.steps],
        )
        for part in test.results
    ]


def _rows(visit: Visit) -> list[ReadingText]:
    store, now = context.store(), context.now()
    names = {person.id: person.name for person in staff.members(store)}
    made = [r for r in history.of_visit(store, visit.id) if r.kind == Kind.TEST]
    urgent = history.urgent(store, [r.entry for r in made])
    return [show_reading(r, now, names, urgent) for r in made]


def _page(visit: Visit, body: str) -> str:
    note = notes.of_visit(context.store(), visit.id)
    return visit_notes.page_of(note, PART, Markup(body))


def _test(word: str) -> EyeTest:
    test = eye_tests.EYE_TESTS.get(word)
    if test is None:
        abort(404)
    return test


def _form_of(visit: Visit) -> str:
    return f"test/{visit.patient_id}"
