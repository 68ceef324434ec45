"""Patient search, and one patient's page: the history of all records that are one person."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup

from edge.assessments import silence
from edge.assessments.silence import Silence
from hospital.accounts import sessions
from hospital.desk import context, guard, list_parts
from hospital.patients import alert_notes, assessments, family, links, messages, summary, withheld
from hospital.patients.assessments import StoredAssessment
from hospital.receiving import handlers
from hospital.views import chart, person_chart
from web import list_pages
from web.list_pages import ListPart
from web.polling import polled_at

page = Blueprint("patients", __name__, url_prefix="/patients")

LONGEST_QUERY = 100
ALERTS = 500
"""Alerts of one record on the chart: the unhandled first; the page of alerts has all."""


@page.get("")
@guard.clinician_only
def search() -> str:
    """Show whom the query may mean; without one, about whom something came last."""
    return render_template(
        "patients.html", query=_query(), live=Markup(_found()), polls=list_parts.is_first()
    )


@page.get("/found")
@guard.clinician_only
def found() -> Response:
    """Answer the page's poll, and each change of the query."""
    return polled_at(chart.position(context.archive()), _found)


@page.get("/<patient_id>")
@guard.clinician_only
def history(patient_id: str) -> ResponseReturnValue:
    """Show a patient's record; that it was opened is kept. A linked record leads to its chart."""
    line = line_of(patient_id)
    kept = links.one_person(context.archive(), patient_id)[0]
    if kept != patient_id:
        return redirect(url_for(".history", patient_id=kept), 303)
    sessions.note_view(context.archive(), guard.account(), line.patient.id, guard.now_ms())
    return page_of(patient_id)


@page.get("/<patient_id>/live")
@guard.clinician_only
def live(patient_id: str) -> Response:
    """Answer the page's poll."""
    line = line_of(patient_id)
    return polled_at(chart.position(context.archive()), lambda: _record(line))


def page_of(patient_id: str, wrong: str = "") -> str:
    """Return a patient's page; `wrong` says why what was typed was not sent."""
    line = line_of(patient_id)
    typed = {name: request.form.get(name, "") for name in ("text", "when", "what")}
    return render_template(
        "patient.html",
        asked=request.args.get("page"),
        line=line,
        live=Markup(_record(line)),
        wrong=wrong,
        typed=typed,
    )


def line_of(patient_id: str) -> chart.PatientLine:
    """Return a patient, or answer 404."""
    line = chart.patient(context.archive(), patient_id)
    if line is None:
        abort(404)
    return line


def _record(line: chart.PatientLine) -> str:
    archive = context.archive()
    ids = links.one_person(archive, line.patient.id)
    alerts = [a for record_id in ids for a in chart.alerts(archive, ALERTS, record_id)]
    skip = list_pages.skipped(person_chart.PAGE)
    readings = person_chart.readings(archive, ids, skip)
    shown = {one.number for one in readings}
    by_reading: dict[str | None, list[chart.ChartedAlert]] = {}
    for alert in alerts:
        by_reading.setdefault(alert.reading, []).append(alert)
    return render_template(
        "patient_live.html",
        line=line,
        alerts=alerts,
        more_alerts=len(alerts) >= ALERTS,
        known=summary.of(archive, ids),
        notes=alert_notes.notes(archive, [a.id for a in alerts]),
        answers={a.id: messages.of_alert(archive, a.id) for a in alerts},
        readings=readings,
        last=[r for r in person_chart.last_of_kinds(archive, ids) if r.number not in shown],
        part=_part(line, len(readings), person_chart.count(archive, ids)),
        by_reading=by_reading,
        silences=_silences(readings, assessments.of_person(archive, ids)),
        others=[other for record_id in ids[1:] if (other := chart.patient(archive, record_id))],
        shared=links.shared_with(archive, line.patient.id),
        told=messages.about(archive, ids),
        withheld=withheld.count(archive, ids),
        family=family.of_person(archive, ids, line.patient.mother),
        sections=[(part.template, part.rows(archive, ids)) for part in handlers.SECTIONS],
    )


def _silences(
    readings: Sequence[chart.ReadingRow], found: Sequence[StoredAssessment]
) -> dict[str, Silence]:
    """Return why readings were judged by no rule, by their ids: the newest assessment counts."""
    silences = {i: one.silence for one in reversed(found) for i in one.readings}
    silences |= {r.id: why for r in readings if (why := silence.of_doubts(r.flags))}
    return {reading: why for reading, why in silences.items() if why is not None}


def _part(line: chart.PatientLine, shown: int, total: int) -> ListPart | None:
    def at(number: int) -> str:
        return url_for("patients.history", patient_id=line.patient.id, page=number)

    return list_pages.part(person_chart.PAGE, at, shown=shown, total=total)


def _found() -> str:
    archive, query = context.archive(), _query()
    lines, part = list_parts.page_of(
        chart.PAGE,
        lambda limit, skip: chart.patients(archive, query, limit, skip),
        "patients.search",
    )
    return render_template("patients_live.html", lines=lines, query=query, part=part)


def _query() -> str:
    return request.args.get("q", "").replace("\x00", "").strip()[:LONGEST_QUERY]
