"""A patient measures alone: large steps, no names, and nothing left on the screen afterwards.

With a card the readings are the patient's; without one they wait in the tray for a worker.
"""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, abort, redirect, render_template, request, session, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from edge.assessments import judging, unknown_person, verdict
from edge.equipment import registry
from edge.model.patient import Patient
from edge.model.reading import Kind
from edge.patients import cards, register
from edge.readings import history
from edge.readings.history import StoredReading
from edge.rules.assessment import Level
from edge.visits import visits
from edge.visits.visits import Visit
from kiosk_ui import context, person_form, wording
from kiosk_ui.reading_lines import lines
from kiosk_ui.sentences import issue_texts
from kiosk_ui.wording import N_, kind_icon, t
from web.numbers import whole_number
from web.polling import polled

page = Blueprint("self_service", __name__)

WAIT_IDLE_S = 120
"""A cuff needs a minute; after this long without a touch somebody may have left."""

SHOWN_LEAST_S = 60
"""A value stays in sight so long from when it appeared: with an arm in a cuff nobody touches."""

SHOWN_IDLE_S = 30
"""After that it is covered when so long nobody touched and no device measured."""

LEFT_S = 180
"""A worker's visit in which so long nothing was typed or measured may have been left."""

WARN_S = 20

MOST_TRIES = 3
TRIES_FOR_S = 120
"""After so many wrong numbers within this time a person measures without a card."""

_NO_CARD = N_(
    "This is no card number. If you scanned it, the scanner types in another alphabet:"
    " show this to a health worker."
)

_VISIT, _AFTER, _ASKED, _TRIES, _ENDS = "visit", "after", "asked", "tries", "ends"


@dataclass(frozen=True, slots=True)
class Step:
    """What a patient can measure alone: what it is called and what to do."""

    kind: Kind
    name: str
    todo: str
    wait: str


STEPS = (
    Step(
        Kind.BLOOD_PRESSURE,
        N_("Blood pressure"),
        N_("Put the cuff on your bare arm. Press the start button."),
        N_("Sit still. Do not talk."),
    ),
    Step(
        Kind.OXIMETRY,
        N_("Oxygen"),
        N_("Put one finger into the clip."),
        N_("Keep your hand still."),
    ),
    Step(
        Kind.TEMPERATURE,
        N_("Temperature"),
        N_("Switch the thermometer on and put it in place."),
        N_("Wait until it beeps."),
    ),
    Step(
        Kind.WEIGHT,
        N_("Weight"),
        N_("Step onto the scale without shoes."),
        N_("Stand still."),
    ),
)


MOST_HOLDERS = 4


@dataclass(frozen=True, slots=True)
class CardHolder:
    """Somebody on file with a card: a picture, sex and age, as a neighbour may see them."""

    id: str
    picture: str
    sex: Markup
    age: Markup


@page.get("/measure")
def start() -> str:
    """Ask for the card, or offer to go on without one."""
    return _start(None)


@page.post("/measure")
def begin() -> ResponseReturnValue:
    """Begin without a card, or ask whose card it is: a number names a person only with a yes."""
    if "without" in request.form:
        return _begin(None)
    if _is_tired():
        return _start(None), 409
    number = cards.tidy(request.form.get("card", ""))
    if not number:
        return _start(t(N_("Enter the number on your card."))), 422
    if not cards.is_number(number):
        return _start(t(_NO_CARD)), 422
    if not context.settings().card_shape.fits(number):
        return _start(t(person_form.PART_OF_CARD)), 422
    holders = [one for one in register.holders(context.store(), number) if not one.deceased]
    if not holders:
        _note_try()
        text = N_("No card has this number. Try again, or go on without a card.")
        return _start(t(text)), 422
    session[_ASKED] = [holder.id for holder in holders[:MOST_HOLDERS]]
    return redirect(url_for(".ask"), 303)


