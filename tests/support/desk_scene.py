"""Two invented clinics as the hospital's archive holds them, and the desk over it."""

from __future__ import annotations

import re
import time
from dataclasses import replace
from pathlib import Path

from archives import open_at
from compiled import with_kept_templates
from flask import Flask
from flask.testing import FlaskClient
from moments import NOW
from werkzeug.test import TestResponse

from edge.model.entry import canonical_json, content_id
from hospital.accounts import accounts, sessions
from hospital.archive import Archive
from hospital.archive.settings import HospitalSettings
from hospital.desk import create_app
from hospital.desk.context import Parts
from hospital.desk.guard import COOKIE
from hospital.fleet import boxes
from hospital.fleet.authority import Authority
from hospital.fleet.boxes import Box
from hospital.fleet.claims import Offer
from hospital.receiving import apply
from sync.keys.keys import BoxKeys, HospitalKeys

NOW_MS = int(NOW.timestamp() * 1000)
DOCTOR, PASSWORD = "dr-aziz", "a long enough password"
ORIGIN = {"Origin": "http://localhost"}
THAR = Box("box-thar", "Thar Post 7", BoxKeys.generate().public, "0a", NOW_MS)
HUNZA = Box("box-hunza", "Hunza <Post> & 2", BoxKeys.generate().public, "0b", NOW_MS)
ZAHRA, WEI, RAM = "0190-zahra", "0190-wei", "0190-ram"


def found(address: str, home: Path) -> Flask:
    """Fill an empty archive with two clinics and return the desk over it."""
    fill(address)
    return over(address, home)


def fill(address: str) -> None:
    """Fill an empty archive with two clinics and a doctor's account."""
    archive = open_at(address)
    accounts.put(archive, DOCTOR, PASSWORD)
    with archive.transaction():
        for box in (THAR, HUNZA):
            boxes.enter(archive, box)
    people(archive)
    archive.close()


def over(address: str, home: Path) -> Flask:
    """Return the desk over an archive that is filled."""
    authority = Authority.create(home / "authority", "Test hospital", NOW)
    offer = Offer(HospitalKeys.generate().public, "127.0.0.1", 8883)
    settings = replace(HospitalSettings(home), name="District Hospital")
    parts = Parts(settings, lambda: open_at(address), authority, offer)
    return with_kept_templates(create_app(parts))


def people(archive: Archive) -> None:
    """Three patients; one of them ill, one whose name is an attack, one without readings."""
    keep(archive, THAR, patient(ZAHRA, "زہرا بلوچ", village="Chak 12", card="1042", birth="1980"))
    keep(archive, HUNZA, patient(WEI, "<script>alert('王伟')</script>", birth="1958-03-09"))
    keep(archive, HUNZA, patient(RAM, "Ram Bahadur"))
    calm = pressure(ZAHRA, "121", "80", time="2026-11-22T07:59:00")
    ill = pressure(ZAHRA, "85", "50", t_ms=60_000)
    keep(archive, THAR, calm, ill, alert(THAR, ZAHRA, ill))
    keep(archive, HUNZA, pressure(WEI, "150", "95", quality=["body_movement"]), clock="floor")


def keep(archive: Archive, box: Box, *rows: dict[str, object], clock: str = "ntp") -> None:
    """Put records of a box away, as the receive worker does."""
    with archive.transaction():
        first = archive.rows("SELECT count(*) AS n FROM record WHERE box = ?", (box.id,))[0]["n"]
        written = [sealed(row, clock) for row in rows]
        apply.keep(archive, box, (1, "c", first + 1), written, NOW_MS + 90_000)


def sealed(row: dict[str, object], clock: str = "ntp") -> bytes:
    """Return a record's bytes; its time is `t_ms` after NOW."""
    t_ms = row.get("t_ms", 0)
    assert isinstance(t_ms, int)
    kept = {key: value for key, value in row.items() if key != "t_ms"}
    return canonical_json(kept | {"at": [1, t_ms, NOW_MS + t_ms, clock]})


def patient(identity: str, name: str, **more: object) -> dict[str, object]:
    """A registration."""
    body = {"patient": identity, "rev": 1, "name": name, "sex": "female"} | more
    return {"kind": "patient", "body": body}


def pressure(
    identity: str | None, systolic: str, diastolic: str, t_ms: int = 0, **more: object
) -> dict[str, object]:
    """A reading of a cuff."""
    values = [["8480-6", systolic, "mm[Hg]"], ["8462-4", diastolic, "mm[Hg]"]]
    body: dict[str, object] = {"kind": "blood-pressure", "source": "device", "values": values}
    if identity:
        body["patient"] = identity
    return {"kind": "reading", "body": body | {"model": "UA-651BLE"} | more, "t_ms": t_ms}


def alert(box: Box, identity: str, reading: dict[str, object]) -> dict[str, object]:
    """The alert that such a reading raises."""
    body = {
        "rule": "news2-red",
        "level": "urgent",
        "parameter": "systolic",
        "value": ["8480-6", "85", "mm[Hg]"],
        "bound": "90",
        "patient": identity,
        "reading": str(content_id(box.id, sealed(reading))),
    }
    return {"kind": "alert", "body": body, "t_ms": 60_000}


class Doctor:
    """A clinician's browser without a screen: it carries the CSRF word as our pages do."""

    def __init__(self, client: FlaskClient) -> None:
        self.client = client

    def sign_in(self, password: str = PASSWORD, name: str = DOCTOR, **more: str) -> TestResponse:
        form = {"name": name, "password": password} | more
        return self.client.post("/sign-in", data=form, headers=ORIGIN)

    def let_in(self, archive: Archive) -> None:
        """Begin a session as the right password does, without the price of its hash."""
        token = sessions.start(archive, DOCTOR, time.time_ns() // 1_000_000)
        self.client.set_cookie(COOKIE, token)

    def csrf(self) -> str:
        word = re.search(r'name="csrf" value="([^"]+)"', self.client.get("/").text)
        return word[1] if word else ""
