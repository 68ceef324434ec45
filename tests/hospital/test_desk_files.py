"""Photos and recordings at the desk: the preview as it comes, the whole, and nothing unsafe."""

from __future__ import annotations

import hashlib
import os
from uuid import UUID, uuid4

import desk_scene
import pytest
from archives import open_at
from desk_scene import DOCTOR, NOW_MS, THAR, WEI, ZAHRA, Doctor
from flask import Flask

from edge.files.attachments import CHUNK_BYTES
from hospital.files import attachments
from sync.files.chunks import Chunk
from sync.frames.envelope import seal_chunk

PHOTO = b"\xff\xd8\xff\xe0" + os.urandom(CHUNK_BYTES + 50)
SMALL = b"\xff\xd8\xff\xe0 small"


class Sent:
    """A file at a box, of which chunks are brought to the hospital."""

    def __init__(self, address: str, data: bytes, mime: str = "image/jpeg", **more: str) -> None:
        self.address, self.data, self.id, self.key = address, data, str(uuid4()), os.urandom(32)
        self.total = -(-len(data) // CHUNK_BYTES)
        body = {"id": self.id, "mime": mime, "bytes": len(data), "total": self.total,
                "key": self.key.hex(), "sha256": hashlib.sha256(data).hexdigest(),
                "chunk": CHUNK_BYTES, "patient": ZAHRA} | more  # fmt: skip
        archive = open_at(address)
        desk_scene.keep(archive, THAR, {"kind": "file", "body": body})
        archive.close()

    def bring(self, *indexes: int) -> None:
        archive = open_at(self.address)
        file = UUID(self.id).bytes
        for index in indexes or range(self.total):
            piece = self.data[index * CHUNK_BYTES : (index + 1) * CHUNK_BYTES]
            chunk = Chunk(file, index, seal_chunk(self.key, (file, index, self.total), piece))
            with archive.transaction():
                assert attachments.receive_chunk(archive, THAR, chunk, NOW_MS) is not None
        archive.close()

    def path(self, patient: str = ZAHRA) -> str:
        return f"/patients/{patient}/files/{THAR.id}/{self.id}"


def test_the_preview_is_shown_while_the_photo_is_on_its_way(
    doctor: Doctor, archive_address: str
) -> None:
    photo = Sent(archive_address, PHOTO)
    small = Sent(archive_address, SMALL, preview_of=photo.id)
    page = doctor.client.get(f"/patients/{ZAHRA}").text
    assert "Photo on its way: 0 %" in page
    assert "<img" not in page
    small.bring()
    photo.bring(1)
    page = doctor.client.get(f"/patients/{ZAHRA}").text
    assert "Photo on its way: 50 %; this is a preview" in page
    assert f'<img src="{small.path()}"' in page
    assert doctor.client.get(photo.path()).status_code == 404
    photo.bring()
    page = doctor.client.get(f"/patients/{ZAHRA}").text
    assert "on its way" not in page
    assert f'href="{photo.path()}"' in page
    assert doctor.client.get(photo.path()).data == PHOTO


def test_a_file_is_given_out_safely_and_its_view_is_kept(
    doctor: Doctor, archive_address: str
) -> None:
    photo = Sent(archive_address, PHOTO)
    photo.bring()
    answer = doctor.client.get(photo.path())
    assert answer.headers["Content-Type"] == "image/jpeg"
    assert answer.headers["Content-Disposition"] == "inline"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Cache-Control"] == "no-store"
    archive = open_at(archive_address)
    views = [dict(r) for r in archive.rows("SELECT account, patient, what FROM desk_view")]
    archive.close()
    assert views == [{"account": DOCTOR, "patient": ZAHRA, "what": f"file {photo.id}"}]


def test_strangers_and_other_patients_pages_get_nothing(
    app: Flask, doctor: Doctor, archive_address: str
) -> None:
    photo = Sent(archive_address, PHOTO)
    photo.bring()
    assert app.test_client().get(photo.path()).status_code == 303
    assert doctor.client.get(photo.path(WEI)).status_code == 404
    assert doctor.client.get(photo.path("nobody")).status_code == 404


@pytest.mark.parametrize(
    ("data", "mime"),
    [
        (b"<script>alert(1)</script>", "text/html"),
        (b"<svg xmlns='x'/>", "image/svg+xml"),
        (b"<script>alert(1)</script>", "image/jpeg"),
        (b"OggS sound", "image/jpeg"),
    ],
)
def test_what_is_not_what_it_says_is_not_given_out(
    doctor: Doctor, archive_address: str, data: bytes, mime: str
) -> None:
    odd = Sent(archive_address, data, mime)
    odd.bring()
    assert doctor.client.get(odd.path()).status_code == 404


def test_a_recording_can_be_heard(doctor: Doctor, archive_address: str) -> None:
    voice = Sent(archive_address, b"OggS" + os.urandom(200), "audio/ogg")
    voice.bring()
    assert f'<audio controls preload="none" src="{voice.path()}"' in doctor.client.get(
        f"/patients/{ZAHRA}").text  # fmt: skip
    assert doctor.client.get(voice.path()).mimetype == "audio/ogg"


def test_the_open_page_learns_that_a_photo_has_come(doctor: Doctor, archive_address: str) -> None:
    photo = Sent(archive_address, PHOTO)
    first = doctor.client.get(f"/patients/{ZAHRA}/live")
    photo.bring()
    again = doctor.client.get(
        f"/patients/{ZAHRA}/live", headers={"If-None-Match": first.headers["ETag"]}
    )
    assert again.status_code == 200
    assert photo.path() in again.text