@page.get("/measure/card")
def ask() -> ResponseReturnValue:
    """Ask whether the number is this person's: a picture and an age, never a name.

    Of two people on file with one card, each is offered.
    """
    if _ASKED not in session:
        return redirect(url_for(".start"), 303)
    holders = [_holder(register.get(context.store(), one)) for one in session[_ASKED]]
    return render_template("self_service_card.html", holders=holders, **_idle())


def _holder(patient: Patient) -> CardHolder:
    years = patient.age_years(context.now().wall.astimezone().date())
    return CardHolder(
        patient.id,
        wording.person_icon(patient.sex, years),
        wording.sex_name(patient.sex),
        wording.rough_age(years),
    )


@page.post("/measure/card")
def answer() -> ResponseReturnValue:
    """Begin when it is this person's card; otherwise go back to the number."""
    if _ASKED not in session:
        return redirect(url_for(".start"), 303)
    mine = request.form.get("mine", "")
    if mine == "yes" and len(session[_ASKED]) == 1:
        mine = session[_ASKED][0]
    if mine in session[_ASKED]:
        session[_ASKED] = [mine]
        return _begin(register.get(context.store(), mine))
    del session[_ASKED]
    _note_try()
    return _start(t(N_("Enter the number again.")))


def _begin(patient: Patient | None) -> ResponseReturnValue:
    """Begin to measure; a worker's visit ends only when it was left and by two answers."""
    store, now = context.store(), context.now()
    held = _worker_visit()
    if held is not None and not _may_end(held):
        return _busy(held, patient is not None), 409
    visit = None
    if patient is None:
        visits.close_visit(store, now, why="another patient")
    else:
        visit = visits.open_visit(store, now, patient.id, actor=None, mode="alone")
    session.clear()
    session[_VISIT] = visit.id if visit else None
    session[_AFTER] = store.journal_position()
    return redirect(url_for(".choose"), 303)


def _may_end(held: Visit) -> bool:
    """Whether this worker's visit was left, and the patient has said twice that it may end."""
    told = session.get(_ENDS) == held.id
    return held.is_idle(context.now(), LEFT_S) and told and request.form.get("stop") == held.id


def _busy(held: Visit, named: bool) -> str:
    """Ask to wait; of a visit that was left, whether it may end, and once more."""
    left = held.is_idle(context.now(), LEFT_S)
    sure = left and "stop" in request.form
    if sure:
        session[_ENDS] = held.id
    return _start(None, busy="sure" if sure else "left" if left else "busy", named=named, held=held)


@page.get("/measure/choose")
def choose() -> ResponseReturnValue:
    """Offer what the devices of this box can measure."""
    if _AFTER not in session:
        return redirect(url_for(".start"), 303)
    here = registry.kinds(context.store())
    steps = [step for step in STEPS if not here or step.kind in here]
    done = {r.kind for r in _readings(session[_AFTER])}
    return render_template(
        "self_service_choose.html", steps=steps, done=done, kind_icon=kind_icon, **_idle()
    )


@page.get("/measure/<kind>")
def measure(kind: str) -> ResponseReturnValue:
    """Show one step; it waits for a reading taken after the step was opened."""
    step = _step(kind)
    if _AFTER not in session:
        return redirect(url_for(".start"), 303)
    after = request.args.get("after", "")
    position = whole_number(after)
    if position is None:
        position = context.store().journal_position()
        return redirect(url_for(".measure", kind=kind, after=position), 303)
    _touch()
    body = Markup(_body(step, position))
    return render_template("self_service_step.html", step=step, after=after, body=body, **_idle())


@page.get("/measure/<kind>/live")
def live(kind: str) -> Response:
    """Answer the step's poll."""
    after = whole_number(request.args.get("after"))
    if _AFTER not in session or after is None:
        abort(404)
    step = _step(kind)
    if session.get(_VISIT) and _own_visit() is None:
        return polled(render_template("self_service_ended.html", worker=_worker_visit()))
    if not session.get(_VISIT) and _worker_visit() is not None:
        return polled(render_template("self_service_ended.html", worker=True))
    return polled(_body(step, after))


