"""A patient's history: a chart and a table for each vital. Every view is a journal entry."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from flask import Blueprint, render_template, request, url_for
from markupsafe import Markup

from edge.model import units
from edge.model.age import Age
from edge.model.clock import Stamp
from edge.model.reading import Code, Kind, Value
from edge.patients import edits, register
from edge.readings import alerts, history
from edge.readings.history import StoredReading
from edge.rules import plausibility
from edge.staff import audit, staff
from kiosk_ui import charts, context, list_parts, moved_visits
from kiosk_ui.guard import staff_only
from kiosk_ui.list_parts import PartOfList
from kiosk_ui.pages import files
from kiosk_ui.reading_lines import ReadingText, lines
from kiosk_ui.reading_lines import show as show_reading
from kiosk_ui.wording import N_, count, day, kind_name, ltr, t, vital_name
from web import list_pages

page = Blueprint("history", __name__)

CHARTED = (
    Code.SYSTOLIC,
    Code.PULSE,
    Code.SPO2,
    Code.TEMPERATURE,
    Code.WEIGHT,
    Code.RESPIRATORY_RATE,
    Code.GLUCOSE_MMOL_L,
    Code.HEIGHT,
    Code.HAEMOGLOBIN,
)
"""The vitals that get a chart, in this order; systolic stands for the whole blood pressure."""

SHOWN = 60
"""Readings of one vital on a page, as many as its chart draws."""


@dataclass(frozen=True, slots=True)
class Tab:
    """One vital that a patient has readings of."""

    code: Code
    name: Markup


@dataclass(frozen=True, slots=True)
class Vital:
    """One vital of a patient: its name, and one page of the readings that have it, newest first.

    `part` says in words which of how many these are, when others are on other pages.
    """

    code: Code
    name: Markup
    readings: list[StoredReading]
    part: PartOfList | None = None

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
    tabs = [Tab(Code(c), _name(Code(c))) for c in history.codes_of(store, ids, CHARTED)]
    wanted = next((tab for tab in tabs if tab.code == request.args.get("vital")), None)
    chosen = _vital(patient.id, ids, wanted or tabs[0]) if tabs else None
    return render_template(
        "history.html",
        patient=patient,
        moved=moved_visits.notices(ids),
        files=files.shown(patient),
        days=ltr(context.settings().retention_days),
        vitals=tabs,
        chosen=chosen,
        drawn=_chart(chosen, alerts.age_of(store, patient_id, now))
        if chosen and chosen.valid
        else "",
        sentence=_trend(chosen) if chosen and chosen.valid else "",
        rows=_rows(chosen.readings, now) if chosen else [],
        laboratory=history.of_kind(store, ids, Kind.LABORATORY, limit=1).total,
    )


def _rows(readings: list[StoredReading], now: Stamp) -> list[ReadingText]:
    store = context.store()
    names = {person.id: person.name for person in staff.members(store)}
    urgent = history.urgent(store, [r.entry for r in readings])
    silences = history.silences(store, readings, now)
    return [show_reading(r, now, names, urgent, silences) for r in readings]


def _vital(patient_id: str, ids: list[str], tab: Tab) -> Vital:
    skip = list_pages.skipped(SHOWN)
    found = history.of_code(context.store(), ids, tab.code, skip, SHOWN)

    def at(number: int) -> str:
        return url_for(".show", patient_id=patient_id, vital=tab.code.value, page=number)

    part = list_parts.part(SHOWN, at, len(found.readings), found.total)
    return Vital(tab.code, tab.name, found.readings, part)


def _name(code: Code) -> Markup:
    return kind_name("blood-pressure") if code == Code.SYSTOLIC else vital_name(code)


def _chart(vital: Vital, age: Age | None) -> Markup:
    oldest_first = vital.valid[::-1]
    points = [_point(vital.code, r, age) for r in oldest_first]
    return charts.chart(points, vital.name.striptags(), _trend(vital).striptags())


def _point(code: Code, recorded: StoredReading, age: Age | None) -> charts.Point:
    value = recorded.value(code)
    assert value is not None
    lower = recorded.value(Code.DIASTOLIC) if code == Code.SYSTOLIC else None
    shown: Sequence[Value] = [v for v in (value, lower) if v is not None]
    return charts.Point(
        when=recorded.placed.when.astimezone(),
        high=_in_site_unit(value).value,
        low=lower.value if lower is not None else None,
        unusual=bool(plausibility.doubtful(shown, age)),
    )


def _trend(vital: Vital) -> Markup:
    last, first = vital.valid[0], vital.valid[-1]
    new, old = _text(vital.code, last), _text(vital.code, first)
    if vital.part is not None and vital.part.newer:
        return vital.part.words  # "the last" stands on another page
    if first is last:
        text = N_("One measurement: %(last)s on %(date)s.")
        return t(text, last=new, date=day(last.placed.when))
    return t(
        _COMPARED[_compare(vital.code, last, first)],
        n=count(len(vital.valid)),
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
    last_value, first_value = _in_site_unit(new).value, _in_site_unit(old).value
    return (last_value > first_value) - (last_value < first_value)


def _in_site_unit(value: Value) -> Value:
    """Return a value as the course shows it: glucose in the unit of this clinic."""
    if units.other_unit(value) is None:
        return value
    return units.in_unit(value, context.settings().glucose_unit)


def _text(code: Code, recorded: StoredReading) -> Markup:
    same = units.codes_of(code)
    wanted = (Code.SYSTOLIC, Code.DIASTOLIC) if code == Code.SYSTOLIC else same
    return lines(tuple(v for v in recorded.values if v.code in wanted))[0].text
