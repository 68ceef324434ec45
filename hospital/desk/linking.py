"""Link duplicate records of a person, and share a record with clinics; both can be undone."""

from __future__ import annotations

from collections.abc import Callable

from flask import Blueprint, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from hospital.archive.errors import ArchiveDown, HospitalError
from hospital.desk import context, forms, guard, patients
from hospital.patients import links
from hospital.views import chart

page = Blueprint("linking", __name__, url_prefix="/patients/<patient_id>/records")


@page.get("")
@guard.clinician_only
def show(patient_id: str) -> str:
    """Show which records are this person, which may be, and which clinics know them."""
    return _page(patient_id)


@page.post("")
@guard.clinician_only
def change(patient_id: str) -> ResponseReturnValue:
    """Link, unlink, share, or end sharing; why is asked for each."""
    patients.line_of(patient_id)
    do = _DOES.get(request.form.get("do", ""))
    if do is None:
        abort(400)
    try:
        do(patient_id, forms.typed("other", 200), forms.typed("why", links.LONGEST_WHY))
    except ArchiveDown:
        raise
    except HospitalError as error:
        return _page(patient_id, wrong=str(error)), 422
    return redirect(url_for(".show", patient_id=patient_id), 303)


def _page(patient_id: str, wrong: str = "") -> str:
    archive = context.archive()
    line = patients.line_of(patient_id)
    query = request.args.get("q", "").replace("\x00", "").strip()[: patients.LONGEST_QUERY]
    ids = links.one_person(archive, patient_id)
    known = [other for record in ids if (other := chart.patient(archive, record))]
    maybe = chart.patients(archive, query) if query else links.may_be_same(archive, line)
    history = links.links(archive, patient_id)
    named = {record for link in history for record in (link.duplicate, link.kept)}
    return render_template(
        "records.html",
        line=line,
        known=known,
        maybe=[record for record in maybe if record.patient.id not in ids],
        query=query,
        links=history,
        names={record: _name(record) for record in named},
        shared=links.shared_with(archive, patient_id),
        clinics=[
            c
            for c in links.clinics(archive)
            if c != line.clinic and c not in links.shared_with(archive, patient_id)
        ],
        sharings=links.sharings(archive, patient_id),
        wrong=wrong,
    )


def _name(patient_id: str) -> str:
    line = chart.patient(context.archive(), patient_id)
    return patient_id if line is None else line.patient.name


def _link(patient_id: str, other: str, why: str) -> None:
    links.link(context.archive(), other, patient_id, why, guard.account(), guard.now_ms())


def _unlink(_patient_id: str, other: str, why: str) -> None:
    links.unlink(context.archive(), other, why, guard.account(), guard.now_ms())


def _share(patient_id: str, clinic: str, why: str) -> None:
    links.share(context.archive(), patient_id, clinic, why, guard.account(), guard.now_ms())


def _withdraw(patient_id: str, clinic: str, why: str) -> None:
    links.withdraw(context.archive(), patient_id, clinic, why, guard.account(), guard.now_ms())


_DOES: dict[str, Callable[[str, str, str], None]] = {
    "link": _link,
    "unlink": _unlink,
    "share": _share,
    "withdraw": _withdraw,
}
