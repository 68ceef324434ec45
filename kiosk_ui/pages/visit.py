"""A worker's measuring session: values drop in by themselves, the rest is typed."""

from __future__ import annotations

from dataclasses import dataclass, replace

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from edge.equipment import registry
from edge.model.age import Age
from edge.model.clock import Stamp
from edge.model.errors import DiskFault, DiskFull, NotFound, StoreError
from edge.model.reading import Measurement, Reading
from edge.patients import register
from edge.readings import alerts, earlier, history, intake
from edge.readings.history import StoredReading
from edge.rules import plausibility
from edge.staff import audit, staff
from edge.staff.drafts import Draft
from edge.visits import visits
from edge.visits.visits import Visit
from kiosk_ui import context, form_drafts, typed_values
from kiosk_ui.guard import staff_form, staff_only
from kiosk_ui.reading_lines import Line
from kiosk_ui.reading_lines import show as show_reading
from kiosk_ui.sentences import issue_texts
from kiosk_ui.typed_values import TypedEntry, TypedRow
from kiosk_ui.wording import (
    N_,
    count,
    kind_icon,
    kind_name,
    own_words,
    quantity,
    since,
    t,
    vital_name,
)
from web.polling import polled

page = Blueprint("visit", __name__)


@dataclass(frozen=True, slots=True)
class LiveNow:
    """What a device shows at this moment: nothing of it is recorded yet."""

    icon: str
    lines: tuple[Line, ...]


@page.post("/patients/<patient_id>/visit")
@staff_only
def open_for(patient_id: str) -> ResponseReturnValue:
    """Open a visit, or go back to the one that is already open for this patient."""
    store, now, actor = context.store(), context.now(), context.worker().staff.id
    visit = visits.current(store, now)
    if visit is None or visit.patient_id != patient_id or visit.mode != "worker":
        visit = visits.open_visit(store, now, patient_id, actor=actor)
        audit.note_view(store, now, patient_id, actor, "visit")
    return redirect(url_for(".show", visit_id=visit.id), 303)


@page.get("/visits/<visit_id>")
@staff_only
def show(visit_id: str) -> str:
    """Show the session."""
    visit = visits.get(context.store(), visit_id)
    begun = form_drafts.stored(_form_of(visit))
    return render_template(
        "visit.html",
        visit=visit,
        patient=register.get(context.store(), visit.patient_id),
        live=Markup(_live(visit)),
        rows=[typed_values.begun(entry, begun) for entry in typed_values.ENTRIES],
        row_html=_row,
        begun=bool(begun),
    )


@page.get("/visits/<visit_id>/live")
@staff_only
def live(visit_id: str) -> Response:
    """Answer the poll of the values."""
    return polled(_live(visits.get(context.store(), visit_id)))


def _typed_row(visit_id: str) -> Draft:
    """What one row sends, for when its sender's session has ended."""
    visit, entry = _typed_into(visit_id)
    fields = typed_values.draft_fields(typed_values.read_row(entry, request.form))
    return Draft(_form_of(visit), url_for("visit.show", visit_id=visit.id), fields)


def _typed_rows(visit_id: str) -> Draft:
    """What stands in all rows and is not recorded yet."""
    visit = visits.get(context.store(), visit_id)
    fields: dict[str, str] = {}
    for entry in typed_values.ENTRIES:
        fields |= typed_values.draft_fields(typed_values.begun(entry, request.form))
    return Draft(_form_of(visit), url_for("visit.show", visit_id=visit.id), fields)


@page.post("/visits/<visit_id>/draft")
@staff_form(_typed_rows)
def keep_draft(visit_id: str) -> ResponseReturnValue:
    """Keep what has been typed and not recorded so far."""
    form_drafts.keep(_typed_rows(visit_id))
    return "", 204


@page.post("/visits/<visit_id>/typed")
@staff_form(_typed_row)
def keep_typed(visit_id: str) -> ResponseReturnValue:
    """Record what was typed; an impossible number stays in its box with the reason."""
    visit, entry = _typed_into(visit_id)
    row = typed_values.read_row(entry, request.form)
    measured = typed_values.measured(row)
    if isinstance(measured, str):
        return _row(visit_id, replace(row, problem=t(measured)))
    age = alerts.age_of(context.store(), visit.patient_id, context.now())
    marked = _check(row, measured, age)
    if marked is not None:
        return _row(visit_id, marked)
    try:
        problem = _record(visit, measured)
    except StoreError as error:
        problem = _sentence(error)
    if problem is not None:
        return _row(visit_id, replace(row, problem=problem))
    _forget_row(visit, row)
    answer = make_response(_row(visit_id, typed_values.blank(entry)))
    answer.headers["HX-Trigger"] = "recorded"
    return answer


@page.post("/visits/<visit_id>/close")
@staff_only
def close(visit_id: str) -> ResponseReturnValue:
    """Close the session; what arrives later goes to the tray."""
    store, now = context.store(), context.now()
    visit = visits.current(store, now)
    if visit is not None and visit.id == visit_id:
        visits.close_visit(store, now, why="finished", actor=context.worker().staff.id)
        form_drafts.forget(_form_of(visit))
    return redirect(url_for("patients.search"), 303)


def _typed_into(visit_id: str) -> tuple[Visit, TypedEntry]:
    entry = typed_values.find(request.form.get("kind", ""))
    if entry is None:
        raise NotFound("no such vital")
    return visits.get(context.store(), visit_id), entry


def _form_of(visit: Visit) -> str:
    # Named after the patient: a visit that closed itself is opened anew with what was typed.
    return f"typed/{visit.patient_id}"