@page.post("/measure/done")
def done() -> ResponseReturnValue:
    """Forget the patient and thank them; what was not measured is not called kept."""
    if _AFTER not in session:
        session.clear()
        return redirect(url_for("home.show"), 303)
    visit = _own_visit()
    if visit is not None:
        visits.close_visit(context.store(), context.now(), why="finished")
    kept, unnamed = bool(_readings(session[_AFTER])), session.get(_VISIT) is None
    session.clear()
    return render_template("self_service_done.html", kept=kept, unnamed=unnamed)


def _start(
    wrong: Markup | None, *, busy: str = "", named: bool = False, held: Visit | None = None
) -> str:
    return render_template(
        "self_service_start.html",
        wrong=wrong,
        busy=busy,
        named=named,
        held=held,
        tired=_is_tired(),
        longest=cards.LONGEST,
    )


def _note_try() -> None:
    session[_TRIES] = [_tries() + 1, context.now().t_ms]


def _is_tired() -> bool:
    return _tries() >= MOST_TRIES


def _tries() -> int:
    """Return how many wrong numbers were typed just now; whoever comes later begins anew."""
    tries, at_ms = session.get(_TRIES, (0, 0))
    fresh = 0 <= context.now().t_ms - at_ms <= TRIES_FOR_S * 1000
    return int(tries) if fresh else 0


def _worker_visit() -> Visit | None:
    visit = visits.current(context.store(), context.now())
    return visit if visit is not None and visit.mode == "worker" else None


def _body(step: Step, after: int) -> str:
    readings = [r for r in _readings(max(after, session[_AFTER])) if r.kind == step.kind]
    newest = readings[0] if readings else None
    store = context.store()
    refused = [] if newest else history.refused(store, after, limit=1)
    now_showing = [
        value for value in registry.live(store, context.now()) if value.kind == step.kind
    ]
    if now_showing:
        _touch()
    return render_template(
        "self_service_body.html",
        step=step,
        icon_name=kind_icon(step.kind),
        rows=lines(newest.values, newest.coded) if newest else (),
        advice=_advice(newest) if newest else [],
        refused=[issue_texts.refusal_sentence(f) for f in refused],
        measuring=bool(now_showing),
        entry=newest.entry if newest else 0,
        shown_idle_s=SHOWN_IDLE_S,
        shown_least_s=SHOWN_LEAST_S,
    )


def _advice(recorded: StoredReading) -> list[Markup]:
    """Return what to do about a value that a rule or a limit has marked, in the patient's words."""
    store, now = context.store(), context.now()
    is_silent = bool(history.silences(store, [recorded], now))
    if history.urgent(store, [recorded.entry]) or is_silent or _may_be_urgent(recorded):
        visit = _own_visit()
        said = "" if visit is None else verdict.of_visit(store, visit, now).patient
        now_text = t(N_("Show this to a health worker now."))
        return [now_text, t(said)] if said else [now_text]
    if recorded.warnings or recorded.doubts:
        return [t(N_("Rest a little and measure again. Then show it to a health worker."))]
    return []


def _may_be_urgent(recorded: StoredReading) -> bool:
    """Whether a value without a card would be urgent for any grown person."""
    if recorded.patient_id is not None:
        return False
    return (
        unknown_person.most_urgent(judging.tables(context.store()), recorded.values).rank
        >= Level.URGENT.rank
    )


def _readings(after: int) -> list[StoredReading]:
    """Return the newest that this patient measured of each kind since `after`, newest first."""
    return history.newest_of_kinds(context.store(), after, session.get(_VISIT))


def _own_visit() -> Visit | None:
    visit = visits.current(context.store(), context.now())
    return visit if visit is not None and visit.id == session.get(_VISIT) else None


def _touch() -> None:
    visit = _own_visit()
    if visit is not None:
        visits.touch(context.store(), context.now(), visit)


def _step(kind: str) -> Step:
    step = next((step for step in STEPS if step.kind == kind), None)
    return step or abort(404)


def _idle() -> dict[str, int]:
    return {"idle_s": WAIT_IDLE_S, "warn_s": WARN_S}
