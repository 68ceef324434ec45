"""Recording what was typed in a visit: each row is judged, then kept or told what is wrong."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from markupsafe import Markup

from edge.model.clock import Stamp
from edge.model.errors import DiskFault, DiskFull, StoreError
from edge.model.reading import Measurement, Reading
from edge.readings import alerts, intake
from edge.rules import plausibility
from edge.visits import visits
from edge.visits.visits import Visit
from kiosk_ui import context, typed_values
from kiosk_ui.sentences import issue_texts
from kiosk_ui.typed_values import TypedRow
from kiosk_ui.wording import N_, t


def record(visit: Visit, row: TypedRow, sure: str | None = None) -> TypedRow | int:
    """Record a row; return its journal entry, or the row with what is wrong or doubtful.

    `sure` names the doubtful values that somebody has confirmed.
    """
    measured = typed_values.measured(row)
    if isinstance(measured, str):
        return replace(row, problem=t(measured))
    marked = _check(visit, row, measured, sure)
    if marked is not None:
        return marked
    try:
        outcome = _record(visit, measured)
    except StoreError as error:
        return replace(row, problem=_sentence(error))
    return outcome if isinstance(outcome, int) else replace(row, problem=outcome)


def record_counted(visit: Visit, measured: Measurement) -> int | Markup:
    """Record what was counted or timed on the screen; return its entry, or what is wrong."""
    try:
        return _record(visit, measured)
    except StoreError as error:
        return _sentence(error)


def form_of(visit: Visit) -> str:
    """Return the name of the draft of what was typed and not recorded."""
    # Named after the patient: a visit that closed itself is opened anew with what was typed.
    return f"typed/{visit.patient_id}"


def begun(fields: Mapping[str, str]) -> list[TypedRow]:
    """Return the rows of a draft in whose boxes something stands."""
    rows = [typed_values.begun(entry, fields) for entry in typed_values.ENTRIES]
    return [row for row in rows if any(text.strip() for text in row.texts)]


def is_open(visit: Visit, now: Stamp) -> bool:
    """Whether the visit takes typed readings; one from paper does, since no device measures it."""
    return visit.paper or (visit.closed_entry is None and not visit.is_idle(now))


def _check(visit: Visit, row: TypedRow, measured: Measurement, sure: str | None) -> TypedRow | None:
    """Return the row with what is wrong or doubtful, or None when it may be recorded."""
    impossible = plausibility.impossible(measured.values)
    if impossible is not None:
        sentence = issue_texts.impossible_sentence(impossible, measured.values)
        return replace(row, problem=sentence)
    age = alerts.age_of(context.store(), visit.patient_id, context.now())
    doubtful = plausibility.doubtful(measured.values, age)
    if not doubtful or sure == _fingerprint(measured):
        return None
    what = Markup(" · ").join(issue_texts.warning_sentence(finding.name) for finding in doubtful)
    return replace(row, doubt=(what, _fingerprint(measured)))


def _fingerprint(measured: Measurement) -> str:
    """Name the values, so that "yes, that is right" cannot confirm a number typed since."""
    return "/".join(f"{v.value}{v.unit}" for v in measured.values)


def _record(visit: Visit, measured: Measurement) -> int | Markup:
    store, now = context.store(), context.now()
    if not is_open(visit, now):
        return t(N_("This session is closed. Open the patient again, then record it."))
    actor = context.worker().staff.id
    reading = Reading(
        measured,
        now,
        "typed",
        patient_id=visit.patient_id,
        visit_id=visit.id,
        actor=actor,
        day=visits.paper_day(visit, now),
    )
    visits.touch(store, now, visit)
    outcome = intake.accept(store, reading)
    if isinstance(outcome, intake.RejectedReading):
        return issue_texts.impossible_sentence(outcome.why, measured.values)
    return outcome.entry


def _sentence(error: StoreError) -> Markup:
    if isinstance(error, DiskFull):
        return t(issue_texts.DISK_FULL)
    if isinstance(error, DiskFault):
        return t(issue_texts.DISK_FAULT)
    return t(N_("The box could not record this. Please try again."))
