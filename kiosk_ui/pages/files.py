"""Photos and recordings of a visit: taken here, shown with how far each is on its way."""

from __future__ import annotations

from dataclasses import dataclass

from flask import Blueprint, Response, abort, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from markupsafe import Markup
from werkzeug.datastructures import FileStorage

from edge.files import attachments, patient_files
from edge.files.attachments import Subject
from edge.files.patient_files import KeptFile, State
from edge.model import file_type
from edge.model.clock import Stamp
from edge.model.patient import Patient
from edge.patients import edits, register
from edge.staff import audit, staff
from edge.visits import visits
from edge.visits.visits import Visit
from kiosk_ui import context
from kiosk_ui.guard import staff_only
from kiosk_ui.wording import N_, ltr, own_words, since, t
from web.polling import polled

page = Blueprint("files", __name__)

LARGEST_UPLOAD = file_type.MAX_PHOTO + file_type.MAX_PREVIEW + (64 << 10)
CONTENT_SECURITY_POLICY = "default-src 'none'; sandbox"

NOTHING = N_("Nothing was taken. Try again.")
NO_KIND = N_("This is no photo and no recording that can be kept.")
TOO_LARGE = N_("This is too large. Take a smaller photo or a shorter recording.")

_STATES = {
    State.WAITING: N_("safe here, waits for the hospital"),
    State.SENDING: N_("safe here, on its way: %(percent)s"),
    State.HELD: N_("the hospital has it"),
    State.SAFE: N_("in the hospital's backup"),
}


@dataclass(frozen=True, slots=True)
class FileText:
    """A file in words; `preview` is the picture to show, if there is one."""

    href: str
    photo: bool
    mime: str
    preview: str | None
    state: Markup
    held: bool
    made: Markup
    by: Markup | None


@page.get("/visits/<visit_id>/files")
@staff_only
def show(visit_id: str) -> ResponseReturnValue:
    """Show the visit's patient's files and offer to take one."""
    return _allow_devices(Response(_page(visits.get(context.store(), visit_id))))


@page.get("/visits/<visit_id>/files/live")
@staff_only
def live(visit_id: str) -> Response:
    """Answer the poll of the states."""
    visit = visits.get(context.store(), visit_id)
    return polled(_list(register.get(context.store(), visit.patient_id)))


@page.post("/visits/<visit_id>/files")
@staff_only
def keep(visit_id: str) -> ResponseReturnValue:
    """Keep a photo or a recording, and the preview that the screen made of it."""
    visit = visits.get(context.store(), visit_id)
    data = _sent("file", LARGEST_UPLOAD)
    kind = file_type.kind_of(data)
    problem = _problem(data, kind)
    if problem is not None or kind is None:
        return _allow_devices(Response(_page(visit, problem), 422))
    _keep(visit, data, kind)
    return redirect(url_for(".show", visit_id=visit_id), 303)


@page.get("/patients/<patient_id>/files/<file_id>")
@staff_only
def content(patient_id: str, file_id: str) -> ResponseReturnValue:
    """Give a file out, as nothing but what it is; that it was looked at is kept."""
    store, now = context.store(), context.now()
    file = patient_files.get(store, patient_id, file_id)
    if file is None or file.mime not in file_type.KINDS:
        abort(404)
    if not file.is_preview:
        audit.note_view(store, now, patient_id, context.worker().staff.id, "file")
    try:
        data = attachments.path(context.settings().home, file.id).read_bytes()
    except OSError:
        abort(404)
    answer = Response(data, mimetype=file.mime)
    answer.headers["Content-Disposition"] = "inline"
    answer.headers["Content-Security-Policy"] = CONTENT_SECURITY_POLICY
    return answer


def allow_size() -> None:
    """Let a signed-in worker send a photo; every other form stays small (before each request)."""
    if request.endpoint == "files.keep" and context.session() is not None:
        request.max_content_length = LARGEST_UPLOAD


def shown(patient: Patient) -> list[FileText]:
    """Return a patient's files, worded, newest first."""
    store, now = context.store(), context.now()
    names = {person.id: person.name for person in staff.members(store)}
    ids = edits.one_person(store, patient.id)
    kept = [file for alias in ids for file in patient_files.of_patient(store, alias)]
    return [_file_text(file, now, names) for file in kept]


def _page(visit: Visit, problem: Markup | None = None) -> str:
    patient = register.get(context.store(), visit.patient_id)
    return render_template(
        "files.html",
        visit=visit,
        patient=patient,
        problem_text=problem,
        body=Markup(_list(patient)),
    )


def _list(patient: Patient) -> str:
    days = context.settings().retention_days
    return render_template("files_list.html", files=shown(patient), days=ltr(days))


def _keep(visit: Visit, data: bytes, kind: str) -> None:
    store, now, home = context.store(), context.now(), context.settings().home
    actor = context.worker().staff.id
    subject = Subject(visit.patient_id, visit.id)
    file_id = attachments.add(store, home, now, data, kind, subject, actor)
    preview = _sent("preview", file_type.MAX_PREVIEW)
    if file_type.is_photo(kind) and file_type.kind_of(preview) == "image/jpeg":
        about = Subject(visit.patient_id, visit.id, file_id)
        attachments.add(store, home, now, preview, "image/jpeg", about, actor)


def _sent(name: str, most: int) -> bytes:
    """Return an uploaded file, nothing when it is too large or was not sent."""
    uploaded: FileStorage | None = request.files.get(name)
    data = b"" if uploaded is None else uploaded.stream.read(most + 1)
    return data if len(data) <= most else b""


def _problem(data: bytes, kind: str | None) -> Markup | None:
    if not data:
        return t(NOTHING)
    if kind is None:
        return t(NO_KIND)
    return t(TOO_LARGE) if len(data) > file_type.limit(kind) else None


def _file_text(file: KeptFile, now: Stamp, names: dict[str, str]) -> FileText:
    def at(file_id: str) -> str:
        return url_for("files.content", patient_id=file.patient, file_id=file_id)

    photo = file_type.is_photo(file.mime)
    by = names.get(file.actor or "")
    return FileText(
        href=at(file.id),
        photo=photo,
        mime=file.mime,
        preview=at(file.preview or file.id) if photo else None,
        state=t(_STATES[file.state], percent=ltr(f"{file.percent} %")),
        held=file.state in (State.HELD, State.SAFE),
        made=since(file.placed.when, now),
        by=own_words(by) if by else None,
    )


def _allow_devices(response: Response) -> Response:
    """Let this page alone use the camera and the microphone (`web.headers` forbids them)."""
    response.headers["Permissions-Policy"] = "camera=(self), microphone=(self), geolocation=()"
    return response
