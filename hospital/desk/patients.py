"""Patients of all clinics, and one patient's history."""

from __future__ import annotations

from flask import Blueprint, Response, abort, render_template, request
from markupsafe import Markup

from hospital import chart, sessions
from hospital.desk import door, guard
from hospital.desk.live import polled_at

page = Blueprint("patients", __name__, url_prefix="/patients")

LONGEST_QUERY = 100


@page.get("")
@guard.clinician_only
def search() -> str:
    """Show whom the query may mean; without one, about whom something came last."""
    return render_template("patients.html", query=_query(), live=Markup(_found()))


@page.get("/found")
@guard.clinician_only
def found() -> Response:
    """Answer the page's poll, and each change of the query."""
    return polled_at(chart.position(door.archive()), _found)


@page.get("/<patient_id>")
@guard.clinician_only
def history(patient_id: str) -> str:
    """Show a patient's record; that it was opened is kept."""
    line = _line(patient_id)
    sessions.note_view(door.archive(), guard.account(), patient_id, guard.now_ms())
    return render_template("patient.html", line=line, live=Markup(_record(line)))


@page.get("/<patient_id>/live")
@guard.clinician_only
def live(patient_id: str) -> Response:
    """Answer the page's poll."""
    line = _line(patient_id)
    return polled_at(chart.position(door.archive()), lambda: _record(line))


def _line(patient_id: str) -> chart.PatientLine:
    line = chart.patient(door.archive(), patient_id)
    if line is None:
        abort(404)
    return line


def _record(line: chart.PatientLine) -> str:
    archive = door.archive()
    alerts = chart.alerts(archive, patient_id=line.patient.id)
    readings = chart.of_patient(archive, line.patient.id)
    by_reading: dict[str | None, list[chart.ChartedAlert]] = {}
    for alert in alerts:
        by_reading.setdefault(alert.reading, []).append(alert)
    return render_template(
        "patient_live.html", line=line, alerts=alerts, readings=readings, by_reading=by_reading
    )


def _found() -> str:
    lines = chart.patients(door.archive(), _query())
    return render_template("patients_live.html", lines=lines, query=_query())


def _query() -> str:
    return request.args.get("q", "").replace("\x00", "").strip()[:LONGEST_QUERY]