def _forget_row(visit: Visit, row: TypedRow) -> None:
    """Take a recorded row out of the draft: nobody shall record it a second time."""
    fields = form_drafts.stored(_form_of(visit))
    rest = {k: v for k, v in fields.items() if not k.startswith(f"{row.entry.kind.value}.")}
    if rest != fields:
        path = url_for("visit.show", visit_id=visit.id)
        form_drafts.keep(Draft(_form_of(visit), path, rest))


def _live(visit: Visit) -> str:
    store, now = context.store(), context.now()
    readings = history.of_visit(store, visit.id)
    names = {person.id: person.name for person in staff.members(store)}
    urgent = history.urgent(store, [r.entry for r in readings])
    silences = history.silences(store, readings, now)
    is_open = _is_open(visit, now)
    return render_template(
        "visit_live.html",
        visit=visit,
        is_open=is_open,
        taken=visit.closed_why == "another patient",
        readings=[
            show_reading(r, now, names, urgent, silences) for r in _in_order(readings, urgent)
        ],
        left_out=_left_out(visit, readings),
        silent=issue_texts.silent_for(alerts.age_of(store, visit.patient_id, now)),
        refused=_refused(visit, readings) if is_open else [],
        repeated=_repeated(visit, now) if is_open else [],
        now_showing=_now_showing(now) if is_open else [],
        devices=[d for d in registry.devices(store) if d.state in ("connected", "measuring")],
    )


def _in_order(readings: list[StoredReading], urgent: frozenset[int]) -> list[StoredReading]:
    """Return a visit's readings: the dangerous, then the newest of each kind, then the earlier."""
    newest = {reading.kind: reading.entry for reading in reversed(readings)}

    def place(reading: StoredReading) -> int:
        if reading.entry in urgent and not reading.struck:
            return 0
        return 1 if newest[reading.kind] == reading.entry else 2

    return sorted(readings, key=place)


def _left_out(visit: Visit, readings: list[StoredReading]) -> Markup | None:
    """Return in words how many readings of this visit only the history shows."""
    more = history.count_of_visit(context.store(), visit.id) - len(readings)
    if more <= 0:
        return None
    return t(N_("%(n)s earlier readings of this session stand in the history."), n=count(more))


def _refused(visit: Visit, readings: list[StoredReading]) -> list[Markup]:
    """Return what a device failed to measure since the last value; older failures are history."""
    after = max([visit.entry, *(r.entry for r in readings if r.source == "device")])
    refusals = history.refused(context.store(), after, limit=3)
    return list(dict.fromkeys(_refusal(refusal) for refusal in refusals))


def _repeated(visit: Visit, now: Stamp) -> list[Markup]:
    """Return what a device sent that was recorded before: nobody shall wait for it to appear."""
    return [
        t(
            N_("%(device)s: this value was already recorded, %(when)s"),
            device=own_words(one.model),
            when=since(one.placed.when, now),
        )
        for one in earlier.repetitions(context.store(), visit.opened)
    ]


def _refusal(refusal: history.Refusal) -> Markup:
    sentence = issue_texts.refusal_sentence(refusal)
    if refusal.model is None:
        return sentence
    return t(N_("%(device)s: %(what)s"), device=own_words(refusal.model), what=sentence)


def _now_showing(now: Stamp) -> list[LiveNow]:
    return [
        LiveNow(
            kind_icon(device.kind),
            tuple(
                Line(vital_name(code), quantity(number, unit))
                for code, number, unit in device.shown
            ),
        )
        for device in registry.live(context.store(), now)
    ]


def _is_open(visit: Visit, now: Stamp) -> bool:
    return visit.closed_entry is None and not visit.is_idle(now)


def _check(row: TypedRow, measured: Measurement, age: Age | None) -> TypedRow | None:
    """Return the row with what is wrong or doubtful, or None when it may be recorded."""
    impossible = plausibility.impossible(measured.values)
    if impossible is not None:
        sentence = issue_texts.impossible_sentence(impossible, measured.values)
        return replace(row, problem=sentence)
    doubtful = plausibility.doubtful(measured.values, age)
    if not doubtful or request.form.get("sure") == _fingerprint(measured):
        return None
    what = Markup(" · ").join(issue_texts.warning_sentence(finding.name) for finding in doubtful)
    return replace(row, doubt=(what, _fingerprint(measured)))


def _fingerprint(measured: Measurement) -> str:
    """Name the values, so that "yes, that is right" cannot confirm a number typed since."""
    return "/".join(f"{v.value}{v.unit}" for v in measured.values)


def _record(visit: Visit, measured: Measurement) -> Markup | None:
    store, now = context.store(), context.now()
    if not _is_open(visit, now):
        return t(N_("This session is closed. Open the patient again, then record it."))
    actor = context.worker().staff.id
    reading = Reading(
        measured, now, "typed", patient_id=visit.patient_id, visit_id=visit.id, actor=actor
    )
    visits.touch(store, now, visit)
    outcome = intake.accept(store, reading)
    if isinstance(outcome, intake.RejectedReading):
        return issue_texts.impossible_sentence(outcome.why, measured.values)
    return None


def _sentence(error: StoreError) -> Markup:
    if isinstance(error, DiskFull):
        return t(issue_texts.DISK_FULL)
    if isinstance(error, DiskFault):
        return t(issue_texts.DISK_FAULT)
    return t(N_("The box could not record this. Please try again."))


def _row(visit_id: str, row: TypedRow) -> Markup:
    return Markup(
        render_template(
            "typed_row.html",
            visit_id=visit_id,
            row=row,
            name=kind_name(row.entry.kind),
            icon_name=kind_icon(row.entry.kind),
            names=[vital_name(box.code) for box in row.entry.boxes],
        )
    )
