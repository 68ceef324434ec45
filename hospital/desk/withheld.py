"""What clinics sent about a patient whom they do not know: a clinician says if it is theirs."""

from __future__ import annotations

from flask import Blueprint, redirect, render_template, url_for
from flask.typing import ResponseReturnValue

from hospital.archive.errors import ArchiveDown, HospitalError
from hospital.desk import context, forms, guard, patients
from hospital.files import patient_files
from hospital.patients import links, notifications, referrals, withheld
from hospital.views import chart, visit_chart

page = Blueprint("withheld", __name__, url_prefix="/patients/<patient_id>/withheld")


@page.get("")
@guard.clinician_only
def show(patient_id: str) -> str:
    """Show what waits, and what was released before."""
    return _page(patient_id)


@page.post("")
@guard.clinician_only
def release(patient_id: str) -> ResponseReturnValue:
    """Put one thing on the chart: it is about this patient after all."""
    patients.line_of(patient_id)
    archive = context.archive()
    ids = links.one_person(archive, patient_id)
    act = guard.account(), guard.now_ms()
    try:
        withheld.release(archive, ids, forms.typed("what", 20), forms.typed("item", 100), act)
    except ArchiveDown:
        raise
    except HospitalError as error:
        return _page(patient_id, wrong=str(error)), 422
    return redirect(url_for(".show", patient_id=patient_id), 303)


def _page(patient_id: str, wrong: str = "") -> str:
    archive = context.archive()
    line = patients.line_of(patient_id)
    ids = links.one_person(archive, patient_id)
    return render_template(
        "withheld.html",
        line=line,
        wrong=wrong,
        alerts=[a for i in ids for a in chart.alerts(archive, patient_id=i, withheld=True)],
        readings=[r for i in ids for r in chart.of_patient(archive, i, withheld=True)],
        visits=visit_chart.withheld_of(archive, ids),
        referrals=referrals.withheld_of(archive, ids),
        reports=notifications.withheld_of(archive, ids),
        files=patient_files.withheld_of(archive, ids),
        releases=withheld.releases(archive, ids),
    )
