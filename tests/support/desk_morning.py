"""An invented morning of three clinics at the hospital's desk, for screenshots."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import datetime
from pathlib import Path
from threading import Thread
from uuid import UUID

import waitress
from archives import open_at
from desk_scene import DOCTOR, NOW_MS, PASSWORD, alert, patient, pressure
from moments import NOW
from pictures import png
from playwright.sync_api import Page

from edge.files.attachments import CHUNK_BYTES
from edge.model.entry import canonical_json, content_id
from hospital.accounts import accounts
from hospital.archive import Archive
from hospital.archive.settings import HospitalSettings
from hospital.desk import create_app
from hospital.desk.context import Parts
from hospital.feed import feed
from hospital.files import attachments
from hospital.fleet import boxes
from hospital.fleet.authority import Authority
from hospital.fleet.boxes import Box
from hospital.fleet.claims import Offer
from hospital.patients import alert_notes, links, messages
from hospital.patients.alert_notes import State
from hospital.receiving import apply, custody
from hospital.views import chart
from sync.files.chunks import Chunk
from sync.frames.envelope import seal_chunk
from sync.keys.keys import BoxKeys, HospitalKeys

CHAK, KOT, THAR, SPARE = (
    Box(box, clinic, BoxKeys.generate().public, serial, NOW_MS)
    for box, clinic, serial in (
        ("k7mq2xw4ahd5c", "Chak 12 Health Post", "0a"),
        ("p3vt9re6bnz2f", "Kot Ali Health Post", "0b"),
        ("w8jd4yu5qks7h", "Thar Post 7", "0c"),
        ("c5xg2ma9vte4r", "Chak 12 Health Post", "0d"),
    )
)
IMRAN, AMINA, SITA, AHMED = "0190-imran", "0190-amina", "0190-sita", "0190-ahmed"
MINUTE_MS = 60_000
DAY_MS = 24 * 60 * MINUTE_MS


@contextmanager
def open_desk(home: Path) -> Iterator[str]:
    """Serve the desk of that morning from an empty folder; yield its address."""
    place = str(home / "archive.db")
    archive = open_at(place)
    accounts.put(archive, DOCTOR, PASSWORD)
    _morning(archive)
    archive.close()
    authority = Authority.create(home / "authority", "District hospital", NOW)
    offer = Offer(HospitalKeys.generate().public, "127.0.0.1", 8883)
    settings = replace(HospitalSettings(home), name="District Hospital")
    app = create_app(Parts(settings, lambda: open_at(place), authority, offer))
    server = waitress.create_server(app, host="127.0.0.1", port=0, threads=4)
    thread = Thread(target=server.run, daemon=True)
    thread.start()
    yield f"http://127.0.0.1:{server.effective_port}"
    server.close()
    thread.join(timeout=5)


def sign_in(page: Page, address: str) -> None:
    """Let the doctor in."""
    page.goto(f"{address}/sign-in")
    page.get_by_label("Name").fill(DOCTOR)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Sign in").click()
    page.wait_for_url(f"{address}/")


def pages() -> list[tuple[str, Callable[[Page, str], None]]]:
    """Return the pages worth a picture; the doctor is signed in for all but the first."""
    return [
        ("desk-sign-in", _go("/sign-in")),
        ("desk-readings", _go("/")),
        ("desk-patients", _go("/patients")),
        ("desk-patient", _go(f"/patients/{IMRAN}")),
        ("desk-records", _go(f"/patients/{IMRAN}/records")),
        ("desk-summary", _go(f"/patients/{IMRAN}/summary")),
        ("desk-alerts", _go("/alerts")),
        ("desk-alert", _alert),
        ("desk-reviews", _go("/reviews")),
        ("desk-clinics", _go("/clinics")),
    ]


def _alert(page: Page, address: str) -> None:
    page.goto(f"{address}/alerts")
    page.get_by_role("link", name="Say what is done").first.click()
    page.wait_for_url("**/alerts/*")


def _go(path: str) -> Callable[[Page, str], None]:
    def go(page: Page, address: str) -> None:
        page.goto(address + path)

    return go


def _morning(archive: Archive) -> None:
    with archive.transaction():
        for box in (CHAK, KOT, THAR, SPARE):
            boxes.enter(archive, box)
            custody.note_contact(archive, box.id, NOW_MS)
    _people(archive)
    for days, systolic, diastolic in ((90, 152, 95), (72, 148, 93), (51, 150, 90), (14, 139, 88)):
        _come(archive, CHAK, -days * DAY_MS, pressure(IMRAN, str(systolic), str(diastolic)))
    _come(archive, KOT, -9 * MINUTE_MS, pressure(AHMED, "128", "82"))
    _come(archive, THAR, -6 * MINUTE_MS, _oxygen(SITA, "96", "81"))
    _come(archive, THAR, -5 * MINUTE_MS, pressure(SITA, "150", "95", quality=["body_movement"]))
    _come(archive, CHAK, -4 * MINUTE_MS, _oxygen(IMRAN, "97", "72"))
    _come(archive, CHAK, -3 * MINUTE_MS, pressure(IMRAN, "142", "88"))
    ill = pressure(AMINA, "85", "50")
    _come(archive, CHAK, -MINUTE_MS, ill)
    told = alert(CHAK, AMINA, ill)
    about = {**told["body"], "reading": _name(CHAK, ill, -MINUTE_MS)}  # type: ignore[dict-item]
    _come(archive, CHAK, -MINUTE_MS, {**told, "body": about})
    for box, year in ((CHAK, "1972"), (SPARE, "1927")):
        said = {"patient": IMRAN, "rev": 2, "base_rev": 1, "was": {}, "set": {"birth": year}}
        _come(archive, box, -2 * MINUTE_MS, {"kind": "patient", "body": said})
    known = {"allergies": {"add": ["Penicillin"]}, "conditions": {"add": ["Asthma"]}}
    added = {"patient": IMRAN, "rev": 3, "base_rev": 1, "was": {}, "set": known}
    _come(archive, CHAK, -2 * MINUTE_MS, {"kind": "patient", "body": added})
    _confirm(archive)
    _written(archive)


def _people(archive: Archive) -> None:
    more = {"village": "Chak 12", "card": "1042", "birth": "1971", "sex": "male"}
    long_ago = -100 * DAY_MS
    _come(archive, CHAK, long_ago, patient(IMRAN, "Muhammad Imran Khan", **more))
    _come(archive, CHAK, long_ago, patient(AMINA, "آمنہ بی بی", village="Chak 14", birth="1992"))
    _come(archive, THAR, long_ago, patient(SITA, "Sita Thapa", birth="1958-03-09"))
    more = {"village": "Kot Ali", "birth": "1965", "sex": "male"}
    _come(archive, KOT, long_ago, patient(AHMED, "Imran Ahmed", **more))


def _come(archive: Archive, box: Box, at_ms: int, row: dict[str, object]) -> None:
    """Put a record away that was made `at_ms` from NOW and received ten seconds later."""
    with archive.transaction():
        held = archive.rows("SELECT count(*) AS n FROM record WHERE box = ?", (box.id,))[0]["n"]
        place = (1, "c", held + 1)
        apply.keep(archive, box, place, [_sealed(row, at_ms)], NOW_MS + at_ms + 10_000)


def _name(box: Box, row: dict[str, object], at_ms: int) -> str:
    return str(content_id(box.id, _sealed(row, at_ms)))


def _sealed(row: dict[str, object], at_ms: int) -> bytes:
    kept = {name: row[name] for name in ("kind", "body", "actor") if name in row}
    return canonical_json(kept | {"at": [1, 200 * DAY_MS + at_ms, NOW_MS + at_ms, "ntp"]})


def _confirm(archive: Archive) -> None:
    """Let the boxes have told how much they hold: one of them has more than has come."""
    with archive.transaction():
        for box, waiting in ((CHAK, 0), (KOT, 12), (THAR, 0), (SPARE, 0)):
            came = archive.rows("SELECT count(*) AS n FROM record WHERE box = ?", (box.id,))[0]["n"]
            archive.execute("UPDATE box SET epoch = 1 WHERE id = ?", (box.id,))
            archive.execute(
                "INSERT INTO stream (box, epoch, lane, cum, chain, safe, safe_chain, told)"
                " VALUES (?, 1, 'c', ?, ?, ?, ?, ?)",
                (box.id, came, bytes(16), came, bytes(16), came + waiting),
            )


def _written(archive: Archive) -> None:
    """Let the doctor have written, appointed, linked and handled; and a photo have come."""
    again = {"village": "Chak 12", "card": "1042", "sex": "male", "birth": "1971"}
    _come(archive, SPARE, -80 * DAY_MS, patient("0190-imran-2", "محمد عمران خان", **again))
    links.link(archive, "0190-imran-2", IMRAN, "same card", DOCTOR, NOW_MS - 3 * DAY_MS)
    body = {"staff": "w1", "name": "Sana Malik", "role": "worker"}
    _come(archive, CHAK, -90 * DAY_MS, {"kind": "staff", "body": body})
    said = messages.reply(
        archive, IMRAN, "Twice a day, with food. خوراک کے ساتھ", DOCTOR, NOW_MS - DAY_MS
    )
    day = datetime(2026, 12, 3, 9, 30)  # noqa: DTZ001 - the hospital's local time
    messages.appoint(archive, IMRAN, day, "Eye clinic; bring the tablets", DOCTOR, NOW_MS)
    with archive.transaction():
        head = feed.lock(archive, CHAK.clinic).now
        archive.execute(
            "INSERT INTO feed_reader (box, clinic, nonce, epoch, ver, rest, asked_ms)"
            " VALUES (?, ?, ?, ?, ?, 1, ?)",
            (CHAK.id, CHAK.clinic, b"morning1", head.epoch, head.ver - 1, NOW_MS),
        )
    seen = {"entity": "reply", "item": said, "rev": 1, "patient": IMRAN}
    _come(archive, CHAK, -MINUTE_MS, {"kind": "seen", "body": seen, "actor": "w1"})
    _file(archive, png(960, 720), chunks=9)
    [alert_id] = [a.id for a in chart.alerts(archive)]
    alert_notes.note(archive, alert_id, State.SEEN, "Lay her down, give fluids", DOCTOR, NOW_MS)


def _file(archive: Archive, data: bytes, chunks: int) -> None:
    """Let a photo be on its way, its preview here."""
    total = -(-len(data) // CHUNK_BYTES)
    photo, small = str(UUID(int=7)), png(160, 120)
    for one, content, more, come in (
        (photo, data, {}, range(min(chunks, total - 1))),
        (str(UUID(int=8)), small, {"preview_of": photo}, range(-(-len(small) // CHUNK_BYTES))),
    ):
        count = -(-len(content) // CHUNK_BYTES)
        digest = hashlib.sha256(content).hexdigest()
        body = {"id": one, "mime": "image/png", "bytes": len(content), "total": count}
        body |= {"key": "11" * 32, "sha256": digest, "patient": IMRAN, "chunk": CHUNK_BYTES} | more
        _come(archive, CHAK, -2 * MINUTE_MS, {"kind": "file", "body": body})
        for index in come:
            piece = content[index * CHUNK_BYTES : (index + 1) * CHUNK_BYTES]
            sealed = seal_chunk(b"\x11" * 32, (UUID(one).bytes, index, count), piece)
            with archive.transaction():
                attachments.receive_chunk(
                    archive, CHAK, Chunk(UUID(one).bytes, index, sealed), NOW_MS
                )


def _oxygen(identity: str, spo2: str, pulse: str) -> dict[str, object]:
    values = [["59408-5", spo2, "%"], ["8867-4", pulse, "/min"]]
    body: dict[str, object] = {"kind": "oximetry", "source": "device", "values": values}
    return {"kind": "reading", "body": body | {"patient": identity, "model": "CMS50D+"}}
