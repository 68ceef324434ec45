"""Download of photos and recordings: for who is signed in, and each view is recorded."""

from __future__ import annotations

from flask import Blueprint, Response, abort

from hospital.accounts import sessions
from hospital.desk import context, guard, patients
from hospital.files import patient_files
from hospital.patients import links

page = Blueprint("files", __name__, url_prefix="/patients/<patient_id>/files")

CONTENT_SECURITY_POLICY = "default-src 'none'; sandbox"
"""A file is shown and runs nothing, whatever it turns out to be."""


@page.get("/<box_id>/<file_id>")
@guard.clinician_only
def content(patient_id: str, box_id: str, file_id: str) -> Response:
    """Give a whole file or a preview out; 404 while it is not whole."""
    patients.line_of(patient_id)
    archive = context.archive()
    ids = links.one_person(archive, patient_id)
    found = patient_files.whole(archive, ids, box_id, file_id)
    if found is None:
        abort(404)
    sessions.note_view(archive, guard.account(), patient_id, guard.now_ms(), f"file {file_id}")
    data, mime = found
    answer = Response(data, mimetype=mime)
    answer.headers["Content-Disposition"] = "inline"
    answer.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return answer
