"""Measuring by hand: the arm of a pressure, breaths counted by taps, refill, what is seen."""

from __future__ import annotations

from decimal import Decimal, InvalidOperation

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from edge.model.errors import InvalidForm
from edge.model.reading import COUNTED_60_S, Code, Kind, Measurement, Value
from edge.patients import register
from edge.readings import alerts, history, measured
from edge.readings.measuring import Arm
from edge.visits import notes, visits
from edge.visits.visit_fields import BY_NAME, VisitFieldType
from edge.visits.visits import Visit
from kiosk_ui import context, typed_recording
from kiosk_ui.guard import staff_only
from kiosk_ui.reading_lines import lines
from kiosk_ui.wording import N_, t

page = Blueprint("measuring", __name__)

SEEN_FIELDS = ("acvpu", "oxygen", "oedema", "position")
"""Fields of a visit's note that are said by one tap, in their order on the page."""

YES_NO = {"yes": N_("Yes"), "no": N_("No")}

TWICE_BELOW_DAYS, TWICE_FROM = 60, 60
"""Below two months sixty breaths and more are counted a second time (WHO IMCI, 2014)."""

_LONGEST_S = 30


@page.post("/visits/<visit_id>/arm")
@staff_only
def say_arm(visit_id: str) -> ResponseReturnValue:
    """Keep on which arm a reading of this visit was."""
    store, visit = context.store(), visits.get(context.store(), visit_id)
    entry, arm = request.form.get("entry", ""), request.form.get("arm", "")
    reading = history.one(store, int(entry)) if entry.isdecimal() and len(entry) < 16 else None
    if arm not in (Arm.LEFT, Arm.RIGHT) or reading is None or reading.visit_id != visit.id:
        abort(400)
    actor = context.worker().staff.id
    measured.say_arm(store, context.now(), reading.entry, Arm(arm), actor=actor)
    return redirect(url_for("visit.show", visit_id=visit.id), 303)


@page.get("/visits/<visit_id>/measuring")
@staff_only
def show(visit_id: str) -> str:
    """Show what is measured by hand and said by a tap."""
    visit = visits.get(context.store(), visit_id)
    note = notes.of_visit(context.store(), visit_id)
    groups = [
        (name, t(BY_NAME[name].label), _choices(name), note.text(name)) for name in SEEN_FIELDS
    ]
    last = {
        kind: lines(found.values)[0].text if found is not None else None
        for kind in (Kind.RESPIRATORY_RATE, Kind.CAPILLARY_REFILL)
        for found in [_newest(visit, kind)]
    }
    return _page("measuring.html", visit, groups=groups, last=last)


@page.post("/visits/<visit_id>/measuring")
@staff_only
def say(visit_id: str) -> ResponseReturnValue:
    """Keep one tap; the same tap again takes it back."""
    name, value = request.form.get("name", ""), request.form.get("value", "")
    if name not in SEEN_FIELDS:
        abort(400)
    store, now, actor = context.store(), context.now(), context.worker().staff.id
    said = "" if notes.of_visit(store, visit_id).text(name) == value else value
    try:
        with store.transaction():
            notes.say(store, now, visit_id, name, said, actor=actor)
            alerts.judge_note(store, now, visit_id)
    except InvalidForm:
        abort(400)
    return redirect(url_for(".show", visit_id=visit_id), 303)


@page.get("/visits/<visit_id>/measuring/breaths")
@staff_only
def breaths(visit_id: str) -> str:
    """Show the counter of breaths."""
    visit = visits.get(context.store(), visit_id)
    return _page("measuring_breaths.html", visit, again=_count_again(visit), problem=None)


@page.post("/visits/<visit_id>/measuring/breaths")
@staff_only
def keep_breaths(visit_id: str) -> ResponseReturnValue:
    """Record what was counted in sixty seconds; some babies are counted once more."""
    visit, number = visits.get(context.store(), visit_id), _number(200)
    value = Value(Code.RESPIRATORY_RATE, number.to_integral_value(), "/min")
    counted = Measurement(Kind.RESPIRATORY_RATE, (value,), quality=(COUNTED_60_S,))
    kept = typed_recording.record_counted(visit, counted)
    if not isinstance(kept, int):
        again = _count_again(visit)
        return _page("measuring_breaths.html", visit, again=again, problem=kept), 422
    to = ".breaths" if _count_again(visit) else "visit.show"
    return redirect(url_for(to, visit_id=visit_id), 303)


@page.get("/visits/<visit_id>/measuring/refill")
@staff_only
def refill(visit_id: str) -> str:
    """Show the timer of the capillary refill."""
    return _page("measuring_refill.html", visits.get(context.store(), visit_id), problem=None)


@page.post("/visits/<visit_id>/measuring/refill")
@staff_only
def keep_refill(visit_id: str) -> ResponseReturnValue:
    """Record the seconds until the nail was pink again."""
    visit, number = visits.get(context.store(), visit_id), _number(_LONGEST_S)
    value = Value(Code.CAPILLARY_REFILL, number.quantize(Decimal("0.1")), "s")
    kept = typed_recording.record_counted(visit, Measurement(Kind.CAPILLARY_REFILL, (value,)))
    if not isinstance(kept, int):
        return _page("measuring_refill.html", visit, problem=kept), 422
    return redirect(url_for("visit.show", visit_id=visit_id), 303)


def _page(template: str, visit: Visit, **values: object) -> str:
    patient = register.get(context.store(), visit.patient_id)
    return render_template(template, visit=visit, patient=patient, **values)


def _choices(name: str) -> list[tuple[str, Markup]]:
    field = BY_NAME[name]
    if field.type is VisitFieldType.TRUTH or field.words is None:
        return [(word, t(label)) for word, label in YES_NO.items()]
    return [(word, t(row.label)) for word, row in field.words.items()]


def _newest(visit: Visit, kind: Kind) -> history.StoredReading | None:
    readings = history.of_visit(context.store(), visit.id)
    return next((r for r in readings if r.kind == kind and not r.struck), None)


def _count_again(visit: Visit) -> bool:
    """Whether a baby breathes so fast that the breaths are counted a second time."""
    age = alerts.age_of(context.store(), visit.patient_id, context.now())
    if age is None or age.days >= TWICE_BELOW_DAYS:
        return False
    held = [
        value.value
        for r in history.of_visit(context.store(), visit.id)
        if r.kind == Kind.RESPIRATORY_RATE and not r.struck
        for value in [r.value(Code.RESPIRATORY_RATE)]
        if value is not None
    ]
    return len(held) == 1 and held[0] >= TWICE_FROM


def _number(most: int) -> Decimal:
    """Return the number that the page's script has counted; anything else is no form of ours."""
    try:
        number = Decimal(request.form.get("value", "")[:8])
    except InvalidOperation:
        abort(400)
    if not number.is_finite() or not 0 <= number <= most:
        abort(400)
    return number
