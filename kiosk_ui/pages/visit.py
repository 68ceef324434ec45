"""A worker's measuring session: values drop in by themselves, the rest is typed."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from flask import Blueprint, Response, make_response, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from edge.dangers import dangers
from edge.equipment import registry
from edge.model.clock import Stamp
from edge.model.errors import NotFound
from edge.model.life_status import is_listed
from edge.model.reading import Kind
from edge.patients import edits, register
from edge.readings import alerts, earlier, history
from edge.readings.history import StoredReading
from edge.staff import audit, staff
from edge.staff.drafts import Draft
from edge.visits import notes, visits
from edge.visits.visits import Visit
from kiosk_ui import (
    context,
    form_drafts,
    pressure_tile,
    tiles,
    typed_recording,
    typed_values,
    verdict_text,
)
from kiosk_ui.guard import staff_form, staff_only
from kiosk_ui.pages import life_status
from kiosk_ui.reading_lines import show as show_reading
from kiosk_ui.sentences import issue_texts
from kiosk_ui.typed_values import TypedEntry, TypedRow
from kiosk_ui.wording import (
    N_,
    count,
    kind_icon,
    kind_name,
    own_words,
    since,
    t,
    vital_name,
)
from web.polling import polled

page = Blueprint("visit", __name__)


@dataclass(frozen=True, slots=True)
class VisitPart:
    """One part of a visit: its template is `visit_NAME.html`; a `title` opens it as a sheet."""

    name: str
    title: str = ""

    @property
    def template(self) -> str:
        """The file of its template."""
        return f"visit_{self.name}.html"


PARTS = (
    VisitPart("complaints"),
    VisitPart("danger_signs"),
    VisitPart("triage_signs"),
    VisitPart("pregnancy"),
    VisitPart("tests"),
    VisitPart("medicines"),
    VisitPart("plan"),
    VisitPart("next_date", N_("Next visit")),
    VisitPart("programmes", N_("Programmes")),
    VisitPart("immunization", N_("Vaccines")),
    VisitPart("referral", N_("Referral")),
    VisitPart("notification"),
    VisitPart("outcome"),
)
"""The parts of a visit, in their order on the screen."""


@page.post("/patients/<patient_id>/visit")
@staff_only
def open_for(patient_id: str) -> ResponseReturnValue:
    """Open a visit, go back to the one that is open for this patient, or ask about another's."""
    return begin(patient_id)


def begin(patient_id: str) -> ResponseReturnValue:
    """Begin to measure a patient; the visit of another one ends only when a worker says so."""
    store, now, actor = context.store(), context.now(), context.worker().staff.id
    visit = visits.current(store, now)
    if visit is not None and visit.patient_id != patient_id:
        return _ask(visit, patient_id), 409
    if visit is None or visit.mode != "worker":
        if "marked" not in request.form and not is_listed(register.get(store, patient_id)):
            return life_status.page_of(patient_id, opens=True), 409
        visit = visits.open_visit(store, now, patient_id, actor=actor)
        audit.note_view(store, now, patient_id, actor, "visit")
    return redirect(url_for("visit.show", visit_id=visit.id), 303)


def _ask(visit: Visit, patient_id: str) -> str:
    store = context.store()
    return render_template(
        "another_visit.html",
        visit=visit,
        patient=register.get(store, visit.patient_id),
        then=register.get(store, patient_id),
        values=history.count_of_visit(store, visit.id),
        begun=bool(form_drafts.stored(typed_recording.form_of(visit))),
    )


@page.get("/visits/<visit_id>")
@staff_only
def show(visit_id: str) -> ResponseReturnValue:
    """Show the session, or first the danger that nobody has answered."""
    visit = visits.get(context.store(), visit_id)
    if dangers.of_patient(context.store(), visit.patient_id) is not None:
        return redirect(url_for("danger.show", patient_id=visit.patient_id), 303)
    if typed_recording.is_open(visit, context.now()):
        visits.touch(context.store(), context.now(), visit)
    begun = form_drafts.stored(typed_recording.form_of(visit))
    parts = _parts()
    return render_template(
        "visit.html",
        visit=visit,
        patient=register.get(context.store(), visit.patient_id),
        live=Markup(_live(visit)),
        kept=_kept(visit, context.now()),
        rows=[typed_values.begun(entry, _usual_units() | begun) for entry in typed_values.ENTRIES],
        row_html=row_html,
        begun=bool(begun),
        parts_of_visit=parts,
        typing=bool(begun) or not parts,
    )


@page.get("/visits/<visit_id>/live")
@staff_only
def live(visit_id: str) -> Response:
    """Answer the poll of the values."""
    return polled(_live(visits.get(context.store(), visit_id), polled=True))


@page.post("/visits/<visit_id>/undo")
@staff_only
def undo(visit_id: str) -> ResponseReturnValue:
    """Ask whether the value that was typed last is wrong; nothing typed: back to the visit."""
    readings = history.of_visit(context.store(), visits.get(context.store(), visit_id).id)
    typed = next((r for r in readings if r.source == "typed" and not r.struck), None)
    if typed is None:
        return redirect(url_for("visit.show", visit_id=visit_id), 303)
    return redirect(url_for("retract.show", entry=typed.entry), 303)


@cache
def _parts() -> tuple[VisitPart, ...]:
    """Return the parts that this release has."""
    folder = Path(__file__).parent
    return tuple(part for part in PARTS if (folder / part.template).is_file())


