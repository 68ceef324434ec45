"""A patient's history: a chart and a table for each vital. Every view is a journal entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template, request
from markupsafe import Markup

from edge.model.clock import Stamp
from edge.model.reading import Code, Value
from edge.patients import edits, register
from edge.readings import history
from edge.readings.history import StoredReading
from edge.rules import plausibility
from edge.staff import audit, staff
from kiosk_ui import charts, context
from kiosk_ui.guard import staff_only
from kiosk_ui.pages import files
from kiosk_ui.reading_lines import ReadingText, lines
from kiosk_ui.reading_lines import show as show_reading
from kiosk_ui.wording import N_, count, day, kind_name, ltr, t, vital_name

page = Blueprint("history", __name__)

CHARTED = (
    Code.SYSTOLIC,
    Code.PULSE,
    Code.SPO2,
    Code.TEMPERATURE,
    Code.WEIGHT,
    Code.RESPIRATORY_RATE,
    Code.GLUCOSE_MMOL_L,
    Code.GLUCOSE_MG_DL,
    Code.HEIGHT,
    Code.HAEMOGLOBIN,
)
"""The vitals that get a chart, in this order; systolic stands for the whole blood pressure."""

SHOWN = 200
POINTS = 60


@dataclass(frozen=True, slots=True)
class Vital:
    """One vital of a patient: its name, and the readings that have it, newest first."""

    code: Code
    name: Markup
    readings: list[StoredReading]

    @property
    def valid(self) -> list[StoredReading]:
        """Those from which something may be concluded."""
        return [r for r in self.readings if not r.struck]


@page.get("/patients/<patient_id>/history")
@staff_only
def show(patient_id: str) -> str:
    """Show one vital, chosen by `vital` (LOINC), and the tabs of the others."""
    store, now = context.store(), context.now()
    patient = register.get(store, patient_id)
    audit.note_view(store, now, patient_id, context.worker().staff.id)
    ids = edits.one_person(store, patient_id)
    readings = [r for alias in ids for r in history.of_patient(store, alias, SHOWN)]
    vitals = _vitals(sorted(readings, key=lambda r: r.entry, reverse=True))
    chosen = next((v for v in vitals if v.code == request.args.get("vital")), None)
    chosen = chosen or (vitals[0] if vitals else None)
    return render_template(
        "history.html",
        patient=patient,
        files=files.shown(patient),
        days=ltr(context.settings().retention_days),
        vitals=vitals,
        chosen=chosen,
        drawn=_chart(chosen) if chosen and chosen.valid else "",
        sentence=_trend(chosen) if chosen and chosen.valid else "",
        rows=_rows(chosen.readings, now) if chosen else [],
    )


def _rows(readings: list[StoredReading], now: Stamp) -> list[ReadingText]:
    store = context.store()
    names = {person.id: person.name for person in staff.members(store)}
    urgent = history.urgent(store, [r.entry for r in readings])
    silences = history.silences(store, readings, now)
    return [show_reading(r, now, names, urgent, silences) for r in readings]


def _vitals(readings: list[StoredReading]) -> list[Vital]:
    rows = [(code, [r for r in readings if r.value(code) is not None]) for code in CHARTED]
    return [Vital(code, _name(code), having) for code, having in rows if having]


def _name(code: Code) -> Markup:
    return kind_name("blood-pressure") if code == Code.SYSTOLIC else vital_name(code)


def _chart(vital: Vital) -> Markup:
    oldest_first = vital.valid[:POINTS][::-1]
    points = [_point(vital.code, r) for r in oldest_first]
    return charts.chart(points, vital.name.striptags(), _trend(vital).striptags())


def _point(code: Code, recorded: StoredReading) -> charts.Point:
    value = recorded.value(code)
    assert value is not None
    lower = recorded.value(Code.DIASTOLIC) if code == Code.SYSTOLIC else None
    shown: Sequence[Value] = [v for v in (value, lower) if v is not None]
    return charts.Point(
        when=recorded.placed.when.astimezone(),
        high=value.value,
        low=lower.value if lower is not None else None,
        unusual=bool(plausibility.doubtful(shown)),
    )


def _trend(vital: Vital) -> Markup:
    last, first = vital.valid[0], vital.valid[:POINTS][-1]
    new, old = _text(vital.code, last), _text(vital.code, first)
    if first is last:
        text = N_("One measurement: %(last)s on %(date)s.")
        return t(text, last=new, date=day(last.placed.when))
    return t(
        _COMPARED[_compare(vital.code, last, first)],
        n=count(len(vital.valid[:POINTS])),
        last=new,
        first=old,
        date=day(first.placed.when),
    )


_COMPARED = {
    1: N_("Measurements: %(n)s. The last, %(last)s, is higher than %(first)s on %(date)s."),
    0: N_("Measurements: %(n)s. The last, %(last)s, is the same as on %(date)s."),
    -1: N_("Measurements: %(n)s. The last, %(last)s, is lower than %(first)s on %(date)s."),
}


def _compare(code: Code, last: StoredReading, first: StoredReading) -> int:
    new, old = last.value(code), first.value(code)
    assert new is not None
    assert old is not None
    return (new.value > old.value) - (new.value < old.value)


def _text(code: Code, recorded: StoredReading) -> Markup:
    wanted = (Code.SYSTOLIC, Code.DIASTOLIC) if code == Code.SYSTOLIC else (code,)
    return lines(tuple(v for v in recorded.values if v.code in wanted))[0].text
