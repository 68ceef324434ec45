"""Photos and recordings at the kiosk: bounded, judged by their bytes, given out as they are."""

from __future__ import annotations

import re

import pytest
from kiosk_desk import ORIGIN, Desk, failing_disk
from werkzeug.test import TestResponse

from edge.files import attachments, patient_files
from edge.model import file_type
from edge.model.clock import Clock
from edge.model.entry import EntryKind
from edge.patients import register
from edge.patients.form import PatientForm
from edge.settings.box_settings import Settings
from edge.store import journal
from edge.store.store import Store

JPEG = b"\xff\xd8\xff\xe0" + b"photo" * 40
SMALL = b"\xff\xd8\xff\xe0" + b"small"
VOICE = b"\x1a\x45\xdf\xa3" + b"voice" * 40


@pytest.fixture
def patient_id(store: Store, clock: Clock) -> str:
    return register.register(store, clock.now(), PatientForm("Imran", age="54"), None).id


@pytest.fixture
def visit(desk: Desk, patient_id: str) -> str:
    return desk.post(f"/patients/{patient_id}/visit").headers["Location"]


def send(desk: Desk, visit: str, data: bytes, preview: bytes = b"") -> TestResponse:
    parts = [part("csrf", desk.csrf.encode()), part("file", data, "x.jpg")]
    parts += [part("preview", preview, "p.jpg")] if preview else []
    body = b"".join(parts) + b"--cut--\r\n"
    kind = "multipart/form-data; boundary=cut"
    return desk.client.post(f"{visit}/files", data=body, content_type=kind, headers=ORIGIN)


def part(name: str, data: bytes, file: str = "") -> bytes:
    named = f'; filename="{file}"' if file else ""
    head = f'--cut\r\nContent-Disposition: form-data; name="{name}"{named}\r\n'
    kind = "Content-Type: image/jpeg\r\n" if file else ""
    return f"{head}{kind}\r\n".encode() + data + b"\r\n"


def kept(store: Store, patient_id: str) -> list[patient_files.KeptFile]:
    return patient_files.of_patient(store, patient_id)


def test_a_photo_is_kept_with_its_preview_and_says_that_it_waits(
    desk: Desk, visit: str, patient_id: str, store: Store, settings: Settings
) -> None:
    assert send(desk, visit, JPEG, SMALL).status_code == 303
    [one] = kept(store, patient_id)
    assert one.mime == "image/jpeg"
    assert one.preview is not None
    assert attachments.path(settings.home, one.id).read_bytes() == JPEG
    for page in (desk.get(f"{visit}/files"), desk.get(f"/patients/{patient_id}/history")):
        assert "safe here, waits for the hospital" in page
        assert f"/patients/{patient_id}/files/{one.preview}" in page
    assert visit.endswith(one.visit or "?")


def test_a_recording_is_kept_and_can_be_heard(
    desk: Desk, visit: str, patient_id: str, store: Store
) -> None:
    send(desk, visit, VOICE)
    [one] = kept(store, patient_id)
    answer = desk.client.get(f"/patients/{patient_id}/files/{one.id}")
    assert (answer.data, answer.mimetype) == (VOICE, "audio/webm")
    assert "<audio controls" in desk.get(f"{visit}/files")


@pytest.mark.parametrize(
    ("data", "why"),
    [
        (b"", "Nothing was taken"),
        (b"<html><script>alert(1)</script>", "no photo and no recording"),
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "no photo and no recording"),
        (VOICE + bytes(file_type.MAX_RECORDING), "This is too large"),
    ],
    ids=["empty", "page", "drawing", "too-long"],
)
def test_what_cannot_be_kept_is_said_so(
    desk: Desk, visit: str, patient_id: str, store: Store, data: bytes, why: str
) -> None:
    answer = send(desk, visit, data)
    assert (answer.status_code, why in answer.text) == (422, True)
    assert kept(store, patient_id) == []


def test_far_too_much_is_refused_before_it_is_read(
    desk: Desk, visit: str, patient_id: str, store: Store
) -> None:
    assert send(desk, visit, JPEG + bytes(8 << 20)).status_code == 413
    assert send(desk, "/visits/x", JPEG + bytes(100_000)).status_code == 404
    assert kept(store, patient_id) == []


def test_other_forms_stay_small(desk: Desk, visit: str) -> None:
    answer = desk.post(f"{visit}/typed", kind="weight", v0="9" * 100_000)
    assert answer.status_code == 413


def test_a_preview_that_is_none_is_left_away(
    desk: Desk, visit: str, patient_id: str, store: Store
) -> None:
    send(desk, visit, JPEG, b"<svg/>")
    send(desk, visit, JPEG, SMALL + bytes(file_type.MAX_PREVIEW))
    assert [one.preview for one in kept(store, patient_id)] == [None, None]


def test_a_file_is_given_out_as_nothing_else_and_its_view_is_kept(
    desk: Desk, visit: str, patient_id: str, store: Store
) -> None:
    send(desk, visit, JPEG, SMALL)
    [one] = kept(store, patient_id)
    answer = desk.client.get(f"/patients/{patient_id}/files/{one.id}")
    assert answer.data == JPEG
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Content-Disposition"] == "inline"
    assert "sandbox" in answer.headers["Content-Security-Policy"]
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    desk.client.get(f"/patients/{patient_id}/files/{one.preview}")
    views = [e.body["what"] for _, e in journal.since(store, 0) if e.kind == EntryKind.VIEW]
    assert views.count("file") == 1  # the preview is part of the page, whose view is kept
    for wrong in (f"/patients/nobody/files/{one.id}", f"/patients/{patient_id}/files/../box.db"):
        assert desk.client.get(wrong).status_code == 404


def test_strangers_neither_send_nor_see(
    desk: Desk, visit: str, patient_id: str, store: Store
) -> None:
    send(desk, visit, JPEG)
    [one] = kept(store, patient_id)
    desk.post("/sign-out")
    assert desk.client.get(f"/patients/{patient_id}/files/{one.id}").status_code == 303
    assert send(desk, visit, JPEG).status_code == 303
    assert send(desk, visit, JPEG + bytes(100_000)).status_code == 303
    assert len(kept(store, patient_id)) == 1


def test_only_this_page_may_use_the_camera(desk: Desk, visit: str) -> None:
    here = desk.client.get(f"{visit}/files").headers["Permissions-Policy"]
    assert "camera=(self), microphone=(self)" in here
    assert "camera=()" in desk.client.get(visit).headers["Permissions-Policy"]


def test_a_failing_disk_is_said_and_nothing_half_is_listed(
    desk: Desk, visit: str, patient_id: str, store: Store
) -> None:
    with failing_disk():
        answer = send(desk, visit, JPEG + bytes(20_000))
    assert answer.status_code == 503
    assert kept(store, patient_id) == []
    assert re.search("memory card", answer.text)