def _kept(visit: Visit, now: Stamp) -> Markup:
    """Return when the last value was kept, and where it is."""
    readings = history.of_visit(context.store(), visit.id)
    if not readings:
        return t(N_("nothing yet"))
    newest = max(readings, key=lambda reading: reading.entry)
    at = since(newest.placed.when, now)
    if all(reading.confirmed for reading in readings):
        return t(N_("%(time)s, confirmed by the hospital"), time=at)
    return t(N_("%(time)s, in this box"), time=at)


def _usual_units() -> dict[str, str]:
    """Return the units of this clinic, as fields of a draft."""
    return {f"{Kind.GLUCOSE.value}.unit": context.settings().glucose_unit}


def _typed_row(visit_id: str) -> Draft:
    """What one row sends, for when its sender's session has ended."""
    visit, entry = _typed_into(visit_id)
    fields = typed_values.draft_fields(typed_values.read_row(entry, request.form))
    return Draft(typed_recording.form_of(visit), url_for("visit.show", visit_id=visit.id), fields)


def _typed_rows(visit_id: str) -> Draft:
    """What stands in all rows and is not recorded yet."""
    visit = visits.get(context.store(), visit_id)
    fields: dict[str, str] = {}
    for entry in typed_values.ENTRIES:
        fields |= typed_values.draft_fields(typed_values.begun(entry, request.form))
    return Draft(typed_recording.form_of(visit), url_for("visit.show", visit_id=visit.id), fields)


@page.post("/visits/<visit_id>/draft")
@staff_form(_typed_rows)
def keep_draft(visit_id: str) -> ResponseReturnValue:
    """Keep what has been typed and not recorded so far; whoever types is still here."""
    visit = visits.get(context.store(), visit_id)
    if typed_recording.is_open(visit, context.now()):
        visits.touch(context.store(), context.now(), visit)
    form_drafts.keep(_typed_rows(visit_id))
    return "", 204


@page.post("/visits/<visit_id>/typed")
@staff_form(_typed_row)
def keep_typed(visit_id: str) -> ResponseReturnValue:
    """Record what was typed; an impossible number stays in its box with the reason."""
    visit, entry = _typed_into(visit_id)
    row = typed_values.read_row(entry, request.form)
    recorded = typed_recording.record(visit, row, request.form.get("sure"))
    if isinstance(recorded, TypedRow):
        return row_html(visit_id, recorded)
    _forget_row(visit, row)
    answer = make_response(row_html(visit_id, typed_values.blank(entry, row.unit)))
    answer.headers["HX-Trigger"] = "recorded"
    return answer


def _typed_into(visit_id: str) -> tuple[Visit, TypedEntry]:
    entry = typed_values.find(request.form.get("kind", ""))
    if entry is None:
        raise NotFound("no such vital")
    return visits.get(context.store(), visit_id), entry


def _forget_row(visit: Visit, row: TypedRow) -> None:
    """Take a recorded row out of the draft: nobody shall record it a second time."""
    fields = form_drafts.stored(typed_recording.form_of(visit))
    rest = {k: v for k, v in fields.items() if not k.startswith(f"{row.entry.kind.value}.")}
    if rest != fields:
        path = url_for("visit.show", visit_id=visit.id)
        form_drafts.keep(Draft(typed_recording.form_of(visit), path, rest))


def _live(visit: Visit, *, polled: bool = False) -> str:
    store, now = context.store(), context.now()
    seen = _seen(visit, now)
    readings, made = seen.readings, tiles.tiles(seen, now)
    names = {person.id: person.name for person in staff.members(store)}
    urgent, silences = seen.urgent, history.silences(store, readings, now)
    is_open = typed_recording.is_open(visit, now)
    rows = [
        show_reading(r, now, names, urgent, silences)
        for r in _in_order(readings, urgent | silences.keys())
    ]
    return render_template(
        "visit_live.html",
        polled=polled,
        is_danger=polled and dangers.of_patient(store, visit.patient_id) is not None,
        verdict=verdict_text.of_visit(store, visit, now),
        kept=_kept(visit, now),
        tiles=made,
        pressure=pressure_tile.of_visit(store, visit.id, made[0], now),
        visit=visit,
        is_open=is_open,
        taken=visit.closed_why == "another patient",
        asks=[row for row in rows if row.compare or row.perhaps],
        readings=[row for row in rows if not (row.compare or row.perhaps)],
        left_out=_left_out(visit, readings),
        refused=_refused(visit, readings) if is_open else [],
        repeated=_repeated(visit, now) if is_open else [],
        devices=[d for d in registry.devices(store) if d.state in ("connected", "measuring")],
    )


def tiles_of(visit: Visit, now: Stamp) -> list[tiles.Tile]:
    """Return the tiles of a visit."""
    return tiles.tiles(_seen(visit, now), now)


def _seen(visit: Visit, now: Stamp) -> tiles.Seen:
    store = context.store()
    age = alerts.age_of(store, visit.patient_id, now)
    found = tiles.seen_in(store, visit.id, edits.one_person(store, visit.patient_id), now)
    live = found.live if typed_recording.is_open(visit, now) else []
    return replace(
        found,
        live=live,
        reason=notes.of_visit(store, visit.id).text("reason") or visit.reason,
        age_years=None if age is None else age.years,
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


def row_html(visit_id: str, row: TypedRow) -> Markup:
    """Return the boxes of one vital, with what was typed and what is wrong with it."""
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
